//! The RPCs: parse, act, render. What an RPC does beyond a few lines stands in a file of its own below.

mod access;
mod amend;
mod companions;
mod correct;
mod erase;
mod identity;
mod lookup;
mod proof;
mod replace;
mod returning;
mod review;
mod shown;
mod submit;
mod verified;
mod watch;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random, city_date};
use entrypass_audit::{Access, Audit};
use entrypass_db::{
    Database,
    answers::{Kept, RequestKey},
};
use entrypass_feed::Feed;
use entrypass_proto::{
    identity::v1::identity_service_client::IdentityServiceClient,
    registration::v1::{self as pb, registration_service_server::RegistrationService},
};
use entrypass_rpc::{AnswerStream, Neighbour, Transport};
use prost::Message;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use self::{shown::answer_stream, submit::Submissions};
use crate::{
    Config, Deps,
    error::Error,
    form::FormRules,
    store::{LookUps, Rows},
};

/// The client of the identity service.
type Identity = IdentityServiceClient<Transport>;

/// Implements the generated trait.
pub(crate) struct Registrations {
    config: Config,
    database: Database,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    identity: Neighbour<Identity>,
    stopping: CancellationToken,
    feed: Feed,
    audit: Audit,
    look_ups: LookUps,
    submissions: Submissions,
}

impl Registrations {
    pub(crate) fn new(config: Config, deps: Deps, feed: Feed, audit: Audit) -> Self {
        let Deps { database, clock, random, identity, stopping } = deps;
        let identity = Neighbour::new(IdentityServiceClient::new(identity));
        let look_ups = LookUps::new(&database, Arc::clone(&clock));
        let submissions =
            Submissions::new(database.clone(), Arc::clone(&random), config.valid_for, feed.clone());
        Self { config, database, clock, random, identity, stopping, feed, audit, look_ups, submissions }
    }

