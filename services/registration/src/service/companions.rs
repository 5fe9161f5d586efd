//! Who travels with whom.

use entrypass_db::answers::RequestKey;
use entrypass_document::Document;
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::required_request_id;
use entrypass_rule::{Rule, Text, Violations};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Registrations;
use crate::{
    error::Error,
    registration::{ChangeRefused, Companion, CompanionState, Registration, Relationship},
    store::Rows,
    wire::{self, Submission},
};

/// Somebody whom a holder wants to bind.
struct Binding {
    holder: Uuid,
    relationship: Relationship,
    who: Who,
}

/// Who is bound.
enum Who {
    /// Somebody registered: document and name must both fit.
    Registered { document: Document, name: String },
    /// Somebody new, whom the holder registers.
    New(Box<Submission>),
}

impl Registrations {
    pub(super) async fn bind(
        &self,
        message: pb::BindCompanionRequest,
    ) -> Result<pb::BindCompanionResponse, Error> {
        let key = RequestKey::new("BindCompanion", &message.request_id, &message);
        if let Some(first) = key.first_answer(self.store.reader()).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let binding = self.binding(message, now)?;
        if let Who::New(submission) = &binding.who {
            self.check_notice(submission)?;
        }

        key.once(self.store.database(), now, async |transaction| {
            let rows = Rows(transaction);
            let holder = self.registration(&rows, binding.holder).await?;
            let companions = self.bound(&rows, &holder, binding, now).await?;
            Ok(pb::BindCompanionResponse {
                registration: Some(wire::registration(&holder, now)),
                companions: wire::companions(&companions, now),
            })
        })
        .await
    }

    fn binding(&self, message: pb::BindCompanionRequest, now: OffsetDateTime) -> Result<Binding, Violations> {
        let pb::BindCompanionRequest {
            request_id,
            registration,
            relationship,
            document,
            companion_name,
            form,
            acknowledged_notice_version,
            truth_declared,
        } = message;
        let mut violations = Violations::default();
        violations.collect(required_request_id(&request_id));
        let holder = violations.collect(wire::registration_id("registration", &registration));
        let relationship = violations.collect(wire::relationship(relationship));
        let who = if form.is_none() {
            self.proof(document, "companion_name", &companion_name, now)
                .map(|document| Who::Registered { document, name: companion_name })
        } else {
            if !companion_name.is_empty() {
                let text = Text::new(
                    "已填写登记信息的，无须再填姓名",
                    "leave this empty beside a form, which has the name",
                );
                violations.add("companion_name", Rule::new("EXCLUDED", text));
            }
            let rules = self.form_rules(now);
            wire::submission(document, form, acknowledged_notice_version, truth_declared, &rules)
                .map(|submission| Who::New(Box::new(submission)))
        };
        let who = violations.collect(who);
        violations.finish(|| Some(Binding { holder: holder?, relationship: relationship?, who: who? }))
    }

    /// The holder's companions with the new one, once every rule of binding holds.
    async fn bound<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        holder: &Registration,
        binding: Binding,
        now: OffsetDateTime,
    ) -> Result<Vec<Companion>, Error> {
        if !holder.is_active(now) {
            return Err(ChangeRefused::NotActive.into());
        }
        let mut companions = rows.companions(holder.id).await?;
        let limit = self.config.companion_limit;
        if u32::try_from(companions.len()).is_ok_and(|bound| bound >= limit) {
            return Err(Error::CompanionLimitReached { limit });
        }
        let (registration, state) = match binding.who {
            Who::Registered { document, name } => {
                (self.holder(rows, &document, &name, now).await?, CompanionState::Pending)
            }
            Who::New(submission) => {
                // A form for oneself would only be told ALREADY_REGISTERED, which says less.
                let owner = rows.traveller_of_document(&submission.declared.document.key()).await?;
                if owner == Some(holder.traveller) {
                    return Err(Error::CompanionIsHolder);
                }
                (self.register(rows, *submission, now).await?, CompanionState::Confirmed)
            }
        };
        if registration.traveller == holder.traveller {
            return Err(Error::CompanionIsHolder);
        }
        let relationship = binding.relationship;
        let id = self.random.uuid_v7(now);
        let new = Companion { id, holder: holder.id, relationship, state, registration, create_time: now };
        rows.add_companion(&new).await?;
        companions.push(new);
        Ok(companions)
    }

    pub(super) async fn confirm(
        &self,
        message: pb::ConfirmCompanionRequest,
    ) -> Result<pb::ConfirmCompanionResponse, Error> {
        let key = RequestKey::new("ConfirmCompanion", &message.request_id, &message);
        if let Some(first) = key.first_answer(self.store.reader()).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let pb::ConfirmCompanionRequest { request_id, companion, document, companion_name } = message;
        let mut violations = Violations::default();
        violations.collect(required_request_id(&request_id));
        let ids = violations.collect(wire::companion_id("companion", &companion));
        let proof = self.proof(document, "companion_name", &companion_name, now);
        let document = violations.collect(proof);
        let ((holder, id), document) = violations.finish(|| Some((ids?, document?)))?;

        key.once(self.store.database(), now, async |transaction| {
            let rows = Rows(transaction);
            let found = rows.companion(holder, id).await?.filter(|found| {
                let declared = &found.registration.declared;
                declared.document == document && declared.form.name().matches(&companion_name)
            });
            let mut companion = found.ok_or(Error::CompanionNotFound)?;
            rows.confirm_companion(id).await?;
            companion.state = CompanionState::Confirmed;
            Ok(pb::ConfirmCompanionResponse { companion: Some(wire::companion(&companion, now)) })
        })
        .await
    }

    pub(super) async fn unbind(
        &self,
        message: pb::UnbindCompanionRequest,
    ) -> Result<pb::UnbindCompanionResponse, Error> {
        let key = RequestKey::new("UnbindCompanion", &message.request_id, &message);
        let now = self.clock.now();
        let mut violations = Violations::default();
        violations.collect(required_request_id(&message.request_id));
        let ids = wire::companion_id("companion", &message.companion);
        let ids = violations.collect(ids);
        let (holder, id) = violations.finish(|| ids)?;

        key.once(self.store.database(), now, async |transaction| {
            let rows = Rows(transaction);
            rows.companion(holder, id).await?.ok_or(Error::CompanionNotFound)?;
            rows.remove_companion(id).await?;
            let registration = self.registration(&rows, holder).await?;
            let companions = rows.companions(holder).await?;
            Ok(pb::UnbindCompanionResponse {
                registration: Some(wire::registration(&registration, now)),
                companions: wire::companions(&companions, now),
            })
        })
        .await
    }
}
