//! Changing a registration: amendment, another document, cancellation. Each makes a revision.

use entrypass_db::answers::RequestKey;
use entrypass_document::Document;
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::required_request_id;
use entrypass_rule::Violations;
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Registrations;
use crate::{
    error::Error,
    form::FORM_VERSION,
    registration::{Declared, Registration, RevisionKind},
    store::Rows,
    wire,
};

/// What every change names: a registration, and what the caller read of it.
struct Target {
    id: Uuid,
    etag: String,
}

impl Target {
    fn parse(request_id: &str, registration: &str, etag: &str) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        violations.collect(required_request_id(request_id));
        let id = violations.collect(wire::registration_id("registration", registration));
        violations.collect(wire::required_text("etag", etag));
        violations.finish(|| Some(Self { id: id?, etag: etag.to_owned() }))
    }

    /// The registration, if it takes a change by somebody who read that.
    async fn read<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        now: OffsetDateTime,
    ) -> Result<Registration, Error> {
        let registration = rows.registration(self.id).await?.ok_or(Error::RegistrationNotFound)?;
        registration.check_change(&self.etag, now)?;
        Ok(registration)
    }
}

impl Registrations {
    pub(super) async fn update(
        &self,
        message: pb::UpdateRegistrationRequest,
    ) -> Result<pb::UpdateRegistrationResponse, Error> {
        let key = RequestKey::new("UpdateRegistration", &message.request_id, &message);
        if let Some(first) = key.first_answer(self.store.reader()).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let pb::UpdateRegistrationRequest { request_id, registration, etag, form, update_mask } = message;
        let target = Target::parse(&request_id, &registration, &etag)?;

        key.once(self.store.database(), now, async |transaction| {
            let rows = Rows(transaction);
            let current = target.read(&rows, now).await?;
            let mask = update_mask.unwrap_or_default();
            let (merged, changed) =
                wire::form::merge(&current.declared.form, &form.unwrap_or_default(), &mask)?;
            let mut rules = self.form_rules(now);
            rules.accepted_entry_date = Some(current.declared.form.entry_date());
            // Whether health is asked for was settled when the form was submitted.
            rules.collect_health = current.declared.form.health.is_some();
            let form = wire::form::parse(merged, Some(&current.declared.document), &rules)?;
            let document = current.declared.document.clone();
            let declared = Declared { document, form, form_version: FORM_VERSION };
            let next = current.amended(declared, self.config.valid_for, now);
            rows.save_revision(&next, RevisionKind::Amended, &changed).await?;

            let companions = rows.companions(next.id).await?;
            Ok(pb::UpdateRegistrationResponse {
                registration: Some(wire::registration(&next, now)),
                companions: wire::companions(&companions, now),
            })
        })
        .await
    }

    pub(super) async fn replace(
        &self,
        message: pb::ReplaceDocumentRequest,
    ) -> Result<pb::ReplaceDocumentResponse, Error> {
        let key = RequestKey::new("ReplaceDocument", &message.request_id, &message);
        if let Some(first) = key.first_answer(self.store.reader()).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let replacement = self.replacement(message, now)?;

        key.once(self.store.database(), now, async |transaction| {
            let rows = Rows(transaction);
            let current = replacement.target.read(&rows, now).await?;
            let next = self.with_document(&rows, &current, replacement, now).await?;
            rows.save_revision(&next, RevisionKind::DocumentReplaced, &[]).await?;

            let companions = rows.companions(next.id).await?;
            Ok(pb::ReplaceDocumentResponse {
                registration: Some(wire::registration(&next, now)),
                companions: wire::companions(&companions, now),
            })
        })
        .await
    }

    fn replacement(
        &self,
        message: pb::ReplaceDocumentRequest,
        now: OffsetDateTime,
    ) -> Result<Replacement, Violations> {
        let pb::ReplaceDocumentRequest {
            request_id,
            registration,
            etag,
            old_document,
            holder_name,
            new_document,
        } = message;
        let mut violations = Violations::default();
        let rules = wire::document_rules(&self.form_rules(now));
        let target = violations.collect(Target::parse(&request_id, &registration, &etag));
        let old = violations.collect(wire::document("old_document", old_document, rules));
        let new = violations.collect(wire::document("new_document", new_document, rules));
        violations.collect(wire::required_text("holder_name", &holder_name));
        violations.finish(|| Some(Replacement { target: target?, old: old?, holder_name, new: new? }))
    }

    /// The revision of `current` with the new document, once old document and name prove the holder, the form fits the new
    /// document, and nobody else has it.
    async fn with_document<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        current: &Registration,
        replacement: Replacement,
        now: OffsetDateTime,
    ) -> Result<Registration, Error> {
        let Replacement { target: _, old, holder_name, new } = replacement;
        let Declared { document, form, .. } = &current.declared;
        if *document != old || !form.name().matches(&holder_name) {
            return Err(Error::HolderNotFound);
        }
        let mut violations = Violations::default();
        for violation in form.against_document(&new).iter() {
            violations.add("new_document", violation.rule.clone());
        }
        violations.into_result()?;
        match rows.traveller_of_document(&new.key()).await? {
            // An earlier document of the same person may be taken up again, the present one need not.
            Some(owner) if owner != current.traveller || new == old => {
                return Err(Error::DocumentNotAvailable);
            }
            Some(_) => {}
            None => rows.add_document(&new.key(), current.traveller, now).await?,
        }
        let declared = Declared { document: new, ..current.declared.clone() };
        Ok(current.amended(declared, self.config.valid_for, now))
    }

    pub(super) async fn cancel(
        &self,
        message: pb::CancelRegistrationRequest,
    ) -> Result<pb::CancelRegistrationResponse, Error> {
        let key = RequestKey::new("CancelRegistration", &message.request_id, &message);
        let now = self.clock.now();
        let target = Target::parse(&message.request_id, &message.registration, &message.etag)?;
        key.once(self.store.database(), now, async |transaction| {
            let rows = Rows(transaction);
            let cancelled = target.read(&rows, now).await?.cancelled(now);
            rows.save_revision(&cancelled, RevisionKind::Cancelled, &[]).await?;
            Ok(pb::CancelRegistrationResponse { registration: Some(wire::registration(&cancelled, now)) })
        })
        .await
    }
}

/// Another document of the same person, with the proof that it is the same.
struct Replacement {
    target: Target,
    old: Document,
    holder_name: String,
    new: Document,
}
