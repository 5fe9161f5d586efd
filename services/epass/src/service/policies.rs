//! Policies, as operators handle them: checked, added, made to apply, undone, listed.

use std::sync::Arc;

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_policy::Policy;
use entrypass_proto::epass::v1 as pb;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use time::OffsetDateTime;

use super::Epass;
use crate::{
    error::Error,
    policies::Unavailable,
    policy::{Activation, By, Deciding, Grounds, Listed, Selector},
    store::policies as kept,
    wire,
};

impl Epass {
    pub(super) async fn check_policy(
        &self,
        _: Access,
        request: pb::CheckPolicyRequest,
    ) -> Result<pb::CheckPolicyResponse, Error> {
        let pb::CheckPolicyRequest { text } = request;
        let policy = self.checked(text).await?;
        let selector = Selector::Digest(policy.digest().to_string());
        let found = kept::find(self.database.reader(), &selector).await?;
        let added = found.is_some();
        let listed = found.map_or_else(|| Listed::of(&policy, None), |(listed, _)| listed);
        let unrecorded_facts = policy.unrecorded_facts().into_iter().collect();
        Ok(pb::CheckPolicyResponse { policy: Some(wire::render_policy(&listed)), added, unrecorded_facts })
    }

    pub(super) async fn add_policy(
        &self,
        call: Access,
        request: pb::AddPolicyRequest,
    ) -> Result<pb::AddPolicyResponse, Error> {
        wire::parse_add(&request)?;
        let caller = call.caller().as_str();
        let key = RequestKey::new(caller, "AddPolicy", &request.request_id, &request);
        if let Some(first) = call.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let policy = self.checked(request.text).await?;
        let now = self.clock.now();
        let by = By { caller: caller.to_owned(), time: now };
        call.once(&key, &self.database, now, async |transaction| {
            let selector = Selector::Digest(policy.digest().to_string());
            kept::insert(transaction, &policy, &by).await?;
            let (listed, _) = kept::find(transaction, &selector).await?.ok_or(Error::PolicyExists)?;
            let unrecorded_facts = policy.unrecorded_facts().into_iter().collect();
            let policy = Some(wire::render_policy(&listed));
            Ok::<_, Error>(Kept::of(pb::AddPolicyResponse { policy, unrecorded_facts }))
        })
        .await
    }

    pub(super) async fn activate_policy(
        &self,
        call: Access,
        request: pb::ActivatePolicyRequest,
    ) -> Result<pb::ActivatePolicyResponse, Error> {
        let caller = call.caller().as_str();
        let key = RequestKey::new(caller, "ActivatePolicy", &request.request_id, &request);
        // A repetition gets its first answer also when the instant that it names has passed.
        if let Some(first) = call.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let wire::ActivateRequest { policy, applies_from, reason, expected_ordinal } =
            wire::parse_activate(&request, now)?;
        let by = By { caller: caller.to_owned(), time: now };
        // Before the transaction: no policy changes once it is there, and reading one takes a while.
        let reader = self.database.reader();
        expect(reader, expected_ordinal).await?;
        let (listed, _) = kept::find(reader, &policy).await?.ok_or(Error::PolicyNotFound)?;
        self.activatable(&listed.policy.digest).await?;
        let activated = call.once(&key, &self.database, now, async |transaction| {
            expect(transaction, expected_ordinal).await?;
            let from = applies_from.unwrap_or(now);
            let activation = activate(transaction, listed, expected_ordinal, (from, by, reason)).await?;
            let activation = Some(wire::render_activation(&activation, from <= now));
            Ok::<_, Error>(Kept::of(pb::ActivatePolicyResponse { activation }))
        });
        activated.await
    }

    /// What applied before applies again, from now on. What was planned is told, and does not come by itself: it was planned before the one that is undone, and whoever
    /// undoes this one has to say anew what is to come.
    pub(super) async fn roll_back_policy(
        &self,
        call: Access,
        request: pb::RollBackPolicyRequest,
    ) -> Result<pb::RollBackPolicyResponse, Error> {
        let (expected_ordinal, reason) = wire::parse_roll_back(&request)?;
        let caller = call.caller().as_str();
        let key = RequestKey::new(caller, "RollBackPolicy", &request.request_id, &request);
        if let Some(first) = call.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let by = By { caller: caller.to_owned(), time: now };
        let reader = self.database.reader();
        expect(reader, expected_ordinal).await?;
        // Activations are never changed: those before the last one are in the transaction what they are here.
        let mut before = kept::coming_below(reader, now, expected_ordinal).await?.into_iter();
        let applied = before.next().ok_or(Error::NoPolicyBefore)?;
        let gone: Vec<_> = before.map(|coming| coming.ordinal).collect();
        self.activatable(&applied.digest).await?;
        call.once(&key, &self.database, now, async |transaction| {
            expect(transaction, expected_ordinal).await?;
            let found = kept::find(transaction, &Selector::Digest(applied.digest)).await?;
            let (listed, _) = found.ok_or(Error::PolicyNotFound)?;
            let activation = activate(transaction, listed, expected_ordinal, (now, by, reason)).await?;
            let gone = kept::activations_of(transaction, &gone).await?;
            Ok::<_, Error>(Kept::of(pb::RollBackPolicyResponse {
                activation: Some(wire::render_activation(&activation, true)),
                dropped_activations: gone.iter().map(|it| wire::render_activation(it, false)).collect(),
            }))
        })
        .await
    }

