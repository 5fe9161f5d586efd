//! A problem as a caller learns of it: a reason of the catalogue, and the details of `google.rpc` that go with it.

use std::{collections::HashMap, error::Error};

use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rule::{Language, Rule, Text, Violation, Violations};
use tonic::{Code, Status};
use tonic_types::{BadRequest, ErrorDetails, FieldViolation, LocalizedMessage, StatusExt as _};

use crate::{Call, reason};

/// The `domain` of every `google.rpc.ErrorInfo` of ours.
const DOMAIN: &str = "entrypass";

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
        let of_catalogue = status.get_details_error_info().is_some_and(|info| info.domain == DOMAIN);
        match status.code() {
            _ if of_catalogue => Self(Box::new(Kind::PassedOn(status))),
            // tonic reports a client-side time-out as CANCELLED.
            Code::DeadlineExceeded | Code::Cancelled => Self::new(ErrorReason::DeadlineExceeded),
            // A connection that breaks before the answer arrives as UNKNOWN "transport error".
            Code::Unavailable | Code::Unknown => {
                Self::new(ErrorReason::NeighbourUnavailable).with("service", service)
            }
            code => Self::caused(ErrorReason::Internal, format!("{service} answered {code:?}")),
        }
    }

    /// Adds a machine-readable fact to the `ErrorInfo`. Never personal data.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        if let Kind::Own { metadata, .. } = self.0.as_mut() {
            metadata.insert(key.to_owned(), value.into());
        }
        self
    }

    /// What operators must see of it.
    pub(crate) fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        match self.0.as_ref() {
            Kind::Own { cause, .. } => cause.as_deref(),
            Kind::PassedOn(_) => None,
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
                status(*reason, metadata, violations, call.language())
            }
        }
    }

    fn own(reason: ErrorReason, violations: Violations, cause: Option<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Box::new(Kind::Own { reason, metadata: HashMap::new(), violations, cause }))
    }
}

impl From<Violations> for Problem {
    fn from(violations: Violations) -> Self {
        Self::invalid(violations)
    }
}

fn status(
    reason: ErrorReason,
    metadata: HashMap<String, String>,
    violations: &Violations,
    language: Language,
) -> Status {
    let known = reason::describe(reason);
    let mut details = ErrorDetails::new();
    details.set_error_info(reason::wire_name(reason), DOMAIN, metadata);
    details.set_localized_message(language.tag(), known.text.in_language(language));
    if !violations.is_empty() {
        details.set_bad_request(bad_request(violations, language).field_violations);
    }
    if let Some(delay) = known.retry_after {
        details.set_retry_info(Some(delay));
    }
    Status::with_error_details(known.code, known.text.in_language(Language::En), details)
}

fn bad_request(violations: &Violations, language: Language) -> BadRequest {
    let violation = |Violation { field, rule }: &Violation| FieldViolation {
        field: field.clone(),
        description: rule.text.in_language(language).to_owned(),
        reason: rule.reason.to_owned(),
        localized_message: Some(LocalizedMessage {
            locale: language.tag().to_owned(),
            message: rule.text.in_language(language).to_owned(),
        }),
    };
    BadRequest { field_violations: violations.iter().map(violation).collect() }
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
