//! Passes of other channels, and how a pass is kept.

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

use super::Epass;
use crate::{
    error::Error,
    pass::{ExternalPass, Pass, Recorded},
    store,
    wire::{self, RecordRequest},
};

/// Documents that the registration service is asked for at once.
const SIDE_BY_SIDE: usize = 8;

/// A row whose person is known, or why it is refused.
type Row = Result<(Uuid, ExternalPass), Error>;

impl Epass {
    pub(super) async fn record(
        &self,
        call: Access,
        request: pb::RecordExternalPassRequest,
    ) -> Result<pb::RecordExternalPassResponse, Error> {
        let request_id = request.request_id.clone();
        let now = self.clock.now();
        let RecordRequest { document, pass } = wire::parse_record(request, now)?;
        let traveller = self.traveller(&call, document).await?;
        call.touch_person(traveller);
        let pass = Pass::recorded(self.random.uuid_v7(now), traveller, pass, now);
        // The request is known by what it means, with the person in place of the document: a digest of the request itself
        // beside everything else that is in it would give the document number away to whoever tries all numbers.
        let key =
            RequestKey::new(call.caller().as_str(), "RecordExternalPass", &request_id, &meaning(&pass, now));
        self.once(&call, &key, now, async |transaction| {
            // As for an application: the person may have been erased since they were asked for.
            hold(transaction, [traveller]).await?;
            if store::has_ended(transaction, traveller).await? {
                return Err(Error::TravellerErased);
            }
            self.issuing.keep(transaction, &pass, now).await?;
            let electronic_pass = Some(wire::render_pass(&pass, now));
            Ok(Kept::about(traveller, pb::RecordExternalPassResponse { electronic_pass }))
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
        let rows: Vec<Row> =
            stream::iter(rows).map(|row| self.row(&call, row)).buffered(SIDE_BY_SIDE).try_collect().await?;
        // As for one: by what it means.
        let meant = rows.iter().map(|row| match row {
            Ok((traveller, pass)) => {
                meaning(&Pass::recorded(Uuid::nil(), *traveller, pass.clone(), now), now)
            }
            Err(_) => pb::ElectronicPass::default(),
        });
        let meaning = wire::render_meaning(meant.collect());
        let key = RequestKey::new(call.caller().as_str(), "RecordExternalPasses", &request_id, &meaning);
        let language = call.language();
        self.once(&call, &key, now, async |transaction| {
            let travellers: BTreeSet<_> = rows.iter().flatten().map(|(traveller, _)| *traveller).collect();
            // All at once and in one order, so that two lists never wait for each other.
            hold(transaction, travellers).await?;
            let mut results = Vec::with_capacity(rows.len());
            for (place, row) in rows.into_iter().enumerate() {
                let recorded = match row {
                    Ok((traveller, pass)) => self.record_row(transaction, traveller, pass, now).await?,
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
        let RecordRequest { document, pass } = match row {
            Ok(row) => row,
            Err(broken) => return Ok(Err(broken.into())),
        };
        match self.traveller(call, document).await {
            Ok(traveller) => {
                call.touch_person(traveller);
                Ok(Ok((traveller, pass)))
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
        pass: ExternalPass,
        now: OffsetDateTime,
    ) -> Result<Result<Recorded, Error>, Error> {
        if store::has_ended(transaction, traveller).await? {
            return Ok(Err(Error::TravellerErased));
        }
        let known = store::pass_by_number(transaction, &pass.issuer, &pass.number).await?;
        if let Some(known) = known.filter(|known| known.traveller == traveller) {
            return Ok(Ok(Recorded::Known(known.id)));
        }
        let pass = Pass::recorded(self.random.uuid_v7(now), traveller, pass, now);
        match self.issuing.keep(transaction, &pass, now).await {
            Ok(()) => Ok(Ok(Recorded::New(pass.id))),
            Err(refusal @ (Error::PassExists | Error::PassNumberTaken)) => Ok(Err(refusal)),
            Err(error) => Err(error),
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

/// What a pass of another channel means, whatever it is called here.
fn meaning(pass: &Pass, now: OffsetDateTime) -> pb::ElectronicPass {
    let state_time = None;
    pb::ElectronicPass {
        name: String::new(),
        etag: String::new(),
        state: 0,
        state_time,
        ..wire::render_pass(pass, now)
    }
}
