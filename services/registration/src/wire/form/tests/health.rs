//! The health block.

use entrypass_proto::registration::v1 as pb;

use super::super::fixture::{COLLECTING, NOTHING, RULES, broken_by, health, resident};
use super::parse;
use crate::form::FormRules;

fn declared(health: Option<pb::HealthDeclaration>, rules: &FormRules) -> Vec<String> {
    broken_by(parse(pb::RegistrationForm { health, ..resident() }, None, rules))
}

/// What the change breaks on a declaration that has all there is, less the path that leads to it.
fn with(change: impl FnOnce(&mut pb::HealthDeclaration)) -> Vec<String> {
    let mut health = health();
    change(&mut health);
    let broken = declared(Some(health), &COLLECTING);
    broken.iter().map(|it| it.strip_prefix("form.health.").expect("a path inside").to_owned()).collect()
}

#[test]
fn health_is_declared_where_it_is_collected_and_nowhere_else() {
    assert_eq!(declared(None, &RULES), NOTHING);
    assert_eq!(declared(Some(health()), &RULES), ["form.health NOT_COLLECTED"]);
    assert_eq!(declared(Some(health()), &COLLECTING), NOTHING);
    assert_eq!(declared(None, &COLLECTING), ["form.health REQUIRED"]);
    let empty = with(|health| *health = pb::HealthDeclaration::default());
    assert_eq!(empty, ["contact_with_cases REQUIRED", "symptoms REQUIRED"]);
}

#[test]
fn symptoms_are_a_set_or_none() {
    let with = |symptoms: &[i32]| with(|health| health.symptoms = symptoms.to_vec());
    assert_eq!(with(&[1]), NOTHING);
    assert_eq!(with(&[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]), NOTHING);
    assert_eq!(with(&[2, 1]), ["symptoms[1] EXCLUDED"]);
    assert_eq!(with(&[2, 3, 2]), ["symptoms[2] DUPLICATE"]);
    assert_eq!(with(&[1, 1]), ["symptoms[1] DUPLICATE"]);
    assert_eq!(with(&[14, 0]), ["symptoms[0] UNKNOWN_VALUE", "symptoms[1] REQUIRED"]);
    let endless = with(&vec![99; 10_000]);
    assert_eq!((endless[0].as_str(), endless.len()), ("symptoms LENGTH", 14));
}

#[test]
fn a_result_has_a_date() {
    let with = |result, date: &str| {
        with(|health| (health.test_result, health.test_date) = (result, date.to_owned()))
    };
    for positive_or_negative in [1, 2] {
        assert_eq!(with(positive_or_negative, "2026-11-23"), NOTHING);
        assert_eq!(with(positive_or_negative, ""), ["test_date REQUIRED"]);
        assert_eq!(with(positive_or_negative, "2026-11-24"), ["test_date OUT_OF_RANGE"]);
    }
    for no_result in [0, 3] {
        assert_eq!(with(no_result, ""), NOTHING);
        assert_eq!(with(no_result, "2026-11-23"), ["test_date EXCLUDED"]);
    }
    assert_eq!(with(4, ""), ["test_result UNKNOWN_VALUE"]);
}

#[test]
fn the_rest_of_the_block_keeps_its_limits() {
    assert_eq!(with(|health| health.contact_note = "注".repeat(201)), ["contact_note LENGTH"]);
    assert_eq!(with(|health| health.contact_note.clear()), NOTHING);
    assert_eq!(with(|health| health.contact_with_cases = 3), ["contact_with_cases UNKNOWN_VALUE"]);
    assert_eq!(with(|health| health.antipyretics_72h = 3), ["antipyretics_72h UNKNOWN_VALUE"]);
    for (tenths, fits) in [(0, true), (340, true), (430, true), (36, false), (339, false), (431, false)] {
        let broken = with(|health| health.temperature_decicelsius = tenths);
        assert_eq!(broken.is_empty(), fits, "{tenths}");
    }
}
