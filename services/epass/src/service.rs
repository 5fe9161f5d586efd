//! The RPCs of `entrypass.epass.v1.EpassService`: parse, act, render.

mod applications;
mod circumstances;
mod explain;
mod levels;
mod life;
mod offers;
mod passes;
mod policies;
mod queue;
mod watch;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_audit::{Access, Audit};
use entrypass_db::{
    Coalesced, Database,
    answers::{Kept, RequestKey},
};
use entrypass_feed::Feed;
use entrypass_proto::{
    epass::v1::{self as pb, epass_service_server::EpassService},
    registration::v1::{GetRegistrationFactsRequest, registration_service_client::RegistrationServiceClient},
};
use entrypass_rpc::{AnswerStream, Call, Neighbour, Transport, answer_stream};
use prost::Message;
use sea_orm::DatabaseTransaction;
use time::{Duration, OffsetDateTime};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{
    Config, Deps, application::Applicant, error::Error, issuing::Issuing, policies::Policies, store, wire,
};

/// The collection of registrations, as their resource names begin.
const REGISTRATIONS: &str = "registrations";

/// The service behind the generated server.
pub(crate) struct Epass {
    database: Database,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    registration: Neighbour<RegistrationServiceClient<Transport>>,
    city_divisions: Vec<String>,
    claims_last: Duration,
    /// Tells the verification of a submission.
    submitted: Arc<Notify>,
    audit: Audit,
    feed: Feed,
    issuing: Issuing,
    policies: Policies,
    look_ups: Coalesced<Uuid, Arc<store::Seen>>,
    /// Held while a list of passes is recorded: one at a time.
    one_list: Mutex<()>,
    stopping: CancellationToken,
}

type Answer<A> = Result<Response<A>, Status>;

#[tonic::async_trait]
impl EpassService for Epass {
    async fn get_electronic_pass_offer(
        &self,
        request: Request<pb::GetElectronicPassOfferRequest>,
    ) -> Answer<pb::GetElectronicPassOfferResponse> {
        self.audit.answer(request, |call, message| self.offer(call, message)).await
    }

    async fn create_electronic_pass_application(
        &self,
        request: Request<pb::CreateElectronicPassApplicationRequest>,
    ) -> Answer<pb::CreateElectronicPassApplicationResponse> {
        self.audit.answer(request, |call, message| self.create(call, message)).await
    }

    async fn apply_for_electronic_pass(
        &self,
        request: Request<pb::ApplyForElectronicPassRequest>,
    ) -> Answer<pb::ApplyForElectronicPassResponse> {
        self.audit.answer(request, |call, message| self.apply(call, message)).await
    }

    async fn get_electronic_pass(
        &self,
        request: Request<pb::GetElectronicPassRequest>,
    ) -> Answer<pb::GetElectronicPassResponse> {
        self.audit.answer(request, |call, message| self.get(call, message)).await
    }

    async fn get_electronic_pass_levels(
        &self,
        request: Request<pb::GetElectronicPassLevelsRequest>,
    ) -> Answer<pb::GetElectronicPassLevelsResponse> {
        self.audit.answer(request, |call, message| self.levels(call, message)).await
    }

    async fn get_electronic_pass_application(
        &self,
        request: Request<pb::GetElectronicPassApplicationRequest>,
    ) -> Answer<pb::GetElectronicPassApplicationResponse> {
        self.audit.answer(request, |call, message| self.application(call, message)).await
    }

    async fn withdraw_electronic_pass_application(
        &self,
        request: Request<pb::WithdrawElectronicPassApplicationRequest>,
    ) -> Answer<pb::WithdrawElectronicPassApplicationResponse> {
        self.audit.answer(request, |call, message| self.withdraw(call, message)).await
    }

    async fn claim_electronic_pass_applications(
        &self,
        request: Request<pb::ClaimElectronicPassApplicationsRequest>,
    ) -> Answer<pb::ClaimElectronicPassApplicationsResponse> {
        self.audit.answer(request, |call, message| self.claim(call, message)).await
    }

    async fn release_electronic_pass_application(
        &self,
        request: Request<pb::ReleaseElectronicPassApplicationRequest>,
    ) -> Answer<pb::ReleaseElectronicPassApplicationResponse> {
        self.audit.answer(request, |call, message| self.release(call, message)).await
    }

    async fn review_electronic_pass_application(
        &self,
        request: Request<pb::ReviewElectronicPassApplicationRequest>,
    ) -> Answer<pb::ReviewElectronicPassApplicationResponse> {
        self.audit.answer(request, |call, message| self.review(call, message)).await
    }

