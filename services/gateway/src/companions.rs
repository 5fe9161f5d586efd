//! Companions: who travels along.

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
            request_id, registration, relationship, document, companion_name, form, acknowledged_notice_version, truth_declared
        });
        let registration::BindCompanionResponse { registration } =
            ask!(self, call, registration.bind_companion(request))?;
        let entry_pass = Some(self.pass_after_write(&call, registration).await?);
        Ok(pb::BindCompanionResponse { entry_pass })
    }

    pub(crate) async fn confirm(
        &self,
        call: Call,
        message: pb::ConfirmCompanionRequest,
    ) -> Result<pb::ConfirmCompanionResponse, Problem> {
        let request = same!(message, pb::ConfirmCompanionRequest => registration::ConfirmCompanionRequest {
            request_id, registration, companion
        });
        let registration::ConfirmCompanionResponse { companion } =
            ask!(self, call, registration.confirm_companion(request))?;
        let companion = companion.ok_or_else(|| wire::missing("companion"))?;
        Ok(pb::ConfirmCompanionResponse { companion: Some(wire::companion(companion, None)) })
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
