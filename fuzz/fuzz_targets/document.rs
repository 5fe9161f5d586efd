//! Any bytes as a document: the first line is the number, the second the issuing state, judged as every type.
//!
//! Run with `cargo +nightly fuzz run document`. The properties of `entrypass-document` drive the same entry point on
//! the stable toolchain.

#![no_main]

use entrypass_document::{Document, DocumentInput, DocumentType, Rules};
use libfuzzer_sys::fuzz_target;
use time::macros::date;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (number, issuing_state) = text.split_once('\n').unwrap_or((&text, ""));
    for document_type in DocumentType::ALL {
        judge(&DocumentInput { document_type, number, issuing_state });
    }
});

fn judge(input: &DocumentInput<'_>) {
    let rules = Rules { today: date!(2026 - 11 - 23), accept_specimens: true };
    match Document::parse(input, rules) {
        Ok(document) => {
            let state = document.issuing_state().map_or("", |state| state.as_str());
            let canonical = DocumentInput { number: document.number(), issuing_state: state, ..*input };
            assert_eq!(
                Document::parse(&canonical, rules).as_ref(),
                Ok(&document),
                "canonical form is stable"
            );
            assert!(!format!("{document:?}").contains(document.number()), "Debug hides the number");
            assert!(
                document.number().bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "canonical form is ASCII"
            );
        }
        Err(broken) => assert!(!broken.is_empty(), "a refusal names a rule"),
    }
}
