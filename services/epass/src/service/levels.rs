//! What a checkpoint is told of electronic passes.

use std::collections::HashMap;

use entrypass_audit::Access;
use entrypass_policy::EvaluationError;
use entrypass_proto::{
    epass::v1 as pb,
    registration::v1::{
        BatchGetRegistrationFactsRequest, registration_service_client::RegistrationServiceClient,
    },
};
use entrypass_rpc::{Call, Transport};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{Epass, REGISTRATIONS};
use crate::{
    application::Applicant,
    error::Error,
    level::{Standing, standing},
    policies::Unavailable,
    store::Known,
    wire,
};

impl Epass {
    /// One call and one statement, however many are asked for.
    pub(super) async fn levels(
        &self,
        call: Access,
        request: pb::GetElectronicPassLevelsRequest,
    ) -> Result<pb::GetElectronicPassLevelsResponse, Error> {
        let ids = wire::parse_levels(&request)?;
        let holders = self.holders(&call, request.registrations).await?;
        for holder in holders.values() {
            call.touch(REGISTRATIONS, holder.registration, Some(holder.traveller));
        }
        let travellers: Vec<_> = holders.values().map(|holder| holder.traveller).collect();
        let now = self.clock.now();
        let reader = self.database.reader();
        let (known, coming) = Known::with_coming(reader, &travellers, now).await?;
        let (_, timeline) = self.policies.timeline(reader, coming, now).await?;
        // With a policy of many rules and numbers a hundred of them take a while, and other calls need the threads.
        let levels = spawn_blocking(move || {
            let answer = |id: &Uuid| {
                let Some(holder) = holders.get(id) else {
                    return Ok(wire::render_standing(*id, Standing::NOBODY, None, now));
                };
                let person = known.of(holder.traveller);
                let standing = standing(&person, holder, &timeline, now)?;
                Ok(wire::render_standing(*id, standing, person.pass(now).as_ref(), now))
            };
            ids.iter().map(answer).collect::<Result<_, EvaluationError>>()
        });
        let levels = levels.await.map_err(|_| Unavailable::Interrupted)??;
        Ok(pb::GetElectronicPassLevelsResponse { levels })
    }

    /// The holders of those of `registrations` that there are, by registration.
    async fn holders(
        &self,
        call: &Call,
        registrations: Vec<String>,
    ) -> Result<HashMap<Uuid, Applicant>, Error> {
        let request = BatchGetRegistrationFactsRequest { registrations, travellers: Vec::new() };
        let ask = async |mut client: RegistrationServiceClient<Transport>, request| {
            client.batch_get_registration_facts(request).await
        };
        let answer = self.registration.ask(call, request, ask).await.map_err(Error::Registration)?;
        let now = self.clock.now();
        let holders =
            answer.facts.into_iter().map(|facts| wire::parse_applicant(facts, &self.city_divisions, now));
        holders.map(|holder| holder.map(|holder| (holder.registration, holder))).collect()
    }
}
