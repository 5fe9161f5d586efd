//! Every reason of the catalogue, as a caller reads it.

use std::time::{Duration, Instant};

use entrypass_proto::{FILE_DESCRIPTOR_SET, errors::v1::ErrorReason};
use entrypass_rule::Violations;
use http::HeaderMap;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uuid::Uuid;

use super::{Problem, required_request_id};
use crate::Call;

const TRACE: Uuid = Uuid::from_u128(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
/// What no caller may ever read.
const SECRET: &str = "UNIQUE constraint failed: documents 440699198501010016";

fn call(language: &str) -> Call {
    let mut headers = HeaderMap::new();
    headers.insert("accept-language", language.parse().expect("a language"));
    Call::from_headers(&headers, Instant::now(), TRACE)
}

/// Every reason that can be sent.
fn reasons() -> impl Iterator<Item = ErrorReason> {
    (1..1000).filter_map(|number| ErrorReason::try_from(number).ok())
}

/// Name and comment of every reason, as the contract publishes them.
fn published() -> Vec<(String, String)> {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("descriptors").file;
    let file =
        files.into_iter().find(|file| file.name().ends_with("error_reason.proto")).expect("the catalogue");
    let comments = file.source_code_info.expect("comments").location;
    // Field 5 of a file are its enums, field 2 of an enum its values (google/protobuf/descriptor.proto).
    let comment = |value: usize| {
        let path = [5, 0, 2, i32::try_from(value).expect("a position")];
        comments
            .iter()
            .find(|location| location.path == path)
            .expect("a comment")
            .leading_comments()
            .to_owned()
    };
    let values = file.enum_type[0].value.iter().enumerate();
    values.map(|(position, value)| (value.name().to_owned(), comment(position))).collect()
}

/// `FAILED_PRECONDITION` as the enum spells it, `FailedPrecondition`.
fn camel_case(name: &str) -> String {
    let word = |word: &str| format!("{}{}", &word[..1], word[1..].to_lowercase());
    name.split('_').map(word).collect()
}

fn read(status: &Status) -> ErrorDetails {
    assert!(
        !format!("{status:?}{}", String::from_utf8_lossy(status.details())).contains(SECRET),
        "{status:?}"
    );
    status.get_error_details()
}

#[test]
fn every_reason_is_sent_with_the_name_and_the_code_that_the_contract_publishes() {
    let published = published();
    assert_eq!(reasons().count() + 1, published.len(), "all but UNSPECIFIED");
    for reason in reasons() {
        let status = Problem::caused(reason, SECRET).to_status(&call("en"));
        let info = read(&status).error_info().cloned().expect("an ErrorInfo");
        assert_eq!(info.domain, "entrypass");
        let (_, comment) = published
            .iter()
            .find(|(name, _)| *name == format!("ERROR_REASON_{}", info.reason))
            .unwrap_or_else(|| panic!("{} is published", info.reason));
        let code = comment.trim_start().strip_prefix('[').and_then(|rest| rest.split(']').next());
        let code = camel_case(code.expect("a code in brackets"));
        assert_eq!(format!("{:?}", status.code()), code, "{reason:?}");
    }
}

#[test]
fn every_reason_has_a_text_of_its_own_in_both_languages() {
    let mut texts = std::collections::BTreeSet::new();
    for reason in reasons() {
        for language in ["zh-CN", "en"] {
            let status = Problem::new(reason).to_status(&call(language));
            let text = read(&status).localized_message().cloned().expect("a LocalizedMessage");
            assert_eq!(text.locale, language);
            assert_eq!(text.message.is_ascii(), language == "en", "{text:?}");
            assert!(!text.message.is_empty() && texts.insert(text.message), "{reason:?}");
            assert!(status.message().is_ascii(), "a status message is English: grpc-message is for logs");
        }
    }
}

#[test]
fn only_what_is_unavailable_or_too_much_for_now_asks_to_be_tried_again() {
    let mut asking = Vec::new();
    for reason in reasons() {
        let status = Problem::new(reason).to_status(&call("en"));
        let retry = read(&status).retry_info().cloned();
        assert_eq!(retry.is_some(), passes_by_itself(reason, status.code()), "{reason:?}");
        if let Some(retry) = retry {
            assert!(retry.retry_delay.is_some_and(|delay| !delay.is_zero()), "{reason:?}");
            asking.push(reason);
        }
    }
    let expected = [
        ErrorReason::NeighbourUnavailable,
        ErrorReason::StoreUnavailable,
        ErrorReason::ShuttingDown,
        ErrorReason::SigningKeyUnavailable,
        ErrorReason::RateLimited,
        ErrorReason::TooManyCalls,
        ErrorReason::TooManyStreams,
        ErrorReason::TooManyFailedProofs,
        ErrorReason::PolicyUnavailable,
    ];
    assert_eq!(asking, expected);
}

/// A message does not become smaller by waiting.
fn passes_by_itself(reason: ErrorReason, code: Code) -> bool {
    let exhausted = code == Code::ResourceExhausted && reason != ErrorReason::MessageTooLarge;
    exhausted || code == Code::Unavailable
}

#[test]
fn who_knows_how_long_to_wait_says_so() {
    let own = Problem::new(ErrorReason::RateLimited).retry_in(Duration::from_millis(70));
    let status = own.to_status(&call("en"));
    let told = read(&status).retry_info().and_then(|retry| retry.retry_delay);
    assert_eq!(told, Some(Duration::from_millis(70)));
    let passed_on = Problem::from_neighbour("qr", status);
    assert_eq!((own.retry_after(), passed_on.retry_after()), (told, told));
}

#[test]
fn only_a_fault_of_ours_tells_its_trace_id() {
    for reason in reasons() {
        let status = Problem::caused(reason, SECRET).to_status(&call("en"));
        let metadata = read(&status).error_info().cloned().expect("an ErrorInfo").metadata;
        let expected = (reason == ErrorReason::Internal).then(|| TRACE.simple().to_string());
        assert_eq!(metadata.get("trace_id"), expected.as_ref(), "{reason:?}");
    }
}

#[test]
fn facts_and_violations_travel_and_a_cause_does_not() {
    let problem = Problem::new(ErrorReason::CompanionLimitReached).with("limit", "8");
    let details = read(&problem.to_status(&call("en")));
    assert_eq!(details.error_info().expect("an ErrorInfo").metadata["limit"], "8");
    assert!(details.bad_request().is_none());
    let violations = required_request_id("").expect_err("nothing");
    let details = read(&Problem::invalid(violations).to_status(&call("zh-CN")));
    let violation = &details.bad_request().expect("violations").field_violations[0];
    assert_eq!((violation.field.as_str(), violation.reason.as_str()), ("request_id", "REQUIRED"));
    assert!(!violation.description.is_ascii(), "in the caller's language: {}", violation.description);
}

#[test]
fn a_neighbours_answer_of_the_catalogue_is_passed_on_unchanged() {
    // A message that one of ours could not read is a fault between us.
    let theirs = Problem::new(ErrorReason::MalformedMessage).to_status(&call("en"));
    let ours = Problem::from_neighbour("qr", theirs).to_status(&call("en"));
    assert_eq!(ours.code(), Code::Internal);
    for reason in reasons().filter(|reason| *reason != ErrorReason::MalformedMessage) {
        let theirs = Problem::new(reason).with("limit", "8").to_status(&call("zh-CN"));
        let ours = Problem::from_neighbour("qr", theirs.clone()).with("more", "facts").to_status(&call("en"));
        assert_eq!((ours.code(), ours.message()), (theirs.code(), theirs.message()));
        assert_eq!(ours.details(), theirs.details());
    }
}

#[test]
fn a_neighbours_foreign_answer_becomes_ours_without_its_text() {
    let table = [
        (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"),
        (Code::Unknown, "NEIGHBOUR_UNAVAILABLE"),
        (Code::Cancelled, "DEADLINE_EXCEEDED"),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        (Code::Internal, "INTERNAL"),
        (Code::Unimplemented, "INTERNAL"),
        (Code::InvalidArgument, "INTERNAL"),
        (Code::NotFound, "INTERNAL"),
        (Code::Ok, "INTERNAL"),
    ];
    for (code, expected) in table {
        let mut details = ErrorDetails::new();
        details.set_error_info("SOMETHING", "elsewhere.example", [("why".to_owned(), SECRET.to_owned())]);
        let plain = Status::new(code, SECRET);
        for foreign in [plain, Status::with_error_details(code, SECRET, details)] {
            let problem = Problem::from_neighbour("qr", foreign);
            let info = read(&problem.to_status(&call("en"))).error_info().cloned().expect("an ErrorInfo");
            assert_eq!((info.reason.as_str(), info.domain.as_str()), (expected, "entrypass"), "{code:?}");
            let names_it = expected == "NEIGHBOUR_UNAVAILABLE";
            assert_eq!(
                info.metadata.get("service").map(String::as_str),
                names_it.then_some("qr"),
                "{code:?}"
            );
            assert_eq!(
                problem.cause().is_some(),
                expected == "INTERNAL",
                "what operators must see: {code:?}"
            );
        }
    }
}

#[test]
fn a_connection_that_broke_is_an_unavailable_neighbour_whatever_tonic_calls_it() {
    for code in [Code::Internal, Code::Cancelled, Code::Unknown, Code::Unavailable] {
        let mut broken = Status::new(code, "h2 protocol error");
        broken.set_source(std::sync::Arc::new(std::io::Error::other("connection reset")));
        let problem = Problem::from_neighbour("qr", broken);
        assert_eq!(problem.reason(), ErrorReason::NeighbourUnavailable, "{code:?}");
        assert_eq!(problem.retry_after(), Some(Duration::from_secs(1)), "{code:?}");
    }
}

#[test]
fn reason_and_retry_delay_are_known_of_own_and_of_passed_on_problems() {
    for reason in reasons().filter(|reason| *reason != ErrorReason::MalformedMessage) {
        let own = Problem::new(reason);
        let passed_on = Problem::from_neighbour("qr", own.to_status(&call("zh-CN")));
        assert_eq!((own.reason(), passed_on.reason()), (reason, reason));
        assert_eq!(passed_on.retry_after(), own.retry_after(), "{reason:?}");
        let code = own.to_status(&call("en")).code();
        assert_eq!(own.retry_after().is_some(), passes_by_itself(reason, code), "{reason:?}");
    }
}

#[test]
fn a_request_id_is_1_to_64_letters_digits_and_three_marks() {
    let longest = "x".repeat(64);
    for good in ["a", "0", "Z", "._-", "2026-11-23.first_visit", &longest] {
        assert_eq!(required_request_id(good), Ok(()), "{good:?}");
    }
    let reasons = |violations: Violations| {
        violations.iter().map(|one| (one.field.clone(), one.rule.reason)).collect::<Vec<_>>()
    };
    let too_long = "x".repeat(65);
    let table = [
        ("", "REQUIRED"),
        (" ", "FORMAT"),
        (" a", "FORMAT"),
        ("a/b", "FORMAT"),
        ("a\n", "FORMAT"),
        ("é", "FORMAT"),
        ("ａ", "FORMAT"),
        (&too_long, "FORMAT"),
    ];
    for (bad, reason) in table {
        let broken = reasons(required_request_id(bad).expect_err(bad));
        assert_eq!(broken, [("request_id".to_owned(), reason)], "{bad:?}");
    }
}
