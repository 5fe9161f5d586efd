//! Asking for corrections of what no amendment changes, and what there is to read of them.

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_document::Document;
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::PageToken;
use entrypass_rule::{Rule, Violations};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Registrations,
    access::{REGISTRATIONS, named, touched},
    amend::Target,
};
use crate::{
    correction::{CORRECTION_LIMIT, Correction, CorrectionState, Remark, Wanted},
    error::Error,
    form::{Identity, rule},
    registration::{ChangeRefused, Registration},
    store::CorrectionFilter,
    wire::{
        self,
        form::{Mask, Takes},
    },
};

/// A correction as it is asked for, read as far as that goes without what is registered.
struct Wish {
    target: Option<Target>,
    mask: Mask,
    form: Option<pb::RegistrationForm>,
    /// `None` where none is given, or where it was refused.
    document: Option<Document>,
    reason: Option<Remark>,
}

impl Registrations {
    pub(super) async fn request_correction(
        &self,
        access: &Access,
        message: pb::RequestCorrectionRequest,
    ) -> Result<pb::RequestCorrectionResponse, Error> {
        let key =
            RequestKey::new(access.caller().as_str(), "RequestCorrection", &message.request_id, &message);
        named(access, &message.registration);
        if let Some(first) = access.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let (target, read, wanted) = match self.wanted(access, message, now).await {
            Ok(wanted) => wanted,
            Err(error) => return self.first_answer_or(access, &key, error).await,
        };

        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let current = target.read_again(&rows, &read, now).await?;
            let waiting =
                CorrectionFilter { state: Some(CorrectionState::Pending), registration: Some(current.id) };
            if let Some(waiting) = rows.corrections(&waiting, None, 1, now).await?.first() {
                return Err(Error::CorrectionPending { correction: waiting.id });
            }
            if rows.count_corrections(current.id).await? >= CORRECTION_LIMIT {
                return Err(Error::CorrectionLimitReached);
            }
            let correction = Correction {
                id: self.random.uuid_v7(now),
                registration: current.id,
                traveller: current.traveller,
                state: CorrectionState::Pending,
                wanted,
                note: None,
                create_time: now,
                end_time: None,
                revision: None,
            };
            rows.add_correction(&correction).await?;
            let correction = Some(wire::correction(&correction));
            Ok(Kept::about(current.traveller, pb::RequestCorrectionResponse { correction }))
        })
        .await
    }

    /// Reads what is asked for, of which registration. The form that would come of it is judged as a whole, with everything else that is wrong; so
    /// the registration is read before anything is refused. Whose a document is, is not told before somebody approves: nobody learns here that a
    /// number is known.
    async fn wanted(
        &self,
        access: &Access,
        message: pb::RequestCorrectionRequest,
        now: OffsetDateTime,
    ) -> Result<(Target, Registration, Wanted), Error> {
        let current = match wire::registration_id(&message.registration) {
            Ok(id) => self.reader().registration(id).await?,
            Err(_) => None,
        };
        touched(access, &current);
        let mut violations = Violations::default();
        let Wish { target, mask, form, document, reason } = self.wish(message, now, &mut violations);
        if let (Some(target), Some(current)) = (&target, &current)
            && current.etag() != target.etag
        {
            return Err(ChangeRefused::EtagMismatch.into());
        }
        let wanted = current.as_ref().and_then(|current| {
            let changes = form.unwrap_or_default();
            self.identity(current, (&mask, &changes), document.as_ref(), now, &mut violations)
        });
        violations.into_result()?;
        let (Some(target), Some(current), Some(reason)) = (target, current, reason) else {
            return Err(Error::RegistrationNotFound);
        };
        let (identity, paths) = wanted.ok_or(Error::RegistrationNotFound)?;
        let instead_of = document.as_ref().map(|_| current.declared.document.clone());
        Ok((target, current, Wanted { identity, paths, document, instead_of, reason }))
    }

    fn wish(
        &self,
        message: pb::RequestCorrectionRequest,
        now: OffsetDateTime,
        violations: &mut Violations,
    ) -> Wish {
        let pb::RequestCorrectionRequest {
            request_id,
            registration,
            etag,
            form,
            update_mask,
            document,
            correction_reason,
        } = message;
        let target = violations.collect(Target::parse(&request_id, &registration, &etag));
        let named = update_mask.unwrap_or_default();
        let (mask, broken) = Mask::parse(&named, Takes::Correction);
        violations.extend(broken);
        if named.paths.is_empty() && document.is_none() {
            violations.add("update_mask", Rule::required());
        }
        if !named.paths.is_empty() && form.is_none() {
            violations.add("form", Rule::required());
        }
        let rules = wire::document_rules(&self.form_rules(now));
        let document = document.map(|document| wire::document("document", Some(document), rules));
        let document = document.and_then(|document| violations.collect(document));
        let reason = violations.take("correction_reason", Remark::parse(&correction_reason));
        Wish { target, mask, form, document, reason }
    }

    /// The identity that `current` would have, and the paths in which it is another.
    fn identity(
        &self,
        current: &Registration,
        (mask, changes): (&Mask, &pb::RegistrationForm),
        document: Option<&Document>,
        now: OffsetDateTime,
        violations: &mut Violations,
    ) -> Option<(Identity, Vec<String>)> {
        let registered = &current.declared;
        if document == Some(&registered.document) {
            violations.add("document", rule::unchanged());
        }
        let merged = mask.merge(&wire::form::render(&registered.form), changes);
        let rules = self.amendment_rules(current, now);
        let shown = document.unwrap_or(&registered.document);
        let form = violations.collect(wire::form::parse(merged, Some(shown), &rules))?;
        let paths = wire::form::changed_paths(&registered.form, &form);
        if paths.is_empty() && document.is_none() && !mask.is_empty() {
            violations.add("update_mask", rule::unchanged());
        }
        Some((form.identity, paths))
    }

    pub(super) async fn get_correction(
        &self,
        access: &Access,
        message: pb::GetCorrectionRequest,
    ) -> Result<pb::GetCorrectionResponse, Error> {
        let id = Violations::at("correction", wire::correction_id(&message.correction))?;
        let (rows, now) = (self.reader(), self.clock.now());
        let correction = rows.correction(id, now).await?.ok_or(Error::CorrectionNotFound)?;
        let registration = self.registration(&rows, correction.registration).await?;
        touched(access, [&registration]);
        Ok(pb::GetCorrectionResponse {
            correction: Some(wire::correction(&correction)),
            registration: Some(wire::registration(&registration, now)),
        })
    }

    pub(super) async fn list_corrections(
        &self,
        access: &Access,
        message: pb::ListCorrectionsRequest,
    ) -> Result<pb::ListCorrectionsResponse, Error> {
        let (filter, page) = wire::list_corrections(&message)?;
        named(access, &message.registration);
        let after = page.after.map(|PageToken(last)| last);
        let (rows, now) = (self.reader(), self.clock.now());
        let mut found = rows.corrections(&filter, after, page.rows_to_read(), now).await?;
        let next = page.cut(&mut found, |last| last.id);
        for correction in &found {
            access.touch(REGISTRATIONS, correction.registration, Some(correction.traveller));
        }
        Ok(pb::ListCorrectionsResponse {
            corrections: found.iter().map(wire::correction).collect(),
            next_page_token: next.map(PageToken::encode).unwrap_or_default(),
        })
    }

    /// Every correction of `registration`, the oldest first.
    pub(super) async fn corrections_of(
        &self,
        registration: Uuid,
        now: OffsetDateTime,
    ) -> Result<Vec<pb::Correction>, Error> {
        let filter = CorrectionFilter { registration: Some(registration), ..Default::default() };
        let found = self.reader().corrections(&filter, None, CORRECTION_LIMIT, now).await?;
        Ok(found.iter().map(wire::correction).collect())
    }
}
