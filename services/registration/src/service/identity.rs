//! Whether the person of a registration is who they declare to be: the identity service is asked, and nothing of a person leaves with its answer.

use entrypass_audit::Access;
use entrypass_proto::registration::v1 as pb;

use super::{
    Registrations,
    access::{named, touched},
};
use crate::{error::Error, registration::ChangeRefused, wire};

impl Registrations {
    pub(super) async fn verify_identity(
        &self,
        access: &Access,
        message: pb::VerifyTravellerIdentityRequest,
    ) -> Result<pb::VerifyTravellerIdentityResponse, Error> {
        named(access, &message.registration);
        let wanted = wire::identity::wanted(message)?;
        let registration = self.registration(&self.reader(), wanted.registration).await?;
        touched(access, [&registration]);
        // Whose entry has ended is not told to anybody without need.
        if !registration.is_active(self.clock.now()) {
            return Err(ChangeRefused::NotActive.into());
        }
        let question = wanted.question(&registration);
        let ask = async |mut client: super::Identity, request| client.verify_identity(request).await;
        let answer = self.identity.ask(access, question, ask).await;
        wanted.found(answer.map_err(|status| Error::Identity(Box::new(status)))?, &registration)
    }
}
