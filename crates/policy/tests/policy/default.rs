//! The default policy decides as the operation guide and the published levels do: the whole tables.

use entrypass_document::DocumentType;
use entrypass_policy::{
    ApplicationState as State, DEFAULT, Facts, IdentityStrength, Level, PassFacts, PassOrigin,
    RegistrationState,
};
use time::Duration;

use crate::{NOW, policy};

/// What stands against it apart from the last application, by registration active, resident identity card, pass exists: R registration, D
/// document type, P pass.
const AGAINST: [((bool, bool, bool), &str); 8] = [
    ((true, true, false), ""),
    ((true, true, true), "P"),
    ((true, false, false), "D"),
    ((true, false, true), "DP"),
    ((false, true, false), "R"),
    ((false, true, true), "RP"),
    ((false, false, false), "RD"),
    ((false, false, true), "RDP"),
];
/// What the last application adds to it: A, one waits for its decision.
const ADDED: [(State, &str); 12] = [
    (State::None, ""),
    (State::Draft, ""),
    (State::Submitted, "A"),
    (State::IdentityVerifying, "A"),
    (State::VerificationFailed, ""),
    (State::UnderReview, "A"),
    (State::ReturnedForCorrection, ""),
    (State::Approved, ""),
    (State::Issued, ""),
    (State::Rejected, ""),
    (State::Withdrawn, ""),
    (State::Expired, ""),
];

