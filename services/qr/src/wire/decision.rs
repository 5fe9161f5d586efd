//! Scanned texts, and what was decided on them.

use std::collections::HashMap;

use entrypass_proto::{
    qr::v1::{self as pb, verification_check},
    registration::v1::{TravelGroupCompanion, TravelGroupMember},
};
use entrypass_rpc::{required_request_id, timestamp};
use entrypass_rule::{Rule, Text, Violations};
use entrypass_token::Claims;
use entrypass_verifier::{Check, Checks, Outcome, Reason, Verdict};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Group, group, scanned};
use crate::{code::CodeState, record::Checkpoint, verification};

/// Most texts of one request.
const SCAN_LIMIT: usize = 100;

/// What was scanned, and where.
pub(crate) struct Scan {
    pub(crate) contents: Vec<String>,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) request_id: Option<String>,
}

/// What was decided on one text.
pub(crate) struct Decision<'a> {
    /// What it says, once the signature was good.
    pub(crate) claims: Option<&'a Claims>,
    pub(crate) checks: Checks,
    /// How old that is which is known of the registration.
    pub(crate) data_age: Option<Duration>,
    /// Whose code it is.
    pub(crate) group: Option<&'a Group>,
}

impl<'a> Decision<'a> {
    /// The decision on a text that was not found genuine.
    pub(crate) fn unread(checks: Checks) -> Self {
        Self { claims: None, checks, data_age: None, group: None }
    }

    /// Whose registrations it finds good of which that was not known: the holder's, and those of the companions. None for another verdict.
    pub(crate) fn first_verified(&self, withdrawn: &HashMap<Uuid, CodeState>) -> Vec<Uuid> {
        let valid = self.checks.verdict() == Verdict::Valid;
        let Some(group) = self.shown().filter(|_| valid) else { return Vec::new() };
        let good = |(id, of): &&(Uuid, TravelGroupCompanion)| {
            let known = of.member.as_ref().is_none_or(|member| member.verified_time.is_some());
            !known && companion_verdict(of, withdrawn.get(id)) == Verdict::Valid
        };
        let companions = group.companions.iter().filter(good).map(|(id, _)| *id);
        let holder = Some(group.id).filter(|_| group.holder.verified_time.is_none());
        holder.into_iter().chain(companions).collect()
    }

    /// Those who are shown beside it.
    pub(crate) fn shown(&self) -> Option<&'a Group> {
        self.group.filter(|group| group.is_active())
    }
}

pub(crate) fn scan(message: pb::VerifyQrCodeRequest) -> Result<Scan, Violations> {
    let pb::VerifyQrCodeRequest { content, checkpoint, request_id } = message;
    let mut violations = Violations::default();
    violations.collect(scanned("content", &content));
    place(violations, vec![content], &checkpoint, request_id)
}

pub(crate) fn scans(message: pb::VerifyQrCodesRequest) -> Result<Scan, Violations> {
    let pb::VerifyQrCodesRequest { contents, checkpoint, request_id } = message;
    let mut violations = Violations::default();
    if !(1..=SCAN_LIMIT).contains(&contents.len()) {
        violations.add("contents", Rule::new("LENGTH", Text::new("须为1至100项", "1 to 100 texts")));
        return Err(violations);
    }
    for (position, content) in contents.iter().enumerate() {
        violations.collect(scanned(&format!("contents[{position}]"), content));
    }
    place(violations, contents, &checkpoint, request_id)
}

fn place(
    mut violations: Violations,
    contents: Vec<String>,
    checkpoint: &str,
    request_id: String,
) -> Result<Scan, Violations> {
    let checkpoint = violations.take("checkpoint", Checkpoint::read(checkpoint));
    let request_id = Some(request_id).filter(|id| !id.is_empty());
    violations.collect(request_id.as_deref().map_or(Ok(()), required_request_id));
    violations.finish(|| Some(Scan { contents, checkpoint: checkpoint?, request_id }))
}

/// Renders a decision. `withdrawn` has the companions whose codes do not count; `verification` is the record's name.
pub(crate) fn decision(
    of: &Decision<'_>,
    withdrawn: &HashMap<Uuid, CodeState>,
    verification: String,
    now: OffsetDateTime,
) -> pb::VerifyQrCodeResponse {
    let seconds = |seconds: u32| prost_types::Timestamp { seconds: seconds.into(), nanos: 0 };
    let shown = of.shown();
    let companions = shown.into_iter().flat_map(|group| &group.companions);
    let Decision { claims, checks, data_age, group: _ } = *of;
    pb::VerifyQrCodeResponse {
        verdict: verdict(checks.verdict()).into(),
        checks: checks.iter().map(rendered).collect(),
        code_id: claims.map(|claims| claims.code_id().to_string()).unwrap_or_default(),
        revision: claims.map(|claims| claims.revision().get().into()).unwrap_or_default(),
        issue_time: claims.map(|claims| seconds(claims.issued_at())),
        expire_time: claims.map(|claims| seconds(claims.expires_at())),
        evaluate_time: Some(timestamp(now)),
        data_age: data_age.map(|age| prost_types::Duration {
            seconds: age.whole_seconds(),
            nanos: age.subsec_nanoseconds(),
        }),
        holder: shown.map(|group| TravelGroupMember { verified_time: None, ..group.holder.clone() }),
        companions: companions.map(|(id, companion)| shown_beside(companion, withdrawn.get(id))).collect(),
        verification,
    }
}

