//! What a policy says of somebody, rule by rule, and what a draft would say otherwise of everybody.

use std::{collections::HashMap, sync::Arc};

use entrypass_audit::Access;
use entrypass_policy::Policy;
use entrypass_proto::{
    epass::v1 as pb,
    registration::v1::{
        BatchGetRegistrationFactsRequest, registration_service_client::RegistrationServiceClient,
    },
};
use entrypass_rpc::{Call, Transport};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Epass, REGISTRATIONS, policies::checked};
use crate::{
    application::Applicant,
    error::Error,
    policies::Unavailable,
    policy::{Compared, Deciding, Tally},
    store::{self, Known, policies as kept},
    wire::{self, Draft},
};

impl Epass {
    pub(super) async fn explain(
        &self,
        call: Access,
        request: pb::ExplainElectronicPassEligibilityRequest,
    ) -> Result<pb::ExplainElectronicPassEligibilityResponse, Error> {
        let (registration, as_of) = wire::parse_explain(&request)?;
        let applicant = self.named(&call, registration).await?;
        let (policy, as_of) = self.policy_at(as_of).await?;
        let reader = self.database.reader();
        let person = Known::read(reader, &[applicant.traveller]).await?.of(applicant.traveller);
        let facts = person.facts(&applicant, as_of);
        let evaluation = policy.evaluate(&facts, as_of)?;
        let approves_itself = person.approves_itself(&policy, &applicant, as_of)?;
        Ok(wire::render_explanation(&Deciding::of(&policy), &evaluation, approves_itself, as_of))
    }

    pub(super) async fn simulate(
        &self,
        call: Access,
        request: pb::SimulatePolicyRequest,
    ) -> Result<pb::SimulatePolicyResponse, Error> {
        let wire::SimulateRequest { draft, as_of, page } = wire::parse_simulate(request)?;
        let draft = self.drafted(draft).await?;
        if !draft.covers(as_of.unwrap_or_else(|| self.clock.now())) {
            return Err(Error::PolicyNotEffective);
        }
        let (in_force, as_of) = self.policy_at(as_of).await?;
        let reader = self.database.reader();
        let after = page.after.map(|token| token.0);
        let travellers = store::persons(reader, after, page.size).await?;
        let full = u64::try_from(travellers.len()).is_ok_and(|found| found == page.size);
        let next = travellers.last().filter(|_| full).map(|last| last.simple().to_string());
        let tally = self.tally(&call, &travellers, (&in_force, &draft), as_of).await?;
        let policies = (&Deciding::of(&in_force), &Deciding::of(&draft));
        Ok(wire::render_simulation(policies, as_of, tally, next.unwrap_or_default()))
    }

    /// The policy that applies at the instant that is asked about, or now. That none does at an instant of the caller's choice is no fault of ours.
    async fn policy_at(&self, asked: Option<OffsetDateTime>) -> Result<(Arc<Policy>, OffsetDateTime), Error> {
        let as_of = asked.unwrap_or_else(|| self.clock.now());
        match self.policies.at(self.database.reader(), as_of).await {
            Err(Error::PolicyUnavailable(Unavailable::NoneApplies | Unavailable::NotEffective(_)))
                if asked.is_some() =>
            {
                Err(Error::PolicyNotFound)
            }
            found => Ok((found?, as_of)),
        }
    }

    async fn drafted(&self, draft: Draft) -> Result<Arc<Policy>, Error> {
        match draft {
            Draft::Text(text) => Ok(Arc::new(checked(text).await?)),
            Draft::Added(selector) => {
                let found = kept::find(self.database.reader(), &selector).await?;
                let (listed, _) = found.ok_or(Error::PolicyNotFound)?;
                self.policies.load(self.database.reader(), &listed.policy.digest).await
            }
        }
    }

    /// Those of `travellers` who have a registration, by the policy in force and by the draft.
    async fn tally(
        &self,
        call: &Access,
        travellers: &[Uuid],
        (in_force, draft): (&Policy, &Policy),
        as_of: OffsetDateTime,
    ) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        if travellers.is_empty() {
            return Ok(tally);
        }
        let applicants = self.applicants(call, travellers).await?;
        let known = Known::read(self.database.reader(), travellers).await?;
        for (traveller, applicant) in travellers.iter().filter_map(|it| Some((it, applicants.get(it)?))) {
            call.touch(REGISTRATIONS, applicant.registration, Some(*traveller));
            let person = known.of(*traveller);
            tally.add(Compared {
                traveller: *traveller,
                before: person.outcome(in_force, applicant, as_of)?,
                after: person.outcome(draft, applicant, as_of)?,
            });
        }
        Ok(tally)
    }

    /// What the registrations that count say of some persons, 100 at most, by person.
    async fn applicants(&self, call: &Call, travellers: &[Uuid]) -> Result<HashMap<Uuid, Applicant>, Error> {
        let travellers = travellers.iter().copied().map(wire::render_traveller_name).collect();
        let request = BatchGetRegistrationFactsRequest { registrations: Vec::new(), travellers };
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.batch_get_registration_facts(request).await
        };
        let answer = self.registration.ask(call, request, ask).await.map_err(Error::Registration)?;
        let now = self.clock.now();
        let applicants =
            answer.facts.into_iter().map(|facts| wire::parse_applicant(facts, &self.city_divisions, now));
        applicants.map(|applicant| applicant.map(|applicant| (applicant.traveller, applicant))).collect()
    }
}