    /// What connections that only read see.
    fn reader(&self) -> Rows<'_, DatabaseConnection> {
        self.rows(self.database.reader())
    }

    /// What `connection` sees.
    fn rows<'c, C: ConnectionTrait>(&'c self, connection: &'c C) -> Rows<'c, C> {
        Rows::new(connection, self.database.sealer())
    }

    /// Does a write once, with its audit record, and lets the feed know.
    async fn once<A: Message + Default>(
        &self,
        access: &Access,
        key: &RequestKey,
        now: OffsetDateTime,
        act: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Kept<A>, Error>,
    ) -> Result<A, Error> {
        let answer = access.once(key, &self.database, now, act).await?;
        self.feed.committed();
        Ok(answer)
    }

    /// What to answer when `error` was found outside the transaction: the registration may have changed by this very request, which
    /// another copy has done in the meantime.
    async fn first_answer_or<A: Message + Default>(
        &self,
        access: &Access,
        key: &RequestKey,
        error: Error,
    ) -> Result<A, Error> {
        access.first_answer(key, &self.database).await?.ok_or(error)
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
        self.answer(request, async |access, message| self.check(&access, message).await).await
    }

    async fn get_notice(&self, request: Request<pb::GetNoticeRequest>) -> Answer<pb::GetNoticeResponse> {
        shown::answer(request, async |call, _| Ok::<_, Error>(self.notice(call.language()))).await
    }

    async fn submit_registration(
        &self,
        request: Request<pb::SubmitRegistrationRequest>,
    ) -> Answer<pb::SubmitRegistrationResponse> {
        self.answer(request, async |access, message| self.submit(&access, message).await).await
    }

    async fn get_registration(
        &self,
        request: Request<pb::GetRegistrationRequest>,
    ) -> Answer<pb::GetRegistrationResponse> {
        self.answer(request, async |access, message| self.get(&access, message).await).await
    }

    async fn get_prefill(&self, request: Request<pb::GetPrefillRequest>) -> Answer<pb::GetPrefillResponse> {
        self.answer(request, async |access, message| self.prefill(&access, message).await).await
    }

    async fn get_registration_facts(
        &self,
        request: Request<pb::GetRegistrationFactsRequest>,
    ) -> Answer<pb::GetRegistrationFactsResponse> {
        self.answer(request, async |access, message| self.facts(&access, message).await).await
    }

    async fn batch_get_registration_facts(
        &self,
        request: Request<pb::BatchGetRegistrationFactsRequest>,
    ) -> Answer<pb::BatchGetRegistrationFactsResponse> {
        self.answer(request, async |access, message| self.batch_facts(&access, message).await).await
    }

    async fn list_registration_facts(
        &self,
        request: Request<pb::ListRegistrationFactsRequest>,
    ) -> Answer<pb::ListRegistrationFactsResponse> {
        self.answer(request, async |access, message| self.list_facts(&access, message).await).await
    }

    async fn get_travel_groups(
        &self,
        request: Request<pb::GetTravelGroupsRequest>,
    ) -> Answer<pb::GetTravelGroupsResponse> {
        self.answer(request, async |access, message| self.groups(&access, message).await).await
    }

    async fn verify_traveller_identity(
        &self,
        request: Request<pb::VerifyTravellerIdentityRequest>,
    ) -> Answer<pb::VerifyTravellerIdentityResponse> {
        self.answer(request, async |access, message| self.verify_identity(&access, message).await).await
    }

    async fn resolve_traveller(
        &self,
        request: Request<pb::ResolveTravellerRequest>,
    ) -> Answer<pb::ResolveTravellerResponse> {
        self.answer(request, async |access, message| self.resolve(&access, message).await).await
    }

    async fn note_verifications(
        &self,
        request: Request<pb::NoteVerificationsRequest>,
    ) -> Answer<pb::NoteVerificationsResponse> {
        self.answer(request, async |access, message| self.note_verifications(&access, message).await).await
    }

    async fn update_registration(
        &self,
        request: Request<pb::UpdateRegistrationRequest>,
    ) -> Answer<pb::UpdateRegistrationResponse> {
        // Boxed: forms before and after, and their merging, take 17 kB.
        self.answer(request, async |access, message| Box::pin(self.update(&access, message)).await).await
    }

    async fn replace_document(
        &self,
        request: Request<pb::ReplaceDocumentRequest>,
    ) -> Answer<pb::ReplaceDocumentResponse> {
        self.answer(request, async |access, message| self.replace(&access, message).await).await
    }

    async fn list_registrations(
        &self,
        request: Request<pb::ListRegistrationsRequest>,
    ) -> Answer<pb::ListRegistrationsResponse> {
        self.answer(request, async |access, message| self.entries(&access, message).await).await
    }

    async fn submit_next_registration(
        &self,
        request: Request<pb::SubmitNextRegistrationRequest>,
    ) -> Answer<pb::SubmitNextRegistrationResponse> {
        self.answer(request, async |access, message| Box::pin(self.submit_next(&access, message)).await).await
    }

    async fn request_correction(
        &self,
        request: Request<pb::RequestCorrectionRequest>,
    ) -> Answer<pb::RequestCorrectionResponse> {
        self.answer(request, async |access, message| {
            Box::pin(self.request_correction(&access, message)).await
        })
        .await
    }

    async fn withdraw_correction(
        &self,
        request: Request<pb::WithdrawCorrectionRequest>,
    ) -> Answer<pb::WithdrawCorrectionResponse> {
        self.answer(request, async |access, message| self.withdraw_correction(&access, message).await).await
    }

    async fn get_correction(
        &self,
        request: Request<pb::GetCorrectionRequest>,
    ) -> Answer<pb::GetCorrectionResponse> {
        self.answer(request, async |access, message| self.get_correction(&access, message).await).await
    }

    async fn list_corrections(
        &self,
        request: Request<pb::ListCorrectionsRequest>,
    ) -> Answer<pb::ListCorrectionsResponse> {
        self.answer(request, async |access, message| self.list_corrections(&access, message).await).await
    }

    async fn review_correction(
        &self,
        request: Request<pb::ReviewCorrectionRequest>,
    ) -> Answer<pb::ReviewCorrectionResponse> {
        self.answer(request, async |access, message| Box::pin(self.review_correction(&access, message)).await)
            .await
    }

    async fn cancel_registration(
        &self,
        request: Request<pb::CancelRegistrationRequest>,
    ) -> Answer<pb::CancelRegistrationResponse> {
        self.answer(request, async |access, message| self.cancel(&access, message).await).await
    }

    async fn erase_traveller(
        &self,
        request: Request<pb::EraseTravellerRequest>,
    ) -> Answer<pb::EraseTravellerResponse> {
        self.answer(request, async |access, message| self.erase(&access, message).await).await
    }

    async fn export_traveller(
        &self,
        request: Request<pb::ExportTravellerRequest>,
    ) -> Answer<pb::ExportTravellerResponse> {
        self.answer(request, async |access, message| self.export(&access, message).await).await
    }

    async fn list_registration_revisions(
        &self,
        request: Request<pb::ListRegistrationRevisionsRequest>,
    ) -> Answer<pb::ListRegistrationRevisionsResponse> {
        self.answer(request, async |access, message| self.revisions(&access, message).await).await
    }

    async fn list_access(&self, request: Request<pb::ListAccessRequest>) -> Answer<pb::ListAccessResponse> {
        self.answer(request, async |access, message| self.list_access(&access, message).await).await
    }

    async fn bind_companion(
        &self,
        request: Request<pb::BindCompanionRequest>,
    ) -> Answer<pb::BindCompanionResponse> {
        self.answer(request, async |access, message| self.bind(&access, message).await).await
    }

    async fn confirm_companion(
        &self,
        request: Request<pb::ConfirmCompanionRequest>,
    ) -> Answer<pb::ConfirmCompanionResponse> {
        self.answer(request, async |access, message| self.confirm(&access, message).await).await
    }

    async fn list_holders(
        &self,
        request: Request<pb::ListHoldersRequest>,
    ) -> Answer<pb::ListHoldersResponse> {
        self.answer(request, async |access, message| self.holders(&access, message).await).await
    }

    async fn unbind_companion(
        &self,
        request: Request<pb::UnbindCompanionRequest>,
    ) -> Answer<pb::UnbindCompanionResponse> {
        self.answer(request, async |access, message| self.unbind(&access, message).await).await
    }

    type WatchRegistrationsStream = AnswerStream<pb::WatchRegistrationsResponse>;

    async fn watch_registrations(
        &self,
        request: Request<pb::WatchRegistrationsRequest>,
    ) -> Answer<Self::WatchRegistrationsStream> {
        answer_stream(request, &self.stopping, |_, message| self.watch(message)).await
    }
}
