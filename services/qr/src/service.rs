//! The RPCs: parse, act, render. Each group of them has a file; this one has the trait.

mod bundle;
mod issue;
mod keys;
mod records;
mod render;
mod verify;
mod withdraw;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_follow::AsOf;
use entrypass_proto::{
    qr::v1::{self as pb, qr_service_server::QrService},
    registration::v1::registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{AnswerStream, Neighbour, Transport, answer, answer_stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::{
    Config,
    bundles::Bundles,
    error::Error,
    keys::Keys,
    recorder::Recorder,
    store::{Pen, Store},
};

/// Implements the generated trait.
pub(crate) struct Codes {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) registration: Neighbour<RegistrationServiceClient<Transport>>,
    pub(crate) recorder: Arc<Recorder>,
    /// How far changes of registrations are followed.
    pub(crate) as_of: AsOf,
    pub(crate) bundles: Bundles,
    pub(crate) stopping: CancellationToken,
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl QrService for Codes {
    async fn issue_qr_codes(
        &self,
        request: Request<pb::IssueQrCodesRequest>,
    ) -> Answer<pb::IssueQrCodesResponse> {
        answer(request, |_, message| self.issue(message)).await
    }

    async fn render_qr_code(
        &self,
        request: Request<pb::RenderQrCodeRequest>,
    ) -> Answer<pb::RenderQrCodeResponse> {
        answer(request, async |_, message| self.render(&message).await).await
    }

    async fn verify_qr_code(
        &self,
        request: Request<pb::VerifyQrCodeRequest>,
    ) -> Answer<pb::VerifyQrCodeResponse> {
        answer(request, |call, message| self.verify(call, message)).await
    }

    async fn verify_qr_codes(
        &self,
        request: Request<pb::VerifyQrCodesRequest>,
    ) -> Answer<pb::VerifyQrCodesResponse> {
        answer(request, |call, message| self.verify_all(call, message)).await
    }

    async fn list_verifications(
        &self,
        request: Request<pb::ListVerificationsRequest>,
    ) -> Answer<pb::ListVerificationsResponse> {
        answer(request, |_, message| self.list_records(message)).await
    }

    async fn count_verifications(
        &self,
        request: Request<pb::CountVerificationsRequest>,
    ) -> Answer<pb::CountVerificationsResponse> {
        answer(request, |_, message| self.count_records(message)).await
    }

    async fn export_qr_codes(
        &self,
        request: Request<pb::ExportQrCodesRequest>,
    ) -> Answer<pb::ExportQrCodesResponse> {
        answer(request, |_, message| self.export(message)).await
    }

    async fn revoke_qr_codes(
        &self,
        request: Request<pb::RevokeQrCodesRequest>,
    ) -> Answer<pb::RevokeQrCodesResponse> {
        answer(request, |call, message| self.revoke(call, message)).await
    }

    async fn suspend_qr_codes(
        &self,
        request: Request<pb::SuspendQrCodesRequest>,
    ) -> Answer<pb::SuspendQrCodesResponse> {
        answer(request, |call, message| self.suspend(call, message)).await
    }

    async fn reinstate_qr_codes(
        &self,
        request: Request<pb::ReinstateQrCodesRequest>,
    ) -> Answer<pb::ReinstateQrCodesResponse> {
        answer(request, |call, message| self.reinstate(call, message)).await
    }

    async fn change_qr_codes(
        &self,
        request: Request<pb::ChangeQrCodesRequest>,
    ) -> Answer<pb::ChangeQrCodesResponse> {
        answer(request, |call, message| self.change(call, message)).await
    }

    async fn get_qr_code_standing(
        &self,
        request: Request<pb::GetQrCodeStandingRequest>,
    ) -> Answer<pb::GetQrCodeStandingResponse> {
        answer(request, |_, message| self.standing(message)).await
    }

    async fn get_verification_bundle(
        &self,
        request: Request<pb::GetVerificationBundleRequest>,
    ) -> Answer<pb::GetVerificationBundleResponse> {
        answer(request, |_, pb::GetVerificationBundleRequest {}| self.bundle()).await
    }

    type WatchVerificationBundleStream = AnswerStream<pb::WatchVerificationBundleResponse>;

    async fn watch_verification_bundle(
        &self,
        request: Request<pb::WatchVerificationBundleRequest>,
    ) -> Answer<Self::WatchVerificationBundleStream> {
        answer_stream(request, &self.stopping, |_, message| self.watch_bundle(message)).await
    }

    async fn list_verification_keys(
        &self,
        request: Request<pb::ListVerificationKeysRequest>,
    ) -> Answer<pb::ListVerificationKeysResponse> {
        answer(request, async |_, _| Ok::<_, Error>(self.verification_keys())).await
    }
}

impl Codes {
    /// For what is written down now.
    fn pen(&self) -> Pen<'_> {
        Pen { now: self.clock.now(), random: self.random.as_ref() }
    }
}
