//! Withdrawing codes, and how they stand.

use entrypass_proto::{
    errors::v1::{ErrorReason, ViolationReason},
    qr::v1::{self as pb, qr_code_change, qr_code_change_result, qr_code_standing},
};
use entrypass_rpc::{Problem, reason_text, required_request_id, timestamp};
use entrypass_rule::{Language, Rule, Text, Violation, Violations};
use entrypass_token::CodeId;
use prost_types::Timestamp;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::registration_id;
use crate::{
    error::Error,
    standing::{Change, Reason, Standing},
};

/// Most rows of one request.
const ROW_LIMIT: usize = 1000;
/// How far ahead a suspension may end.
const LONGEST_SUSPENSION: Duration = Duration::days(366);

/// Whose codes are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Registration(Uuid),
    /// Those of the registration that this one is of.
    Code(CodeId),
}

/// What somebody wants to change.
pub(crate) type Wish = (Target, Change);

pub(crate) fn revocation(message: &pb::RevokeQrCodesRequest) -> Result<Wish, Violations> {
    let pb::RevokeQrCodesRequest { registration, request_id, code_id, reason, fraud } = message;
    let change = revoke("", *reason, *fraud);
    wish(request_id, target("", registration, code_id), change)
}

pub(crate) fn suspension(
    message: &pb::SuspendQrCodesRequest,
    now: OffsetDateTime,
) -> Result<Wish, Violations> {
    let pb::SuspendQrCodesRequest { request_id, registration, code_id, suspend_until_time, reason } = message;
    let change = suspend("", suspend_until_time.as_ref(), *reason, now);
    wish(request_id, target("", registration, code_id), change)
}

pub(crate) fn reinstatement(message: &pb::ReinstateQrCodesRequest) -> Result<Wish, Violations> {
    let pb::ReinstateQrCodesRequest { request_id, registration, code_id } = message;
    wish(request_id, target("", registration, code_id), Ok(Change::Reinstate))
}

/// Each row by itself.
pub(crate) fn rows(
    message: &pb::ChangeQrCodesRequest,
    now: OffsetDateTime,
) -> Result<Vec<Result<Wish, Violations>>, Violations> {
    let pb::ChangeQrCodesRequest { request_id, rows } = message;
    let mut violations = Violations::default();
    violations.collect(required_request_id(request_id));
    if rows.is_empty() || rows.len() > ROW_LIMIT {
        violations.add("rows", Rule::new("LENGTH", Text::new("须为1至1000行", "1 to 1000 rows")));
    }
    violations.into_result()?;
    Ok(rows.iter().enumerate().map(|(position, one)| row(position, one, now)).collect())
}

fn row(position: usize, row: &pb::QrCodeChange, now: OffsetDateTime) -> Result<Wish, Violations> {
    use qr_code_change::{Change as Wire, Reinstate, Revoke, Suspend};
    let pb::QrCodeChange { registration, code_id, change } = row;
    let at = format!("rows[{position}].");
    let mut violations = Violations::default();
    let target = violations.collect(target(&at, registration, code_id));
    let change = match change {
        Some(Wire::Revoke(Revoke { reason, fraud })) => revoke(&format!("{at}revoke."), *reason, *fraud),
        Some(Wire::Suspend(Suspend { suspend_until_time, reason })) => {
            suspend(&format!("{at}suspend."), suspend_until_time.as_ref(), *reason, now)
        }
        Some(Wire::Reinstate(Reinstate {})) => Ok(Change::Reinstate),
        None => Err(Violation { field: format!("{at}change"), rule: Rule::required() }.into()),
    };
    let change = violations.collect(change);
    violations.finish(|| Some((target?, change?)))
}

fn wish(
    request_id: &str,
    target: Result<Target, Violations>,
    change: Result<Change, Violations>,
) -> Result<Wish, Violations> {
    let mut violations = Violations::default();
    violations.collect(required_request_id(request_id));
    let (target, change) = (violations.collect(target), violations.collect(change));
    violations.finish(|| Some((target?, change?)))
}

/// A registration or a code; `at` is the path in front of the two fields.
pub(crate) fn target(at: &str, registration: &str, code_id: &str) -> Result<Target, Violations> {
    let named = match (registration.is_empty(), code_id.is_empty()) {
        (false, true) => {
            let id = registration_id(registration).map_err(|[rule]| ("registration", rule));
            id.map(Target::Registration)
        }
        (true, false) => super::code_id(code_id).map(Target::Code).map_err(|[rule]| ("code_id", rule)),
        (both_missing, _) => {
            let text = Text::new(
                "须提供登记资源名或二维码编号之一",
                "give a registration or a code_id, and not both",
            );
            let reason = if both_missing { "REQUIRED" } else { "EXCLUDED" };
            Err(("registration", Rule::new(reason, text)))
        }
    };
    named.map_err(|(field, rule)| Violation { field: format!("{at}{field}"), rule }.into())
}

fn revoke(at: &str, wire_reason: i32, fraud: bool) -> Result<Change, Violations> {
    let mut violations = Violations::default();
    let reason = violations.take(&format!("{at}reason"), reason(wire_reason));
    violations.finish(|| Some(Change::Revoke { reason: reason?, fraud }))
}

