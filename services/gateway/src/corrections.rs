//! Corrections, handed on.

use entrypass_proto::{gateway::v1 as pb, registration::v1 as registration};
use entrypass_rpc::{Call, Problem};

use crate::service::Gateway;

impl Gateway {
    pub(crate) async fn request_correction(
        &self,
        call: Call,
        message: pb::RequestCorrectionRequest,
    ) -> Result<pb::RequestCorrectionResponse, Problem> {
        let request = same!(message, pb::RequestCorrectionRequest => registration::RequestCorrectionRequest {
            request_id, registration, etag, form, update_mask, document, correction_reason
        });
        let answer = ask!(self, call, registration.request_correction(request))?;
        Ok(
            same!(answer, registration::RequestCorrectionResponse => pb::RequestCorrectionResponse { correction }),
        )
    }

    pub(crate) async fn withdraw_correction(
        &self,
        call: Call,
        message: pb::WithdrawCorrectionRequest,
    ) -> Result<pb::WithdrawCorrectionResponse, Problem> {
        let request = same!(message, pb::WithdrawCorrectionRequest => registration::WithdrawCorrectionRequest {
            request_id, correction, etag
        });
        let answer = ask!(self, call, registration.withdraw_correction(request))?;
        Ok(
            same!(answer, registration::WithdrawCorrectionResponse => pb::WithdrawCorrectionResponse { correction }),
        )
    }

    pub(crate) async fn get_correction(
        &self,
        call: Call,
        message: pb::GetCorrectionRequest,
    ) -> Result<pb::GetCorrectionResponse, Problem> {
        let request =
            same!(message, pb::GetCorrectionRequest => registration::GetCorrectionRequest { correction });
        let answer = ask!(self, call, registration.get_correction(request))?;
        Ok(same!(answer, registration::GetCorrectionResponse => pb::GetCorrectionResponse {
            correction, registration
        }))
    }

    pub(crate) async fn list_corrections(
        &self,
        call: Call,
        message: pb::ListCorrectionsRequest,
    ) -> Result<pb::ListCorrectionsResponse, Problem> {
        let request = same!(message, pb::ListCorrectionsRequest => registration::ListCorrectionsRequest {
            state, registration, page_size, page_token
        });
        let answer = ask!(self, call, registration.list_corrections(request))?;
        Ok(same!(answer, registration::ListCorrectionsResponse => pb::ListCorrectionsResponse {
            corrections, next_page_token
        }))
    }

    /// Whoever decides is shown no code: the holder asks for the new one, or is given it with the entry pass.
    pub(crate) async fn review_correction(
        &self,
        call: Call,
        message: pb::ReviewCorrectionRequest,
    ) -> Result<pb::ReviewCorrectionResponse, Problem> {
        let request = same!(message, pb::ReviewCorrectionRequest => registration::ReviewCorrectionRequest {
            request_id, correction, etag, decision, note
        });
        let answer = ask!(self, call, registration.review_correction(request))?;
        Ok(same!(answer, registration::ReviewCorrectionResponse => pb::ReviewCorrectionResponse {
            correction, registration
        }))
    }
}
