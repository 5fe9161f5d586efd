//! A registration of one's own: before it, at its beginning, read, changed, and ended.

use entrypass_proto::{gateway::v1 as pb, registration::v1 as registration};
use entrypass_rpc::{Call, Problem};

use crate::{entry_pass::Codes, service::Gateway};

impl Gateway {
    pub(crate) async fn check(
        &self,
        call: Call,
        message: pb::CheckDocumentRequest,
    ) -> Result<pb::CheckDocumentResponse, Problem> {
        let request = same!(message, pb::CheckDocumentRequest => registration::CheckDocumentRequest {
            document
        });
        let answer = ask!(self, call, registration.check_document(request))?;
        Ok(same!(answer, registration::CheckDocumentResponse => pb::CheckDocumentResponse {
            outcome, document, notice_version, prefill_available
        }))
    }

    pub(crate) async fn notice(
        &self,
        call: Call,
        _: pb::GetNoticeRequest,
    ) -> Result<pb::GetNoticeResponse, Problem> {
        let answer = ask!(self, call, registration.get_notice(registration::GetNoticeRequest {}))?;
        Ok(same!(answer, registration::GetNoticeResponse => pb::GetNoticeResponse { notice }))
    }

    pub(crate) async fn prefill(
        &self,
        call: Call,
        message: pb::GetPrefillRequest,
    ) -> Result<pb::GetPrefillResponse, Problem> {
        let request = same!(message, pb::GetPrefillRequest => registration::GetPrefillRequest {
            document, holder_name
        });
        let answer = ask!(self, call, registration.get_prefill(request))?;
        Ok(same!(answer, registration::GetPrefillResponse => pb::GetPrefillResponse { form, form_version }))
    }

    pub(crate) async fn submit(
        &self,
        call: Call,
        message: pb::SubmitRegistrationRequest,
    ) -> Result<pb::SubmitRegistrationResponse, Problem> {
        let request = same!(message, pb::SubmitRegistrationRequest => registration::SubmitRegistrationRequest {
            request_id, document, form, acknowledged_notice_version, truth_declared
        });
        let registration::SubmitRegistrationResponse { registration } =
            ask!(self, call, registration.submit_registration(request))?;
        let entry_pass = Some(self.pass_after_write(&call, registration).await?);
        Ok(pb::SubmitRegistrationResponse { entry_pass })
    }

    pub(crate) async fn get(
        &self,
        call: Call,
        message: pb::GetEntryPassRequest,
    ) -> Result<pb::GetEntryPassResponse, Problem> {
        let request = same!(message, pb::GetEntryPassRequest => registration::GetRegistrationRequest {
            registration, document, holder_name
        });
        let registration::GetRegistrationResponse { registration, companions } =
            ask!(self, call, registration.get_registration(request))?;
        let entry_pass = Some(self.entry_pass(&call, registration, companions, Codes::Optional).await?);
        Ok(pb::GetEntryPassResponse { entry_pass })
    }

    pub(crate) async fn revisions(
        &self,
        call: Call,
        message: pb::ListRegistrationRevisionsRequest,
    ) -> Result<pb::ListRegistrationRevisionsResponse, Problem> {
        let request = same!(message, pb::ListRegistrationRevisionsRequest => registration::ListRegistrationRevisionsRequest {
            registration, page_size, page_token
        });
        let answer = ask!(self, call, registration.list_registration_revisions(request))?;
        Ok(
            same!(answer, registration::ListRegistrationRevisionsResponse => pb::ListRegistrationRevisionsResponse {
                revisions, next_page_token
            }),
        )
    }

    pub(crate) async fn access(
        &self,
        call: Call,
        message: pb::ListAccessRequest,
    ) -> Result<pb::ListAccessResponse, Problem> {
        let request = same!(message, pb::ListAccessRequest => registration::ListAccessRequest {
            traveller, registration, page_size, page_token
        });
        let answer = ask!(self, call, registration.list_access(request))?;
        Ok(
            same!(answer, registration::ListAccessResponse => pb::ListAccessResponse { records, next_page_token }),
        )
    }

    pub(crate) async fn update(
        &self,
        call: Call,
        message: pb::UpdateRegistrationRequest,
    ) -> Result<pb::UpdateRegistrationResponse, Problem> {
        let request = same!(message, pb::UpdateRegistrationRequest => registration::UpdateRegistrationRequest {
            request_id, registration, etag, form, update_mask
        });
        let registration::UpdateRegistrationResponse { registration } =
            ask!(self, call, registration.update_registration(request))?;
        let entry_pass = Some(self.pass_after_write(&call, registration).await?);
        Ok(pb::UpdateRegistrationResponse { entry_pass })
    }

    pub(crate) async fn replace(
        &self,
        call: Call,
        message: pb::ReplaceDocumentRequest,
    ) -> Result<pb::ReplaceDocumentResponse, Problem> {
        let request = same!(message, pb::ReplaceDocumentRequest => registration::ReplaceDocumentRequest {
            request_id, registration, etag, old_document, holder_name, new_document, chinese_name, surname, given_names,
            single_name, document_expire_date
        });
        let registration::ReplaceDocumentResponse { registration } =
            ask!(self, call, registration.replace_document(request))?;
        let entry_pass = Some(self.pass_after_write(&call, registration).await?);
        Ok(pb::ReplaceDocumentResponse { entry_pass })
    }

    pub(crate) async fn cancel(
        &self,
        call: Call,
        message: pb::CancelRegistrationRequest,
    ) -> Result<pb::CancelRegistrationResponse, Problem> {
        let request = same!(message, pb::CancelRegistrationRequest => registration::CancelRegistrationRequest {
            request_id, registration, etag
        });
        let registration::CancelRegistrationResponse { registration } =
            ask!(self, call, registration.cancel_registration(request))?;
        Ok(pb::CancelRegistrationResponse { registration })
    }
}
