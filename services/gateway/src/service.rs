//! The RPCs. Most hand a request on and put the entry pass around the answer.

use entrypass_proto::{
    epass::v1::epass_service_client::EpassServiceClient,
    gateway::v1::{self as pb, entry_pass_service_server::EntryPassService},
    qr::v1::qr_service_client::QrServiceClient,
    registration::v1::registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{AnswerStream, Neighbour, Transport, answer, answer_stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// Implements the generated trait.
pub(crate) struct Gateway {
    pub(crate) registration: Neighbour<RegistrationServiceClient<Transport>>,
    pub(crate) qr: Neighbour<QrServiceClient<Transport>>,
    pub(crate) epass: Neighbour<EpassServiceClient<Transport>>,
    pub(crate) stopping: CancellationToken,
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl EntryPassService for Gateway {
    async fn check_document(
        &self,
        request: Request<pb::CheckDocumentRequest>,
    ) -> Answer<pb::CheckDocumentResponse> {
        answer(request, |call, message| self.check(call, message)).await
    }

    async fn get_notice(&self, request: Request<pb::GetNoticeRequest>) -> Answer<pb::GetNoticeResponse> {
        answer(request, |call, message| self.notice(call, message)).await
    }

    async fn get_prefill(&self, request: Request<pb::GetPrefillRequest>) -> Answer<pb::GetPrefillResponse> {
        answer(request, |call, message| self.prefill(call, message)).await
    }

    async fn submit_registration(
        &self,
        request: Request<pb::SubmitRegistrationRequest>,
    ) -> Answer<pb::SubmitRegistrationResponse> {
        answer(request, |call, message| self.submit(call, message)).await
    }

    async fn get_entry_pass(
        &self,
        request: Request<pb::GetEntryPassRequest>,
    ) -> Answer<pb::GetEntryPassResponse> {
        answer(request, |call, message| self.get(call, message)).await
    }

    async fn list_registration_revisions(
        &self,
        request: Request<pb::ListRegistrationRevisionsRequest>,
    ) -> Answer<pb::ListRegistrationRevisionsResponse> {
        answer(request, |call, message| self.revisions(call, message)).await
    }

    async fn list_access(&self, request: Request<pb::ListAccessRequest>) -> Answer<pb::ListAccessResponse> {
        answer(request, |call, message| self.access(call, message)).await
    }

    async fn render_qr_code(
        &self,
        request: Request<pb::RenderQrCodeRequest>,
    ) -> Answer<pb::RenderQrCodeResponse> {
        answer(request, |call, message| self.render(call, message)).await
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
        answer(request, |call, message| self.verifications(call, message)).await
    }

    async fn count_verifications(
        &self,
        request: Request<pb::CountVerificationsRequest>,
    ) -> Answer<pb::CountVerificationsResponse> {
        answer(request, |call, message| self.verification_counts(call, message)).await
    }

    async fn list_verification_keys(
        &self,
        request: Request<pb::ListVerificationKeysRequest>,
    ) -> Answer<pb::ListVerificationKeysResponse> {
        answer(request, |call, _| self.verification_keys(call)).await
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

    async fn create_electronic_pass_application(
        &self,
        request: Request<pb::CreateElectronicPassApplicationRequest>,
    ) -> Answer<pb::CreateElectronicPassApplicationResponse> {
        answer(request, |call, message| self.create_application(call, message)).await
    }

    async fn get_electronic_pass_application(
        &self,
        request: Request<pb::GetElectronicPassApplicationRequest>,
    ) -> Answer<pb::GetElectronicPassApplicationResponse> {
        answer(request, |call, message| self.application(call, message)).await
    }

    async fn withdraw_electronic_pass_application(
        &self,
        request: Request<pb::WithdrawElectronicPassApplicationRequest>,
    ) -> Answer<pb::WithdrawElectronicPassApplicationResponse> {
        answer(request, |call, message| self.withdraw_application(call, message)).await
    }

    async fn apply_for_electronic_pass(
        &self,
        request: Request<pb::ApplyForElectronicPassRequest>,
    ) -> Answer<pb::ApplyForElectronicPassResponse> {
        answer(request, |call, message| self.apply(call, message)).await
    }

    async fn get_electronic_pass(
        &self,
        request: Request<pb::GetElectronicPassRequest>,
    ) -> Answer<pb::GetElectronicPassResponse> {
        answer(request, |call, message| self.electronic_pass(call, message)).await
    }

    async fn explain_electronic_pass_eligibility(
        &self,
        request: Request<pb::ExplainElectronicPassEligibilityRequest>,
    ) -> Answer<pb::ExplainElectronicPassEligibilityResponse> {
        answer(request, |call, message| self.explain(call, message)).await
    }

    async fn cancel_electronic_pass(
        &self,
        request: Request<pb::CancelElectronicPassRequest>,
    ) -> Answer<pb::CancelElectronicPassResponse> {
        answer(request, |call, message| self.cancel_pass(call, message)).await
    }

    async fn update_registration(
        &self,
        request: Request<pb::UpdateRegistrationRequest>,
    ) -> Answer<pb::UpdateRegistrationResponse> {
        answer(request, |call, message| self.update(call, message)).await
    }

    async fn replace_document(
        &self,
        request: Request<pb::ReplaceDocumentRequest>,
    ) -> Answer<pb::ReplaceDocumentResponse> {
        answer(request, |call, message| self.replace(call, message)).await
    }

    async fn list_registrations(
        &self,
        request: Request<pb::ListRegistrationsRequest>,
    ) -> Answer<pb::ListRegistrationsResponse> {
        answer(request, |call, message| self.entries(call, message)).await
    }

    async fn submit_next_registration(
        &self,
        request: Request<pb::SubmitNextRegistrationRequest>,
    ) -> Answer<pb::SubmitNextRegistrationResponse> {
        answer(request, |call, message| self.submit_next(call, message)).await
    }

    async fn request_correction(
        &self,
        request: Request<pb::RequestCorrectionRequest>,
    ) -> Answer<pb::RequestCorrectionResponse> {
        answer(request, |call, message| self.request_correction(call, message)).await
    }

    async fn withdraw_correction(
        &self,
        request: Request<pb::WithdrawCorrectionRequest>,
    ) -> Answer<pb::WithdrawCorrectionResponse> {
        answer(request, |call, message| self.withdraw_correction(call, message)).await
    }

    async fn get_correction(
        &self,
        request: Request<pb::GetCorrectionRequest>,
    ) -> Answer<pb::GetCorrectionResponse> {
        answer(request, |call, message| self.get_correction(call, message)).await
    }

    async fn list_corrections(
        &self,
        request: Request<pb::ListCorrectionsRequest>,
    ) -> Answer<pb::ListCorrectionsResponse> {
        answer(request, |call, message| self.list_corrections(call, message)).await
    }

    async fn review_correction(
        &self,
        request: Request<pb::ReviewCorrectionRequest>,
    ) -> Answer<pb::ReviewCorrectionResponse> {
        answer(request, |call, message| self.review_correction(call, message)).await
    }

    async fn cancel_registration(
        &self,
        request: Request<pb::CancelRegistrationRequest>,
    ) -> Answer<pb::CancelRegistrationResponse> {
        answer(request, |call, message| self.cancel(call, message)).await
    }

    async fn bind_companion(
        &self,
        request: Request<pb::BindCompanionRequest>,
    ) -> Answer<pb::BindCompanionResponse> {
        answer(request, |call, message| self.bind(call, message)).await
    }

    async fn confirm_companion(
        &self,
        request: Request<pb::ConfirmCompanionRequest>,
    ) -> Answer<pb::ConfirmCompanionResponse> {
        answer(request, |call, message| self.confirm(call, message)).await
    }

    async fn list_holders(
        &self,
        request: Request<pb::ListHoldersRequest>,
    ) -> Answer<pb::ListHoldersResponse> {
        answer(request, |call, message| self.holders(call, message)).await
    }

    async fn unbind_companion(
        &self,
        request: Request<pb::UnbindCompanionRequest>,
    ) -> Answer<pb::UnbindCompanionResponse> {
        answer(request, |call, message| self.unbind(call, message)).await
    }

    async fn get_verification_bundle(
        &self,
        request: Request<pb::GetVerificationBundleRequest>,
    ) -> Answer<pb::GetVerificationBundleResponse> {
        answer(request, |call, message| self.bundle(call, message)).await
    }

    async fn erase_traveller(
        &self,
        request: Request<pb::EraseTravellerRequest>,
    ) -> Answer<pb::EraseTravellerResponse> {
        answer(request, |call, message| self.erase(call, message)).await
    }

    async fn export_traveller(
        &self,
        request: Request<pb::ExportTravellerRequest>,
    ) -> Answer<pb::ExportTravellerResponse> {
        answer(request, |call, message| self.export(call, message)).await
    }

    type WatchVerificationBundleStream = AnswerStream<pb::WatchVerificationBundleResponse>;

    async fn watch_verification_bundle(
        &self,
        request: Request<pb::WatchVerificationBundleRequest>,
    ) -> Answer<Self::WatchVerificationBundleStream> {
        answer_stream(request, &self.stopping, |call, message| self.watch_bundle(call, message)).await
    }

    type WatchRegistrationsStream = AnswerStream<pb::WatchRegistrationsResponse>;

    async fn watch_registrations(
        &self,
        request: Request<pb::WatchRegistrationsRequest>,
    ) -> Answer<Self::WatchRegistrationsStream> {
        answer_stream(request, &self.stopping, |call, message| self.watch(call, message)).await
    }

    type WatchElectronicPassesStream = AnswerStream<pb::WatchElectronicPassesResponse>;

    async fn watch_electronic_passes(
        &self,
        request: Request<pb::WatchElectronicPassesRequest>,
    ) -> Answer<Self::WatchElectronicPassesStream> {
        answer_stream(request, &self.stopping, |call, message| self.watch_passes(call, message)).await
    }
}
