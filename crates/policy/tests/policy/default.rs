//! The default policy decides as the operation guide and the published levels do: the whole tables.

use entrypass_document::DocumentType;
use entrypass_policy::{ApplicationState as State, DEFAULT, Facts, Level, PassOrigin, RegistrationState};

use crate::{NOW, policy};

/// In the order of the columns.
const LAST: [State; 7] = [
    State::None,
    State::UnderReview,
    State::ReturnedForCorrection,
    State::Approved,
    State::Rejected,
    State::Withdrawn,
    State::Expired,
];

/// Registration active, resident identity card, pass exists; then what stands against the offer for each state of [`LAST`].
type Row = ((bool, bool, bool), [&'static str; 7]);

/// R registration, D document type, P pass, A application.
const TABLE: [Row; 8] = [
    ((true, true, false), ["", "A", "", "P", "", "", ""]),
    ((true, true, true), ["P", "PA", "P", "P", "P", "P", "P"]),
    ((true, false, false), ["D", "DA", "D", "DP", "D", "D", "D"]),
    ((true, false, true), ["DP", "DPA", "DP", "DP", "DP", "DP", "DP"]),
    ((false, true, false), ["R", "RA", "R", "RP", "R", "R", "R"]),
    ((false, true, true), ["RP", "RPA", "RP", "RP", "RP", "RP", "RP"]),
    ((false, false, false), ["RD", "RDA", "RD", "RDP", "RD", "RD", "RD"]),
    ((false, false, true), ["RDP", "RDPA", "RDP", "RDP", "RDP", "RDP", "RDP"]),
];

fn letter(id: &str) -> char {
    match id {
        "REGISTRATION_NOT_ACTIVE" => 'R',
        "DOCUMENT_TYPE_NOT_ELIGIBLE" => 'D',
        "ALREADY_COMPLETED" => 'P',
        "APPLICATION_IN_PROGRESS" => 'A',
        _ => '?',
    }
}

#[test]
fn the_offer_is_the_guide_s_rule() {
    let policy = policy(DEFAULT);
    for registration in RegistrationState::ALL.iter().copied() {
        for document in DocumentType::ALL {
            for origin in [None, Some(PassOrigin::Application), Some(PassOrigin::External)] {
                let row = (
                    registration == RegistrationState::Active,
                    document == DocumentType::ResidentIdCard,
                    origin.is_some(),
                );
                let expected = TABLE.iter().find(|(facts, _)| *facts == row).expect("the table is whole").1;
                for (state, expected) in LAST.into_iter().zip(expected) {
                    let mut facts = Facts::new(registration, document);
                    facts.pass.origin = origin;
                    facts.application.state = state;
                    let evaluation = policy.evaluate(&facts, NOW).expect("in force");
                    let found: String = evaluation.unmet().map(|rule| letter(&rule.id)).collect();
                    assert_eq!(found, expected, "{facts:?}");
                    assert_eq!(evaluation.eligible(), expected.is_empty());
                    assert!(!evaluation.auto_approve);
                }
            }
        }
    }
}

#[test]
fn the_level_is_the_published_one() {
    let policy = policy(DEFAULT);
    let either = [None, Some(false), Some(true)];
    for origin in [None, Some(PassOrigin::Application), Some(PassOrigin::External)] {
        for (of_city, fever) in either.into_iter().flat_map(|of_city| either.map(|fever| (of_city, fever))) {
            let expected = match (origin.is_some(), of_city == Some(true), fever == Some(true)) {
                (false, _, _) => Level::None,
                (true, _, true) => Level::Temporary,
                (true, true, false) => Level::AllowLocal,
                (true, false, false) => Level::AllowVisitor,
            };
            let mut facts = Facts::new(RegistrationState::Active, DocumentType::ResidentIdCard);
            facts.pass.origin = origin;
            facts.document.of_city = of_city;
            facts.health.fever = fever;
            let evaluation = policy.evaluate(&facts, NOW).expect("in force");
            assert_eq!(evaluation.level.level, expected, "{facts:?}");
            assert_eq!(evaluation.level.follow_up_days, (expected == Level::Temporary).then_some(3));
        }
    }
}

#[test]
fn a_reviewer_decides_and_nothing_is_promised() {
    let policy = policy(DEFAULT);
    assert_eq!((policy.review().auto_approve(), policy.review().promised_days), (None, None));
}
