//! What an evaluation tells besides its outcome.

use entrypass_document::DocumentType;
use entrypass_policy::{
    DEFAULT, Datum, EvaluationError, FACTS, Fact, Facts, IdentityStrength, Kind, Policy, RegistrationState,
};
use entrypass_rule::Language;
use time::{Date, OffsetDateTime, macros::datetime};

use crate::{FULL, NOW, policy};

#[test]
fn every_rule_is_told_with_its_text_in_both_languages() {
    let policy = policy(FULL);
    let mut facts = Facts::new(RegistrationState::Active, DocumentType::Passport);
    facts.person.age = Some(13);
    facts.identity.strength = Some(IdentityStrength::RealName);
    let evaluation = policy.evaluate(&facts, NOW).expect("in force");
    let told: Vec<_> = evaluation
        .eligibility
        .iter()
        .map(|outcome| {
            let text = outcome.text();
            let texts = [Language::ZhCn, Language::En].map(|language| text.in_language(language));
            (outcome.rule.id.as_str(), outcome.met, texts)
        })
        .collect();
    let expected = [
        ("REGISTRATION_NOT_ACTIVE", true, ["登记有效", "the registration is active"]),
        ("MINOR_NEEDS_GUARDIAN", false, ["未满14周岁须有监护人", "under 14 a guardian is needed"]),
        ("IDENTITY_NOT_PROVEN", true, ["已实名认证", "an authority confirmed name and number"]),
    ];
    assert_eq!(told, expected);
    let levels: Vec<_> =
        evaluation.levels.iter().map(|outcome| (outcome.rule.id.as_str(), outcome.applies)).collect();
    assert_eq!(levels, [("IN_QUARANTINE", false), ("JUST_ARRIVED", false), ("ANYBODY", true)]);
    assert_eq!(evaluation.level.id, "ANYBODY");
}

#[test]
fn a_policy_decides_in_its_time_and_never_outside() {
    let policy = policy(FULL);
    let facts = Facts::new(RegistrationState::Active, DocumentType::Passport);
    let table = [
        (datetime!(2025-12-31 23:59:59 +8), false),
        (datetime!(2025-12-31 16:00 UTC), true),
        (datetime!(2026-12-31 23:59:59 +8), true),
        (datetime!(2027-01-01 00:00 +8), false),
    ];
    for (as_of, covered) in table {
        assert_eq!(policy.covers(as_of), covered, "{as_of}");
        let refused = policy.evaluate(&facts, as_of).err();
        assert_eq!(refused, (!covered).then_some(EvaluationError::NotInForce), "{as_of}");
    }
}

#[test]
fn a_document_is_known_by_its_digest() {
    let (one, other) = (policy(FULL), policy(&FULL.replace("# Everything", "# All")));
    assert_eq!(one.digest(), policy(FULL).digest());
    assert_ne!(one.digest(), other.digest());
    assert_eq!(one.digest().to_string().len(), 64);
    assert_eq!((one.name(), one.version(), one.text()), ("full", 7, FULL));
}

#[test]
fn the_facts_have_the_kinds_that_they_are_declared_with() {
    let mut facts = Facts::new(RegistrationState::Active, DocumentType::Passport);
    for fact in &FACTS {
        assert_eq!(fact.always, fact.read(&facts, NOW).is_some(), "{}.{}", fact.group, fact.name);
    }
    facts.document.of_city = Some(true);
    facts.person.age = Some(40);
    facts.person.has_guardian = Some(false);
    facts.person.household_in_city = Some(true);
    facts.person.residence_permit_in_city = Some(true);
    facts.trip.entry_date = Some(Date::MIN);
    facts.trip.outbreak_area = Some(true);
    facts.health.fever = Some(true);
    facts.health.fever_since = Some(NOW);
    facts.health.symptoms = Some(true);
    facts.identity.strength = Some(IdentityStrength::Formal);
    facts.health.quarantine_until = Some(NOW);
    facts.pass.origin = Some(entrypass_policy::PassOrigin::External);
    for fact in &FACTS {
        let fits = match (fact.kind, fact.read(&facts, NOW)) {
            (Kind::Bool, Some(Datum::Bool(_))) | (Kind::Int, Some(Datum::Int(_))) => true,
            (Kind::Word(words), Some(Datum::Word(word))) => words.contains(&word),
            _ => false,
        };
        assert!(fits, "{}.{}", fact.group, fact.name);
    }
    let groups = FACTS.chunk_by(|one, next| one.group == next.group).map(|group| group[0].group);
    let distinct: std::collections::HashSet<_> = groups.clone().collect();
    assert_eq!(distinct.len(), groups.count(), "facts of one group stand together");
}

#[test]
fn days_are_counted_by_beijing_time() {
    let mut facts = Facts::new(RegistrationState::Active, DocumentType::Passport);
    facts.trip.entry_date = Some(time::macros::date!(2026 - 11 - 22));
    let fact = Fact::named("trip", "days_since_entry").expect("a fact");
    let table = [
        (datetime!(2026-11-21 15:59:59 UTC), -1),
        (datetime!(2026-11-21 16:00 UTC), 0),
        (datetime!(2026-11-22 16:00 UTC), 1),
    ];
    for (as_of, days) in table {
        assert_eq!(fact.read(&facts, as_of), Some(Datum::Int(days)), "{as_of}");
    }
    // The ends of time, where no offset can be added.
    for as_of in [
        OffsetDateTime::new_utc(Date::MAX, time::Time::MAX),
        OffsetDateTime::new_utc(Date::MIN, time::Time::MIDNIGHT),
    ] {
        assert!(fact.read(&facts, as_of).is_some());
    }
}

#[test]
fn facts_are_read_back_as_they_were_written() {
    for trial in policy(FULL).trials().iter().chain(policy(DEFAULT).trials()) {
        let written = serde_json::to_string(&trial.facts).expect("facts are JSON");
        assert_eq!(serde_json::from_str::<Facts>(&written).expect("facts"), trial.facts, "{written}");
    }
}

#[test]
fn a_policy_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Policy>();
}

#[test]
fn the_numbers_of_the_levels_are_known() {
    let text = FULL.replacen("trip.days_since_entry < 3", "trip.days_since_entry in [-2, 4, 0]", 1);
    let text = text.replacen("2026-11-22T23:59:59", "2026-11-20T23:59:59", 1);
    let policy = policy(&text);
    assert_eq!(policy.numbers("trip", "days_since_entry"), [-2, 0, 4].into());
    assert_eq!(policy.numbers("health", "fever"), [].into(), "a rule that counts nothing");
}
