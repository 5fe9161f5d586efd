//! What somebody is offered, and what they have.

use entrypass_audit::Access;
use entrypass_proto::epass::v1 as pb;
use entrypass_seal::Sealer;
use sea_orm::{ConnectionTrait, DbErr};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Epass;
use crate::{
    application::{Applicant, Application},
    eligibility::{Facts, decide},
    error::Error,
    level::level,
    pass::Pass,
    store, wire,
};

/// What is known here of one person.
pub(super) struct Standing {
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
        let level = level(offer.electronic_pass.is_some(), applicant.circumstances);
        Ok(pb::GetElectronicPassResponse {
            electronic_pass: offer.electronic_pass.clone(),
            offer: Some(offer),
            level: wire::render_level(level).into(),
        })
    }

    async fn offer_for(&self, applicant: &Applicant) -> Result<pb::ElectronicPassOffer, Error> {
        let (reader, sealer, now) = (self.database.reader(), self.database.sealer(), self.clock.now());
        let Standing { last, pass } = standing(reader, sealer, applicant.traveller, now).await?;
        let offer = decide(Facts::of(applicant, last.as_ref(), pass.as_ref()));
        Ok(wire::render_offer(&offer, last.as_ref(), pass.as_ref(), now))
    }
}

/// What is known of a person at `now`. The application is read before the pass: an approval in between then shows as a pass, and
/// never as neither.
pub(super) async fn standing(
    connection: &impl ConnectionTrait,
    sealer: &Sealer,
    traveller: Uuid,
    now: OffsetDateTime,
) -> Result<Standing, DbErr> {
    let last = store::last_application(connection, sealer, traveller).await?;
    let last = last.map(|last| last.at(now));
    Ok(Standing { last, pass: store::pass_of(connection, traveller).await? })
}
