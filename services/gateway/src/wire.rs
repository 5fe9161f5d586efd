//! What callers see of the services' answers.

use std::collections::HashMap;

use entrypass_proto::{
    epass::v1::ElectronicPassLevel,
    errors::v1::ErrorReason,
    gateway::v1::{self as pb, unavailable_part},
    qr::v1 as qr,
    registration::v1 as registration,
};
use entrypass_rpc::{Call, Problem};

/// A companion as the holder's side sees them. The resource name of the companion's registration stays here: it would open more than
/// the holder's side has shown to know.
pub(crate) fn companion(
    of: registration::Companion,
    issued: Option<qr::IssuedQrCode>,
) -> pb::EntryPassCompanion {
    let (qr_code, qr_code_standing) = shown(issued);
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
        confirmation_expire_time,
        guardian_declare_time,
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
        qr_code_standing,
        confirmation_expire_time,
        guardian_declare_time,
    }
}

/// A code and how those of its registration stand, as the holder's side sees them. Why they were withdrawn is for officers: who is looked
/// into for fraud shall not read it here.
pub(crate) fn shown(issued: Option<qr::IssuedQrCode>) -> (Option<qr::QrCode>, Option<qr::QrCodeStanding>) {
    let qr::IssuedQrCode { qr_code, standing } = issued.unwrap_or_default();
    let standing = standing.map(|standing| {
        let qr::QrCodeStanding { state, reason: _, fraud: _, suspend_until_time, since_time } = standing;
        qr::QrCodeStanding { state, suspend_until_time, since_time, ..Default::default() }
    });
    (qr_code, standing)
}

/// A decision as a checkpoint sees it. The resource names of registrations stay here: whoever scans a code must not be able to read or change
/// what its holder declared.
pub(crate) fn decision(
    of: qr::VerifyQrCodeResponse,
    levels: &Result<HashMap<String, ElectronicPassLevel>, pb::UnavailablePart>,
) -> pb::VerifyQrCodeResponse {
    let qr::VerifyQrCodeResponse {
        verdict,
        checks,
        code_id,
        revision,
        issue_time,
        expire_time,
        evaluate_time,
        data_age,
        holder,
        companions,
        verification,
    } = of;
    let shown = holder.is_some();
    let traveller = |member| verified(member, levels.as_ref().ok());
    let companion = |of| {
        let qr::CompanionVerification { relationship, member, verdict } = of;
        pb::VerifiedCompanion { relationship, traveller: member.map(traveller), verdict }
    };
    pb::VerifyQrCodeResponse {
        verdict,
        checks,
        code_id,
        revision,
        issue_time,
        expire_time,
        evaluate_time,
        data_age,
        holder: holder.map(traveller),
        companions: companions.into_iter().map(companion).collect(),
        verification,
        unavailable_parts: levels.as_ref().err().filter(|_| shown).copied().into_iter().collect(),
    }
}

fn verified(
    of: registration::TravelGroupMember,
    levels: Option<&HashMap<String, ElectronicPassLevel>>,
) -> pb::VerifiedTraveller {
    let registration::TravelGroupMember {
        registration,
        state: _,
        revision: _,
        expire_time,
        masked_name,
        document_type,
        masked_number,
        verified_time: _,
    } = of;
    let level = levels.and_then(|levels| levels.get(&registration)).cloned().unwrap_or_default();
    pb::VerifiedTraveller {
        masked_name,
        document_type,
        masked_number,
        expire_time,
        pass_level: level.level,
        pass_level_until_time: level.level_until_time,
    }
}

/// A part of an answer, or what is told in its place when it cannot be had at the moment. Only what a caller could mend, or what it must
/// know, fails the whole.
pub(crate) fn or_unavailable<T>(
    call: &Call,
    part: unavailable_part::Part,
    got: Result<T, Problem>,
) -> Result<Result<T, pb::UnavailablePart>, Problem> {
    use ErrorReason as R;
    let problem = match got {
        Ok(got) => return Ok(Ok(got)),
        Err(problem) => problem,
    };
    let retry_after = match problem.reason() {
        R::NeighbourUnavailable
        | R::StoreUnavailable
        | R::ShuttingDown
        | R::SigningKeyUnavailable
        | R::PolicyUnavailable
        | R::Internal => problem.retry_after(),
        // Too slow for its share of the time. It is worth another try, as if it could not be reached.
        R::DeadlineExceeded => Problem::new(R::NeighbourUnavailable).retry_after(),
        _ => return Err(problem),
    };
    problem.log_cause(call);
    Ok(Err(pb::UnavailablePart {
        part: part.into(),
        reason: problem.reason().into(),
        retry_delay: retry_after.and_then(|delay| delay.try_into().ok()),
    }))
}

/// A neighbour's answer without a part that its contract promises.
pub(crate) fn missing(part: &'static str) -> Problem {
    Problem::caused(ErrorReason::Internal, format!("an answer without {part}"))
}
