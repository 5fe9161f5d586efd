//! Applications, as their travellers see them: beginning, submitting, reading, withdrawing.

use entrypass_audit::Access;
use entrypass_db::{
    answers::{Kept, RequestKey},
    hold,
};
use entrypass_policy::RegistrationState;
use entrypass_proto::epass::v1 as pb;
use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Epass, REGISTRATIONS, offers::holder};
use crate::{
    application::{Applicant, Application, State},
    decision::Terms,
    eligibility::{Obstacle, Offer},
    error::Error,
    store, wire,
};

impl Epass {
    pub(super) async fn create(
        &self,
        call: Access,
        request: pb::CreateElectronicPassApplicationRequest,
    ) -> Result<pb::CreateElectronicPassApplicationResponse, Error> {
        let registration = wire::parse_create(&request)?;
        call.touch(REGISTRATIONS, registration, None);
        let (caller, rpc) = (call.caller().as_str(), "CreateElectronicPassApplication");
        let key = RequestKey::new(caller, rpc, &request.request_id, &request);
        if let Some(first) = call.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let applicant = self.named(&call, registration).await?;
        let now = self.clock.now();
        self.policies.warm(self.database.reader(), now).await;
        self.once(&call, &key, now, async |transaction| {
            let draft = self.draft(transaction, &applicant, now).await?;
            let application = Some(wire::render_application(&draft, now));
            Ok(Kept::about(applicant.traveller, pb::CreateElectronicPassApplicationResponse { application }))
        })
        .await
    }

    pub(super) async fn apply(
        &self,
        call: Access,
        request: pb::ApplyForElectronicPassRequest,
    ) -> Result<pb::ApplyForElectronicPassResponse, Error> {
        let wire::ApplyRequest { registration, evidence } = wire::parse_apply(&request)?;
        call.touch(REGISTRATIONS, registration, None);
        let (caller, rpc) = (call.caller().as_str(), "ApplyForElectronicPass");
        let key = RequestKey::new(caller, rpc, &request.request_id, &request);
        // A repetition gets its first answer also when the neighbour cannot be reached.
        if let Some(first) = call.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        // Asked before the transaction begins: no lock is held while a neighbour answers.
        let applicant = self.named(&call, registration).await?;
        let now = self.clock.now();
        self.policies.warm(self.database.reader(), now).await;
        let applied = self.once(&call, &key, now, async |transaction| {
            let application = self.submit(transaction, &applicant, &evidence, now).await?;
            let application = Some(wire::render_application(&application, now));
            Ok(Kept::about(applicant.traveller, pb::ApplyForElectronicPassResponse { application }))
        });
        let applied = applied.await?;
        self.submitted.notify_one();
        Ok(applied)
    }

    pub(super) async fn application(
        &self,
        call: Access,
        request: pb::GetElectronicPassApplicationRequest,
    ) -> Result<pb::GetElectronicPassApplicationResponse, Error> {
        let pb::GetElectronicPassApplicationRequest { application } = request;
        let id = wire::parse_application(&application)?;
        let now = self.clock.now();
        let found = store::application(self.database.reader(), self.database.sealer(), id).await?;
        let found = found.ok_or(Error::ApplicationNotFound)?.at(now);
        call.touch(REGISTRATIONS, found.registration, Some(found.traveller));
        let application = Some(wire::render_application(&found, now));
        Ok(pb::GetElectronicPassApplicationResponse { application })
    }

    pub(super) async fn withdraw(
        &self,
        call: Access,
        request: pb::WithdrawElectronicPassApplicationRequest,
    ) -> Result<pb::WithdrawElectronicPassApplicationResponse, Error> {
        let (application, etag) = wire::parse_withdraw(&request)?;
        let (caller, rpc) = (call.caller().as_str(), "WithdrawElectronicPassApplication");
        let key = RequestKey::new(caller, rpc, &request.request_id, &request);
        let now = self.clock.now();
        self.once(&call, &key, now, async |transaction| {
            let found = self.held(transaction, &call, application, now).await?;
            if found.etag() != etag {
                return Err(Error::EtagMismatch);
            }
            let withdrawn = found.withdrawn(now)?;
            self.replace(transaction, &withdrawn).await?;
            let application = Some(wire::render_application(&withdrawn, now));
            let answer = pb::WithdrawElectronicPassApplicationResponse { application };
            Ok(Kept::about(withdrawn.traveller, answer))
        })
        .await
    }

