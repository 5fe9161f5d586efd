//! Issuing: the code of each revision, signed afresh.

use entrypass_proto::qr::v1 as pb;
use entrypass_token::Draft;
use time::OffsetDateTime;

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
        let mut qr_codes = Vec::with_capacity(codes.len());
        for (subject, code) in subjects.iter().zip(&codes) {
            qr_codes.push(pb::IssuedQrCode { qr_code: self.content(subject, code, now).await? });
        }
        Ok(pb::IssueQrCodesResponse { qr_codes })
    }

    /// Fresh content of `code`, if it counts.
    async fn content(
        &self,
        subject: &Subject,
        code: &Code,
        now: OffsetDateTime,
    ) -> Result<Option<pb::QrCode>, Error> {
        let period = Period::starting(now, self.config.display_for, subject.expire_time);
        // Content that has no time left to count makes no claims: the registration has ended.
        let claims = period.claims(self.config.issuer, code).ok();
        let Some(claims) = claims.filter(|_| code.state == CodeState::Active) else { return Ok(None) };
        let (signer, key) = self.keys.active(now).await?;
        let draft = Draft::new(&claims, &key);
        let signature = signer.sign(draft.to_be_signed()).await?;
        Ok(Some(wire::qr_code(code, &period, &key, draft.finish(signature))))
    }
}
