//! Changing a registration: amendment and cancellation. Each makes a revision.

use entrypass_ambient::city_date;
use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::required_request_id;
use entrypass_rule::{Rule, Violations};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Registrations,
    access::{named, touched},
};
use crate::{
    error::Error,
    form::{FORM_VERSION, Form, FormRules},
    registration::{ChangeRefused, Declared, Registration, RevisionKind},
    store::Rows,
    wire::{
        self,
        form::{Mask, Takes},
    },
};

/// What every change names: a registration, and what the caller read of it.
pub(super) struct Target {
    pub(super) id: Uuid,
    pub(super) etag: String,
}

impl Target {
    pub(super) fn parse(request_id: &str, registration: &str, etag: &str) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        violations.collect(required_request_id(request_id));
        let id = violations.take("registration", wire::registration_id(registration));
        violations.collect(wire::required_text("etag", etag));
        violations.finish(|| Some(Self { id: id?, etag: etag.to_owned() }))
    }

    pub(super) async fn read<C: ConnectionTrait>(&self, rows: &Rows<'_, C>) -> Result<Registration, Error> {
        rows.registration(self.id).await?.ok_or(Error::RegistrationNotFound)
    }

    /// As [`Self::read`], and nobody else changes it to the end of the transaction: not even a job that finds that its time has ended.
    pub(super) async fn read_locked<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
    ) -> Result<Registration, Error> {
        rows.lock(self.id).await?;
        self.read(rows).await
    }

    /// The registration in the revision that the change was made for, if it takes the change.
    pub(super) async fn read_again<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        made_for: &Registration,
        now: OffsetDateTime,
    ) -> Result<Registration, Error> {
        let current = self.read_locked(rows).await?;
        current.check_change(&self.etag, now)?;
        if current.revision == made_for.revision {
            Ok(current)
        } else {
            Err(ChangeRefused::EtagMismatch.into())
        }
    }
}

impl Registrations {
    pub(super) async fn update(
        &self,
        access: &Access,
        message: pb::UpdateRegistrationRequest,
    ) -> Result<pb::UpdateRegistrationResponse, Error> {
        let key =
            RequestKey::new(access.caller().as_str(), "UpdateRegistration", &message.request_id, &message);
        named(access, &message.registration);
        if let Some(first) = access.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let (target, current, form) = match self.amendment(access, message, now).await {
            Ok(amendment) => amendment,
            Err(error) => return self.first_answer_or(access, &key, error).await,
        };
        let changed = wire::form::changed_paths(&current.declared.form, &form);

        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let current = target.read_again(&rows, &current, now).await?;
            self.check_frozen(&current, &changed)?;
            let document = current.declared.document.clone();
            let declared = Declared { document, form, form_version: FORM_VERSION };
            let next = current.amended(declared, self.config.valid_for, now);
            rows.save_revision(&next, RevisionKind::Amended, &changed).await?;

            let registration = Some(wire::registration(&next, now));
            Ok(Kept::about(next.traveller, pb::UpdateRegistrationResponse { registration }))
        })
        .await
    }

    /// What a checkpoint has seen stays: whoever was let in with it must not have declared something else afterwards.
    fn check_frozen(&self, current: &Registration, changed: &[String]) -> Result<(), Error> {
        let frozen = self.config.frozen_after_verification.among(changed);
        if current.verified_time.is_none() || frozen.is_empty() {
            return Ok(());
        }
        Err(Error::Frozen { paths: frozen.join(",") })
    }

    /// Reads an amendment: its target, the revision that it is made for, and the form that comes of it. The
    /// form is judged as a whole, with everything else that is wrong; so the registration is read before anything is refused.
    async fn amendment(
        &self,
        access: &Access,
        message: pb::UpdateRegistrationRequest,
        now: OffsetDateTime,
    ) -> Result<(Target, Registration, Form), Error> {
        let pb::UpdateRegistrationRequest { request_id, registration, etag, form, update_mask } = message;
        let mut violations = Violations::default();
        let target = violations.collect(Target::parse(&request_id, &registration, &etag));
        let (mask, broken) = Mask::parse(&update_mask.unwrap_or_default(), Takes::Amendment);
        violations.extend(broken);
        if form.is_none() {
            violations.add("form", Rule::required());
        }
        let current = match wire::registration_id(&registration) {
            Ok(id) => self.reader().registration(id).await?,
            Err(_) => None,
        };
        touched(access, &current);
        if let (Some(target), Some(current)) = (&target, &current)
            && current.etag() != target.etag
        {
            // What is wrong with an amendment of something else says nothing.
            return Err(ChangeRefused::EtagMismatch.into());
        }
        let amended = current.as_ref().zip(form.as_ref()).and_then(|(current, changes)| {
            let merged = mask.merge(&wire::form::render(&current.declared.form), changes);
            let rules = self.amendment_rules(current, now);
            violations.collect(wire::form::parse(merged, Some(&current.declared.document), &rules))
        });
        violations.into_result()?;
        let (Some(target), Some(current), Some(form)) = (target, current, amended) else {
            return Err(Error::RegistrationNotFound);
        };
        Ok((target, current, form))
    }

    /// The rules of the form for somebody who submitted it before. Whether health is asked for was settled then.
    pub(super) fn amendment_rules(&self, of: &Registration, now: OffsetDateTime) -> FormRules {
        FormRules {
            submitted: city_date(of.create_time),
            collect_health: of.declared.form.health.is_some(),
            ..self.form_rules(now)
        }
    }

    pub(super) async fn cancel(
        &self,
        access: &Access,
        message: pb::CancelRegistrationRequest,
    ) -> Result<pb::CancelRegistrationResponse, Error> {
        let key =
            RequestKey::new(access.caller().as_str(), "CancelRegistration", &message.request_id, &message);
        named(access, &message.registration);
        let now = self.clock.now();
        let target = Target::parse(&message.request_id, &message.registration, &message.etag)?;
        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let current = target.read_locked(&rows).await?;
            touched(access, [&current]);
            current.check_cancellation(&target.etag, now)?;
            let cancelled = current.cancelled(now);
            rows.save_revision(&cancelled, RevisionKind::Cancelled, &[]).await?;
            let registration = Some(wire::registration(&cancelled, now));
            Ok(Kept::about(cancelled.traveller, pb::CancelRegistrationResponse { registration }))
        })
        .await
    }
}