    /// This copy can read the policy, from the text that every copy reads.
    async fn activatable(&self, digest: &str) -> Result<(), Error> {
        match self.policies.load_anew(self.database.reader(), digest).await {
            Err(Error::PolicyUnavailable(
                why @ (Unavailable::Missing(_) | Unavailable::Changed(_) | Unavailable::Unreadable(..)),
            )) => Err(Error::PolicyUnreadable(why)),
            read => read.map(drop),
        }
    }

    pub(super) async fn list_policies(
        &self,
        _: Access,
        request: pb::ListPoliciesRequest,
    ) -> Result<pb::ListPoliciesResponse, Error> {
        let (after, size) = wire::parse_policies(&request)?;
        let mut page = kept::page(self.database.reader(), after, size + 1).await?;
        let more = cut(&mut page, size);
        let last = page.last().filter(|_| more).map(|last| &last.policy);
        let next =
            last.map(|Deciding { name, version, .. }| wire::policy_page::render_policy((name, *version)));
        Ok(pb::ListPoliciesResponse {
            policies: page.iter().map(wire::render_policy).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    pub(super) async fn get_policy(
        &self,
        _: Access,
        request: pb::GetPolicyRequest,
    ) -> Result<pb::GetPolicyResponse, Error> {
        let pb::GetPolicyRequest { policy } = request;
        let selector = wire::parse_selector(policy.as_ref())?;
        let found = kept::find(self.database.reader(), &selector).await?;
        let (listed, text) = found.ok_or(Error::PolicyNotFound)?;
        let policy = pb::Policy { text, ..wire::render_policy(&listed) };
        Ok(pb::GetPolicyResponse { policy: Some(policy) })
    }

    pub(super) async fn list_activations(
        &self,
        _: Access,
        request: pb::ListPolicyActivationsRequest,
    ) -> Result<pb::ListPolicyActivationsResponse, Error> {
        let (before, size) = wire::parse_activations(&request)?;
        let (reader, now) = (self.database.reader(), self.clock.now());
        let applying = kept::applying(reader, now).await?.map(|(ordinal, _)| ordinal);
        let mut page = kept::activations(reader, before, size + 1).await?;
        let more = cut(&mut page, size);
        let next =
            page.last().filter(|_| more).map(|last| wire::policy_page::render_activation(last.ordinal));
        let told = |it: &Activation| wire::render_activation(it, applying == Some(it.ordinal));
        Ok(pb::ListPolicyActivationsResponse {
            activations: page.iter().map(told).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    /// A document, read and checked with its tests.
    pub(super) async fn checked(&self, text: String) -> Result<Arc<Policy>, Error> {
        let policy = self.policies.parse(text).await?;
        policy.map_err(|mistakes| Error::Invalid(wire::policy_mistakes(&mistakes)))
    }
}

/// The last activation is the one that the caller has seen.
async fn expect(connection: &impl ConnectionTrait, expected_ordinal: i64) -> Result<(), Error> {
    let last = kept::activations(connection, None, 1).await?.pop().map_or(0, |last| last.ordinal);
    if last == expected_ordinal { Ok(()) } else { Err(Error::ActivationStale(Some(last))) }
}

/// Makes a policy apply, after the activation `last`. Of two that do so at once the database lets one have the ordinal.
async fn activate(
    transaction: &DatabaseTransaction,
    listed: Listed,
    last: i64,
    (applies_from, by, reason): (OffsetDateTime, By, Grounds),
) -> Result<Activation, Error> {
    if !listed.covers(applies_from) {
        return Err(Error::PolicyNotEffective);
    }
    let activation = Activation {
        ordinal: last + 1,
        policy: listed.policy,
        applies_from,
        activated: Some(by),
        reason: reason.into_text(),
    };
    if kept::insert_activation(transaction, &activation).await? {
        Ok(activation)
    } else {
        Err(Error::ActivationStale(None))
    }
}

/// Cuts a page that was read with one row more than was asked for, and says whether there was one.
fn cut<T>(page: &mut Vec<T>, size: u64) -> bool {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = page.len() > size;
    page.truncate(size);
    more
}
