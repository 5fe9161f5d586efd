//! What somebody is offered, and what they have.

use entrypass_audit::Access;
use entrypass_policy::Policy;
use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::timestamp;
use entrypass_seal::Sealer;
use sea_orm::{ConnectionTrait, DbErr};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Epass;
use crate::{
    application::{Applicant, Application},
    eligibility::{Offer, offer},
    error::Error,
    facts::{LastApplication, Person},
    level::{Standing, standing},
    store::{self, Known},
    wire,
};

/// What is known here of one person, and what follows from it.
pub(super) struct Holder {
    /// The last application, as it stands now.
    pub(super) last: Option<Application>,
    /// Everything else.
    pub(super) person: Person,
}

impl Epass {
    pub(super) async fn offer(
        &self,
        call: Access,
        request: pb::GetElectronicPassOfferRequest,
    ) -> Result<pb::GetElectronicPassOfferResponse, Error> {
        let pb::GetElectronicPassOfferRequest { registration } = request;
        let registration = wire::parse_registration(&registration)?;
        let applicant = self.named(&call, registration).await?;
        let (reader, now) = (self.database.reader(), self.clock.now());
        let policy = self.policies.at(reader, now).await?;
        let holder = holder(reader, self.database.sealer(), applicant.traveller, now).await?;
        let offer = holder.offer(&policy, &applicant, now)?;
        Ok(pb::GetElectronicPassOfferResponse { offer: Some(holder.rendered(&offer, &policy, now)) })
    }

    pub(super) async fn get(
        &self,
        call: Access,
        request: pb::GetElectronicPassRequest,
    ) -> Result<pb::GetElectronicPassResponse, Error> {
        let pb::GetElectronicPassRequest { registration } = request;
        let registration = wire::parse_registration(&registration)?;
        let applicant = self.named(&call, registration).await?;
        let (reader, now) = (self.database.reader(), self.clock.now());
        let (_, timeline) = self.policies.from(reader, now).await?;
        let holder = holder(reader, self.database.sealer(), applicant.traveller, now).await?;
        let offer = holder.offer(timeline.now(), &applicant, now)?;
        let offer = holder.rendered(&offer, timeline.now(), now);
        let Standing { level, until, follow_up_due } = standing(&holder.person, &applicant, &timeline, now)?;
        Ok(pb::GetElectronicPassResponse {
            electronic_pass: offer.electronic_pass.clone(),
            offer: Some(offer),
            level: wire::render_level(level).into(),
            level_until_time: until.map(timestamp),
            follow_up_due_time: follow_up_due.map(timestamp),
        })
    }
}

impl Holder {
    /// What they are offered.
    pub(super) fn offer(
        &self,
        policy: &Policy,
        applicant: &Applicant,
        now: OffsetDateTime,
    ) -> Result<Offer, Error> {
        let facts = self.person.facts(applicant, now);
        let evaluation = policy.evaluate(&facts, now)?;
        Ok(offer(&evaluation, self.last.as_ref().map(|last| last.state)))
    }

    fn rendered(&self, offer: &Offer, policy: &Policy, now: OffsetDateTime) -> pb::ElectronicPassOffer {
        wire::render_offer(offer, policy, self.last.as_ref(), self.person.pass(now).as_ref(), now)
    }
}

/// What is known of a person at `now`. The application is read before the pass: an approval in between then shows as a pass, and
/// never as neither.
pub(super) async fn holder(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    traveller: Uuid,
    now: OffsetDateTime,
) -> Result<Holder, DbErr> {
    let last = store::last_application(connection, sealer, traveller).await?;
    let last = last.map(|last| last.at(now));
    let mut person = Known::read(connection, &[traveller]).await?.of(traveller);
    // As it was read first, so that all that is told of it is of one moment.
    person.last = last.as_ref().map(LastApplication::of);
    Ok(Holder { last, person })
}
