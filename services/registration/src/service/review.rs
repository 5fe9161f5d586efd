//! What becomes of corrections: approved, rejected, or taken back.

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_document::Document;
use entrypass_proto::registration::v1 as pb;
use entrypass_rule::Violations;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use time::OffsetDateTime;

use super::{Registrations, access::touched, replace::take_document};
use crate::{
    correction::{Correction, CorrectionStep, Wanted},
    error::Error,
    form::{FORM_VERSION, rule},
    registration::{Declared, Registration},
    store::Rows,
    wire::{self, CorrectionTarget, Review},
};

impl Registrations {
    pub(super) async fn withdraw_correction(
        &self,
        access: &Access,
        message: pb::WithdrawCorrectionRequest,
    ) -> Result<pb::WithdrawCorrectionResponse, Error> {
        let key =
            RequestKey::new(access.caller().as_str(), "WithdrawCorrection", &message.request_id, &message);
        let pb::WithdrawCorrectionRequest { request_id, correction, etag } = &message;
        let target = wire::correction_target(request_id, correction, etag)?;
        let now = self.clock.now();
        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let (correction, _) = self.held(access, &rows, &target, now).await?;
            let of = correction.traveller;
            let ended = correction.taking(CorrectionStep::Withdraw, &target.etag, None, now)?;
            rows.save_ended_correction(&ended).await?;
            let correction = Some(wire::correction(&ended));
            Ok(Kept::about(of, pb::WithdrawCorrectionResponse { correction }))
        })
        .await
    }

    pub(super) async fn review_correction(
        &self,
        access: &Access,
        message: pb::ReviewCorrectionRequest,
    ) -> Result<pb::ReviewCorrectionResponse, Error> {
        let key =
            RequestKey::new(access.caller().as_str(), "ReviewCorrection", &message.request_id, &message);
        let Review { target, step, note } = wire::review(message)?;
        let now = self.clock.now();
        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let (correction, registration) = self.held(access, &rows, &target, now).await?;
            let of = correction.traveller;
            let ended = correction.taking(step, &target.etag, note, now)?;
            let (ended, registration) = match step {
                CorrectionStep::Approve => {
                    let corrected = self.corrected(&rows, &ended, &registration, now).await?;
                    (Correction { revision: Some(corrected.revision), ..ended }, corrected)
                }
                CorrectionStep::Reject | CorrectionStep::Withdraw => (ended, registration),
            };
            rows.save_ended_correction(&ended).await?;
            let correction = Some(wire::correction(&ended));
            let registration = Some(wire::registration(&registration, now));
            Ok(Kept::about(of, pb::ReviewCorrectionResponse { correction, registration }))
        })
        .await
    }

    /// The correction and its registration, which is held: so nobody else decides on it, and nothing is amended meanwhile.
    async fn held(
        &self,
        access: &Access,
        rows: &Rows<'_, DatabaseTransaction>,
        target: &CorrectionTarget,
        now: OffsetDateTime,
    ) -> Result<(Correction, Registration), Error> {
        let of = rows.registration_of_correction(target.id).await?.ok_or(Error::CorrectionNotFound)?;
        rows.lock(of).await?;
        let correction = rows.correction(target.id, now).await?.ok_or(Error::CorrectionNotFound)?;
        let registration = self.registration(rows, of).await?;
        touched(access, [&registration]);
        Ok((correction, registration))
    }

    /// Makes of `current` what the correction asks for: judged anew, since what is registered may have changed, and whom the document belongs to.
    async fn corrected<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        correction: &Correction,
        current: &Registration,
        now: OffsetDateTime,
    ) -> Result<Registration, Error> {
        current.check_change(&current.etag(), now)?;
        let Wanted { identity, paths, document, instead_of, reason } = &correction.wanted;
        let registered = &current.declared;
        let mut violations = Violations::default();
        if instead_of.as_ref().is_some_and(|wrong| *wrong != registered.document) {
            // Or a document of which nobody has said that it is wrong would be taken away.
            violations.add("document", rule::replaced_since());
        }
        let wanted = wire::form::render_identity(identity);
        let merged = wire::form::with(paths, &wire::form::render(&registered.form), &wanted);
        let document = document.as_ref().unwrap_or(&registered.document).clone();
        let form = wire::form::parse(merged, Some(&document), &self.amendment_rules(current, now));
        let form = violations.collect(form);
        let form = violations.finish(|| form)?;
        let changed = wire::form::changed_paths(&registered.form, &form);
        if document != registered.document {
            take_document(rows, current.traveller, &document, now).await?;
            forget_mistyped(rows, current).await?;
        }
        let declared = Declared { document, form, form_version: FORM_VERSION };
        let next = current.amended(declared, self.config.valid_for, now);
        rows.save_correction(&next, &changed, reason).await?;
        Ok(next)
    }
}

/// The mistyped number of `current` is that person's no more: it may be somebody's, who is to find their own. Unless it was theirs before this entry
/// took it up: of another entry, of an earlier revision, or of a pass from elsewhere.
async fn forget_mistyped<C: ConnectionTrait>(
    rows: &Rows<'_, C>,
    current: &Registration,
) -> Result<(), Error> {
    let mistyped: &Document = &current.declared.document;
    let since = rows.since(current.id, |declared| declared.document == *mistyped).await?;
    let since = since.ok_or(Error::Corrupt("a registration without its revision"))?;
    rows.remove_document(&mistyped.key(), current.traveller, since).await
}