fn shown_beside(of: &TravelGroupCompanion, withdrawn: Option<&CodeState>) -> pb::CompanionVerification {
    pb::CompanionVerification {
        relationship: of.relationship,
        // When they were first verified is nothing for a checkpoint.
        member: of.member.clone().map(|member| TravelGroupMember { verified_time: None, ..member }),
        verdict: verdict(companion_verdict(of, withdrawn)).into(),
    }
}

fn companion_verdict(of: &TravelGroupCompanion, withdrawn: Option<&CodeState>) -> Verdict {
    let state = of.member.as_ref().map(TravelGroupMember::state).unwrap_or_default();
    match group::judged(state) {
        verification::Registration::Asked(judged) => {
            verification::companion(withdrawn.copied().unwrap_or(CodeState::Active), judged)
        }
        verification::Registration::Unavailable => Verdict::CannotDecide,
    }
}

fn rendered((check, outcome): (Check, Outcome)) -> pb::VerificationCheck {
    use verification_check::{Check as WireCheck, Outcome as WireOutcome};
    let check = match check {
        Check::Format => WireCheck::Format,
        Check::Key => WireCheck::Key,
        Check::Signature => WireCheck::Signature,
        Check::Time => WireCheck::Time,
        Check::Code => WireCheck::Code,
        Check::Registration => WireCheck::Registration,
        Check::DataAge => WireCheck::DataAge,
    };
    let went = match outcome {
        Outcome::Passed => WireOutcome::Passed,
        Outcome::Failed(_) => WireOutcome::Failed,
        Outcome::NotPerformed(_) => WireOutcome::NotPerformed,
    };
    let reason = outcome.reason().map(reason).unwrap_or_default();
    pb::VerificationCheck { check: check.into(), outcome: went.into(), reason: reason.into() }
}

fn reason(of: Reason) -> verification_check::Reason {
    use verification_check::Reason as Wire;
    match of {
        Reason::MalformedText => Wire::MalformedText,
        Reason::KeyRevoked => Wire::KeyRevoked,
        Reason::WrongSignature => Wire::WrongSignature,
        Reason::CodeNotRecorded => Wire::CodeNotRecorded,
        Reason::RegistrationMissing => Wire::RegistrationMissing,
        Reason::CodeRevoked => Wire::CodeRevoked,
        Reason::RegistrationCancelled => Wire::RegistrationCancelled,
        Reason::CodeSuperseded => Wire::CodeSuperseded,
        Reason::RegistrationAmended => Wire::RegistrationAmended,
        Reason::RegistrationExpired => Wire::RegistrationExpired,
        Reason::CodeSuspended => Wire::CodeSuspended,
        Reason::ContentExpired => Wire::ContentExpired,
        Reason::NotYetIssued => Wire::NotYetIssued,
        Reason::NoData => Wire::NoData,
        Reason::DataTooOld => Wire::DataTooOld,
        Reason::ClockBehind => Wire::ClockBehind,
        Reason::NeighbourUnavailable => Wire::NeighbourUnavailable,
        Reason::KeyUnknown => Wire::KeyUnknown,
        Reason::IssuerUnknown => Wire::IssuerUnknown,
        Reason::KeyNotSigningThen => Wire::KeyNotSigningThen,
        Reason::ContentOutlivesKey => Wire::ContentOutlivesKey,
        Reason::EarlierCheckFailed => Wire::EarlierCheckFailed,
        Reason::Offline => Wire::Offline,
    }
}

/// Verdicts, both ways from one list.
macro_rules! verdicts {
    ($($verdict:ident),+ $(,)?) => {
        pub(super) fn verdict(of: Verdict) -> pb::Verdict {
            match of { $(Verdict::$verdict => pb::Verdict::$verdict),+ }
        }

        /// A verdict to look for; none for the unspecified one.
        pub(super) fn verdict_of(wire: pb::Verdict) -> Option<Verdict> {
            match wire {
                $(pb::Verdict::$verdict => Some(Verdict::$verdict),)+
                pb::Verdict::Unspecified => None,
            }
        }
    };
}

verdicts!(
    Valid,
    Expired,
    NotYetValid,
    Superseded,
    Revoked,
    Suspended,
    UnknownKey,
    BadSignature,
    Malformed,
    NotFound,
    CannotDecide,
);
