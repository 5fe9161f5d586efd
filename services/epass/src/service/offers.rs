//! What somebody is offered, and what they have.

use entrypass_audit::Access;
use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::timestamp;
use entrypass_seal::Sealer;
use sea_orm::{ConnectionTrait, DbErr};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Epass;
use crate::{
    application::{Applicant, Application},
    eligibility::{Facts, decide},
    error::Error,
    level::Standing,
    pass::Pass,
    store::{self, Known},
    wire,
};

/// What is known here of one person.
pub(super) struct Holder {
    pub(super) last: Option<Application>,
    pub(super) pass: Option<Pass>,
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
        Ok(pb::GetElectronicPassOfferResponse { offer: Some(self.offer_for(&applicant).await?) })
    }

    pub(super) async fn get(
        &self,
        call: Access,
        request: pb::GetElectronicPassRequest,
    ) -> Result<pb::GetElectronicPassResponse, Error> {
        let pb::GetElectronicPassRequest { registration } = request;
        let registration = wire::parse_registration(&registration)?;
        let applicant = self.named(&call, registration).await?;
        let offer = self.offer_for(&applicant).await?;
        let known = Known::read(self.database.reader(), &[applicant.traveller]).await?;
        let Standing { level, until, follow_up_due } =
            known.standing(applicant.traveller, applicant.declared, self.clock.now());
        Ok(pb::GetElectronicPassResponse {
            electronic_pass: offer.electronic_pass.clone(),
            offer: Some(offer),
            level: wire::render_level(level).into(),
            level_until_time: until.map(timestamp),
            follow_up_due_time: follow_up_due.map(timestamp),
        })
    }

    async fn offer_for(&self, applicant: &Applicant) -> Result<pb::ElectronicPassOffer, Error> {
        let (reader, sealer, now) = (self.database.reader(), self.database.sealer(), self.clock.now());
        let Holder { last, pass } = holder(reader, sealer, applicant.traveller, now).await?;
        let offer = decide(Facts::of(applicant, last.as_ref(), pass.as_ref(), now));
        Ok(wire::render_offer(&offer, last.as_ref(), pass.as_ref(), now))
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
    Ok(Holder { last, pass: store::pass_of(connection, traveller, now).await? })
}
