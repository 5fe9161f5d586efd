//! Who travels with whom: bound, confirmed, listed and unbound.

use entrypass_proto::{gateway::v1 as pb, registration::v1 as registration};
use entrypass_rpc::{Call, Problem};

use crate::{service::Gateway, wire};

impl Gateway {
    pub(crate) async fn bind(
        &self,
        call: Call,
        message: pb::BindCompanionRequest,
    ) -> Result<pb::BindCompanionResponse, Problem> {
        let request = same!(message, pb::BindCompanionRequest => registration::BindCompanionRequest {
            request_id, registration, relationship, document, companion_name, form, acknowledged_notice_version, truth_declared,
            guardian_declaration, shared_paths
        });
        let registration::BindCompanionResponse { registration, confirmation_code, confirmation_expire_time } =
            ask!(self, call, registration.bind_companion(request))?;
        let entry_pass = Some(self.pass_after_write(&call, registration).await?);
        Ok(pb::BindCompanionResponse { entry_pass, confirmation_code, confirmation_expire_time })
    }

    pub(crate) async fn confirm(
        &self,
        call: Call,
        message: pb::ConfirmCompanionRequest,
    ) -> Result<pb::ConfirmCompanionResponse, Problem> {
        let request = same!(message, pb::ConfirmCompanionRequest => registration::ConfirmCompanionRequest {
            request_id, registration, confirmation_code
        });
        let registration::ConfirmCompanionResponse { companion } =
            ask!(self, call, registration.confirm_companion(request))?;
        let companion = companion.ok_or_else(|| wire::missing("companion"))?;
        Ok(pb::ConfirmCompanionResponse { companion: Some(wire::companion(companion, None)) })
    }

    pub(crate) async fn holders(
        &self,
        call: Call,
        message: pb::ListHoldersRequest,
    ) -> Result<pb::ListHoldersResponse, Problem> {
        let request = same!(message, pb::ListHoldersRequest => registration::ListHoldersRequest {
            registration, page_size, page_token
        });
        let answer = ask!(self, call, registration.list_holders(request))?;
        Ok(
            same!(answer, registration::ListHoldersResponse => pb::ListHoldersResponse { holders, next_page_token }),
        )
    }

    pub(crate) async fn unbind(
        &self,
        call: Call,
        message: pb::UnbindCompanionRequest,
    ) -> Result<pb::UnbindCompanionResponse, Problem> {
        let request = same!(message, pb::UnbindCompanionRequest => registration::UnbindCompanionRequest {
            request_id, registration, companion
        });
        let registration::UnbindCompanionResponse { registration } =
            ask!(self, call, registration.unbind_companion(request))?;
        let entry_pass = Some(self.pass_after_write(&call, registration).await?);
        Ok(pb::UnbindCompanionResponse { entry_pass })
    }
}