/// Where a pass is from, and whether it is suspended.
const PASSES: [(Option<PassOrigin>, bool); 5] = [
    (None, false),
    (Some(PassOrigin::Application), false),
    (Some(PassOrigin::Application), true),
    (Some(PassOrigin::External), false),
    (Some(PassOrigin::External), true),
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
    assert!(ADDED.iter().map(|(state, _)| state).eq(State::ALL));
    for registration in RegistrationState::ALL.iter().copied() {
        for document in DocumentType::ALL.map(Some).into_iter().chain([None]) {
            for (origin, suspended) in PASSES {
                let row = (
                    registration == RegistrationState::Active,
                    document == Some(DocumentType::ResidentIdCard),
                    origin.is_some(),
                );
                let against = AGAINST.iter().find(|(facts, _)| *facts == row).expect("the table is whole").1;
                for (state, added) in ADDED {
                    let expected = format!("{against}{added}");
                    let mut facts = Facts::new(registration, document);
                    facts.pass = PassFacts { origin, suspended };
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

/// The level by: in quarantine, days since the fever, of the city. The pass is active.
const LEVELS: [(bool, Option<i64>, Option<bool>, Level); 18] = [
    (true, None, None, Level::Deny),
    (true, None, Some(true), Level::Deny),
    (true, None, Some(false), Level::Deny),
    (true, Some(0), None, Level::Deny),
    (true, Some(2), Some(true), Level::Deny),
    (true, Some(3), Some(false), Level::Deny),
    (false, None, None, Level::AllowVisitor),
    (false, None, Some(true), Level::AllowLocal),
    (false, None, Some(false), Level::AllowVisitor),
    (false, Some(0), None, Level::Temporary),
    (false, Some(0), Some(true), Level::Temporary),
    (false, Some(0), Some(false), Level::Temporary),
    (false, Some(2), None, Level::Temporary),
    (false, Some(2), Some(true), Level::Temporary),
    (false, Some(2), Some(false), Level::Temporary),
    (false, Some(3), None, Level::Deny),
    (false, Some(3), Some(true), Level::Deny),
    (false, Some(9), Some(false), Level::Deny),
];

#[test]
fn the_level_is_the_published_one() {
    let policy = policy(DEFAULT);
    for (quarantined, fever, of_city, expected) in LEVELS {
        for (origin, suspended) in PASSES {
            let expected = if origin.is_some() && !suspended { expected } else { Level::None };
            let mut facts = Facts::new(RegistrationState::Active, DocumentType::ResidentIdCard);
            facts.pass = PassFacts { origin, suspended };
            facts.document.of_city = of_city;
            facts.health.fever = Some(fever.is_some());
            facts.health.fever_since = fever.map(|days| NOW - Duration::days(days));
            facts.health.quarantine_until = Some(NOW + Duration::days(i64::from(quarantined)));
            let evaluation = policy.evaluate(&facts, NOW).expect("in force");
            assert_eq!(evaluation.level.level, expected, "{facts:?}");
            assert_eq!(evaluation.level.follow_up_days, (expected == Level::Temporary).then_some(3));
        }
    }
    assert!(policy.numbers("health", "days_since_fever").into_iter().eq([3]));
    assert!(policy.numbers("trip", "days_since_entry").is_empty());
}

/// What the source says of a pass that counts: red in quarantine; yellow with a fever, or with data tied to an outbreak area; green with a household or a registered residence permit of
/// the city; blue for everybody else. Ours: red also when the community has not followed a fever up within its 3 days.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "the source's six conditions, each met or not")]
struct Sourced {
    quarantined: bool,
    fever: bool,
    missed: bool,
    outbreak: bool,
    household: bool,
    permit: bool,
}

impl Sourced {
    fn level(self) -> Level {
        if self.quarantined || (self.fever && self.missed) {
            Level::Deny
        } else if self.fever || self.outbreak {
            Level::Temporary
        } else if self.household || self.permit {
            Level::AllowLocal
        } else {
            Level::AllowVisitor
        }
    }

    fn facts(self) -> Facts {
        let mut facts = Facts::new(RegistrationState::Active, DocumentType::ResidentIdCard);
        facts.pass.origin = Some(PassOrigin::Application);
        facts.health.quarantine_until = self.quarantined.then_some(NOW + Duration::MICROSECOND);
        facts.health.fever = Some(self.fever);
        let since = NOW - Duration::days(3) + Duration::MICROSECOND * i32::from(!self.missed);
        facts.health.fever_since = self.fever.then_some(since);
        facts.trip.outbreak_area = Some(self.outbreak);
        facts.person.household_in_city = Some(self.household);
        facts.person.residence_permit_in_city = Some(self.permit);
        facts
    }
}

#[test]
fn the_level_is_the_source_s_for_whatever_comes_together() {
    let policy = policy(DEFAULT);
    for bits in 0..64 {
        let is = |bit: u32| bits & (1 << bit) != 0;
        let sourced = Sourced {
            quarantined: is(0),
            fever: is(1),
            missed: is(2),
            outbreak: is(3),
            household: is(4),
            permit: is(5),
        };
        let evaluation = policy.evaluate(&sourced.facts(), NOW).expect("in force");
        assert_eq!(evaluation.level.level, sourced.level(), "{sourced:?}");
        // What nobody recorded is as if it were not so.
        let mut facts = sourced.facts();
        facts.health.fever = facts.health.fever.filter(|yes| *yes);
        for fact in [
            &mut facts.trip.outbreak_area,
            &mut facts.person.household_in_city,
            &mut facts.person.residence_permit_in_city,
        ] {
            *fact = fact.filter(|yes| *yes);
        }
        let evaluation = policy.evaluate(&facts, NOW).expect("in force");
        assert_eq!(evaluation.level.level, sourced.level(), "{sourced:?}");
    }
}

#[test]
fn what_it_asks_for_in_vain_is_known() {
    let expected = ["person.household_in_city", "person.residence_permit_in_city", "trip.outbreak_area"];
    assert!(policy(DEFAULT).unrecorded_facts().into_iter().eq(expected));
}

#[test]
fn a_reviewer_decides_and_nothing_is_promised() {
    let policy = policy(DEFAULT);
    assert_eq!((policy.review().auto_approve(), policy.review().promised_days), (None, None));
    assert_eq!(
        (policy.review().identity_strength, policy.review().lapse_days),
        (IdentityStrength::Formal, 30)
    );
}
