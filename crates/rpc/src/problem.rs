//! A problem as a caller learns of it: a reason of the catalogue, and the details of `google.rpc` that go with it.

use std::{
    collections::{HashMap, HashSet},
    error::Error,
    time::Duration,
};

use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rule::{Language, Rule, Text, Violation, Violations};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::{Call, reason};

/// The `domain` of every `google.rpc.ErrorInfo` of ours.
const DOMAIN: &str = "entrypass";
/// Bytes for the violations of one refusal: with base64, message and framing they stay below 8 KiB of trailers.
const DETAILS_ROOM: usize = 5000;
/// Bytes that a violation takes in protobuf beside its texts.
const FRAMING: usize = 10;

/// Why a call is refused or failed.
///
/// Services keep error enums of their own, in domain words; each has one exhaustive `From` to this type, and this type
/// the one way to a [`Status`]. Code and wording of a reason stand in one table, `reason.rs`.
#[derive(Debug)]
pub struct Problem(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Own {
        reason: ErrorReason,
        metadata: HashMap<String, String>,
        violations: Violations,
        cause: Option<Box<dyn Error + Send + Sync>>,
        retry_after: Option<Duration>,
    },
    /// A neighbour's answer that already is of the catalogue: its details are as good as ours.
    PassedOn(Status),
}

impl Problem {
    /// A problem of the catalogue.
    #[must_use]
    pub fn new(reason: ErrorReason) -> Self {
        Self::own(reason, Violations::default(), None)
    }

    /// `INVALID_FIELDS` with every violation.
    #[must_use]
    pub fn invalid(violations: Violations) -> Self {
        Self::own(ErrorReason::InvalidFields, violations, None)
    }

    /// A problem whose cause operators must see: it is logged, never sent.
    pub fn caused(reason: ErrorReason, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::own(reason, Violations::default(), Some(cause.into()))
    }

    /// What a neighbour answered, as our caller shall see it.
    ///
    /// An answer of the catalogue is passed on. Anything else tells of the connection or of a fault over there: the caller
    /// learns that `service` is unavailable, or that the fault is internal, and no foreign text.
    #[must_use]
    pub fn from_neighbour(service: &'static str, status: Status) -> Self {
        // A message of ours that a neighbour cannot read is no fault of our caller's.
        let malformed = reason::wire_name(ErrorReason::MalformedMessage);
        match status.code() {
            _ if reason_of(&status).is_some_and(|reason| reason != malformed) => {
                Self(Box::new(Kind::PassedOn(status)))
            }
            _ if connection_failed(&status) => Self::neighbour_unavailable(service),
            Code::DeadlineExceeded | Code::Cancelled => Self::new(ErrorReason::DeadlineExceeded),
            code => Self::caused(ErrorReason::Internal, format!("{service} answered {code:?}")),
        }
    }

    /// The neighbour `service` cannot be reached, or does not answer in the time that it may take.
    #[must_use]
    pub fn neighbour_unavailable(service: &'static str) -> Self {
        Self::new(ErrorReason::NeighbourUnavailable).with("service", service)
    }

    /// Adds a machine-readable fact to the `ErrorInfo`. Never personal data.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        if let Kind::Own { metadata, .. } = self.0.as_mut() {
            metadata.insert(key.to_owned(), value.into());
        }
        self
    }

    /// Says how long to wait before another try, where that is known better than the reason alone tells.
    #[must_use]
    pub fn retry_in(mut self, delay: Duration) -> Self {
        if let Kind::Own { retry_after, .. } = self.0.as_mut() {
            *retry_after = Some(delay);
        }
        self
    }

    /// Its reason; UNSPECIFIED for one that a neighbour of a later release gave.
    #[must_use]
    pub fn reason(&self) -> ErrorReason {
        match self.0.as_ref() {
            Kind::Own { reason, .. } => *reason,
            Kind::PassedOn(status) => reason_of(status).and_then(reason::from_wire_name).unwrap_or_default(),
        }
    }

    /// How long to wait before another try; `None` where one is not likely to help.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.0.as_ref() {
            Kind::Own { reason, retry_after, .. } => {
                retry_after.or_else(|| reason::describe(*reason).retry_after)
            }
            Kind::PassedOn(status) => status.get_details_retry_info()?.retry_delay,
        }
    }

    /// What operators must see of it.
    pub(crate) fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        match self.0.as_ref() {
            Kind::Own { cause, .. } => cause.as_deref(),
            Kind::PassedOn(_) => None,
        }
    }

    /// Logs the cause that operators must see, if there is one. Once is enough: whoever answers with the problem does it.
    pub fn log_cause(&self, call: &Call) {
        if let Some(cause) = self.cause() {
            tracing::error!(trace_id = %call.trace_id().simple(), error = %cause, "call failed by our own fault");
        }
    }

    /// The status that `call` is answered with.
    #[must_use]
    pub fn to_status(&self, call: &Call) -> Status {
        match self.0.as_ref() {
            Kind::PassedOn(status) => status.clone(),
            Kind::Own { reason, metadata, violations, .. } => {
                let mut metadata = metadata.clone();
                if *reason == ErrorReason::Internal {
                    metadata.insert("trace_id".to_owned(), call.trace_id().simple().to_string());
                }
                status(*reason, metadata, violations, self.retry_after(), call.language())
            }
        }
    }

    fn own(reason: ErrorReason, violations: Violations, cause: Option<Box<dyn Error + Send + Sync>>) -> Self {
        let metadata = HashMap::new();
        Self(Box::new(Kind::Own { reason, metadata, violations, cause, retry_after: None }))
    }
}

