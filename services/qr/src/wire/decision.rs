//! What was found out about a scanned code.

use entrypass_proto::{qr::v1 as pb, registration::v1 as registration};
use entrypass_rpc::timestamp;
use entrypass_token::Claims;
use time::OffsetDateTime;

use crate::verification::{Findings, Outcome, RegistrationFinding, Verdict};

/// What the registration service says, for a code that stands for `revision`.
pub(crate) fn finding(
    facts: &registration::GetRegistrationFactsResponse,
    revision: u16,
) -> RegistrationFinding {
    use registration::RegistrationState as State;
    match facts.state() {
        State::Cancelled => RegistrationFinding::Cancelled,
        _ if facts.revision != i32::from(revision) => RegistrationFinding::Amended,
        State::Active => RegistrationFinding::Current,
        State::Expired => RegistrationFinding::Expired,
        State::Unspecified => RegistrationFinding::Unknown,
    }
}

pub(crate) fn decision(
    findings: Findings,
    claims: Option<&Claims>,
    now: OffsetDateTime,
) -> pb::VerifyQrCodeResponse {
    let seconds = |seconds: u32| prost_types::Timestamp { seconds: seconds.into(), nanos: 0 };
    pb::VerifyQrCodeResponse {
        verdict: verdict(findings.verdict()).into(),
        checks: checks(findings),
        code_id: claims.map(|claims| claims.code_id().to_string()).unwrap_or_default(),
        revision: claims.map(|claims| claims.revision().get().into()).unwrap_or_default(),
        issue_time: claims.map(|claims| seconds(claims.issued_at())),
        expire_time: claims.map(|claims| seconds(claims.expires_at())),
        evaluate_time: Some(timestamp(now)),
    }
}

fn checks(findings: Findings) -> Vec<pb::VerificationCheck> {
    use pb::verification_check::{Check, Outcome as Wire};
    let order = [Check::Format, Check::Key, Check::Signature, Check::Time, Check::Code, Check::Registration];
    let outcomes = findings.outcomes().map(|outcome| match outcome {
        Outcome::Passed => Wire::Passed,
        Outcome::Failed => Wire::Failed,
        Outcome::NotPerformed => Wire::NotPerformed,
    });
    order
        .into_iter()
        .zip(outcomes)
        .map(|(check, outcome)| pb::VerificationCheck { check: check.into(), outcome: outcome.into() })
        .collect()
}

fn verdict(of: Verdict) -> pb::Verdict {
    match of {
        Verdict::Valid => pb::Verdict::Valid,
        Verdict::Expired => pb::Verdict::Expired,
        Verdict::NotYetValid => pb::Verdict::NotYetValid,
        Verdict::Superseded => pb::Verdict::Superseded,
        Verdict::Revoked => pb::Verdict::Revoked,
        Verdict::Suspended => pb::Verdict::Suspended,
        Verdict::UnknownKey => pb::Verdict::UnknownKey,
        Verdict::BadSignature => pb::Verdict::BadSignature,
        Verdict::Malformed => pb::Verdict::Malformed,
        Verdict::NotFound => pb::Verdict::NotFound,
        Verdict::CannotDecide => pb::Verdict::CannotDecide,
    }
}
