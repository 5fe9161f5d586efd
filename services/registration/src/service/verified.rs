//! What checkpoints have found of registrations.

use entrypass_audit::Access;
use entrypass_proto::registration::v1 as pb;

use super::{Registrations, access::REGISTRATIONS};
use crate::{error::Error, wire};

impl Registrations {
    pub(super) async fn note_verifications(
        &self,
        access: &Access,
        message: pb::NoteVerificationsRequest,
    ) -> Result<pb::NoteVerificationsResponse, Error> {
        let verifications = wire::verifications(message, self.clock.now())?;
        let transaction = self.database.begin().await?;
        let rows = self.rows(&transaction);
        // In the order of their ids: of two copies that tell of the same ones, none waits for the other in a circle.
        for (registration, time) in verifications {
            let traveller = rows.traveller_of_registration(registration).await?;
            access.touch(REGISTRATIONS, registration, traveller);
            rows.note_verification(registration, time).await?;
        }
        access.record(&transaction).await?;
        transaction.commit().await?;
        access.recorded();
        Ok(pb::NoteVerificationsResponse {})
    }
}