/// The reason of a status of the catalogue, as it travels; `None` for any other status.
pub(crate) fn reason_of(status: &Status) -> Option<String> {
    let info = status.get_details_error_info().filter(|info| info.domain == DOMAIN)?;
    Some(info.reason)
}

/// Whether `status`, which is not of the catalogue, tells of the connection and not of what was asked.
pub(crate) fn connection_failed(status: &Status) -> bool {
    // No status that was received has a source: what has one was made of a broken connection on this side, under whatever code
    // tonic found for that (INTERNAL and CANCELLED among them).
    matches!(status.code(), Code::Unavailable | Code::Unknown) || status.source().is_some()
}

impl From<Violations> for Problem {
    fn from(violations: Violations) -> Self {
        Self::invalid(violations)
    }
}

fn status(
    reason: ErrorReason,
    mut metadata: HashMap<String, String>,
    violations: &Violations,
    retry_after: Option<Duration>,
    language: Language,
) -> Status {
    let known = reason::describe(reason);
    let mut details = ErrorDetails::new();
    details.set_localized_message(language.tag(), known.text.in_language(language));
    let (told, omitted) = bad_request(violations, language);
    if omitted > 0 {
        metadata.insert("omitted_violations".to_owned(), omitted.to_string());
    }
    if !told.is_empty() {
        details.set_bad_request(told);
    }
    details.set_error_info(reason::wire_name(reason), DOMAIN, metadata);
    if let Some(delay) = retry_after {
        details.set_retry_info(Some(delay));
    }
    Status::with_error_details(known.code, known.text.in_language(Language::En), details)
}

/// The violations as they are told, and how many are left out for want of room.
///
/// Details travel in a trailer, base64, and common clients refuse more than 8 KiB of trailers and then show nothing at all. So field
/// and reason come first, for as many as there is room for, and texts take what is left.
fn bad_request(violations: &Violations, language: Language) -> (Vec<FieldViolation>, usize) {
    let mut room = DETAILS_ROOM;
    let mut told = Vec::new();
    for Violation { field, rule } in violations.iter() {
        let needed = field.len() + rule.reason.len() + FRAMING;
        let Some(left) = room.checked_sub(needed) else { break };
        room = left;
        told.push(FieldViolation {
            field: field.clone(),
            reason: rule.reason.to_owned(),
            ..FieldViolation::default()
        });
    }
    // A text that stands once helps more than one that is repeated.
    let (mut seen, mut again) = (HashSet::new(), Vec::new());
    for (violation, Violation { rule, .. }) in told.iter_mut().zip(violations.iter()) {
        let text = rule.text.in_language(language);
        if seen.insert(text) { describe(violation, text, &mut room) } else { again.push((violation, text)) }
    }
    for (violation, text) in again {
        describe(violation, text, &mut room);
    }
    let omitted = violations.iter().count() - told.len();
    (told, omitted)
}

/// Takes the description up as long as there is `room`.
fn describe(violation: &mut FieldViolation, text: &str, room: &mut usize) {
    if let Some(left) = room.checked_sub(text.len()) {
        *room = left;
        violation.description = text.to_owned();
    }
}

/// Checks a `request_id` against the form that the contract states: 1 to 64 of `A-Z a-z 0-9 . _ -`.
pub fn required_request_id(request_id: &str) -> Result<(), Violations> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let rule = if request_id.is_empty() {
        Rule::new("REQUIRED", Text::new("每个写请求都须带有请求编号", "every write needs a request_id"))
    } else if request_id.len() > 64 || !request_id.bytes().all(allowed) {
        Rule::new(
            "FORMAT",
            Text::new("请求编号须为1至64位字母、数字或 . _ -", "1 to 64 of A-Z a-z 0-9 . _ -"),
        )
    } else {
        return Ok(());
    };
    Err(Violation { field: "request_id".to_owned(), rule }.into())
}

#[cfg(test)]
mod tests;
