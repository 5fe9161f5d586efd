//! What a caller can read from a refusal.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A refusal, as the error catalogue describes it.
///
/// Reading one asserts what every refusal has: an `ErrorInfo` of our domain, a text for people, and violations if and only if
/// it is `INVALID_FIELDS`. So [`Refusal::is`] with any other reason says, too, that no field is to blame.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// The reason in the `ErrorInfo`.
    pub reason: String,
    /// The violations in the order in which they are told, `field REASON` each.
    pub broken: Vec<String>,
    /// The descriptions of the violations, in the same order; empty where there was no room for one.
    pub descriptions: Vec<String>,
    /// Locale and text of the `LocalizedMessage`.
    pub message: (String, String),
    /// How long to wait before another try, where one may help.
    pub retry_after: Option<Duration>,
    metadata: HashMap<String, String>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().cloned().expect("every refusal has an ErrorInfo");
        assert_eq!(info.domain, "entrypass");
        let message = details.localized_message().cloned().expect("every refusal has a LocalizedMessage");
        assert!(!message.message.is_empty(), "every refusal has a text: {status:?}");
        let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
        assert_eq!(info.reason == "INVALID_FIELDS", !violations.is_empty(), "{status:?}");
        Self {
            code: status.code(),
            reason: info.reason,
            broken: violations.iter().map(|one| format!("{} {}", one.field, one.reason)).collect(),
            descriptions: violations.into_iter().map(|one| one.description).collect(),
            message: (message.locale, message.message),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            metadata: info.metadata,
        }
    }
}

impl Refusal {
    /// Code and reason.
    #[must_use]
    pub fn is(&self) -> (Code, &str) {
        (self.code, &self.reason)
    }

    /// What the `ErrorInfo` says under `key`; empty when it says nothing.
    #[must_use]
    pub fn fact(&self, key: &str) -> &str {
        self.metadata.get(key).map(String::as_str).unwrap_or_default()
    }
}
