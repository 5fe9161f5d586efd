//! Who travels with whom: binding from the holder's side, and unbinding from either.

mod binding;
mod confirm;

use entrypass_ambient::city_date;
use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{required_request_id, timestamp};
use entrypass_rule::Violations;
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use self::binding::{Binding, Terms, Who};
use super::{
    Registrations,
    access::{named, touched},
    proof::Proof,
};
use crate::{
    bond::{self, Companion, CompanionState, Step},
    error::Error,
    registration::{ChangeRefused, Registration},
    store::{Rows, erased_meanwhile as changed_meanwhile},
    wire::{self, Submission},
};

/// Whom the holder's side wants, found or registered.
struct Found {
    registration: Registration,
    /// The name that the holder's side gave.
    display_name: String,
    /// How the bond begins.
    step: Step,
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
        let shared_from = self.shared_from(&message, now).await?;
        touched(access, &shared_from);
        let binding = self.binding(access, message, shared_from.as_ref(), now)?;
        match &binding.who {
            Who::New(submission) => self.check_notice(submission)?,
            Who::Registered(proof) => self.prove_for(access, binding.holder, proof, now).await?,
        }

        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let present = hold_both(&rows, &binding).await?;
            let holder = self.registration(&rows, binding.holder).await?;
            touched(access, [&holder]);
            let (bond, code) = self.bound(access, &rows, (&holder, present), binding, now).await?;
            let answer = pb::BindCompanionResponse {
                // The companion does not stand in it.
                registration: Some(wire::registration(&holder, now)),
                confirmation_code: code.unwrap_or_default(),
                confirmation_expire_time: bond.confirmation_expire_time.map(timestamp),
            };
            Ok(Kept::about(holder.traveller, answer))
        })
        .await
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

    /// The bond that `binding` asks for, once every rule of binding holds, and the code that confirms it if it waits. `present` is the
    /// companion's registration that is held beside the holder's.
    async fn bound<C: ConnectionTrait>(
        &self,
        access: &Access,
        rows: &Rows<'_, C>,
        (holder, present): (&Registration, Option<Uuid>),
        binding: Binding,
        now: OffsetDateTime,
    ) -> Result<(Companion, Option<String>), Error> {
        let Binding { holder: _, terms, who } = binding;
        if !holder.is_active(now) {
            return Err(ChangeRefused::NotActive.into());
        }
        rows.remove_run_out_of(holder, now).await?;
        let companions = rows.companions(&[holder.id], now).await?;
        let found = match who {
            Who::Registered(proof) => {
                self.registered(access, rows, (holder, present), (&proof, terms), now).await?
            }
            Who::New(submission) => self.newcomer(access, rows, holder, *submission, now).await?,
        };
        let traveller = found.registration.traveller;
        if companions.iter().any(|bound| bound.registration.traveller == traveller) {
            return Err(Error::CompanionAlreadyBound);
        }
        let limit = self.config.companion_limit;
        if u32::try_from(companions.len()).is_ok_and(|bound| bound >= limit) {
            return Err(Error::CompanionLimitReached { limit });
        }
        self.check_holders(rows, found.registration.id, now).await?;
        self.add_bond(rows, holder, terms, found, now).await
    }

    /// Adds a bond that keeps every rule.
    async fn add_bond<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        holder: &Registration,
        terms: Terms,
        found: Found,
        now: OffsetDateTime,
    ) -> Result<(Companion, Option<String>), Error> {
        let Found { registration, display_name, step } = found;
        let begun = bond::after(None, step).ok().flatten();
        let state = begun.ok_or(Error::Corrupt("a bond that begins with no state"))?;
        let waits = state == CompanionState::Pending;
        let code = waits.then(|| entrypass_reference::draw_code(self.random.as_ref()));
        // A bond ends with either registration anyway.
        let last = (now + self.config.confirm_within).min(holder.expire_time).min(registration.expire_time);
        let new = Companion {
            id: self.random.uuid_v7(now),
            holder: holder.id,
            relationship: terms.relationship,
            state,
            display_name,
            registration,
            create_time: now,
            confirmation_expire_time: waits.then_some(last),
            guardian_declare_time: terms.declared.then_some(now),
        };
        rows.add_companion(holder, &new, code.as_deref()).await?;
        Ok((new, code))
    }

    /// Somebody registered, whose registration is the one that is held.
    async fn registered<C: ConnectionTrait>(
        &self,
        access: &Access,
        rows: &Rows<'_, C>,
        (holder, present): (&Registration, Option<Uuid>),
        (proof, terms): (&Proof, Terms),
        now: OffsetDateTime,
    ) -> Result<Found, Error> {
        let registration = self.still_proved(access, rows, proof, now).await?;
        if present != Some(registration.id) {
            return Err(changed_meanwhile());
        }
        if registration.traveller == holder.traveller {
            return Err(Error::CompanionIsHolder);
        }
        let birth = registration.declared.form.identity.birth_date;
        let needs_guardian = bond::needs_guardian(birth, city_date(now));
        let Terms { relationship, declared } = terms;
        let declared = declared.then_some(true);
        bond::guardian_violations(Some(needs_guardian), declared, Some(relationship)).into_result()?;
        // Whoever need not give the name is told no more of it than a checkpoint.
        let masked = || registration.declared.form.name().masked();
        let display_name = proof.name.as_ref().map_or_else(masked, |name| name.trim().to_owned());
        let step = if needs_guardian { Step::Declare } else { Step::Ask };
        Ok(Found { registration, display_name, step })
    }

    /// Somebody new, who is registered now.
    async fn newcomer<C: ConnectionTrait>(
        &self,
        access: &Access,
        rows: &Rows<'_, C>,
        holder: &Registration,
        submission: Submission,
        now: OffsetDateTime,
    ) -> Result<Found, Error> {
        // A form for oneself would only be told ALREADY_REGISTERED, which says less.
        let owner = rows.traveller_of_document(&submission.declared.document.key()).await?;
        if owner == Some(holder.traveller) {
            return Err(Error::CompanionIsHolder);
        }
        let registration = self.register(access, rows, submission, now).await?;
        let display_name = registration.declared.form.name().display();
        Ok(Found { registration, display_name, step: Step::Register })
    }

    pub(super) async fn unbind(
        &self,
        access: &Access,
        message: pb::UnbindCompanionRequest,
    ) -> Result<pb::UnbindCompanionResponse, Error> {
        let key = RequestKey::new(access.caller().as_str(), "UnbindCompanion", &message.request_id, &message);
        named(access, &message.registration);
        let pb::UnbindCompanionRequest { request_id, registration, companion } = message;
        let mut violations = Violations::default();
        violations.collect(required_request_id(&request_id));
        let side = violations.take("registration", wire::registration_id(&registration));
        let id = violations.take("companion", wire::companion_id(&companion));
        let (side, id) = violations.finish(|| Some((side?, id?)))?;
        let now = self.clock.now();
        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let held = hold_bond(&rows, id, now).await?;
            // Whether another bond has this name is not told.
            let of_side = held.filter(|(holder, bond)| holder.id == side || bond.registration.id == side);
            let (holder, companion) = of_side.ok_or(Error::CompanionNotFound)?;
            touched(access, [&holder, &companion.registration]);
            if bond::after(Some(companion.state), Step::Unbind) != Ok(None) {
                return Err(Error::CompanionNotFound);
            }
            rows.remove_companion(&holder, companion.id, now).await?;
            let asking = if holder.id == side { holder } else { companion.registration };
            let registration = Some(wire::registration(&asking, now));
            Ok(Kept::about(asking.traveller, pb::UnbindCompanionResponse { registration }))
        })
        .await
    }
}

