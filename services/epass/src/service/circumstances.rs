//! What an authority records of a person that bears on the level of their pass.

use entrypass_audit::Access;
use entrypass_db::{
    answers::{Kept, RequestKey},
    hold,
};
use entrypass_proto::{
    epass::v1 as pb,
    registration::v1::{
        BatchGetRegistrationFactsRequest, registration_service_client::RegistrationServiceClient,
    },
};
use entrypass_rpc::{Call, Transport};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::Epass;
use crate::{
    circumstances::{FollowUp, Over, Quarantine},
    error::Error,
    store,
    wire::{self, PersonName},
};

impl Epass {
    pub(super) async fn record_quarantine(
        &self,
        call: Access,
        request: pb::RecordQuarantineRequest,
    ) -> Result<pb::RecordQuarantineResponse, Error> {
        let now = self.clock.now();
        let (person, (from, until)) = wire::parse_quarantine(&request, now)?;
        let key = RequestKey::new(call.caller().as_str(), "RecordQuarantine", &request.request_id, &request);
        if let Some(first) = call.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let traveller = self.person(&call, person).await?;
        self.once(&call, &key, now, async |transaction| {
            // Not before: what was in time at first is answered as at first.
            wire::judge_quarantine(from, until, now)?;
            hold_present(transaction, traveller).await?;
            let quarantine = Quarantine::recorded(self.random.uuid_v7(now), traveller, (from, until), now);
            store::insert_quarantine(transaction, &quarantine).await?;
            store::levels_due(transaction, &[traveller], now).await?;
            let quarantine = Some(wire::render_quarantine(&quarantine));
            Ok(Kept::about(traveller, pb::RecordQuarantineResponse { quarantine }))
        })
        .await
    }

    pub(super) async fn end_quarantine(
        &self,
        call: Access,
        request: pb::EndQuarantineRequest,
    ) -> Result<pb::EndQuarantineResponse, Error> {
        let id = wire::parse_end_quarantine(&request)?;
        let key = RequestKey::new(call.caller().as_str(), "EndQuarantine", &request.request_id, &request);
        let now = self.clock.now();
        self.once(&call, &key, now, async |transaction| {
            let found = store::quarantine(transaction, id).await?.ok_or(Error::QuarantineNotFound)?;
            call.touch_person(found.traveller);
            hold(transaction, [found.traveller]).await?;
            // Read again: somebody else may have held the person.
            let found = store::quarantine(transaction, id).await?.ok_or(Error::QuarantineNotFound)?;
            let ended = found.ended(now).map_err(|Over| Error::QuarantineOver)?;
            store::update_quarantine(transaction, &ended).await?;
            store::levels_due(transaction, &[ended.traveller], now).await?;
            let quarantine = Some(wire::render_quarantine(&ended));
            Ok(Kept::about(ended.traveller, pb::EndQuarantineResponse { quarantine }))
        })
        .await
    }

    pub(super) async fn record_follow_up(
        &self,
        call: Access,
        request: pb::RecordFollowUpRequest,
    ) -> Result<pb::RecordFollowUpResponse, Error> {
        let (person, outcome) = wire::parse_follow_up(&request)?;
        let key = RequestKey::new(call.caller().as_str(), "RecordFollowUp", &request.request_id, &request);
        if let Some(first) = call.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let traveller = self.person(&call, person).await?;
        let now = self.clock.now();
        self.once(&call, &key, now, async |transaction| {
            hold_present(transaction, traveller).await?;
            let follow_up = FollowUp { id: self.random.uuid_v7(now), traveller, outcome, time: now };
            store::insert_follow_up(transaction, &follow_up).await?;
            store::levels_due(transaction, &[traveller], now).await?;
            let follow_up = Some(wire::render_follow_up(&follow_up));
            Ok(Kept::about(traveller, pb::RecordFollowUpResponse { follow_up }))
        })
        .await
    }

    pub(super) async fn circumstances(
        &self,
        call: Access,
        request: pb::ListCircumstancesRequest,
    ) -> Result<pb::ListCircumstancesResponse, Error> {
        let pb::ListCircumstancesRequest { registration, traveller } = request;
        let traveller = self.person(&call, wire::parse_person_name(&registration, &traveller)?).await?;
        let reader = self.database.reader();
        let quarantines = store::quarantines_of(reader, [traveller]).await?;
        let follow_ups = store::follow_ups_of(reader, [traveller]).await?;
        Ok(pb::ListCircumstancesResponse {
            quarantines: quarantines.iter().map(wire::render_quarantine).collect(),
            follow_ups: follow_ups.iter().map(wire::render_follow_up).collect(),
        })
    }

    /// The person whom a call names. A slip in the name must not be recorded of nobody: they have a registration, or a pass.
    pub(super) async fn person(&self, call: &Access, name: PersonName) -> Result<Uuid, Error> {
        let traveller = match name {
            PersonName::Registration(registration) => {
                return Ok(self.named(call, registration).await?.traveller);
            }
            PersonName::Traveller(traveller) => traveller,
        };
        call.touch_person(traveller);
        let has_pass = !store::passes_of(self.database.reader(), [traveller]).await?.is_empty();
        if has_pass || self.is_registered(call, traveller).await? {
            Ok(traveller)
        } else {
            Err(Error::TravellerNotFound)
        }
    }

    async fn is_registered(&self, call: &Call, traveller: Uuid) -> Result<bool, Error> {
        let travellers = vec![wire::render_traveller_name(traveller)];
        let request = BatchGetRegistrationFactsRequest { registrations: Vec::new(), travellers };
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.batch_get_registration_facts(request).await
        };
        let answer = self.registration.ask(call, request, ask).await.map_err(Error::Registration)?;
        Ok(!answer.facts.is_empty())
    }
}

/// Holds a person, who may have been erased since they were asked for.
pub(super) async fn hold_present(transaction: &DatabaseTransaction, traveller: Uuid) -> Result<(), Error> {
    hold(transaction, [traveller]).await?;
    if store::has_ended(transaction, traveller).await? { Err(Error::TravellerErased) } else { Ok(()) }
}
