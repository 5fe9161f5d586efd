//! Passes of other channels: whose each is, and that a repetition is known by what it says. How a pass is kept is [`crate::issuing`]'s.

use std::collections::BTreeSet;

use entrypass_audit::Access;
use entrypass_db::{
    answers::{Kept, RequestKey},
    hold,
};
use entrypass_proto::{
    epass::v1 as pb,
    registration::v1::{
        Document, ResolveTravellerRequest, registration_service_client::RegistrationServiceClient,
    },
};
use entrypass_rpc::{Call, Transport};
use entrypass_rule::Violations;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;
use tonic::Code;
use uuid::Uuid;

use super::{Epass, circumstances::hold_present};
use crate::{
    error::Error,
    pass::{Pass, Recorded},
    store,
    wire::{self, RecordRequest},
};

/// Documents that the registration service is asked for at once.
const SIDE_BY_SIDE: usize = 8;

/// A row whose person is known, or why it is refused whoever that is.
type Row = Result<(Uuid, RecordRequest), Error>;

impl Epass {
    pub(super) async fn record(
        &self,
        call: Access,
        request: pb::RecordExternalPassRequest,
    ) -> Result<pb::RecordExternalPassResponse, Error> {
        let now = self.clock.now();
        let (request_id, said, read) = wire::parse_record(request, now)?;
        let RecordRequest { document, pass, untimely } = read;
        let traveller = self.traveller(&call, document).await?;
        call.touch_person(traveller);
        // With the person in place of the document: a digest of the request itself beside everything else that is in it would give the document
        // number away to whoever tries all numbers.
        let said = wire::render_said(said, Some(traveller));
        let key = RequestKey::new(call.caller().as_str(), "RecordExternalPass", &request_id, &said);
        self.once(&call, &key, now, async |transaction| {
            // Not before: what was in time at first is answered as at first.
            untimely.into_result()?;
            hold_present(transaction, traveller).await?;
            let (recorded, pass) = self.issuing.record(transaction, traveller, pass, now).await?;
            let electronic_pass = Some(wire::render_pass(&pass, now));
            let outcome = wire::render_outcome(recorded).into();
            Ok(Kept::about(traveller, pb::RecordExternalPassResponse { electronic_pass, outcome }))
        })
        .await
    }

    pub(super) async fn record_many(
        &self,
        call: Access,
        request: pb::RecordExternalPassesRequest,
    ) -> Result<pb::RecordExternalPassesResponse, Error> {
        let now = self.clock.now();
        let (request_id, rows) = wire::parse_record_many(request, now)?;
        let (said, rows): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let rows: Vec<Row> =
            stream::iter(rows).map(|row| self.row(&call, row)).buffered(SIDE_BY_SIDE).try_collect().await?;
        // As for one.
        let persons = rows.iter().map(|row| row.as_ref().ok().map(|(traveller, _)| *traveller));
        let passes = said.into_iter().zip(persons).map(|(said, person)| wire::render_said(said, person));
        let said = pb::RecordExternalPassesRequest { request_id, passes: passes.collect() };
        let key = RequestKey::new(call.caller().as_str(), "RecordExternalPasses", &said.request_id, &said);
        let language = call.language();
        // A list holds up to as many persons as it has rows, and PostgreSQL has room for a few thousand locks in all.
        let _alone = self.one_list.lock().await;
        self.once(&call, &key, now, async |transaction| {
            let travellers: BTreeSet<_> = rows.iter().flatten().map(|(traveller, _)| *traveller).collect();
            // All at once and in one order, so that two lists never wait for each other.
            hold(transaction, travellers).await?;
            let mut results = Vec::with_capacity(rows.len());
            for (place, row) in rows.into_iter().enumerate() {
                let recorded = match row {
                    Ok((traveller, row)) => self.record_row(transaction, traveller, row, now).await?,
                    Err(refusal) => Err(refusal),
                };
                results.push(wire::render_result(place, recorded, language));
            }
            // Names of passes and nothing else: they name nobody.
            Ok(Kept::of(pb::RecordExternalPassesResponse { results }))
        })
        .await
    }

    /// Finds the person of a row. What is wrong with the row's document is the row's refusal; anything else ends the whole call.
    async fn row(&self, call: &Access, row: Result<RecordRequest, Violations>) -> Result<Row, Error> {
        let row = match row {
            Ok(row) => row,
            Err(broken) => return Ok(Err(broken.into())),
        };
        match self.traveller(call, row.document.clone()).await {
            Ok(traveller) => {
                call.touch_person(traveller);
                Ok(Ok((traveller, row)))
            }
            Err(Error::Registration(status)) if status.code() == Code::InvalidArgument => {
                Ok(Err(Error::Registration(status)))
            }
            Err(error) => Err(error),
        }
    }

    /// Records the pass of one row, whose person is held, or says why it is refused. Anything else ends the whole call.
    async fn record_row(
        &self,
        transaction: &DatabaseTransaction,
        traveller: Uuid,
        row: RecordRequest,
        now: OffsetDateTime,
    ) -> Result<Result<(Recorded, Pass), Error>, Error> {
        if let Err(broken) = row.untimely.into_result() {
            return Ok(Err(broken.into()));
        }
        if store::has_ended(transaction, traveller).await? {
            return Ok(Err(Error::TravellerErased));
        }
        match self.issuing.record(transaction, traveller, row.pass, now).await {
            Err(refusal @ (Error::PassExists | Error::PassNumberTaken | Error::IllegalStep(_))) => {
                Ok(Err(refusal))
            }
            done => done.map(Ok),
        }
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