/// The holder's registration and the bond `id`, while there is one. Both registrations are held to the end of the transaction.
async fn hold_bond<C: ConnectionTrait>(
    rows: &Rows<'_, C>,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<(Registration, Companion)>, Error> {
    let Some((holder, companion)) = rows.sides_of(id).await? else { return Ok(None) };
    rows.lock_all([holder, companion]).await?;
    let Some(bond) = rows.companion(id, now).await? else { return Ok(None) };
    let holder = rows.registration(holder).await?.filter(|holder| holder.is_active(now));
    Ok(holder.map(|holder| (holder, bond)))
}

/// Holds the holder's registration and the one that counts for the companion's document, if there is one, to the end of the transaction; gives
/// the latter. Two binds at once must not exceed a limit together, and whoever registers somebody anew takes the old registration too.
async fn hold_both<C: ConnectionTrait>(rows: &Rows<'_, C>, binding: &Binding) -> Result<Option<Uuid>, Error> {
    let document = match &binding.who {
        Who::Registered(proof) => &proof.document,
        Who::New(submission) => &submission.declared.document,
    };
    let present = rows.latest_state_of_document(&document.key()).await?.map(|latest| latest.id);
    rows.lock_all(present.into_iter().chain([binding.holder])).await?;
    Ok(present)
}
