//! What holds personal data prints none of it, and has no other way to be printed.

use std::{fmt, marker::PhantomData};

use entrypass_document::Document;
use entrypass_proto::registration::v1 as pb;
use uuid::Uuid;

use super::{NOW, some_registration};
use crate::{
    bond::Companion,
    correction::{Correction, CorrectionState, Remark, Wanted},
    form::{
        Form, Host, Occupation,
        contact::{Contact, Email, Phone},
        destination::Destination,
        health::HealthDeclaration,
        stay::Stay,
    },
    name::{ChineseName, LatinName, PersonName},
    registration::{Declared, Registration, Revision, RevisionKind},
    wire::{
        Submission,
        form::fixture::{COLLECTING, health, parsed_by, passport, visitor},
    },
};

/// Whether `T` has a `Display`: the inherent constant is there only if it has one, and stands before that of the trait.
struct Printable<T>(PhantomData<T>);

trait NotPrintable {
    const PRINTABLE: bool = false;
}

impl<T> NotPrintable for Printable<T> {}

impl<T: fmt::Display> Printable<T> {
    const PRINTABLE: bool = true;
}

macro_rules! not_printable {
    ($($name:ty),+ $(,)?) => {
        $(const { assert!(!Printable::<$name>::PRINTABLE, concat!(stringify!($name), " is personal data and has a Display")) };)+
    };
}

#[test]
fn personal_data_has_no_display() {
    const { assert!(Printable::<String>::PRINTABLE, "a Display is noticed") };
    not_printable!(
        Registration,
        Declared,
        Revision,
        Companion,
        Submission,
        Document,
        Form,
        PersonName,
        ChineseName,
        LatinName,
        Phone,
        Email,
        Contact,
        Destination,
        Stay,
        Host,
        Occupation,
        HealthDeclaration,
        Remark,
    );
}

/// [`Companion`] and the requests as they are read have no `Debug` at all.
#[test]
fn personal_data_prints_a_mask_wherever_it_is_held() {
    let declared = || Declared {
        document: passport(),
        form: parsed_by(
            pb::RegistrationForm { health: Some(health()), ..visitor() },
            &passport(),
            &COLLECTING,
        ),
        form_version: 1,
    };
    let registration = || Registration { declared: declared(), ..some_registration() };
    let revision = Revision {
        number: 1,
        kind: RevisionKind::Registered,
        changed_paths: Vec::new(),
        declared: declared(),
        create_time: NOW,
        correction_reason: Some(remark()),
    };
    let correction = Correction {
        id: Uuid::from_u128(1),
        registration: Uuid::from_u128(2),
        traveller: Uuid::from_u128(3),
        state: CorrectionState::Pending,
        wanted: Wanted {
            instead_of: Some(passport()),
            identity: declared().form.identity,
            paths: vec!["birth_date".to_owned()],
            document: Some(passport()),
            reason: remark(),
        },
        note: Some(remark()),
        create_time: NOW,
        end_time: None,
        revision: None,
    };
    let submission = Submission { declared: declared(), acknowledged_notice_version: "1".to_owned() };
    let all = format!("{revision:?} {correction:?} {submission:?} {:?}", registration());
    let spread = format!("{revision:#?} {correction:#?} {submission:#?} {:#?}", registration());
    for text in [all, spread] {
        for value in [
            "L898902C3",
            "ERIKSSON",
            "ANNA",
            "埃里克松",
            "1974",
            "Engineer",
            "85200000000",
            "13800757500",
            "example.com",
            "12A",
            "Tokyo",
            "Nanhai",
            "Foshan Hotel",
            "某某",
            "李大华",
            "Lars",
            "46701740605",
            "none that",
            "wrong year",
            "365",
            "JPN",
        ] {
            assert!(!text.contains(value), "{value} in {text}");
        }
        assert!(text.contains("***"), "{text}");
    }
}

fn remark() -> Remark {
    Remark::parse("the wrong year was read").expect("a remark")
}
