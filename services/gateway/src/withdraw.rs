//! Withdrawing codes, handed on.

use entrypass_proto::{gateway::v1 as pb, qr::v1 as qr};
use entrypass_rpc::{Call, Problem};

use crate::service::Gateway;

impl Gateway {
    pub(crate) async fn revoke(
        &self,
        call: Call,
        message: pb::RevokeQrCodesRequest,
    ) -> Result<pb::RevokeQrCodesResponse, Problem> {
        let request = same!(message, pb::RevokeQrCodesRequest => qr::RevokeQrCodesRequest {
            request_id, registration, code_id, reason, fraud
        });
        let answer = ask!(self, call, qr.revoke_qr_codes(request))?;
        Ok(same!(answer, qr::RevokeQrCodesResponse => pb::RevokeQrCodesResponse { revoked_count, standing }))
    }

    pub(crate) async fn suspend(
        &self,
        call: Call,
        message: pb::SuspendQrCodesRequest,
    ) -> Result<pb::SuspendQrCodesResponse, Problem> {
        let request = same!(message, pb::SuspendQrCodesRequest => qr::SuspendQrCodesRequest {
            request_id, registration, code_id, suspend_until_time, reason
        });
        let answer = ask!(self, call, qr.suspend_qr_codes(request))?;
        Ok(same!(answer, qr::SuspendQrCodesResponse => pb::SuspendQrCodesResponse { standing }))
    }

    pub(crate) async fn reinstate(
        &self,
        call: Call,
        message: pb::ReinstateQrCodesRequest,
    ) -> Result<pb::ReinstateQrCodesResponse, Problem> {
        let request = same!(message, pb::ReinstateQrCodesRequest => qr::ReinstateQrCodesRequest {
            request_id, registration, code_id
        });
        let answer = ask!(self, call, qr.reinstate_qr_codes(request))?;
        Ok(same!(answer, qr::ReinstateQrCodesResponse => pb::ReinstateQrCodesResponse { standing }))
    }

    pub(crate) async fn change(
        &self,
        call: Call,
        message: pb::ChangeQrCodesRequest,
    ) -> Result<pb::ChangeQrCodesResponse, Problem> {
        let request =
            same!(message, pb::ChangeQrCodesRequest => qr::ChangeQrCodesRequest { request_id, rows });
        let answer = ask!(self, call, qr.change_qr_codes(request))?;
        Ok(same!(answer, qr::ChangeQrCodesResponse => pb::ChangeQrCodesResponse { results }))
    }
}
