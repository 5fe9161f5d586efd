//! A refusal, as a partner's program reads it.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// What a refused call tells.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// The reason in the `ErrorInfo`.
    pub reason: String,
    /// Field and reason of every violation.
    pub violations: Vec<(String, String)>,
}

impl Refusal {
    /// Reads a refusal; every one of ours has an `ErrorInfo` and a message in the caller's language.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        let info = status.get_details_error_info().unwrap_or_else(|| panic!("an ErrorInfo in {status:?}"));
        assert_eq!(info.domain, "entrypass");
        assert!(status.get_details_localized_message().is_some_and(|text| !text.message.is_empty()));
        let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        let violations = violations.into_iter().map(|one| (one.field, one.reason)).collect();
        Self { code: status.code(), reason: info.reason, violations }
    }

    /// A refusal without violations.
    #[must_use]
    pub fn plain(code: Code, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), violations: Vec::new() }
    }

    /// What the `ErrorInfo` of `status` says under `key`.
    #[must_use]
    pub fn fact(status: &Status, key: &str) -> Option<String> {
        status.get_details_error_info()?.metadata.remove(key)
    }

    /// How long `status` asks to wait before another try.
    #[must_use]
    pub fn retry_after(status: &Status) -> Option<Duration> {
        status.get_details_retry_info()?.retry_delay
    }
}
