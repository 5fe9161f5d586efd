//! Messages to domain values and back: the only place that names both.

use entrypass_proto::{qr::v1 as pb, registration::v1 as registration};
use entrypass_rpc::{instant, resource_id, resource_name, timestamp};
use entrypass_rule::{Rule, Text, Violation, Violations};
use entrypass_token::{Claims, VerificationKey};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    code::{Code, Period, Subject},
    render::{ErrorCorrection, ModuleSize},
    verification::{Findings, Outcome, RegistrationFinding, Verdict},
};

/// Collection of the registrations' resource names.
const REGISTRATIONS: &str = "registrations";
/// Most codes that one call issues: a holder and the companions, with room to spare.
const SUBJECT_LIMIT: usize = 32;
/// Module size of a caller who states none, in pixels.
const DEFAULT_MODULE_SIZE: u32 = 6;
/// Longest text that is looked at as a code, in characters.
const CONTENT_LIMIT: usize = 4096;

/// How a code shall be drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawing {
    pub(crate) format: Format,
    pub(crate) error_correction: ErrorCorrection,
    pub(crate) module_size: ModuleSize,
}

/// What it shall be drawn as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    Png,
    Svg,
    Terminal,
}

pub(crate) fn subjects(message: pb::IssueQrCodesRequest) -> Result<Vec<Subject>, Violations> {
    let mut violations = Violations::default();
    if message.subjects.is_empty() || message.subjects.len() > SUBJECT_LIMIT {
        violations.add("subjects", Rule::new("LENGTH", Text::new("须为1至32项", "1 to 32 subjects")));
        return Err(violations);
    }
    let mut subjects = Vec::with_capacity(message.subjects.len());
    for (position, subject) in message.subjects.into_iter().enumerate() {
        let pb::CodeSubject { registration, revision, expire_time } = subject;
        let field = |name: &str| format!("subjects[{position}].{name}");
        let registration = violations.take(&field("registration"), registration_id(&registration));
        let revision = u16::try_from(revision).ok().filter(|revision| *revision > 0);
        if revision.is_none() {
            let text = Text::new("版本须为1至65535", "a revision is 1 to 65535");
            violations.add(field("revision"), Rule::new("OUT_OF_RANGE", text));
        }
        let expire_time = expire_time.as_ref().and_then(instant);
        if expire_time.is_none() {
            violations.add(field("expire_time"), Rule::required());
        }
        if let (Some(registration), Some(revision), Some(expire_time)) = (registration, revision, expire_time)
        {
            subjects.push(Subject { registration, revision, expire_time });
        }
    }
    violations.into_result().map(|()| subjects)
}

/// Reads the resource name of a registration.
pub(crate) fn registration_id(name: &str) -> Result<Uuid, [Rule; 1]> {
    resource_id(REGISTRATIONS, name)
}

pub(crate) fn registration_name(id: Uuid) -> String {
    resource_name(REGISTRATIONS, id)
}

/// The scanned text. Longer than any code is refused, so that nobody pays for reading it.
pub(crate) fn scanned(content: &str) -> Result<(), Violations> {
    let rule = if content.is_empty() {
        Rule::required()
    } else if content.chars().count() > CONTENT_LIMIT {
        Rule::new("LENGTH", Text::new("最多4096个字符", "at most 4096 characters"))
    } else {
        return Ok(());
    };
    Err(Violation { field: "content".to_owned(), rule }.into())
}

/// What a scanner appended to the text is not the text's. A blank is: it stands in the Base45 alphabet, and a token may end with one.
pub(crate) fn without_line_end(content: &str) -> &str {
    content.trim_start().trim_end_matches(['\r', '\n', '\t'])
}

pub(crate) fn not_a_code() -> Violations {
    let text = Text::new("不是本系统签发的通行码", "not a code that this system signed");
    Violation { field: "content".to_owned(), rule: Rule::new("NOT_A_CODE", text) }.into()
}

pub(crate) fn drawing(format: i32, error_correction: i32, module_size: i32) -> Result<Drawing, Violations> {
    use pb::{ErrorCorrection as Level, ImageFormat};
    let mut violations = Violations::default();
    let format = match ImageFormat::try_from(format) {
        Ok(ImageFormat::Unspecified | ImageFormat::Png) => Some(Format::Png),
        Ok(ImageFormat::Svg) => Some(Format::Svg),
        Ok(ImageFormat::Terminal) => Some(Format::Terminal),
        Err(_) => None,
    };
    let error_correction = match Level::try_from(error_correction) {
        Ok(Level::Unspecified | Level::Q) => Some(ErrorCorrection::Quartile),
        Ok(Level::L) => Some(ErrorCorrection::Low),
        Ok(Level::M) => Some(ErrorCorrection::Medium),
        Ok(Level::H) => Some(ErrorCorrection::High),
        Err(_) => None,
    };
    let module_size = match module_size {
        _ if matches!(format, Some(Format::Terminal)) => ModuleSize::try_from(DEFAULT_MODULE_SIZE).ok(),
        0 => ModuleSize::try_from(DEFAULT_MODULE_SIZE).ok(),
        size => u32::try_from(size).ok().and_then(|size| ModuleSize::try_from(size).ok()),
    };
    let unknown =
        || Rule::new("UNKNOWN_VALUE", Text::new("不在可选范围内", "not one of the published values"));
    if format.is_none() {
        violations.add("format", unknown());
    }
    if error_correction.is_none() {
        violations.add("error_correction", unknown());
    }
    let (Some(format), Some(error_correction), Some(module_size)) = (format, error_correction, module_size)
    else {
        if module_size.is_none() {
            let text = Text::new("模块边长须为4至32", "a module is 4 to 32 wide");
            violations.add("module_size", Rule::new("OUT_OF_RANGE", text));
        }
        return Err(violations);
    };
    Ok(Drawing { format, error_correction, module_size })
}

pub(crate) fn qr_code(code: &Code, period: &Period, key: &VerificationKey, content: String) -> pb::QrCode {
    pb::QrCode {
        content,
        code_id: code.id.to_string(),
        revision: code.revision.into(),
        key_id: key.key_id().to_string(),
        issue_time: Some(timestamp(period.issue_time)),
        expire_time: Some(timestamp(period.expire_time)),
        refresh_time: Some(timestamp(period.refresh_time)),
    }
}

pub(crate) fn verification_key(key: &VerificationKey) -> pb::VerificationKey {
    pb::VerificationKey {
        key_id: key.key_id().to_string(),
        algorithm: key.algorithm().name().to_owned(),
        public_key: key.public_key_bytes(),
        cose_key: key.to_cose_key(),
    }
}

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
        Verdict::UnknownKey => pb::Verdict::UnknownKey,
        Verdict::BadSignature => pb::Verdict::BadSignature,
        Verdict::Malformed => pb::Verdict::Malformed,
        Verdict::NotFound => pb::Verdict::NotFound,
        Verdict::CannotDecide => pb::Verdict::CannotDecide,
    }
}
