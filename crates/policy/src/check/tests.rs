use proptest::prelude::*;
use time::{Date, OffsetDateTime, macros::datetime};

use crate::{
    ApplicationState, Facts, IdentityStrength, PassOrigin, RegistrationState,
    expression::{Expression, ExpressionFault, Situation},
};
use entrypass_document::DocumentType;

const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 +8);

fn faults(text: &str) -> Vec<String> {
    let faults = Expression::parse(text).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_written_within_the_language_is_taken() {
    let table = [
        "true",
        "pass.exists",
        "!pass.exists || registration.state == 'NONE'",
        "'ACTIVE' == registration.state",
        "registration.state != \"ACTIVE\"",
        "document.type in ['PASSPORT', 'TRAVEL_DOCUMENT']",
        "has(person.age) && person.age >= 14",
        "has(person.age) && person.age in [14, 15]",
        "has(person.age) && 60 < person.age && (person.age > 70 || pass.exists)",
        "!has(person.age) || person.age < 14",
        "has(person.age) ? person.age < 14 : false",
        "!(has(person.age) && has(health.fever)) || person.age < 14 && health.fever",
        "!has(person.age) ? true : person.age < 14",
        "has(trip.days_since_entry) && trip.days_since_entry > -3",
        "has(pass.origin) && pass.origin == 'EXTERNAL'",
        "has(health.fever) && has(health.symptoms) && health.fever == health.symptoms",
        "(has(health.fever) && health.fever) == (1 < 2)",
        "pass.exists\n  && true",
    ];
    for text in table {
        assert_eq!(faults(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn each_fault_is_told_with_the_rule() {
    let table = [
        ("", "1 to 1000 characters"),
        ("person.age <", "at 1:13: Syntax error"),
        ("person", "no fact \"person\""),
        ("person.name == 'x'", "no fact \"person.name\""),
        ("has(person.name)", "no fact \"person.name\""),
        ("has(person.age) && person.age.years < 3", "no fact \"(...).years\""),
        ("person.age < 14", "person.age may be absent: ask has(person.age) first"),
        ("person.age < 14 && has(person.age)", "person.age may be absent"),
        ("has(person.age) || person.age < 14", "person.age may be absent"),
        ("!has(person.age) && person.age < 14", "person.age may be absent"),
        ("(has(person.age) || pass.exists) && person.age < 14", "person.age may be absent"),
        ("(has(person.age) == true) && person.age < 14", "person.age may be absent"),
        ("has(health.fever) && person.age < 14", "person.age may be absent"),
        ("has(person.age) ? true : person.age < 14", "person.age may be absent"),
        ("registration.state == 'ACTIV'", "\"ACTIV\" is none of [\"NONE\", \"ACTIVE\""),
        ("registration.state in ['ACTIVE', 'ACTIV']", "\"ACTIV\" is none of"),
        ("registration.state == pass.exists", "a comparison takes two truth values"),
        ("registration.state == application.state", "a comparison takes"),
        ("'A' == 'A'", "a comparison takes"),
        ("registration.state < 'NONE'", "<, <=, > or >= takes numbers"),
        ("registration.state in []", "in takes a fact on its left"),
        ("registration.state in registration.state", "in takes a fact on its left"),
        ("pass.exists in [true]", "in takes a fact on its left"),
        ("registration.state", "an expression is true or false, and this is a word"),
        ("7", "an expression is true or false, and this is a number"),
        ("!7", "! takes what is true or false"),
        ("pass.exists && 'x'", "&& takes what is true or false"),
        ("pass.exists ? 1 : 2", "?: takes what is true or false"),
        ("1 + 1 == 2", "\"+\" is not part of this language"),
        ("-(1) < 2 && has(person.age) && -person.age < 1", "\"-\" is not part of this language"),
        ("-(-9223372036854775808) < 1", "is not part of this language"),
        ("1.5 < 2.5", "neither true nor false, whole number nor word"),
        ("1u < 2u", "neither true nor false, whole number nor word"),
        ("pass.exists == null", "null is not part"),
        ("pass.exists // why", "a comment is not part"),
        ("size('x') == 1", "\"size\" is not part"),
        ("'x'.startsWith('x')", "\"startsWith\" is not part"),
        ("[1].exists(x, x == 1)", "a loop is not part"),
        ("{'a': true}['a']", "is not part of this language"),
        ("[true][0]", "is not part of this language"),
        ("has(pass)", "at 1:5: invalid argument to has() macro"),
        ("x.y{a: 1}.a", "no fact"),
        ("\u{5e7f}\u{5dde} == 1", "at 1:1: unexpected character"),
    ];
    for (text, expected) in table {
        let found = faults(text);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{text}: {found:?}");
    }
}

#[test]
fn every_fault_is_told_and_not_only_the_first() {
    let found = faults("person.age < 14 && registration.state == 'X' && nobody");
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn an_expression_is_bounded() {
    assert!(Expression::parse(&format!("{:>1000}", "true")).is_ok());
    assert_eq!(Expression::parse(&format!("{:>1001}", "true")).err(), Some(vec![ExpressionFault::Length]));
    let choices = |count: usize| format!("{}true", "pass.exists ? false : ".repeat(count));
    assert!(Expression::parse(&choices(16)).is_ok());
    assert_eq!(Expression::parse(&choices(17)).err(), Some(vec![ExpressionFault::Depth]));
    // Joined to the left, with no bracket at all.
    let equals = |count: usize| format!("true{}", " == true".repeat(count));
    assert!(Expression::parse(&equals(20)).is_ok());
    assert!(Expression::parse(&equals(30)).is_err_and(|faults| faults.contains(&ExpressionFault::Depth)));
    let nested = |depth: usize| format!("{}pass.exists{}", "!(".repeat(depth), ")".repeat(depth));
    assert!(Expression::parse(&nested(10)).is_ok());
    assert!(faults(&nested(30)).iter().any(|fault| fault.contains("recursion")), "{:?}", faults(&nested(30)));
}

#[test]
fn the_deepest_expression_fits_the_stack_of_a_thread() {
    let table = [
        ("(", ")"),
        ("!", ""),
        ("-", ""),
        ("(!", ")"),
        ("has(", ")"),
        ("[", "]"),
        ("{1:", "}"),
        ("(1<1?true:", ")"),
        ("1<1?true:", ""),
        ("1<1?", ":true"),
        ("a.", ""),
        ("f(", ")"),
        ("1<", ""),
        ("1==", ""),
        ("true&&", ""),
        ("true||", ""),
        ("true==", ""),
    ];
    for (open, close) in table {
        let times = (1000 - "true".len()) / (open.len() + close.len());
        let text = format!("{}true{}", open.repeat(times), close.repeat(times));
        let work = move || {
            let facts = Facts::new(RegistrationState::Active, DocumentType::Passport);
            let taken = Expression::parse(&text).ok();
            taken.map(|expression| expression.holds(&Situation::new(&facts, NOW)))
        };
        // A quarter of what threads have here.
        let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(work).expect("a thread");
        assert_ne!(thread.join().expect("no panic"), Some(None), "{open}: taken, and without an outcome");
    }
}

/// Expressions that are mostly right: each kind of part, joined as it may be, and sometimes as it may not.
fn written() -> impl Strategy<Value = String> {
    let truth = prop_oneof![
        Just("true".to_owned()),
        Just("pass.exists".to_owned()),
        Just("registration.state == 'ACTIVE'".to_owned()),
        Just("application.state in ['APPROVED', 'REJECTED']".to_owned()),
        Just("has(identity.strength) && identity.strength != 'FORMAL'".to_owned()),
        Just("has(person.age)".to_owned()),
        Just("has(health.fever)".to_owned()),
        Just("has(pass.origin)".to_owned()),
        Just("health.fever".to_owned()),
        Just("pass.origin == 'EXTERNAL'".to_owned()),
        (-200i64..200).prop_map(|years| format!("person.age < {years}")),
        (-9i64..9).prop_map(|days| format!("{days} <= trip.days_since_entry")),
        Just("has(trip.days_since_entry)".to_owned()),
    ];
    truth.prop_recursive(5, 40, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| format!("!({part})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) && ({right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) || ({right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) == ({right})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(condition, yes, no)| format!("({condition}) ? ({yes}) : ({no})")),
        ]
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    (
        proptest::sample::select(RegistrationState::ALL),
        proptest::sample::select(DocumentType::ALL.as_slice()),
        proptest::array::uniform7(any::<Option<bool>>()),
        any::<Option<u8>>(),
        proptest::option::of(Date::MIN.to_julian_day()..=Date::MAX.to_julian_day()),
        proptest::option::of(proptest::sample::select(IdentityStrength::ALL)),
        proptest::option::of(proptest::sample::select(PassOrigin::ALL)),
        proptest::sample::select(ApplicationState::ALL),
    )
        .prop_map(|(registration, document, known, age, day, strength, origin, application)| {
            let mut facts = Facts::new(registration, document);
            facts.document.of_city = known[0];
            facts.person.has_guardian = known[1];
            facts.person.household_in_city = known[2];
            facts.person.residence_permit_in_city = known[3];
            facts.person.age = age;
            facts.trip.outbreak_area = known[4];
            facts.trip.entry_date = day.and_then(|day| Date::from_julian_day(day).ok());
            facts.health.fever = known[5];
            facts.health.symptoms = known[6];
            facts.health.fever_since =
                day.and_then(|day| Date::from_julian_day(day).ok()).map(|day| day.midnight().assume_utc());
            facts.identity.strength = strength;
            facts.pass.origin = origin;
            facts.application.state = application;
            facts
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_was_checked_has_an_outcome_for_all_facts(text in written(), facts in facts()) {
        if let Ok(expression) = Expression::parse(&text) {
            prop_assert!(expression.holds(&Situation::new(&facts, NOW)).is_some(), "{text}");
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn no_pieces_of_expressions_make_the_parser_panic(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60),
    ) {
        let _ = Expression::parse(&pieces.concat());
    }
}

const PIECES: &[&str] = &[
    "pass.exists",
    "person.age",
    "has(",
    "(",
    ")",
    "&&",
    "||",
    "!",
    "==",
    "<",
    " in ",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    "?",
    ":",
    "1",
    "-",
    "9223372036854775808",
    "0x",
    "1e400",
    "1u",
    "'ACTIVE'",
    "'",
    "\"",
    "'''",
    "b'",
    "r'",
    "\\",
    "\\u{",
    "`",
    "//",
    "\n",
    "\0",
    "\u{5e7f}",
    "null",
    "true",
    ".exists(x,",
    "%",
    "*",
    "/",
    "+",
    " ",
];
