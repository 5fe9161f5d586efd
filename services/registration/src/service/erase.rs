//! Everything that is kept of one person: erased, or given out.

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{PersonalData, required_request_id, timestamp};
use entrypass_rule::Violations;
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Registrations,
    access::{REGISTRATIONS, named, touched},
};
use crate::{
    error::Error,
    registration::Registration,
    store::Rows,
    wire::{self, PersonName},
};

/// Revisions that one statement reads: more than a registration can have.
const ALL: u64 = 10_000;
/// Holders that an export tells of. How many may have agreed is bounded; how many wait is not.
const MOST_HOLDERS: u64 = 100;

impl Registrations {
    pub(super) async fn erase(
        &self,
        access: &Access,
        message: pb::EraseTravellerRequest,
    ) -> Result<pb::EraseTravellerResponse, Error> {
        let key = RequestKey::new(access.caller().as_str(), "EraseTraveller", &message.request_id, &message);
        if let Some(first) = access.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        named(access, &message.registration);
        let pb::EraseTravellerRequest { request_id, traveller, registration } = message;
        let mut violations = Violations::default();
        violations.collect(required_request_id(&request_id));
        let person = violations.collect(wire::person_name(&traveller, &registration));
        let person = violations.finish(|| person)?;
        let now = self.clock.now();
        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let traveller = traveller_of(access, &rows, person).await?;
            let registrations = rows.erase(traveller, now).await?;
            for registration in &registrations {
                access.touch(REGISTRATIONS, *registration, Some(traveller));
            }
            // It names ids that name nobody any more.
            Ok(Kept::of(pb::EraseTravellerResponse {
                traveller: wire::traveller_name(traveller),
                registrations: registrations.into_iter().map(wire::registration_name).collect(),
            }))
        })
        .await
    }

    pub(super) async fn export(
        &self,
        access: &Access,
        message: pb::ExportTravellerRequest,
    ) -> Result<pb::ExportTravellerResponse, Error> {
        named(access, &message.registration);
        let pb::ExportTravellerRequest { traveller, registration } = message;
        let person = wire::person_name(&traveller, &registration)?;
        if access.personal_data() == PersonalData::Masked {
            return Err(Error::PersonalDataMasked { caller: access.caller().as_str().to_owned() });
        }
        let (rows, now) = (self.reader(), self.clock.now());
        let traveller = traveller_of(access, &rows, person).await?;
        let found = rows.person(traveller).await?.ok_or(Error::TravellerNotFound)?;
        let mut registrations = Vec::new();
        let all = rows.registrations_of(traveller).await?;
        touched(access, &all);
        for registration in all {
            let corrections = self.corrections_of(registration.id, now).await?;
            let exported = exported(&rows, &registration, now).await?;
            registrations.push(pb::ExportedRegistration { corrections, ..exported });
        }
        Ok(pb::ExportTravellerResponse {
            traveller: wire::traveller_name(traveller),
            create_time: Some(timestamp(found.create_time)),
            documents: found.documents,
            registrations,
        })
    }
}

async fn exported<C: ConnectionTrait>(
    rows: &Rows<'_, C>,
    registration: &Registration,
    now: OffsetDateTime,
) -> Result<pb::ExportedRegistration, Error> {
    let revisions = rows.revisions(registration.id, None, ALL).await?;
    let companions = rows.companions(&[registration.id], now).await?;
    let holders = rows.holders(registration.id, None, MOST_HOLDERS, now).await?;
    Ok(pb::ExportedRegistration {
        registration: Some(wire::registration(registration, now)),
        revisions: revisions.into_iter().map(wire::revision).collect(),
        companions: wire::companions(&companions),
        holders: holders.iter().map(wire::holder).collect(),
        corrections: Vec::new(),
    })
}

async fn traveller_of<C: ConnectionTrait>(
    access: &Access,
    rows: &Rows<'_, C>,
    person: PersonName,
) -> Result<Uuid, Error> {
    let traveller = match person {
        PersonName::Traveller(id) => id,
        PersonName::Registration(id) => {
            rows.traveller_of_registration(id).await?.ok_or(Error::RegistrationNotFound)?
        }
    };
    access.touch_person(traveller);
    Ok(traveller)
}