    async fn list_electronic_pass_applications(
        &self,
        request: Request<pb::ListElectronicPassApplicationsRequest>,
    ) -> Answer<pb::ListElectronicPassApplicationsResponse> {
        self.audit.answer(request, |call, message| self.list(call, message)).await
    }

    async fn export_electronic_pass(
        &self,
        request: Request<pb::ExportElectronicPassRequest>,
    ) -> Answer<pb::ExportElectronicPassResponse> {
        self.audit.answer(request, |access, message| self.export(access, message)).await
    }

    async fn explain_electronic_pass_eligibility(
        &self,
        request: Request<pb::ExplainElectronicPassEligibilityRequest>,
    ) -> Answer<pb::ExplainElectronicPassEligibilityResponse> {
        self.audit.answer(request, |call, message| self.explain(call, message)).await
    }

    async fn check_policy(
        &self,
        request: Request<pb::CheckPolicyRequest>,
    ) -> Answer<pb::CheckPolicyResponse> {
        self.audit.answer(request, |call, message| self.check_policy(call, message)).await
    }

    async fn add_policy(&self, request: Request<pb::AddPolicyRequest>) -> Answer<pb::AddPolicyResponse> {
        self.audit.answer(request, |call, message| self.add_policy(call, message)).await
    }

    async fn activate_policy(
        &self,
        request: Request<pb::ActivatePolicyRequest>,
    ) -> Answer<pb::ActivatePolicyResponse> {
        self.audit.answer(request, |call, message| self.activate_policy(call, message)).await
    }

    async fn roll_back_policy(
        &self,
        request: Request<pb::RollBackPolicyRequest>,
    ) -> Answer<pb::RollBackPolicyResponse> {
        self.audit.answer(request, |call, message| self.roll_back_policy(call, message)).await
    }

    async fn list_policies(
        &self,
        request: Request<pb::ListPoliciesRequest>,
    ) -> Answer<pb::ListPoliciesResponse> {
        self.audit.answer(request, |call, message| self.list_policies(call, message)).await
    }

    async fn get_policy(&self, request: Request<pb::GetPolicyRequest>) -> Answer<pb::GetPolicyResponse> {
        self.audit.answer(request, |call, message| self.get_policy(call, message)).await
    }

    async fn list_policy_activations(
        &self,
        request: Request<pb::ListPolicyActivationsRequest>,
    ) -> Answer<pb::ListPolicyActivationsResponse> {
        self.audit.answer(request, |call, message| self.list_activations(call, message)).await
    }

    async fn simulate_policy(
        &self,
        request: Request<pb::SimulatePolicyRequest>,
    ) -> Answer<pb::SimulatePolicyResponse> {
        self.audit.answer(request, |call, message| self.simulate(call, message)).await
    }

    async fn record_external_pass(
        &self,
        request: Request<pb::RecordExternalPassRequest>,
    ) -> Answer<pb::RecordExternalPassResponse> {
        self.audit.answer(request, |call, message| self.record(call, message)).await
    }

    async fn record_external_passes(
        &self,
        request: Request<pb::RecordExternalPassesRequest>,
    ) -> Answer<pb::RecordExternalPassesResponse> {
        self.audit.answer(request, |call, message| self.record_many(call, message)).await
    }

    async fn list_electronic_passes(
        &self,
        request: Request<pb::ListElectronicPassesRequest>,
    ) -> Answer<pb::ListElectronicPassesResponse> {
        self.audit.answer(request, |call, message| self.passes(call, message)).await
    }

    async fn suspend_electronic_pass(
        &self,
        request: Request<pb::SuspendElectronicPassRequest>,
    ) -> Answer<pb::SuspendElectronicPassResponse> {
        self.audit.answer(request, |call, message| self.suspend(call, message)).await
    }

    async fn reinstate_electronic_pass(
        &self,
        request: Request<pb::ReinstateElectronicPassRequest>,
    ) -> Answer<pb::ReinstateElectronicPassResponse> {
        self.audit.answer(request, |call, message| self.reinstate(call, message)).await
    }

    async fn revoke_electronic_pass(
        &self,
        request: Request<pb::RevokeElectronicPassRequest>,
    ) -> Answer<pb::RevokeElectronicPassResponse> {
        self.audit.answer(request, |call, message| self.revoke(call, message)).await
    }

    async fn cancel_electronic_pass(
        &self,
        request: Request<pb::CancelElectronicPassRequest>,
    ) -> Answer<pb::CancelElectronicPassResponse> {
        self.audit.answer(request, |call, message| self.cancel(call, message)).await
    }

