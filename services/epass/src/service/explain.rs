//! What a policy says of somebody, rule by rule, and what a draft would say otherwise of everybody.

use std::sync::Arc;

use entrypass_audit::Access;
use entrypass_policy::{EvaluationError, Policy};
use entrypass_proto::{
    epass::v1 as pb,
    registration::v1::{
        ListRegistrationFactsRequest, registration_service_client::RegistrationServiceClient,
    },
};
use entrypass_rpc::{Call, PageRequest, PageToken, Transport};
use time::OffsetDateTime;
use tokio::task::spawn_blocking;

use super::{Epass, REGISTRATIONS};
use crate::{
    application::Applicant,
    error::Error,
    policies::Unavailable,
    policy::{Compared, Deciding, Tally},
    store::{Known, policies as kept},
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
        let known = Known::read(self.database.reader(), &[applicant.traveller]).await?;
        let person = known.of(applicant.traveller).known_at(as_of);
        let applicant = applicant.known_at(as_of);
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
        let (applicants, next_page_token) = self.everybody(&call, page).await?;
        for applicant in &applicants {
            call.touch(REGISTRATIONS, applicant.registration, Some(applicant.traveller));
        }
        let policies = (Deciding::of(&in_force), Deciding::of(&draft));
        let travellers: Vec<_> = applicants.iter().map(|applicant| applicant.traveller).collect();
        let known = Known::read(self.database.reader(), &travellers).await?;
        // A page takes its time, and calls need the threads.
        let tally = spawn_blocking(move || tally(&applicants, &known, (&in_force, &draft), as_of)).await;
        let tally = tally.map_err(|_| Unavailable::Interrupted)??;
        Ok(wire::render_simulation((&policies.0, &policies.1), as_of, tally, next_page_token))
    }

    /// A page of everybody who is registered, and the token of the next.
    async fn everybody(&self, call: &Call, page: PageRequest) -> Result<(Vec<Applicant>, String), Error> {
        let request = ListRegistrationFactsRequest {
            page_size: i32::try_from(page.size).unwrap_or(i32::MAX),
            page_token: page.after.map(PageToken::encode).unwrap_or_default(),
        };
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.list_registration_facts(request).await
        };
        let answer = self.registration.ask(call, request, ask).await.map_err(Error::Registration)?;
        let now = self.clock.now();
        let applicants =
            answer.facts.into_iter().map(|facts| wire::parse_applicant(facts, &self.city_divisions, now));
        Ok((applicants.collect::<Result<_, _>>()?, answer.next_page_token))
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
            Draft::Text(text) => self.checked(text).await,
            Draft::Added(selector) => {
                let found = kept::find(self.database.reader(), &selector).await?;
                let (listed, _) = found.ok_or(Error::PolicyNotFound)?;
                self.policies.load(self.database.reader(), &listed.policy.digest).await
            }
        }
    }
}

/// Everybody of a page by the policy in force and by the draft.
fn tally(
    applicants: &[Applicant],
    known: &Known,
    (in_force, draft): (&Policy, &Policy),
    as_of: OffsetDateTime,
) -> Result<Tally, EvaluationError> {
    let mut tally = Tally::default();
    for applicant in applicants {
        let person = known.of(applicant.traveller).known_at(as_of);
        let applicant = applicant.known_at(as_of);
        tally.add(Compared {
            traveller: applicant.traveller,
            before: person.simulated(in_force, &applicant, as_of)?,
            after: person.simulated(draft, &applicant, as_of)?,
        });
    }
    Ok(tally)
}
