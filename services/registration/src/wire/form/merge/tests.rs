use entrypass_proto::registration::v1 as pb;
use prost_types::FieldMask;

use super::super::fixture::{
    broken_by, contact, flight, identity_card, parsed, passport, resident, stay, visitor,
};
use super::{Mask, changed_paths};

fn mask(paths: &[&str]) -> FieldMask {
    FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() }
}

/// What is wrong with a mask.
fn broken(paths: &[&str]) -> Vec<String> {
    broken_by::<()>(Err(Mask::parse(&mask(paths)).1))
}

/// What the visitor's form becomes.
fn amended(changes: &pb::RegistrationForm, paths: &[&str]) -> pb::RegistrationForm {
    let (mask, broken) = Mask::parse(&mask(paths));
    assert!(broken.is_empty(), "paths of the form");
    mask.merge(&parsed(visitor(), &passport()), changes)
}

#[test]
fn only_the_named_fields_are_taken() {
    let merged = amended(&resident(), &["mobile_phone"]);
    let expected = pb::RegistrationForm { mobile_phone: resident().mobile_phone, ..visitor() };
    assert!(merged == expected);
}

#[test]
fn a_path_leads_into_messages() {
    let changes = pb::RegistrationForm {
        entry: Some(pb::Entry {
            seat: "13C".to_owned(),
            service_number: "MU1".to_owned(),
            ..pb::Entry::default()
        }),
        ..pb::RegistrationForm::default()
    };
    let merged = amended(&changes, &["entry.seat", "destination.accommodation"]);
    let destination = visitor().destination.map(|it| pb::Destination { accommodation: 0, ..it });
    let entry = Some(pb::Entry { seat: "13C".to_owned(), ..flight() });
    assert!(merged == pb::RegistrationForm { entry, destination, ..visitor() });
}

#[test]
fn a_field_that_is_unset_in_the_changes_is_cleared() {
    let paths = ["email", "stay_days", "travel_history", "emergency_contact", "domestic_contact.phone"];
    let merged = amended(&pb::RegistrationForm::default(), &paths);
    let expected = pb::RegistrationForm {
        email: String::new(),
        stay_days: 0,
        travel_history: Vec::new(),
        emergency_contact: None,
        domestic_contact: Some(contact("李大华", "")),
        ..visitor()
    };
    assert!(merged == expected);
}

#[test]
fn a_list_is_taken_as_a_whole() {
    let travel_history = vec![stay("FRA", "2026-11-01", "2026-11-20")];
    let changes = pb::RegistrationForm { travel_history: travel_history.clone(), ..visitor() };
    let merged = amended(&changes, &["travel_history"]);
    assert!(merged == pb::RegistrationForm { travel_history, ..visitor() });
}

#[test]
fn a_message_comes_to_life_only_with_a_value_in_it() {
    let current = parsed(resident(), &identity_card());
    let changes = pb::RegistrationForm { emergency_contact: Some(contact("陈大文", "")), ..resident() };
    let merged = Mask::parse(&mask(&["emergency_contact.phone"])).0.merge(&current, &changes);
    assert!(merged.emergency_contact.is_none());
    let merged = Mask::parse(&mask(&["emergency_contact.name"])).0.merge(&current, &changes);
    assert!(merged.emergency_contact == Some(contact("陈大文", "")));
}

#[test]
fn what_changed_is_told_in_the_order_of_the_form() {
    let before = parsed(visitor(), &passport());
    let entry = Some(pb::Entry { seat: "13C".to_owned(), ..flight() });
    let travel_history = vec![stay("FRA", "2026-11-01", "2026-11-20")];
    let changed = pb::RegistrationForm {
        entry,
        travel_history,
        email: String::new(),
        emergency_contact: None,
        ..visitor()
    };
    let expected = ["email", "entry.seat", "travel_history", "emergency_contact"];
    assert_eq!(changed_paths(&before, &parsed(changed, &passport())), expected);
    assert_eq!(changed_paths(&before, &before), [""; 0]);
}

#[test]
fn what_is_not_a_path_of_the_form_is_refused() {
    assert_eq!(broken(&[]), ["update_mask UNKNOWN_PATH"]);
    let unknown = [
        "",
        "*",
        "form.email",
        "Email",
        "mobilePhone",
        "email.",
        "email.domain",
        "entry.*",
        "entry.seat.row",
        "travel_history.country",
        "travel_history[0].country",
    ];
    for path in unknown {
        assert_eq!(broken(&["email", path]), ["update_mask.paths[1] UNKNOWN_PATH"], "{path:?}");
    }
    let endless = broken(&["?"; 1000]);
    assert_eq!((endless.len(), endless[0].as_str()), (101, "update_mask LENGTH"), "a bounded answer");
}

#[test]
fn identity_fields_are_refused_by_name() {
    let paths = [
        "nationality",
        "birth_date",
        "sex",
        "single_name",
        "given_names",
        "surname",
        "chinese_name",
        "email",
        "sex",
    ];
    let expected: Vec<_> =
        ["chinese_name", "surname", "given_names", "single_name", "sex", "birth_date", "nationality"]
            .map(|field| format!("form.{field} IDENTITY_FIELD"))
            .to_vec();
    assert_eq!(broken(&paths), expected);
    let both = ["update_mask.paths[1] UNKNOWN_PATH", "form.surname IDENTITY_FIELD"];
    assert_eq!(broken(&["surname", "family_name"]), both);
}