fn suspend(
    at: &str,
    until: Option<&Timestamp>,
    wire_reason: i32,
    now: OffsetDateTime,
) -> Result<Change, Violations> {
    let mut violations = Violations::default();
    let until = violations.take(&format!("{at}suspend_until_time"), end(until, now));
    let reason = violations.take(&format!("{at}reason"), reason(wire_reason));
    violations.finish(|| Some(Change::Suspend { until: until?, reason: reason? }))
}

/// When a suspension ends, rounded up to what a bundle can say.
fn end(until: Option<&Timestamp>, now: OffsetDateTime) -> Result<OffsetDateTime, [Rule; 1]> {
    let until = super::time(until)?;
    let whole = until.replace_nanosecond(0).unwrap_or(until);
    let until = if whole == until { until } else { whole.saturating_add(Duration::SECOND) };
    if until > now && until <= now.saturating_add(LONGEST_SUSPENSION) {
        return Ok(until);
    }
    let text = Text::new("须晚于当前时间且在366天以内", "in the future, at most 366 days ahead");
    Err([Rule::new("OUT_OF_RANGE", text)])
}

fn reason(wire: i32) -> Result<Reason, [Rule; 1]> {
    use pb::WithdrawalReason as Wire;
    match Wire::try_from(wire) {
        Ok(Wire::HolderRequest) => Ok(Reason::HolderRequest),
        Ok(Wire::LostOrCopied) => Ok(Reason::LostOrCopied),
        Ok(Wire::DataError) => Ok(Reason::DataError),
        Ok(Wire::FraudSuspected) => Ok(Reason::FraudSuspected),
        Ok(Wire::FraudConfirmed) => Ok(Reason::FraudConfirmed),
        Ok(Wire::HealthOrder) => Ok(Reason::HealthOrder),
        Ok(Wire::Other) => Ok(Reason::Other),
        Ok(Wire::Unspecified) => Err([Rule::required()]),
        Ok(Wire::RegistrationCancelled) | Err(_) => {
            let text = Text::new("不在可选范围内", "not one of the published values that may be sent");
            Err([Rule::new("UNKNOWN_VALUE", text)])
        }
    }
}

pub(crate) fn standing(of: Standing) -> pb::QrCodeStanding {
    use qr_code_standing::State;
    match of {
        Standing::Active => pb::QrCodeStanding { state: State::Active.into(), ..Default::default() },
        Standing::Suspended(suspension) => pb::QrCodeStanding {
            state: State::Suspended.into(),
            reason: wire_reason(suspension.reason).into(),
            fraud: false,
            suspend_until_time: Some(timestamp(suspension.until)),
            since_time: Some(timestamp(suspension.since)),
        },
        Standing::Revoked(revocation) => pb::QrCodeStanding {
            state: State::Revoked.into(),
            reason: revocation.reason.map(wire_reason).unwrap_or_default().into(),
            fraud: revocation.fraud,
            suspend_until_time: None,
            since_time: Some(timestamp(revocation.since)),
        },
    }
}

fn wire_reason(of: Reason) -> pb::WithdrawalReason {
    use pb::WithdrawalReason as Wire;
    match of {
        Reason::HolderRequest => Wire::HolderRequest,
        Reason::LostOrCopied => Wire::LostOrCopied,
        Reason::DataError => Wire::DataError,
        Reason::FraudSuspected => Wire::FraudSuspected,
        Reason::FraudConfirmed => Wire::FraudConfirmed,
        Reason::HealthOrder => Wire::HealthOrder,
        Reason::RegistrationCancelled => Wire::RegistrationCancelled,
        Reason::Other => Wire::Other,
    }
}

/// What became of one row. What is no refusal of this row ends the whole call, and is no result.
pub(crate) fn result(
    of: Result<Standing, Error>,
    language: Language,
) -> Result<pb::QrCodeChangeResult, Error> {
    use qr_code_change_result::Result as Wire;
    let result = match of {
        Ok(done) => Wire::Standing(standing(done)),
        Err(Error::Invalid(broken)) => Wire::Refusal(pb::QrCodeChangeRefusal {
            violations: broken.iter().map(|one| violation(one, language)).collect(),
            ..refusal(ErrorReason::InvalidFields, language)
        }),
        Err(error @ (Error::CodeNotFound | Error::Revoked(_))) => {
            Wire::Refusal(refusal(Problem::from(error).reason(), language))
        }
        Err(error) => return Err(error),
    };
    Ok(pb::QrCodeChangeResult { result: Some(result) })
}

fn refusal(reason: ErrorReason, language: Language) -> pb::QrCodeChangeRefusal {
    let text = reason_text(reason).in_language(language).to_owned();
    pb::QrCodeChangeRefusal { reason: reason.into(), text, violations: Vec::new() }
}

fn violation(of: &Violation, language: Language) -> pb::QrCodeChangeViolation {
    let reason = ViolationReason::from_str_name(&format!("VIOLATION_REASON_{}", of.rule.reason));
    pb::QrCodeChangeViolation {
        field: of.field.clone(),
        reason: reason.unwrap_or_default().into(),
        text: of.rule.text.in_language(language).to_owned(),
    }
}
