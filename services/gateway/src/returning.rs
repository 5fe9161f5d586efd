//! A traveller who comes back.

use entrypass_proto::{gateway::v1 as pb, registration::v1 as registration};
use entrypass_rpc::{Call, Problem};

use crate::service::Gateway;

impl Gateway {
    pub(crate) async fn entries(
        &self,
        call: Call,
        message: pb::ListRegistrationsRequest,
    ) -> Result<pb::ListRegistrationsResponse, Problem> {
        let request = same!(message, pb::ListRegistrationsRequest => registration::ListRegistrationsRequest {
            registration, document, holder_name, page_size, page_token
        });
        let answer = ask!(self, call, registration.list_registrations(request))?;
        Ok(same!(answer, registration::ListRegistrationsResponse => pb::ListRegistrationsResponse {
            registrations, next_page_token
        }))
    }

    pub(crate) async fn submit_next(
        &self,
        call: Call,
        message: pb::SubmitNextRegistrationRequest,
    ) -> Result<pb::SubmitNextRegistrationResponse, Problem> {
        let request = same!(message, pb::SubmitNextRegistrationRequest => registration::SubmitNextRegistrationRequest {
            request_id, document, holder_name, form, update_mask, acknowledged_notice_version, truth_declared, new_document
        });
        let registration::SubmitNextRegistrationResponse { registration } =
            ask!(self, call, registration.submit_next_registration(request))?;
        let entry_pass = Some(self.pass_after_write(&call, registration).await?);
        Ok(pb::SubmitNextRegistrationResponse { entry_pass })
    }
}
