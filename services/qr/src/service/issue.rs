//! Issuing: the code of each revision, signed afresh.

use entrypass_proto::qr::v1 as pb;

use super::Codes;
use crate::{
    code::{Code, CodeState, Period, Subject},
    error::Error,
    standing::Standing,
    wire,
};

impl Codes {
    pub(super) async fn issue(
        &self,
        message: pb::IssueQrCodesRequest,
    ) -> Result<pb::IssueQrCodesResponse, Error> {
        let subjects = wire::subjects(message)?;
        let pen = self.pen();
        let (codes, standings) = self.store.codes_of(&subjects, &pen).await?;
        let signing = self.keys.signing();
        let key = signing.verification_key();
        let issue = |(subject, code): (&Subject, &Code)| {
            let standing = standings.get(&subject.registration).copied().unwrap_or(Standing::Active);
            let period = Period::starting(pen.now, self.config.display_for, subject.expire_time);
            let counts = code.state == CodeState::Active && standing == Standing::Active;
            // Content that has no time left to count makes no claims: the registration has ended.
            let claims = period.claims(self.config.issuer, code).ok().filter(|_| counts);
            let qr_code = claims.map(|claims| wire::qr_code(code, &period, &key, signing.issue(&claims)));
            pb::IssuedQrCode { qr_code, standing: Some(wire::standing(standing)) }
        };
        let qr_codes = subjects.iter().zip(&codes).map(issue).collect();
        Ok(pb::IssueQrCodesResponse { qr_codes })
    }
}
