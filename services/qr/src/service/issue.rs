//! Issuing: the code of each revision, signed afresh.

use entrypass_audit::Access;
use entrypass_proto::qr::v1 as pb;
use entrypass_token::Draft;
use time::OffsetDateTime;

use super::{Codes, touched};
use crate::{
    code::{Code, CodeState, Period, Subject},
    error::Error,
    standing::Standing,
    store::CodesOf,
    wire,
};

impl Codes {
    pub(super) async fn issue(
        &self,
        access: Access,
        message: pb::IssueQrCodesRequest,
    ) -> Result<pb::IssueQrCodesResponse, Error> {
        let subjects = wire::subjects(message)?;
        touched(&access, subjects.iter().map(|subject| subject.registration));
        let pen = self.pen();
        let CodesOf { codes, standings, recorded } = self.store.codes_of(&subjects, &pen, &access).await?;
        if recorded {
            self.bundles.committed();
        }
        let mut qr_codes = Vec::with_capacity(codes.len());
        for (subject, code) in subjects.iter().zip(&codes) {
            let standing = standings.get(&subject.registration).copied().unwrap_or(Standing::Active);
            let counts = code.state == CodeState::Active && standing == Standing::Active;
            let qr_code = if counts { self.content(subject, code, pen.now).await? } else { None };
            qr_codes.push(pb::IssuedQrCode { qr_code, standing: Some(wire::standing(standing)) });
        }
        Ok(pb::IssueQrCodesResponse { qr_codes })
    }

    /// Fresh content of `code`, which counts, if there is time left for it to.
    async fn content(
        &self,
        subject: &Subject,
        code: &Code,
        now: OffsetDateTime,
    ) -> Result<Option<pb::QrCode>, Error> {
        let period = Period::starting(now, self.config.display_for, subject.expire_time);
        // Content that has no time left to count makes no claims: the registration has ended.
        let Ok(claims) = period.claims(self.config.issuer, code) else { return Ok(None) };
        let (signer, key) = self.keys.active(now).await?;
        let draft = Draft::new(&claims, &key);
        let signature = signer.sign(draft.to_be_signed()).await?;
        Ok(Some(wire::qr_code(code, &period, &key, draft.finish(signature))))
    }
}
