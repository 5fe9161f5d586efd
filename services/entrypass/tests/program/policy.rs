//! Policy documents, looked at before they are added.

use std::fs;

use entrypass_policy::DEFAULT;

use crate::{Place, text};

#[test]
fn a_document_without_mistakes_is_told_with_its_digest() {
    let place = Place::new();
    fs::write(place.path("good.toml"), DEFAULT).expect("written");
    let told = place.told("policy check good.toml");
    assert!(told[0].starts_with("foshan-2020, version 1: no mistakes; its "), "{told:?}");
    let digest = entrypass_policy::Digest::of(DEFAULT);
    assert_eq!(told[1], format!("digest: {digest}"));
    let unrecorded = ["person.household_in_city", "person.residence_permit_in_city", "trip.outbreak_area"];
    let warned =
        |fact| format!("warning: {fact} is not recorded by this system, and no rule on it ever applies");
    assert_eq!(told[2..], unrecorded.map(warned));
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let place = Place::new();
    let mistaken =
        DEFAULT.replacen("'ACTIVE'", "'ACTVE'", 1).replacen("lapse_days = 30", "lapse_days = 0", 1);
    fs::write(place.path("mistaken.toml"), mistaken).expect("written");
    let output = place.command("policy check mistaken.toml").output().expect("the program");
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stdout);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(
        lines[0].starts_with("eligibility[1] (REGISTRATION_NOT_ACTIVE).requires: \"ACTVE\" is none of"),
        "{told}"
    );
    assert_eq!(lines[1], "review.lapse_days: 1 to 365");
}

#[test]
fn a_file_that_cannot_be_read_is_no_policy_with_mistakes() {
    let place = Place::new();
    let told = place.refusal("policy check nowhere.toml");
    assert!(told.starts_with("nowhere.toml: "), "{told}");
    assert_eq!(place.command("policy check").output().expect("the program").status.code(), Some(1));
}
