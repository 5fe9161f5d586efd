//! Any bytes as a policy: read without a panic; what is taken decides on facts in its time, and is taken again.
//!
//! Run with `cargo +nightly fuzz run policy`. A good start for the corpus is `crates/policy/policies` and the documents of `crates/policy/tests/policy`.

#![no_main]

use entrypass_document::DocumentType;
use entrypass_policy::{EvaluationError, Facts, Policy, RegistrationState};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(errors) => {
            assert!(errors.iter().count() > 0, "a refusal names a mistake");
            return;
        }
    };
    assert_eq!(Policy::parse(policy.text()).expect("the same text").digest(), policy.digest());
    // Without anything that may be absent: no rule may need it.
    for state in RegistrationState::ALL {
        let facts = Facts::new(*state, DocumentType::ResidentIdCard);
        policy.evaluate(&facts, policy.effective_from()).expect("a checked policy decides");
    }
    if let Some(end) = policy.effective_to() {
        let facts = Facts::new(RegistrationState::Active, DocumentType::ResidentIdCard);
        assert_eq!(policy.evaluate(&facts, end).err(), Some(EvaluationError::NotInForce));
    }
});
