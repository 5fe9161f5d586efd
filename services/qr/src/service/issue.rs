//! Issuing: the code of each revision, signed afresh.

use entrypass_proto::qr::v1 as pb;

use super::Codes;
use crate::{
    code::{self, Code, CodeState, Period, Subject},
    error::Error,
    wire,
};

impl Codes {
    pub(super) async fn issue(
        &self,
        message: pb::IssueQrCodesRequest,
    ) -> Result<pb::IssueQrCodesResponse, Error> {
        let subjects = wire::subjects(message)?;
        let now = self.clock.now();
        let codes = self.store.codes_of(&subjects, || code::new_id(self.random.as_ref()), now).await?;
        let signing = self.keys.signing();
        let key = signing.verification_key();
        let sign = |(subject, code): (&Subject, &Code)| {
            let period = Period::starting(now, self.config.display_for, subject.expire_time);
            // Content that has no time left to count makes no claims: the registration has ended.
            let claims = period.claims(self.config.issuer, code).ok();
            let claims = claims.filter(|_| code.state == CodeState::Active)?;
            Some(wire::qr_code(code, &period, &key, signing.issue(&claims)))
        };
        let qr_codes = subjects.iter().zip(&codes).map(sign);
        let qr_codes = qr_codes.map(|qr_code| pb::IssuedQrCode { qr_code }).collect();
        Ok(pb::IssueQrCodesResponse { qr_codes })
    }
}
