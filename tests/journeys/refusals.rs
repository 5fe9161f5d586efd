//! Bad input: every broken rule at once, by field, in the caller's language, and never a value.

use std::collections::BTreeSet;

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    errors::v1::{ErrorReason, ViolationReason},
    gateway::v1 as pb,
    registration::v1::{Contact, Document, DocumentType, RegistrationForm, Sex, Stay},
};
use entrypass_testkit::Refusal;
use prost_types::FieldMask;
use tonic::{Code, Request};

journeys!(
    every_violation_of_a_submission_is_reported_at_once,
    violations_are_told_in_the_callers_language_without_any_value,
    a_number_of_another_type_is_told_which,
    names_tokens_and_masks_that_are_not_ours_are_named,
    an_amendment_is_judged_whole,
    very_many_violations_still_fit_into_the_trailers,
    a_message_that_is_too_large_is_told_in_the_catalogue,
);

async fn every_violation_of_a_submission_is_reported_at_once(mode: Mode) {
    let system = System::start(mode).await;
    let mut wang = Traveller::wang();
    wang.document.number = "440699198501010017".to_owned();
    wang.form.mobile_phone = "12345".to_owned();
    wang.form.domestic_contact = Some(Contact { name: "王小明".to_owned(), phone: String::new() });
    wang.form.destination.as_mut().expect("a destination").address = "待定".to_owned();
    wang.form.travel_history[0].country = "XYZ".to_owned();
    wang.form.purpose = 99;
    let mut submission = wang.submission("", "");
    submission.truth_declared = false;
    let status = system.pass.clone().submit_registration(submission).await.expect_err("wrong all over");
    let refusal = Refusal::from(status);
    assert_eq!(refusal.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
    let expected = BTreeSet::from([
        "request_id REQUIRED",
        "document.number DOCUMENT_NUMBER_CHECK_CHARACTER",
        "form.mobile_phone FORMAT",
        "form.domestic_contact.name CONTACT_IS_TRAVELLER",
        "form.domestic_contact.phone REQUIRED",
        "form.destination.address LENGTH",
        "form.destination.address FILLER_ADDRESS",
        "form.travel_history[0].country UNKNOWN_VALUE",
        "form.purpose UNKNOWN_VALUE",
        "acknowledged_notice_version REQUIRED",
        "truth_declared NOT_DECLARED",
    ]);
    assert_eq!(refusal.broken.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected);
}

async fn violations_are_told_in_the_callers_language_without_any_value(mode: Mode) {
    let system = System::start(mode).await;
    let mut wang = Traveller::wang();
    wang.form.sex = Sex::Female.into();
    wang.form.birth_date = "1985-01-02".to_owned();
    wang.form.nationality = "GBR".to_owned();
    for (language, word) in [("zh-CN", "证件"), ("en", "document")] {
        let mut request = Request::new(wang.submission("wang", &system.notice_version().await));
        request.metadata_mut().insert("accept-language", language.parse().expect("a language"));
        let status = system.pass.clone().submit_registration(request).await.expect_err("contradictions");
        let whole = format!("{status:?}{}", String::from_utf8_lossy(status.details()));
        for value in ["440699198501010016", "王小明", "1985-01", "+44770", "祖庙路"] {
            assert!(!whole.contains(value), "{value} in {whole}");
        }
        let refusal = Refusal::from(status);
        let expected = [
            "form.sex CONTRADICTS_DOCUMENT",
            "form.birth_date CONTRADICTS_DOCUMENT",
            "form.nationality NATIONALITY_MISMATCH",
        ];
        assert_eq!(refusal.broken, expected);
        for description in &refusal.descriptions {
            assert!(description.contains(word), "{description:?}");
        }
    }
}

async fn a_number_of_another_type_is_told_which(mode: Mode) {
    let system = System::start(mode).await;
    let request = pb::CheckDocumentRequest {
        document: Some(Document {
            r#type: DocumentType::ResidentIdCard.into(),
            number: "810000190001010018".to_owned(),
            issuing_state: String::new(),
        }),
    };
    let status = system.pass.clone().check_document(request).await.expect_err("a residence permit");
    let refusal = Refusal::from(status);
    assert_eq!(refusal.broken, ["document.type DOCUMENT_TYPE_MISMATCH"]);
    assert!(refusal.descriptions[0].contains("Residence Permit"), "{refusal:?}");
}

async fn names_tokens_and_masks_that_are_not_ours_are_named(mode: Mode) {
    let system = System::start(mode).await;
    let list = pb::ListRegistrationRevisionsRequest {
        registration: "registrations/7".to_owned(),
        page_size: -1,
        page_token: "guess".to_owned(),
    };
    let status = system.pass.clone().list_registration_revisions(list).await.expect_err("nothing fits");
    let expected = ["registration FORMAT", "page_size OUT_OF_RANGE", "page_token BAD_PAGE_TOKEN"];
    assert_eq!(Refusal::from(status).broken, expected);

    let missing = pb::GetEntryPassRequest {
        registration: "registrations/0193a1b2-0000-7000-8000-000000000000".to_owned(),
        ..Default::default()
    };
    let status = system.pass.clone().get_entry_pass(missing).await.expect_err("no such registration");
    assert_eq!(Refusal::from(status).is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    for (nothing, reason) in [("", "REQUIRED"), (&"A".repeat(4097), "LENGTH")] {
        let request = pb::VerifyQrCodeRequest { content: nothing.to_owned(), ..Default::default() };
        let status = system.pass.clone().verify_qr_code(request).await.expect_err("nothing to verify");
        assert_eq!(Refusal::from(status).broken, [format!("content {reason}")]);
    }
}

async fn an_amendment_is_judged_whole(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let registration = wang.register(&system, "wang").await.expect("registered").registration.expect("one");
    let amend = pb::UpdateRegistrationRequest {
        registration: registration.name,
        form: Some(RegistrationForm { email: "nobody".to_owned(), ..RegistrationForm::default() }),
        update_mask: Some(FieldMask {
            paths: ["email", "mobile", "mobile_phone"].map(str::to_owned).to_vec(),
        }),
        ..Default::default()
    };
    let status = system.pass.clone().update_registration(amend).await.expect_err("wrong all over");
    let expected = [
        "request_id REQUIRED",
        "etag REQUIRED",
        "update_mask.paths[1] UNKNOWN_PATH",
        "form.mobile_phone REQUIRED",
        "form.email FORMAT",
    ];
    assert_eq!(Refusal::from(status).broken, expected);
}

async fn very_many_violations_still_fit_into_the_trailers(mode: Mode) {
    let system = System::start(mode).await;
    let mut wang = Traveller::wang();
    let stay = Stay { country: "?".to_owned(), first_date: "1/1/2026".to_owned(), last_date: "x".to_owned() };
    wang.form.travel_history = vec![stay; 20];
    for language in ["zh-CN", "en"] {
        let mut request = Request::new(wang.submission("", ""));
        request.metadata_mut().insert("accept-language", language.parse().expect("a language"));
        let status = system.pass.clone().submit_registration(request).await.expect_err("60 and more");
        // In base64, with a kilobyte to spare for the other trailers.
        assert!(status.details().len() * 4 / 3 < 7 * 1024, "{} bytes", status.details().len());
        assert!(Refusal::from(status).broken.len() > 60, "all are named");
    }
}

async fn a_message_that_is_too_large_is_told_in_the_catalogue(mode: Mode) {
    let system = System::start(mode).await;
    let mut wang = Traveller::wang();
    wang.form.host = "x".repeat(200_000);
    let version = system.notice_version().await;
    let status = system.pass.clone().submit_registration(wang.submission("large", &version)).await;
    let refusal = Refusal::from(status.expect_err("too large"));
    assert_eq!(refusal.is(), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
}

/// A reason that is sent and not published would leave partners without a meaning. The sources are the list: every literal that
/// stands where a reason stands.
#[test]
fn every_violation_reason_in_the_sources_is_published() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut sent = BTreeSet::new();
    for folder in ["services", "crates"] {
        collect_reasons(format!("{root}/{folder}").as_ref(), &mut sent);
    }
    assert!(sent.len() > 30, "the search found its places: {sent:?}");
    for reason in &sent {
        let published = ViolationReason::from_str_name(&format!("VIOLATION_REASON_{reason}"));
        assert!(published.is_some(), "{reason} is not in entrypass.errors.v1.ViolationReason");
    }
    let unspecified = ErrorReason::Unspecified.as_str_name();
    assert_eq!(unspecified, "ERROR_REASON_UNSPECIFIED", "the prefix that the wire form drops");
}

fn collect_reasons(folder: &std::path::Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect_reasons(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            for opening in ["Rule::new(\"", "Rule::new(\n            \"", "=> \"DOCUMENT_"] {
                for part in text.split(opening).skip(1) {
                    let word = part.split('"').next().unwrap_or_default();
                    let prefix = if opening.contains("DOCUMENT") { "DOCUMENT_" } else { "" };
                    found.insert(format!("{prefix}{word}"));
                }
            }
        }
    }
}