    async fn record_quarantine(
        &self,
        request: Request<pb::RecordQuarantineRequest>,
    ) -> Answer<pb::RecordQuarantineResponse> {
        self.audit.answer(request, |call, message| self.record_quarantine(call, message)).await
    }

    async fn end_quarantine(
        &self,
        request: Request<pb::EndQuarantineRequest>,
    ) -> Answer<pb::EndQuarantineResponse> {
        self.audit.answer(request, |call, message| self.end_quarantine(call, message)).await
    }

    async fn record_follow_up(
        &self,
        request: Request<pb::RecordFollowUpRequest>,
    ) -> Answer<pb::RecordFollowUpResponse> {
        self.audit.answer(request, |call, message| self.record_follow_up(call, message)).await
    }

    async fn list_circumstances(
        &self,
        request: Request<pb::ListCircumstancesRequest>,
    ) -> Answer<pb::ListCircumstancesResponse> {
        self.audit.answer(request, |call, message| self.circumstances(call, message)).await
    }

    type WatchElectronicPassesStream = AnswerStream<pb::WatchElectronicPassesResponse>;

    async fn watch_electronic_passes(
        &self,
        request: Request<pb::WatchElectronicPassesRequest>,
    ) -> Answer<Self::WatchElectronicPassesStream> {
        answer_stream(request, &self.stopping, |_, message| self.watch(message)).await
    }
}

impl Epass {
    /// The service on `deps`, as `config` has it; `submitted` is told of each submission.
    pub(crate) fn new(
        config: Config,
        deps: Deps,
        (audit, feed): (Audit, Feed),
        issuing: Issuing,
        submitted: Arc<Notify>,
    ) -> Self {
        let Deps { database, clock, random, registration, policies, stopping } = deps;
        let registration = Neighbour::new(RegistrationServiceClient::new(registration));
        let Config { city_divisions, claims_last, .. } = config;
        let look_ups = store::look_ups(database.clone(), Arc::clone(&clock));
        Self {
            database,
            clock,
            random,
            registration,
            city_divisions,
            claims_last,
            submitted,
            audit,
            feed,
            issuing,
            policies,
            look_ups,
            one_list: Mutex::default(),
            stopping,
        }
    }

    /// Does a write once, with its audit record, and lets the feed know.
    async fn once<A: Message + Default>(
        &self,
        access: &Access,
        key: &RequestKey,
        now: OffsetDateTime,
        act: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Kept<A>, Error>,
    ) -> Result<A, Error> {
        let answer = access.once(key, &self.database, now, act).await?;
        self.feed.committed();
        Ok(answer)
    }

    async fn export(
        &self,
        access: Access,
        request: pb::ExportElectronicPassRequest,
    ) -> Result<pb::ExportElectronicPassResponse, Error> {
        let pb::ExportElectronicPassRequest { traveller } = request;
        let traveller = wire::parse_person(&traveller)?;
        access.touch_person(traveller);
        let (reader, sealer) = (self.database.reader(), self.database.sealer());
        let applications = store::applications_of(reader, sealer, traveller).await?;
        let now = self.clock.now();
        let pass = store::pass_of(reader, traveller, now).await?;
        let quarantines = store::quarantines_of(reader, [traveller]).await?;
        let follow_ups = store::follow_ups_of(reader, [traveller]).await?;
        let applications = applications.into_iter().map(|it| wire::render_application(&it.at(now), now));
        Ok(pb::ExportElectronicPassResponse {
            applications: applications.collect(),
            electronic_pass: pass.as_ref().map(|pass| wire::render_pass(pass, now)),
            passes: self.records(traveller).await?,
            quarantines: quarantines.iter().map(wire::render_quarantine).collect(),
            follow_ups: follow_ups.iter().map(wire::render_follow_up).collect(),
        })
    }

    /// The applicant of a registration that the call names.
    async fn named(&self, access: &Access, registration: Uuid) -> Result<Applicant, Error> {
        access.touch(REGISTRATIONS, registration, None);
        let applicant = self.applicant(access, registration).await?;
        access.touch(REGISTRATIONS, registration, Some(applicant.traveller));
        Ok(applicant)
    }

    async fn applicant(&self, call: &Call, registration: Uuid) -> Result<Applicant, Error> {
        let registration = wire::render_registration_name(registration);
        let request = GetRegistrationFactsRequest { registration };
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.get_registration_facts(request).await
        };
        let facts = self.registration.ask(call, request, ask).await.map_err(Error::Registration)?;
        wire::parse_applicant(facts, &self.city_divisions, self.clock.now())
    }
}

#[cfg(test)]
mod tests;
