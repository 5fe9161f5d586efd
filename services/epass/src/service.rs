//! The RPCs of `entrypass.epass.v1.EpassService`: parse, act, render.

mod levels;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_audit::{Access, Audit};
use entrypass_db::{
    Database,
    answers::{Kept, RequestKey},
    hold,
};
use entrypass_proto::{
    epass::v1::{self as pb, epass_service_server::EpassService},
    registration::v1::{
        Document, GetRegistrationFactsRequest, ResolveTravellerRequest,
        registration_service_client::RegistrationServiceClient,
    },
};
use entrypass_rpc::{Call, Neighbour, PageToken, Transport};
use entrypass_seal::Sealer;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use time::OffsetDateTime;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{
    Deps,
    application::{Applicant, Application, State},
    eligibility::{Facts, Obstacle, Offer, decide},
    error::Error,
    level::level,
    pass::Pass,
    store, wire,
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
    audit: Audit,
}

/// What is known here of one person.
struct Standing {
    last: Option<Application>,
    pass: Option<Pass>,
}

#[tonic::async_trait]
impl EpassService for Epass {
    async fn get_electronic_pass_offer(
        &self,
        request: Request<pb::GetElectronicPassOfferRequest>,
    ) -> Result<Response<pb::GetElectronicPassOfferResponse>, Status> {
        self.audit.answer(request, |call, message| self.offer(call, message)).await
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
    /// The service on `deps`, for a city with these divisions.
    pub(crate) fn new(city_divisions: Vec<String>, deps: Deps, audit: Audit) -> Self {
        let Deps { database, clock, random, registration, stopping: _ } = deps;
        let registration = Neighbour::new(RegistrationServiceClient::new(registration));
        Self { database, clock, random, registration, city_divisions, audit }
    }

    async fn offer(
        &self,
        call: Access,
        request: pb::GetElectronicPassOfferRequest,
    ) -> Result<pb::GetElectronicPassOfferResponse, Error> {
        let pb::GetElectronicPassOfferRequest { registration } = request;
        let registration = wire::parse_registration(&registration)?;
        let applicant = self.named(&call, registration).await?;
        Ok(pb::GetElectronicPassOfferResponse { offer: Some(self.offer_for(&applicant).await?) })
    }

    async fn get(
        &self,
        call: Access,
        request: pb::GetElectronicPassRequest,
    ) -> Result<pb::GetElectronicPassResponse, Error> {
        let pb::GetElectronicPassRequest { registration } = request;
        let registration = wire::parse_registration(&registration)?;
        let applicant = self.named(&call, registration).await?;
        let offer = self.offer_for(&applicant).await?;
        let level = level(offer.electronic_pass.is_some(), applicant.circumstances);
        Ok(pb::GetElectronicPassResponse {
            electronic_pass: offer.electronic_pass.clone(),
            offer: Some(offer),
            level: wire::render_level(level).into(),
        })
    }

    async fn offer_for(&self, applicant: &Applicant) -> Result<pb::ElectronicPassOffer, Error> {
        let Standing { last, pass } =
            standing(self.database.reader(), self.database.sealer(), applicant.traveller).await?;
        let offer = decide(Facts::of(applicant, last.as_ref(), pass.as_ref()));
        Ok(wire::render_offer(&offer, last.as_ref(), pass.as_ref()))
    }

    async fn apply(
        &self,
        call: Access,
        request: pb::ApplyForElectronicPassRequest,
    ) -> Result<pb::ApplyForElectronicPassResponse, Error> {
        let registration = wire::parse_apply(&request)?;
        call.touch(REGISTRATIONS, registration, None);
        let key =
            RequestKey::new(call.caller().as_str(), "ApplyForElectronicPass", &request.request_id, &request);
        // A repetition gets its first answer also when the neighbour cannot be reached.
        if let Some(first) = call.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        // Asked before the transaction begins: no lock is held while a neighbour answers.
        let applicant = self.named(&call, registration).await?;
        let now = self.clock.now();
        call.once(&key, &self.database, now, async |transaction| {
            let application = self.submit(transaction, &applicant, now).await?;
            let application = Some(wire::render_application(&application));
            Ok(Kept::about(applicant.traveller, pb::ApplyForElectronicPassResponse { application }))
        })
        .await
    }

    /// Makes the application that the offer allows. The constraint decides once more when two copies of this service
    /// serve one person at the same time.
    async fn submit(
        &self,
        transaction: &DatabaseTransaction,
        applicant: &Applicant,
        now: OffsetDateTime,
    ) -> Result<Application, Error> {
        // The registration may have ended since its service was asked. Whoever follows that holds it as well: so either the application
        // is there to be ended, or the end is known here.
        hold(transaction, [applicant.registration]).await?;
        let ended = store::has_ended(transaction, applicant.registration).await?;
        let applicant =
            &Applicant { registration_active: applicant.registration_active && !ended, ..*applicant };
        let Standing { last, pass } =
            standing(transaction, self.database.sealer(), applicant.traveller).await?;
        let offer = decide(Facts::of(applicant, last.as_ref(), pass.as_ref()));
        let (submitted, kept) = match (offer, &last) {
            (Offer::Withheld(obstacles), _) => return Err(Error::NotOffered(obstacles)),
            (Offer::Resubmission, Some(returned)) => {
                let again = returned.resubmitted(applicant.registration, now)?;
                let kept = store::update_application(transaction, self.database.sealer(), &again).await?;
                (again, kept)
            }
            (Offer::Resubmission | Offer::NewApplication, last) => {
                let id = self.random.uuid_v7(now);
                let new = Application::submitted(id, applicant, last.as_ref(), now);
                let kept = store::insert_application(transaction, self.database.sealer(), &new).await?;
                (new, kept)
            }
        };
        if kept { Ok(submitted) } else { Err(Error::NotOffered(vec![Obstacle::ApplicationInProgress])) }
    }

    async fn review(
        &self,
        call: Access,
        request: pb::ReviewElectronicPassApplicationRequest,
    ) -> Result<pb::ReviewElectronicPassApplicationResponse, Error> {
        let wire::ReviewRequest { application, etag, review } = wire::parse_review(&request)?;
        let key = RequestKey::new(
            call.caller().as_str(),
            "ReviewElectronicPassApplication",
            &request.request_id,
            &request,
        );
        let now = self.clock.now();
        call.once(&key, &self.database, now, async |transaction| {
            let found = store::application(transaction, self.database.sealer(), application)
                .await?
                .ok_or(Error::ApplicationNotFound)?;
            call.touch(REGISTRATIONS, found.registration, Some(found.traveller));
            if found.etag() != etag {
                return Err(Error::EtagMismatch);
            }
            let reviewed = found.reviewed(review, now)?;
            if !store::update_application(transaction, self.database.sealer(), &reviewed).await? {
                return Err(Error::EtagMismatch);
            }
            let pass = match reviewed.state {
                State::Approved => Some(Pass::issued(self.random.as_ref(), reviewed.traveller, now)),
                State::UnderReview
                | State::ReturnedForCorrection
                | State::Rejected
                | State::Withdrawn
                | State::Expired => None,
            };
            if let Some(pass) = &pass {
                keep_pass(transaction, pass).await?;
            }
            let answer = pb::ReviewElectronicPassApplicationResponse {
                application: Some(wire::render_application(&reviewed)),
                electronic_pass: pass.as_ref().map(wire::render_pass),
            };
            Ok(Kept::about(reviewed.traveller, answer))
        })
        .await
    }

    async fn list(
        &self,
        call: Access,
        request: pb::ListElectronicPassApplicationsRequest,
    ) -> Result<pb::ListElectronicPassApplicationsResponse, Error> {
        let wire::ListRequest { state, page } = wire::parse_list(&request)?;
        let (page, next) =
            store::applications(self.database.reader(), self.database.sealer(), state, page).await?;
        for application in &page {
            call.touch(REGISTRATIONS, application.registration, Some(application.traveller));
        }
        Ok(pb::ListElectronicPassApplicationsResponse {
            applications: page.iter().map(wire::render_application).collect(),
            next_page_token: next.map(PageToken::encode).unwrap_or_default(),
        })
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
        Ok(pb::ExportElectronicPassResponse {
            applications: applications.iter().map(wire::render_application).collect(),
            electronic_pass: pass.as_ref().map(wire::render_pass),
        })
    }

    async fn record(
        &self,
        call: Access,
        request: pb::RecordExternalPassRequest,
    ) -> Result<pb::RecordExternalPassResponse, Error> {
        let request_id = request.request_id.clone();
        let wire::RecordRequest { document, pass } = wire::parse_record(request, self.clock.now())?;
        let traveller = self.traveller(&call, document).await?;
        call.touch_person(traveller);
        let now = self.clock.now();
        let pass = Pass::recorded(self.random.uuid_v7(now), traveller, pass, now);
        let recorded = wire::render_pass(&pass);
        // The request is known by what it means, with the person in place of the document: a digest of the request itself
        // beside everything else that is in it would give the document number away to whoever tries all numbers.
        let meaning = pb::ElectronicPass { name: String::new(), ..recorded.clone() };
        let key = RequestKey::new(call.caller().as_str(), "RecordExternalPass", &request_id, &meaning);
        call.once(&key, &self.database, now, async |transaction| {
            // As for an application: the person may have been erased since they were asked for.
            hold(transaction, [traveller]).await?;
            if store::has_ended(transaction, traveller).await? {
                return Err(Error::TravellerErased);
            }
            keep_pass(transaction, &pass).await?;
            let answer = pb::RecordExternalPassResponse { electronic_pass: Some(recorded) };
            Ok(Kept::about(traveller, answer))
        })
        .await
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

    async fn traveller(&self, call: &Call, document: Document) -> Result<Uuid, Error> {
        let request = ResolveTravellerRequest { document: Some(document) };
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.resolve_traveller(request).await
        };
        let person = self.registration.ask(call, request, ask).await.map_err(Error::Registration)?;
        wire::parse_traveller(&person.traveller)
    }
}

/// What is known of a person. The application is read before the pass: an approval in between then shows as a pass, and
/// never as neither.
async fn standing(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    traveller: Uuid,
) -> Result<Standing, DbErr> {
    let last = store::last_application(connection, sealer, traveller).await?;
    Ok(Standing { last, pass: store::pass_of(connection, traveller).await? })
}

/// Keeps a new pass, or says what stands in its way.
async fn keep_pass(transaction: &DatabaseTransaction, pass: &Pass) -> Result<(), Error> {
    if store::insert_pass(transaction, pass).await? {
        Ok(())
    } else if store::pass_of(transaction, pass.traveller).await?.is_some() {
        Err(Error::PassExists)
    } else {
        Err(Error::PassNumberTaken)
    }
}

#[cfg(test)]
mod tests;
