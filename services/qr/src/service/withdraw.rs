//! Taking codes back.

use entrypass_proto::qr::v1 as pb;
use entrypass_rule::Violations;

use super::Codes;
use crate::{code, error::Error, wire};

impl Codes {
    pub(super) async fn revoke(
        &self,
        message: pb::RevokeQrCodesRequest,
    ) -> Result<pb::RevokeQrCodesResponse, Error> {
        let registration = Violations::at("registration", wire::registration_id(&message.registration))?;
        let revoked =
            self.store.revoke(registration, code::new_id(self.random.as_ref()), self.clock.now()).await?;
        Ok(pb::RevokeQrCodesResponse { revoked_count: i32::try_from(revoked).unwrap_or(i32::MAX) })
    }
}
