//! What callers see of the services' answers.

use entrypass_proto::{
    errors::v1::ErrorReason, gateway::v1 as pb, qr::v1 as qr, registration::v1 as registration,
};
use entrypass_rpc::Problem;

/// A companion as the holder's side sees them. The resource name of the companion's registration stays here: it would open more than
/// the holder's side has shown to know.
pub(crate) fn companion(of: registration::Companion, qr_code: Option<qr::QrCode>) -> pb::EntryPassCompanion {
    let registration::Companion {
        name,
        relationship,
        state,
        registration: _,
        reference,
        revision: _,
        expire_time: _,
        display_name,
        document_type,
        masked_number,
        create_time: _,
    } = of;
    pb::EntryPassCompanion {
        name,
        relationship,
        state,
        reference,
        display_name,
        document_type,
        masked_number,
        qr_code,
    }
}

/// A neighbour's answer without a part that its contract promises.
pub(crate) fn missing(part: &'static str) -> Problem {
    Problem::caused(ErrorReason::Internal, format!("an answer without {part}"))
}