    /// The application `id` as it is at `now`, held to the end of the transaction.
    pub(super) async fn held(
        &self,
        transaction: &DatabaseTransaction,
        call: &Access,
        id: Uuid,
        now: OffsetDateTime,
    ) -> Result<Application, Error> {
        let sealer = self.database.sealer();
        let found = store::application(transaction, sealer, id).await?.ok_or(Error::ApplicationNotFound)?;
        // The person before any row of theirs, as everybody does: who holds both in another order would wait in a circle.
        hold(transaction, [found.traveller]).await?;
        let found = store::hold_application(transaction, sealer, id).await?;
        let found = found.ok_or(Error::ApplicationNotFound)?.at(now);
        call.touch(REGISTRATIONS, found.registration, Some(found.traveller));
        Ok(found)
    }

    /// Writes the next revision of an application down.
    pub(super) async fn replace(
        &self,
        transaction: &DatabaseTransaction,
        next: &Application,
    ) -> Result<(), Error> {
        let kept = store::update_application(transaction, self.database.sealer(), next).await?;
        if kept { Ok(()) } else { Err(Error::EtagMismatch) }
    }

    /// Begins an application, if none is open.
    async fn draft(
        &self,
        transaction: &DatabaseTransaction,
        applicant: &Applicant,
        now: OffsetDateTime,
    ) -> Result<Application, Error> {
        let (applicant, (offer, terms), last) = self.offered(transaction, applicant, now).await?;
        match offer {
            Offer::Withheld(obstacles) => Err(Error::NotOffered(obstacles)),
            Offer::Submission(_) => Err(Error::NotOffered(vec![Obstacle::in_progress()])),
            Offer::NewApplication => {
                let draft = self.begun(&applicant, last.as_ref(), terms, now);
                self.add(transaction, &draft).await?;
                Ok(draft)
            }
        }
    }

    /// Submits what the offer allows: the application that is open, or a new one.
    pub(super) async fn submit(
        &self,
        transaction: &DatabaseTransaction,
        applicant: &Applicant,
        evidence: &[u8],
        now: OffsetDateTime,
    ) -> Result<Application, Error> {
        let (applicant, (offer, terms), last) = self.offered(transaction, applicant, now).await?;
        let promise_time = terms.promise_time(now);
        let submitted = match (offer, last) {
            (Offer::Withheld(obstacles), _) => return Err(Error::NotOffered(obstacles)),
            (Offer::Submission(_), Some(open)) => {
                let submitted = open.submitted(applicant.registration, promise_time, now)?;
                self.replace(transaction, &submitted).await?;
                submitted
            }
            (Offer::Submission(_) | Offer::NewApplication, last) => {
                let draft = self.begun(&applicant, last.as_ref(), terms, now);
                let first = draft.submitted(applicant.registration, promise_time, now)?;
                let submitted = Application { revision: draft.revision, ..first };
                self.add(transaction, &submitted).await?;
                submitted
            }
        };
        store::due::set_evidence(transaction, self.database.sealer(), submitted.id, evidence).await?;
        Ok(submitted)
    }

    /// What the applicant is offered, on which terms, and their last application, with the registration held. Its end is known here then, or whoever learns of it
    /// finds what is made of the offer: who follows the ends holds the registration as well.
    async fn offered(
        &self,
        transaction: &DatabaseTransaction,
        applicant: &Applicant,
        now: OffsetDateTime,
    ) -> Result<(Applicant, (Offer, Terms), Option<Application>), Error> {
        hold(transaction, [applicant.registration, applicant.traveller]).await?;
        let ended = store::has_ended(transaction, applicant.registration).await?;
        let registration_state = match applicant.registration_state {
            // Which of the two ends it was matters to nobody here.
            RegistrationState::Active if ended => RegistrationState::Expired,
            state => state,
        };
        let applicant = Applicant { registration_state, ..*applicant };
        let sealer = self.database.sealer();
        let (holder, coming) = holder(transaction, sealer, applicant.traveller, now).await?;
        let policy = self.policies.first_of(transaction, &coming, now).await?;
        let offer = holder.offer(&policy, &applicant, now)?;
        let last = holder.last;
        if let Some(over) = last.as_ref().filter(|last| last.state == State::Expired) {
            // What is over by time makes room for the next one. Nothing happens where that is written down already.
            store::update_application(transaction, sealer, over).await?;
        }
        Ok((applicant, (offer, Terms::of(&policy)), last))
    }

    fn begun(
        &self,
        applicant: &Applicant,
        last: Option<&Application>,
        terms: Terms,
        now: OffsetDateTime,
    ) -> Application {
        let id = self.random.uuid_v7(now);
        Application::drafted(id, applicant, last, terms.lapse_time(now), now)
    }

    /// Keeps a new application. The constraint decides once more when two copies of this service serve one person at the same time.
    async fn add(&self, transaction: &DatabaseTransaction, new: &Application) -> Result<(), Error> {
        let kept = store::insert_application(transaction, self.database.sealer(), new).await?;
        if kept { Ok(()) } else { Err(Error::NotOffered(vec![Obstacle::in_progress()])) }
    }
}
