//! What a caller can read from a refusal.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A refusal, as the error catalogue describes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    pub reason: String,
    /// The violations, `field REASON` each.
    pub broken: Vec<String>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let info = status.get_details_error_info().expect("every refusal has an ErrorInfo");
        let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        let broken = violations.iter().map(|one| format!("{} {}", one.field, one.reason)).collect();
        Self { code: status.code(), reason: info.reason, broken }
    }
}

impl Refusal {
    /// A refusal without violations.
    pub fn plain(code: Code, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), broken: Vec::new() }
    }
}
