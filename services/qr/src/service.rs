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
use entrypass_audit::{Access, Audit, Group};
use entrypass_follow::AsOf;
use entrypass_proto::{
    qr::v1::{self as pb, qr_service_server::QrService},
    registration::v1::registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{AnswerStream, Neighbour, Transport, answer, answer_stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{
    Config,
    bundles::Bundles,
    error::Error,
    keys::Keys,
    record::Finding,
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
    pub(crate) recorder: Arc<Group<Finding>>,
    pub(crate) audit: Audit,
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
        self.audit.answer(request, |access, message| self.issue(access, message)).await
    }

    async fn render_qr_code(
        &self,
        request: Request<pb::RenderQrCodeRequest>,
    ) -> Answer<pb::RenderQrCodeResponse> {
        self.audit.answer(request, async |_, message| self.render(&message).await).await
    }

    async fn verify_qr_code(
        &self,
        request: Request<pb::VerifyQrCodeRequest>,
    ) -> Answer<pb::VerifyQrCodeResponse> {
        self.audit.answer(request, |call, message| self.verify(call, message)).await
    }

    async fn verify_qr_codes(
        &self,
        request: Request<pb::VerifyQrCodesRequest>,
    ) -> Answer<pb::VerifyQrCodesResponse> {
        self.audit.answer(request, |call, message| self.verify_all(call, message)).await
    }

    async fn list_verifications(
        &self,
        request: Request<pb::ListVerificationsRequest>,
    ) -> Answer<pb::ListVerificationsResponse> {
        self.audit.answer(request, |_, message| self.list_records(message)).await
    }

    async fn count_verifications(
        &self,
        request: Request<pb::CountVerificationsRequest>,
    ) -> Answer<pb::CountVerificationsResponse> {
        self.audit.answer(request, |_, message| self.count_records(message)).await
    }

    async fn export_qr_codes(
        &self,
        request: Request<pb::ExportQrCodesRequest>,
    ) -> Answer<pb::ExportQrCodesResponse> {
        self.audit.answer(request, |access, message| self.export(access, message)).await
    }

    async fn revoke_qr_codes(
        &self,
        request: Request<pb::RevokeQrCodesRequest>,
    ) -> Answer<pb::RevokeQrCodesResponse> {
        self.audit.answer(request, |call, message| self.revoke(call, message)).await
    }

    async fn suspend_qr_codes(
        &self,
        request: Request<pb::SuspendQrCodesRequest>,
    ) -> Answer<pb::SuspendQrCodesResponse> {
        self.audit.answer(request, |call, message| self.suspend(call, message)).await
    }

    async fn reinstate_qr_codes(
        &self,
        request: Request<pb::ReinstateQrCodesRequest>,
    ) -> Answer<pb::ReinstateQrCodesResponse> {
        self.audit.answer(request, |call, message| self.reinstate(call, message)).await
    }

    async fn change_qr_codes(
        &self,
        request: Request<pb::ChangeQrCodesRequest>,
    ) -> Answer<pb::ChangeQrCodesResponse> {
        self.audit.answer(request, |call, message| self.change(call, message)).await
    }

    async fn get_qr_code_standing(
        &self,
        request: Request<pb::GetQrCodeStandingRequest>,
    ) -> Answer<pb::GetQrCodeStandingResponse> {
        self.audit.answer(request, |access, message| self.standing(access, message)).await
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

/// Notes that the call is about these registrations. Whose they are is not known here.
fn touched(access: &Access, registrations: impl IntoIterator<Item = Uuid>) {
    for registration in registrations {
        access.touch("registrations", registration, None);
    }
}

impl Codes {
    /// For what is written down now.
    fn pen(&self) -> Pen<'_> {
        Pen { now: self.clock.now(), random: self.random.as_ref() }
    }
}
