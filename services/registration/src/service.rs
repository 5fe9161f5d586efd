//! The RPCs: parse, act, render. What an RPC does beyond a few lines stands in a file of its own below.

mod amend;
mod companions;
mod erase;
mod lookup;
mod proof;
mod replace;
mod submit;
mod watch;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random, city_date};
use entrypass_db::{
    Database,
    answers::{Kept, RequestKey},
};
use entrypass_proto::registration::v1::{self as pb, registration_service_server::RegistrationService};
use entrypass_rpc::{AnswerStream, answer, answer_stream};
use prost::Message;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::{Config, Deps, error::Error, feed::Feed, form::FormRules, store::Rows};

/// Implements the generated trait.
pub(crate) struct Registrations {
    config: Config,
    database: Database,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    stopping: CancellationToken,
    feed: Feed,
}

impl Registrations {
    pub(crate) fn new(config: Config, deps: Deps, feed: Feed) -> Self {
        let Deps { database, clock, random, stopping } = deps;
        Self { config, database, clock, random, stopping, feed }
    }

    /// What connections that only read see.
    fn reader(&self) -> Rows<'_, DatabaseConnection> {
        self.rows(self.database.reader())
    }

    /// What `connection` sees.
    fn rows<'c, C: ConnectionTrait>(&'c self, connection: &'c C) -> Rows<'c, C> {
        Rows::new(connection, self.database.sealer())
    }

    /// Does a write once, and lets the feed know.
    async fn once<A: Message + Default>(
        &self,
        key: &RequestKey,
        now: OffsetDateTime,
        act: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Kept<A>, Error>,
    ) -> Result<A, Error> {
        let answer = key.once(&self.database, now, act).await?;
        self.feed.committed();
        Ok(answer)
    }

    /// What to answer when `error` was found outside the transaction: the registration may have changed by this very request, which
    /// another copy has done in the meantime.
    async fn first_answer_or<A: Message + Default>(
        &self,
        key: &RequestKey,
        error: Error,
    ) -> Result<A, Error> {
        key.first_answer(&self.database).await?.ok_or(error)
    }

    /// The rules of the form as of `now`.
    fn form_rules(&self, now: OffsetDateTime) -> FormRules {
        let Config { entry_days_before, entry_days_after, travel_history_days, .. } = self.config;
        let today = city_date(now);
        FormRules {
            today,
            submitted: today,
            entry_days_before,
            entry_days_after,
            travel_history_days,
            collect_health: self.config.collect_health,
            accept_specimens: self.config.accept_specimens,
        }
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl RegistrationService for Registrations {
    async fn check_document(
        &self,
        request: Request<pb::CheckDocumentRequest>,
    ) -> Answer<pb::CheckDocumentResponse> {
        answer(request, |_, message| self.check(message)).await
    }

    async fn get_notice(&self, request: Request<pb::GetNoticeRequest>) -> Answer<pb::GetNoticeResponse> {
        answer(request, async |call, _| Ok::<_, Error>(self.notice(call.language()))).await
    }

    async fn submit_registration(
        &self,
        request: Request<pb::SubmitRegistrationRequest>,
    ) -> Answer<pb::SubmitRegistrationResponse> {
        answer(request, async |call, message| self.submit(&call, message).await).await
    }

    async fn get_registration(
        &self,
        request: Request<pb::GetRegistrationRequest>,
    ) -> Answer<pb::GetRegistrationResponse> {
        answer(request, async |call, message| self.get(&call, message).await).await
    }

    async fn get_prefill(&self, request: Request<pb::GetPrefillRequest>) -> Answer<pb::GetPrefillResponse> {
        answer(request, async |call, message| self.prefill(&call, message).await).await
    }

    async fn get_registration_facts(
        &self,
        request: Request<pb::GetRegistrationFactsRequest>,
    ) -> Answer<pb::GetRegistrationFactsResponse> {
        answer(request, |_, message| self.facts(message)).await
    }

    async fn batch_get_registration_facts(
        &self,
        request: Request<pb::BatchGetRegistrationFactsRequest>,
    ) -> Answer<pb::BatchGetRegistrationFactsResponse> {
        answer(request, |_, message| self.batch_facts(message)).await
    }

    async fn get_travel_groups(
        &self,
        request: Request<pb::GetTravelGroupsRequest>,
    ) -> Answer<pb::GetTravelGroupsResponse> {
        answer(request, |_, message| self.groups(message)).await
    }

    async fn resolve_traveller(
        &self,
        request: Request<pb::ResolveTravellerRequest>,
    ) -> Answer<pb::ResolveTravellerResponse> {
        answer(request, |_, message| self.resolve(message)).await
    }

    async fn update_registration(
        &self,
        request: Request<pb::UpdateRegistrationRequest>,
    ) -> Answer<pb::UpdateRegistrationResponse> {
        // Boxed: forms before and after, and their merging, take 17 kB.
        answer(request, async |call, message| Box::pin(self.update(&call, message)).await).await
    }

    async fn replace_document(
        &self,
        request: Request<pb::ReplaceDocumentRequest>,
    ) -> Answer<pb::ReplaceDocumentResponse> {
        answer(request, async |call, message| self.replace(&call, message).await).await
    }

    async fn cancel_registration(
        &self,
        request: Request<pb::CancelRegistrationRequest>,
    ) -> Answer<pb::CancelRegistrationResponse> {
        answer(request, async |call, message| self.cancel(&call, message).await).await
    }

    async fn erase_traveller(
        &self,
        request: Request<pb::EraseTravellerRequest>,
    ) -> Answer<pb::EraseTravellerResponse> {
        answer(request, async |call, message| self.erase(&call, message).await).await
    }

    async fn export_traveller(
        &self,
        request: Request<pb::ExportTravellerRequest>,
    ) -> Answer<pb::ExportTravellerResponse> {
        answer(request, async |call, message| self.export(&call, message).await).await
    }

    async fn list_registration_revisions(
        &self,
        request: Request<pb::ListRegistrationRevisionsRequest>,
    ) -> Answer<pb::ListRegistrationRevisionsResponse> {
        answer(request, |_, message| self.revisions(message)).await
    }

    async fn bind_companion(
        &self,
        request: Request<pb::BindCompanionRequest>,
    ) -> Answer<pb::BindCompanionResponse> {
        answer(request, async |call, message| self.bind(&call, message).await).await
    }

    async fn confirm_companion(
        &self,
        request: Request<pb::ConfirmCompanionRequest>,
    ) -> Answer<pb::ConfirmCompanionResponse> {
        answer(request, async |call, message| self.confirm(&call, message).await).await
    }

    async fn unbind_companion(
        &self,
        request: Request<pb::UnbindCompanionRequest>,
    ) -> Answer<pb::UnbindCompanionResponse> {
        answer(request, async |call, message| self.unbind(&call, message).await).await
    }

    type WatchRegistrationsStream = AnswerStream<pb::WatchRegistrationsResponse>;

    async fn watch_registrations(
        &self,
        request: Request<pb::WatchRegistrationsRequest>,
    ) -> Answer<Self::WatchRegistrationsStream> {
        answer_stream(request, &self.stopping, |_, message| self.watch(message)).await
    }
}
