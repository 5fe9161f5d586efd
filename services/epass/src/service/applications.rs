//! Applications: submitting, deciding, the reviewer's queue.

use entrypass_audit::Access;
use entrypass_db::{
    answers::{Kept, RequestKey},
    hold,
};
use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::PageToken;
use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;

use super::{
    Epass, REGISTRATIONS,
    offers::{Holder, holder},
};
use crate::{
    application::{Applicant, Application, State},
    eligibility::{Facts, Obstacle, Offer, decide},
    error::Error,
    pass::Pass,
    store, wire,
};

impl Epass {
    pub(super) async fn apply(
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
        self.once(&call, &key, now, async |transaction| {
            let application = self.submit(transaction, &applicant, now).await?;
            let application = Some(wire::render_application(&application));
            Ok(Kept::about(applicant.traveller, pb::ApplyForElectronicPassResponse { application }))
        })
        .await
    }

    /// Makes the application that the offer allows. The constraint decides once more when two copies of this service
    /// serve one person at the same time.
    pub(super) async fn submit(
        &self,
        transaction: &DatabaseTransaction,
        applicant: &Applicant,
        now: OffsetDateTime,
    ) -> Result<Application, Error> {
        // The registration may have ended since its service was asked. Whoever follows that holds it as well: so either the application
        // is there to be ended, or the end is known here.
        hold(transaction, [applicant.registration, applicant.traveller]).await?;
        let ended = store::has_ended(transaction, applicant.registration).await?;
        let applicant =
            &Applicant { registration_active: applicant.registration_active && !ended, ..*applicant };
        let Holder { last, pass } =
            holder(transaction, self.database.sealer(), applicant.traveller, now).await?;
        let offer = decide(Facts::of(applicant, last.as_ref(), pass.as_ref(), now));
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

    pub(super) async fn review(
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
        self.once(&call, &key, now, async |transaction| {
            let found = store::application(transaction, self.database.sealer(), application)
                .await?
                .ok_or(Error::ApplicationNotFound)?;
            call.touch(REGISTRATIONS, found.registration, Some(found.traveller));
            if found.etag() != etag {
                return Err(Error::EtagMismatch);
            }
            hold(transaction, [found.traveller]).await?;
            let reviewed = found.reviewed(review, now)?;
            if !store::update_application(transaction, self.database.sealer(), &reviewed).await? {
                return Err(Error::EtagMismatch);
            }
            let pass = match reviewed.state {
                State::Approved => {
                    Some(Pass::issued(self.random.as_ref(), reviewed.traveller, self.passes_valid_for, now))
                }
                State::UnderReview
                | State::ReturnedForCorrection
                | State::Rejected
                | State::Withdrawn
                | State::Expired => None,
            };
            if let Some(pass) = &pass {
                self.keep_pass(transaction, pass, now).await?;
            }
            let answer = pb::ReviewElectronicPassApplicationResponse {
                application: Some(wire::render_application(&reviewed)),
                electronic_pass: pass.as_ref().map(|pass| wire::render_pass(pass, now)),
            };
            Ok(Kept::about(reviewed.traveller, answer))
        })
        .await
    }

    pub(super) async fn list(
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
}
