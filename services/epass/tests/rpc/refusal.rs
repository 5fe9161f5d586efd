//! What a caller can read from a refusal.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A refusal, as the error catalogue describes it.
#[derive(Debug)]
pub struct Refusal {
    pub code: Code,
    pub reason: String,
    pub metadata: HashMap<String, String>,
    /// Field and reason of each violation.
    pub violations: Vec<(String, String)>,
    /// Locale and text for people.
    pub message: (String, String),
    /// The descriptions of the violations.
    pub descriptions: Vec<String>,
    pub retry_after: Option<Duration>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().cloned().expect("every refusal has an ErrorInfo");
        assert_eq!(info.domain, "entrypass");
        let message = details.localized_message().cloned().expect("every refusal has a LocalizedMessage");
        let violations = details.bad_request().map(|it| it.field_violations.clone()).unwrap_or_default();
        Self {
            code: status.code(),
            reason: info.reason,
            metadata: info.metadata,
            violations: violations.iter().map(|it| (it.field.clone(), it.reason.clone())).collect(),
            message: (message.locale, message.message),
            descriptions: violations.into_iter().map(|it| it.description).collect(),
            retry_after: details.retry_info().and_then(|it| it.retry_delay),
        }
    }
}

impl Refusal {
    /// Code and reason.
    pub fn is(&self) -> (Code, &str) {
        (self.code, &self.reason)
    }

    /// One fact of the metadata; empty when it is not there.
    pub fn fact(&self, key: &str) -> &str {
        self.metadata.get(key).map(String::as_str).unwrap_or_default()
    }

    /// The violations, `field REASON` each.
    pub fn broken(&self) -> Vec<String> {
        self.violations.iter().map(|(field, reason)| format!("{field} {reason}")).collect()
    }
}
