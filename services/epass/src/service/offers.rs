//! What somebody is offered, and what they have.

use entrypass_audit::Access;
use entrypass_policy::Policy;
use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::timestamp;
use entrypass_seal::Sealer;
use sea_orm::{ConnAcquireErr, ConnectionTrait, DbErr};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Epass;
use crate::{
    application::{Applicant, Application},
    eligibility::{Offer, offer},
    error::Error,
    facts::{LastApplication, Person},
    level::{Standing, standing},
    store::{Known, Seen, policies::Coming},
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
        let reader = self.database.reader();
        let (holder, coming, now) = self.holder(applicant.traveller).await?;
        let policy = self.policies.first_of(reader, &coming, now).await?;
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
        let reader = self.database.reader();
        let (holder, coming, now) = self.holder(applicant.traveller).await?;
        let (_, timeline) = self.policies.timeline(reader, coming, now).await?;
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

impl Epass {
    /// As [`holder`], in a statement that those share who ask at the same time, and the instant that it is as of.
    async fn holder(&self, traveller: Uuid) -> Result<(Holder, Vec<Coming>, OffsetDateTime), DbErr> {
        let seen = self.look_ups.get(traveller).await?.ok_or_else(nothing_read)?;
        let Seen { known, coming, as_of } = &*seen;
        Ok((Holder::of(known, self.database.sealer(), traveller, *as_of)?, coming.clone(), *as_of))
    }
}

/// Nothing is known of somebody even where they are unknown: this says that the look-up broke off.
fn nothing_read() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)
}

impl Holder {
    fn of(known: &Known, sealer: &Sealer, traveller: Uuid, now: OffsetDateTime) -> Result<Self, DbErr> {
        let last = known.last_application(sealer, traveller)?.map(|last| last.at(now));
        let mut person = known.of(traveller);
        person.last = last.as_ref().map(LastApplication::of);
        Ok(Self { last, person })
    }

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

/// What is known of a person at `now`, and the policies that apply then and later.
pub(super) async fn holder(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    traveller: Uuid,
    now: OffsetDateTime,
) -> Result<(Holder, Vec<Coming>), DbErr> {
    let (known, coming) = Known::with_coming(connection, &[traveller], now).await?;
    Ok((Holder::of(&known, sealer, traveller, now)?, coming))
}
