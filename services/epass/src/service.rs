//! The RPCs of `entrypass.epass.v1.EpassService`: parse, act, render.

mod applications;
mod levels;
mod offers;
pub(crate) mod passes;
mod queue;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_audit::{Access, Audit};
use entrypass_db::Database;
use entrypass_proto::{
    epass::v1::{self as pb, epass_service_server::EpassService},
    registration::v1::{GetRegistrationFactsRequest, registration_service_client::RegistrationServiceClient},
};
use entrypass_rpc::{Call, Neighbour, Transport};
use time::Duration;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{Deps, application::Applicant, error::Error, store, wire};

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
}

#[tonic::async_trait]
impl EpassService for Epass {
    async fn get_electronic_pass_offer(
        &self,
        request: Request<pb::GetElectronicPassOfferRequest>,
    ) -> Result<Response<pb::GetElectronicPassOfferResponse>, Status> {
        self.audit.answer(request, |call, message| self.offer(call, message)).await
    }

    async fn create_electronic_pass_application(
        &self,
        request: Request<pb::CreateElectronicPassApplicationRequest>,
    ) -> Result<Response<pb::CreateElectronicPassApplicationResponse>, Status> {
        self.audit.answer(request, |call, message| self.create(call, message)).await
    }

    async fn apply_for_electronic_pass(
        &self,
        request: Request<pb::ApplyForElectronicPassRequest>,
    ) -> Result<Response<pb::ApplyForElectronicPassResponse>, Status> {
        self.audit.answer(request, |call, message| self.apply(call, message)).await
    }

    async fn get_electronic_pass(
        &self,
        request: Request<pb::GetElectronicPassRequest>,
    ) -> Result<Response<pb::GetElectronicPassResponse>, Status> {
        self.audit.answer(request, |call, message| self.get(call, message)).await
    }

    async fn get_electronic_pass_levels(
        &self,
        request: Request<pb::GetElectronicPassLevelsRequest>,
    ) -> Result<Response<pb::GetElectronicPassLevelsResponse>, Status> {
        self.audit.answer(request, |call, message| self.levels(call, message)).await
    }

    async fn get_electronic_pass_application(
        &self,
        request: Request<pb::GetElectronicPassApplicationRequest>,
    ) -> Result<Response<pb::GetElectronicPassApplicationResponse>, Status> {
        self.audit.answer(request, |call, message| self.application(call, message)).await
    }

    async fn withdraw_electronic_pass_application(
        &self,
        request: Request<pb::WithdrawElectronicPassApplicationRequest>,
    ) -> Result<Response<pb::WithdrawElectronicPassApplicationResponse>, Status> {
        self.audit.answer(request, |call, message| self.withdraw(call, message)).await
    }

    async fn claim_electronic_pass_applications(
        &self,
        request: Request<pb::ClaimElectronicPassApplicationsRequest>,
    ) -> Result<Response<pb::ClaimElectronicPassApplicationsResponse>, Status> {
        self.audit.answer(request, |call, message| self.claim(call, message)).await
    }

    async fn release_electronic_pass_application(
        &self,
        request: Request<pb::ReleaseElectronicPassApplicationRequest>,
    ) -> Result<Response<pb::ReleaseElectronicPassApplicationResponse>, Status> {
        self.audit.answer(request, |call, message| self.release(call, message)).await
    }

    async fn review_electronic_pass_application(
        &self,
        request: Request<pb::ReviewElectronicPassApplicationRequest>,
    ) -> Result<Response<pb::ReviewElectronicPassApplicationResponse>, Status> {
        self.audit.answer(request, |call, message| self.review(call, message)).await
    }

    async fn list_electronic_pass_applications(
        &self,
        request: Request<pb::ListElectronicPassApplicationsRequest>,
    ) -> Result<Response<pb::ListElectronicPassApplicationsResponse>, Status> {
        self.audit.answer(request, |call, message| self.list(call, message)).await
    }

    async fn export_electronic_pass(
        &self,
        request: Request<pb::ExportElectronicPassRequest>,
    ) -> Result<Response<pb::ExportElectronicPassResponse>, Status> {
        self.audit.answer(request, |access, message| self.export(access, message)).await
    }

    async fn record_external_pass(
        &self,
        request: Request<pb::RecordExternalPassRequest>,
    ) -> Result<Response<pb::RecordExternalPassResponse>, Status> {
        self.audit.answer(request, |call, message| self.record(call, message)).await
    }
}

impl Epass {
    /// The service on `deps`, for a city with these divisions, where a claim lasts so long; `submitted` is told of each submission.
    pub(crate) fn new(
        city_divisions: Vec<String>,
        claims_last: Duration,
        submitted: Arc<Notify>,
        deps: Deps,
        audit: Audit,
    ) -> Self {
        let Deps { database, clock, random, registration, stopping: _ } = deps;
        let registration = Neighbour::new(RegistrationServiceClient::new(registration));
        Self { database, clock, random, registration, city_divisions, claims_last, submitted, audit }
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
        let pass = store::pass_of(reader, traveller).await?;
        let now = self.clock.now();
        let applications = applications.into_iter().map(|it| wire::render_queued(&it.at(now), now));
        Ok(pb::ExportElectronicPassResponse {
            applications: applications.collect(),
            electronic_pass: pass.as_ref().map(wire::render_pass),
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
        wire::parse_applicant(facts, &self.city_divisions)
    }
}

#[cfg(test)]
mod tests;
