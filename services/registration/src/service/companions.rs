//! Who travels with whom.

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::required_request_id;
use entrypass_rule::{Rule, Text, Violations};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Registrations,
    access::{named, touched},
    proof::Proof,
};
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
    Registered(Proof),
    /// Somebody new, whom the holder registers.
    New(Box<Submission>),
}

impl Registrations {
    pub(super) async fn bind(
        &self,
        access: &Access,
        message: pb::BindCompanionRequest,
    ) -> Result<pb::BindCompanionResponse, Error> {
        let key = RequestKey::new(access.caller().as_str(), "BindCompanion", &message.request_id, &message);
        named(access, &message.registration);
        if let Some(first) = access.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let binding = self.binding(access, message, now)?;
        match &binding.who {
            Who::New(submission) => self.check_notice(submission)?,
            Who::Registered(proof) => self.prove_for(access, binding.holder, proof, now).await?,
        }

        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            // Two binds at once must not exceed the limit together.
            rows.lock(binding.holder).await?;
            let holder = self.registration(&rows, binding.holder).await?;
            touched(access, [&holder]);
            self.add_bond(access, &rows, &holder, binding, now).await?;
            // The companion does not stand in it.
            let registration = Some(wire::registration(&holder, now));
            Ok(Kept::about(holder.traveller, pb::BindCompanionResponse { registration }))
        })
        .await
    }

    fn binding(
        &self,
        access: &Access,
        message: pb::BindCompanionRequest,
        now: OffsetDateTime,
    ) -> Result<Binding, Violations> {
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
        let holder = violations.take("registration", wire::registration_id(&registration));
        let relationship = violations.collect(wire::relationship(relationship));
        let who = if form.is_none() {
            self.proof(access, document, ("companion_name", companion_name), now).map(Who::Registered)
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

    /// Judges the proof of whoever shall be bound, once there is a holder to bind them. In a transaction of its own: what fails is counted.
    async fn prove_for(
        &self,
        access: &Access,
        holder: Uuid,
        proof: &Proof,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        if !self.registration(&self.reader(), holder).await?.is_active(now) {
            return Err(ChangeRefused::NotActive.into());
        }
        self.proved(access, proof, |found| found.is_active(now), now).await.map(drop)
    }

    /// Adds the bond, once every rule of binding holds.
    async fn add_bond<C: ConnectionTrait>(
        &self,
        access: &Access,
        rows: &Rows<'_, C>,
        holder: &Registration,
        binding: Binding,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        if !holder.is_active(now) {
            return Err(ChangeRefused::NotActive.into());
        }
        let companions = rows.companions(&[holder.id], now).await?;
        let (registration, display_name, state) =
            self.bindable(access, rows, holder, binding.who, now).await?;
        if companions.iter().any(|bound| bound.registration.traveller == registration.traveller) {
            return Err(Error::CompanionAlreadyBound);
        }
        let limit = self.config.companion_limit;
        if u32::try_from(companions.len()).is_ok_and(|bound| bound >= limit) {
            return Err(Error::CompanionLimitReached { limit });
        }
        let new = Companion {
            id: self.random.uuid_v7(now),
            holder: holder.id,
            relationship: binding.relationship,
            state,
            display_name,
            registration,
            create_time: now,
        };
        rows.add_companion(holder, &new).await
    }

    /// The registration of whoever shall be bound, the name that the holder's side gave, and whether the bond needs confirming.
    async fn bindable<C: ConnectionTrait>(
        &self,
        access: &Access,
        rows: &Rows<'_, C>,
        holder: &Registration,
        who: Who,
        now: OffsetDateTime,
    ) -> Result<(Registration, String, CompanionState), Error> {
        match who {
            Who::Registered(proof) => {
                let registration = self.still_proved(access, rows, &proof, now).await?;
                if registration.traveller == holder.traveller {
                    return Err(Error::CompanionIsHolder);
                }
                // Whoever need not give the name is told no more of it than a checkpoint.
                let masked = || registration.declared.form.name().masked();
                let name = proof.name.map_or_else(masked, |name| name.trim().to_owned());
                Ok((registration, name, CompanionState::Pending))
            }
            Who::New(submission) => {
                // A form for oneself would only be told ALREADY_REGISTERED, which says less.
                let owner = rows.traveller_of_document(&submission.declared.document.key()).await?;
                if owner == Some(holder.traveller) {
                    return Err(Error::CompanionIsHolder);
                }
                let registration = self.register(access, rows, *submission, now).await?;
                let name = registration.declared.form.name().display();
                Ok((registration, name, CompanionState::Confirmed))
            }
        }
    }

    pub(super) async fn confirm(
        &self,
        access: &Access,
        message: pb::ConfirmCompanionRequest,
    ) -> Result<pb::ConfirmCompanionResponse, Error> {
        let key =
            RequestKey::new(access.caller().as_str(), "ConfirmCompanion", &message.request_id, &message);
        named(access, &message.registration);
        let bond = Bond::parse(&message.request_id, &message.registration, &message.companion)?;
        let now = self.clock.now();
        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let (holder, mut companion) = bond.read(&rows, now).await?;
            touched(access, [&holder, &companion.registration]);
            if companion.registration.id != bond.side {
                return Err(Error::CompanionNotFound);
            }
            if companion.state == CompanionState::Pending {
                rows.confirm_companion(&holder, companion.id, now).await?;
                companion.state = CompanionState::Confirmed;
            }
            // Of the holder it has no more than a resource name.
            let of = companion.registration.traveller;
            Ok(Kept::about(of, pb::ConfirmCompanionResponse { companion: Some(wire::companion(&companion)) }))
        })
        .await
    }

    pub(super) async fn unbind(
        &self,
        access: &Access,
        message: pb::UnbindCompanionRequest,
    ) -> Result<pb::UnbindCompanionResponse, Error> {
        let key = RequestKey::new(access.caller().as_str(), "UnbindCompanion", &message.request_id, &message);
        named(access, &message.registration);
        let bond = Bond::parse(&message.request_id, &message.registration, &message.companion)?;
        let now = self.clock.now();
        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let (holder, companion) = bond.read(&rows, now).await?;
            touched(access, [&holder, &companion.registration]);
            rows.remove_companion(&holder, companion.id, now).await?;
            let registration = self.registration(&rows, bond.side).await?;
            let of = registration.traveller;
            let registration = Some(wire::registration(&registration, now));
            Ok(Kept::about(of, pb::UnbindCompanionResponse { registration }))
        })
        .await
    }
}

/// A bond, named by one of its two sides.
struct Bond {
    id: Uuid,
    side: Uuid,
}

impl Bond {
    fn parse(request_id: &str, registration: &str, companion: &str) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        violations.collect(required_request_id(request_id));
        let side = violations.take("registration", wire::registration_id(registration));
        let id = violations.take("companion", wire::companion_id(companion));
        violations.finish(|| Some(Self { id: id?, side: side? }))
    }

    /// The holder's registration and the bond, both held to the end of the transaction, if the bond is one of this side and both
    /// registrations are active. Whether another bond has this name is not told.
    async fn read<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        now: OffsetDateTime,
    ) -> Result<(Registration, Companion), Error> {
        let holder = rows.holder_of(self.id).await?.ok_or(Error::CompanionNotFound)?;
        rows.lock(holder).await?;
        let found = rows.companion(self.id, now).await?;
        let bond = found
            .filter(|bond| bond.holder == self.side || bond.registration.id == self.side)
            .ok_or(Error::CompanionNotFound)?;
        let holder = rows.registration(holder).await?.filter(|holder| holder.is_active(now));
        Ok((holder.ok_or(Error::CompanionNotFound)?, bond))
    }
}
