//! Passes of other channels, and how a pass is kept.

use entrypass_ambient::Random;
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
use entrypass_seal::Sealer;
use sea_orm::DatabaseTransaction;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Epass;
use crate::{application::Application, error::Error, pass::Pass, store, wire};

impl Epass {
    pub(super) async fn record(
        &self,
        call: Access,
        request: pb::RecordExternalPassRequest,
    ) -> Result<pb::RecordExternalPassResponse, Error> {
        let request_id = request.request_id.clone();
        let wire::RecordRequest { document, pass } = wire::parse_record(request, self.clock.now())?;
        let traveller = self.traveller(&call, document).await?;
        call.touch_person(traveller);
        let now = self.clock.now();
        let pass = Pass::recorded(self.random.uuid_v7(now), traveller, pass, now);
        let recorded = wire::render_pass(&pass);
        // The request is known by what it means, with the person in place of the document: a digest of the request itself
        // beside everything else that is in it would give the document number away to whoever tries all numbers.
        let meaning = pb::ElectronicPass { name: String::new(), ..recorded.clone() };
        let key = RequestKey::new(call.caller().as_str(), "RecordExternalPass", &request_id, &meaning);
        call.once(&key, &self.database, now, async |transaction| {
            // As for an application: the person may have been erased since they were asked for.
            hold(transaction, [traveller]).await?;
            if store::has_ended(transaction, traveller).await? {
                return Err(Error::TravellerErased);
            }
            keep_pass(transaction, &pass).await?;
            let answer = pb::RecordExternalPassResponse { electronic_pass: Some(recorded) };
            Ok(Kept::about(traveller, answer))
        })
        .await
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

/// Issues the pass of an application that was approved in this transaction, and says so in the application.
pub(crate) async fn issue(
    transaction: &DatabaseTransaction,
    sealer: &Sealer,
    random: &dyn Random,
    approved: &Application,
    now: OffsetDateTime,
) -> Result<(Application, Pass), Error> {
    let pass = Pass::issued(random, approved.traveller, now);
    keep_pass(transaction, &pass).await?;
    let issued = approved.issued(now)?;
    if !store::update_application(transaction, sealer, &issued).await? {
        return Err(Error::EtagMismatch);
    }
    Ok((issued, pass))
}

/// Keeps a new pass, or says what stands in its way.
async fn keep_pass(transaction: &DatabaseTransaction, pass: &Pass) -> Result<(), Error> {
    if store::insert_pass(transaction, pass).await? {
        Ok(())
    } else if store::pass_of(transaction, pass.traveller).await?.is_some() {
        Err(Error::PassExists)
    } else {
        Err(Error::PassNumberTaken)
    }
}
