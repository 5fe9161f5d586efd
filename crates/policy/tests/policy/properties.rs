//! No text makes the reader panic, and a document that is taken decides on all facts.

use entrypass_document::DocumentType;
use entrypass_policy::{DEFAULT, Facts, Policy, RegistrationState};
use proptest::prelude::*;
use time::OffsetDateTime;

use crate::FULL;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = Policy::parse(&text);
    }

    #[test]
    fn a_changed_document_is_refused_or_decides(
        at in any::<prop::sample::Index>(),
        length in 0usize..12,
        put in "[a-z0-9=\"'\\[\\]{}().&|!<> \n]{0,8}",
        seconds in 1_767_225_600i64..1_798_761_600,
        age in any::<Option<u8>>(),
        fever in any::<Option<bool>>(),
    ) {
        for document in [FULL, DEFAULT] {
            let mut characters: Vec<char> = document.chars().collect();
            let from = at.index(characters.len());
            let to = (from + length).min(characters.len());
            characters.splice(from..to, put.chars());
            let text: String = characters.into_iter().collect();
            match Policy::parse(&text) {
                Err(errors) => prop_assert!(errors.iter().count() > 0),
                Ok(policy) => {
                    let mut facts = Facts::new(RegistrationState::Active, DocumentType::ResidentIdCard);
                    facts.person.age = age;
                    facts.health.fever = fever;
                    let as_of = OffsetDateTime::from_unix_timestamp(seconds).expect("a time");
                    let decided = policy.evaluate(&facts, as_of);
                    prop_assert_eq!(decided.is_ok(), policy.covers(as_of), "{}", text);
                }
            }
        }
    }
}
