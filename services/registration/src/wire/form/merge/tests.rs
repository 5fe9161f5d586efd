use entrypass_proto::registration::v1 as pb;
use prost_types::FieldMask;

use super::super::fixture::{
    broken_by, contact, flight, identity_card, parsed, passport, resident, stay, visitor,
};
use super::{Mask, Takes, changed_paths, render, with};

fn mask(paths: &[&str]) -> FieldMask {
    FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() }
}

/// What is wrong with a mask.
fn broken(paths: &[&str]) -> Vec<String> {
    broken_by::<()>(Err(Mask::parse(&mask(paths), Takes::Amendment).1))
}

/// What the visitor's form becomes.
fn amended(changes: &pb::RegistrationForm, paths: &[&str]) -> pb::RegistrationForm {
    let (mask, broken) = Mask::parse(&mask(paths), Takes::Amendment);
    assert!(broken.is_empty(), "paths of the form");
    mask.merge(&render(&parsed(visitor(), &passport())), changes)
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
    let current = render(&parsed(resident(), &identity_card()));
    let changes = pb::RegistrationForm { emergency_contact: Some(contact("陈大文", "")), ..resident() };
    let merged =
        Mask::parse(&mask(&["emergency_contact.phone"]), Takes::Amendment).0.merge(&current, &changes);
    assert!(merged.emergency_contact.is_none());
    let merged =
        Mask::parse(&mask(&["emergency_contact.name"]), Takes::Amendment).0.merge(&current, &changes);
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

#[test]
fn a_correction_takes_identity_fields_alone_and_may_name_none() {
    let told = |paths: &[&str]| broken_by::<()>(Err(Mask::parse(&mask(paths), Takes::Correction).1));
    let wrong = told(&["birth_date", "email", "entry.seat", "name", "surname"]);
    let expected = [
        "update_mask.paths[1] NOT_IDENTITY_FIELD",
        "update_mask.paths[2] NOT_IDENTITY_FIELD",
        "update_mask.paths[3] UNKNOWN_PATH",
    ];
    assert_eq!(wrong, expected);
    let (mask, broken) = Mask::parse(&mask(&["birth_date", "surname"]), Takes::Correction);
    assert!(broken.is_empty());
    let merged = mask.merge(&visitor(), &resident());
    let expected =
        pb::RegistrationForm { birth_date: resident().birth_date, surname: String::new(), ..visitor() };
    assert!(merged == expected);
    assert!(Mask::parse(&FieldMask::default(), Takes::Correction).1.is_empty());
}

#[test]
fn another_entry_takes_names_beside_its_mask_and_no_other_identity_field() {
    let paths = ["sex", "surname", "entry", "single_name"];
    let (mask, broken) = Mask::parse(&mask(&paths), Takes::NextEntry);
    assert_eq!(broken_by::<()>(Err(broken)), ["form.sex IDENTITY_FIELD"]);
    let merged = mask.merge(&visitor(), &resident());
    assert!(merged == pb::RegistrationForm { entry: resident().entry, ..visitor() });
}

#[test]
fn single_paths_are_taken_from_what_is_wanted() {
    let paths = ["birth_date".to_owned(), "sex".to_owned()];
    let expected =
        pb::RegistrationForm { birth_date: resident().birth_date, sex: resident().sex, ..visitor() };
    assert!(with(&paths, &visitor(), &resident()) == expected);
    let only = with(&paths, &pb::RegistrationForm::default(), &resident());
    assert_eq!((only.birth_date.as_str(), only.chinese_name.as_str()), ("1985-01-01", ""));
}
