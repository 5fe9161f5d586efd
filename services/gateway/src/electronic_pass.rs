//! The electronic pass, handed on.

use entrypass_proto::{epass::v1 as epass, gateway::v1 as pb};
use entrypass_rpc::{Call, Problem};

use crate::service::Gateway;

impl Gateway {
    pub(crate) async fn create_application(
        &self,
        call: Call,
        message: pb::CreateElectronicPassApplicationRequest,
    ) -> Result<pb::CreateElectronicPassApplicationResponse, Problem> {
        let request = same!(message,
        pb::CreateElectronicPassApplicationRequest => epass::CreateElectronicPassApplicationRequest {
            request_id, registration
        });
        let answer = ask!(self, call, epass.create_electronic_pass_application(request))?;
        Ok(same!(answer,
        epass::CreateElectronicPassApplicationResponse => pb::CreateElectronicPassApplicationResponse {
            application
        }))
    }

    pub(crate) async fn application(
        &self,
        call: Call,
        message: pb::GetElectronicPassApplicationRequest,
    ) -> Result<pb::GetElectronicPassApplicationResponse, Problem> {
        let request = same!(message,
        pb::GetElectronicPassApplicationRequest => epass::GetElectronicPassApplicationRequest {
            application
        });
        let answer = ask!(self, call, epass.get_electronic_pass_application(request))?;
        Ok(same!(answer,
        epass::GetElectronicPassApplicationResponse => pb::GetElectronicPassApplicationResponse {
            application
        }))
    }

    pub(crate) async fn withdraw_application(
        &self,
        call: Call,
        message: pb::WithdrawElectronicPassApplicationRequest,
    ) -> Result<pb::WithdrawElectronicPassApplicationResponse, Problem> {
        let request = same!(message,
        pb::WithdrawElectronicPassApplicationRequest => epass::WithdrawElectronicPassApplicationRequest {
            request_id, application, etag
        });
        let answer = ask!(self, call, epass.withdraw_electronic_pass_application(request))?;
        Ok(same!(answer,
        epass::WithdrawElectronicPassApplicationResponse => pb::WithdrawElectronicPassApplicationResponse {
            application
        }))
    }

    pub(crate) async fn apply(
        &self,
        call: Call,
        message: pb::ApplyForElectronicPassRequest,
    ) -> Result<pb::ApplyForElectronicPassResponse, Problem> {
        let request = same!(message, pb::ApplyForElectronicPassRequest => epass::ApplyForElectronicPassRequest {
            request_id, registration, evidence
        });
        let answer = ask!(self, call, epass.apply_for_electronic_pass(request))?;
        Ok(same!(answer, epass::ApplyForElectronicPassResponse => pb::ApplyForElectronicPassResponse {
            application
        }))
    }

    pub(crate) async fn electronic_pass(
        &self,
        call: Call,
        message: pb::GetElectronicPassRequest,
    ) -> Result<pb::GetElectronicPassResponse, Problem> {
        let request = same!(message, pb::GetElectronicPassRequest => epass::GetElectronicPassRequest {
            registration
        });
        let answer = ask!(self, call, epass.get_electronic_pass(request))?;
        Ok(same!(answer, epass::GetElectronicPassResponse => pb::GetElectronicPassResponse {
            electronic_pass, offer, level, level_until_time, follow_up_due_time
        }))
    }

    pub(crate) async fn explain(
        &self,
        call: Call,
        message: pb::ExplainElectronicPassEligibilityRequest,
    ) -> Result<pb::ExplainElectronicPassEligibilityResponse, Problem> {
        let request = same!(message,
        pb::ExplainElectronicPassEligibilityRequest => epass::ExplainElectronicPassEligibilityRequest {
            registration, as_of_time
        });
        let answer = ask!(self, call, epass.explain_electronic_pass_eligibility(request))?;
        Ok(same!(answer,
        epass::ExplainElectronicPassEligibilityResponse => pb::ExplainElectronicPassEligibilityResponse {
            policy, as_of_time, eligible, eligibility, level, levels, auto_approve
        }))
    }

    pub(crate) async fn cancel_pass(
        &self,
        call: Call,
        message: pb::CancelElectronicPassRequest,
    ) -> Result<pb::CancelElectronicPassResponse, Problem> {
        let request = same!(message, pb::CancelElectronicPassRequest => epass::CancelElectronicPassRequest {
            request_id, registration, etag
        });
        let answer = ask!(self, call, epass.cancel_electronic_pass(request))?;
        Ok(same!(answer, epass::CancelElectronicPassResponse => pb::CancelElectronicPassResponse {
            electronic_pass
        }))
    }
}
