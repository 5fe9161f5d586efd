//! The default policy as data decides as the rules of this service do, for everything that they look at.
//!
//! Goes when the rules do; their tables stand in the tests of `entrypass-policy`.

use entrypass_document::DocumentType;
use entrypass_policy::{
    ApplicationState, DEFAULT, Facts as PolicyFacts, Level as PolicyLevel, PassOrigin, Policy,
    RegistrationState,
};
use entrypass_rule::Language;
use time::macros::datetime;

use crate::{
    application::State,
    eligibility::{Facts, Reason, decide},
    level::{Circumstances, Level, level},
};

const LAST: [Option<State>; 7] = [
    None,
    Some(State::UnderReview),
    Some(State::ReturnedForCorrection),
    Some(State::Approved),
    Some(State::Rejected),
    Some(State::Withdrawn),
    Some(State::Expired),
];
const EITHER: [bool; 2] = [false, true];

fn facts_for_policy(facts: Facts) -> PolicyFacts {
    let registration =
        if facts.registration_active { RegistrationState::Active } else { RegistrationState::Cancelled };
    let document = if facts.resident_id_card {
        DocumentType::ResidentIdCard
    } else {
        DocumentType::HkMacaoTaiwanResidencePermit
    };
    let mut given = PolicyFacts::new(registration, document);
    given.pass.origin = facts.pass_exists.then_some(PassOrigin::External);
    let word = facts.last_application.map_or("NONE", State::word);
    let mut states = ApplicationState::ALL.iter().copied();
    given.application.state = states.find(|state| state.as_str() == word).expect("one set of words");
    given
}

#[test]
fn the_offer_is_the_same_with_the_same_texts() {
    let policy = Policy::parse(DEFAULT).expect("the default policy");
    let as_of = datetime!(2026-11-22 08:00 UTC);
    for last_application in LAST {
        for (registration_active, resident_id_card) in
            EITHER.into_iter().flat_map(|one| EITHER.map(|other| (one, other)))
        {
            for pass_exists in EITHER {
                let facts = Facts { registration_active, resident_id_card, pass_exists, last_application };
                let evaluation = policy.evaluate(&facts_for_policy(facts), as_of).expect("in force");
                let offer = decide(facts);
                assert_eq!(evaluation.eligible(), offer.is_given(), "{facts:?}");
                let told = offer.reasons().into_iter().filter(|reason| matches!(reason, Reason::Against(_)));
                let told: Vec<_> = told.map(Reason::text).collect();
                let found: Vec<_> = evaluation.unmet().map(|rule| rule.unmet.clone()).collect();
                assert_eq!(found, told, "{facts:?}");
                assert!(found.iter().all(|text| !text.in_language(Language::En).is_empty()));
            }
        }
    }
}

#[test]
fn the_level_is_the_same() {
    let policy = Policy::parse(DEFAULT).expect("the default policy");
    let as_of = datetime!(2026-11-22 08:00 UTC);
    for (from_city, fever_declared) in EITHER.into_iter().flat_map(|one| EITHER.map(|other| (one, other))) {
        for pass_exists in EITHER {
            let mut facts = PolicyFacts::new(RegistrationState::Active, DocumentType::ResidentIdCard);
            facts.document.of_city = Some(from_city);
            facts.health.fever = Some(fever_declared);
            facts.pass.origin = pass_exists.then_some(PassOrigin::Application);
            let expected = match level(pass_exists, Circumstances { from_city, fever_declared }) {
                Level::None => PolicyLevel::None,
                Level::AllowLocal => PolicyLevel::AllowLocal,
                Level::AllowVisitor => PolicyLevel::AllowVisitor,
                Level::Temporary => PolicyLevel::Temporary,
            };
            let evaluation = policy.evaluate(&facts, as_of).expect("in force");
            assert_eq!(evaluation.level.level, expected, "{facts:?}");
        }
    }
}
