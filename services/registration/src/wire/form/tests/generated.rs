//! Properties over generated forms.

use entrypass_proto::registration::v1 as pb;
use pb::entry::Transport;
use proptest::option::of;
use proptest::prelude::*;
use prost_types::FieldMask;

use super::super::fixture::{COLLECTING, NOTHING, broken_by, health, identity_card, visitor};
use super::super::{Mask, Takes, parse, render};

/// Every text of a form, present messages only.
pub(super) fn texts(form: &mut pb::RegistrationForm) -> Vec<&mut String> {
    let mut texts = vec![
        &mut form.chinese_name,
        &mut form.surname,
        &mut form.given_names,
        &mut form.birth_date,
        &mut form.nationality,
        &mut form.document_expire_date,
        &mut form.occupation,
        &mut form.mobile_phone,
        &mut form.second_phone,
        &mut form.email,
        &mut form.host,
    ];
    if let Some(it) = &mut form.entry {
        texts.extend([&mut it.port_of_entry, &mut it.entry_date, &mut it.service_number, &mut it.seat]);
        texts.extend([&mut it.plate_number, &mut it.departure_country, &mut it.departure_city]);
    }
    for it in &mut form.travel_history {
        texts.extend([&mut it.country, &mut it.first_date, &mut it.last_date]);
    }
    if let Some(it) = &mut form.destination {
        texts.extend([&mut it.division_code, &mut it.address, &mut it.accommodation_name]);
    }
    for it in form.domestic_contact.iter_mut().chain(&mut form.emergency_contact) {
        texts.extend([&mut it.name, &mut it.phone]);
    }
    if let Some(it) = &mut form.health {
        texts.extend([&mut it.contact_note, &mut it.test_date]);
    }
    texts
}

fn text(pattern: &'static str) -> impl Strategy<Value = String> {
    of(pattern).prop_map(Option::unwrap_or_default)
}

fn names() -> impl Strategy<Value = pb::RegistrationForm> {
    let chinese = "[王李张陈][小大明华]{1,2}(·[明华]{1,3})?";
    let latin = ("[A-Z]([A-Z' -]{0,37}[A-Z])?", text("[A-Za-z]{1,39}"));
    (of(latin), chinese, any::<bool>()).prop_map(|(latin, chinese, both)| {
        let (surname, given_names) = latin.clone().unwrap_or_default();
        let single_name = latin.is_some() && given_names.is_empty();
        let chinese_name = if latin.is_none() || both { chinese } else { String::new() };
        pb::RegistrationForm {
            chinese_name,
            surname,
            given_names,
            single_name,
            ..pb::RegistrationForm::default()
        }
    })
}

fn entry() -> impl Strategy<Value = pb::Entry> {
    let numbers = ("[A-Z]{2}[0-9]{1,4}[A-Z]?", "[A-Z0-9]{1,20}");
    let seats = (text("[1-9][0-9]{0,2}[A-HJK]"), text("[0-9]{1,2}车[0-9]{1,3}[A-F]"));
    let place = ("CN[A-Z2-9]{3}", 9u8..=30, country(), text("[A-Za-z]{1,100}"));
    (1..=8i32, numbers, seats, "粤[A-Z][0-9]{5}", place).prop_map(
        |(transport, (flight, service), (flight_seat, seat), plate, (port, day, from, city))| {
            let kind = Transport::try_from(transport).expect("1 to 8");
            let (service_number, seat, plate_number) = match kind {
                Transport::Air => (flight, flight_seat, String::new()),
                Transport::Car => (String::new(), String::new(), plate),
                Transport::Walk => Default::default(),
                _ => (service, seat, String::new()),
            };
            pb::Entry {
                port_of_entry: port,
                entry_date: format!("2026-11-{day:02}"),
                transport,
                service_number,
                seat,
                plate_number,
                departure_country: from,
                departure_city: city,
            }
        },
    )
}

fn country() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["CHN", "HKG", "JPN", "GBR", "UTO", "RKS"]).prop_map(str::to_owned)
}

/// All but names and entry; stays end on the first day that any generated entry allows.
fn rest() -> impl Strategy<Value = pb::RegistrationForm> {
    let stay = (country(), "20(0[0-9]|1[0-9])-0[1-9]-1[0-9]").prop_map(|(country, first_date)| pb::Stay {
        country,
        first_date,
        last_date: "2026-11-09".to_owned(),
    });
    let destination =
        ("44060[4-8]", "[A-Z][a-z]{4,50} Road [0-9]{1,3}", 0..=6i32, text("[A-Z][a-z]{4,20} Hotel"));
    let contacts = ("\\+86757[0-9]{8}", of("\\+81[0-9]{9}"), "联系人[甲乙丙丁]", "Contact [A-Z]{1,70}");
    let phones = ("\\+861[3-9][0-9]{9}", text("\\+852[0-9]{8}"), text("[a-z]{1,60}@[a-z]{1,60}\\.example"));
    let texts = (text("[a-z师]{1,50}"), text("[a-z公]{1,100}"), text("20[3-9][0-9]-0[1-9]-2[0-8]"));
    let numbers = (0..=3650i32, 1..=8i32, 1..=3i32, "(19[0-9][0-9]|20[01][0-9])-1[0-2]-[12][0-8]", country());
    let stays = prop::collection::vec(stay, 1..=20);
    (stays, destination, contacts, phones, texts, numbers).prop_map(
        |(travel_history, destination, contacts, phones, texts, numbers)| {
            let (division_code, address, accommodation, mut accommodation_name) = destination;
            if accommodation == 1 {
                accommodation_name.push_str("Grand Lodge");
            }
            let (domestic, emergency, domestic_name, emergency_name) = contacts;
            pb::RegistrationForm {
                sex: numbers.2,
                birth_date: numbers.3,
                nationality: numbers.4,
                document_expire_date: texts.2,
                occupation: texts.0,
                mobile_phone: phones.0,
                second_phone: phones.1,
                email: phones.2,
                travel_history,
                destination: Some(pb::Destination {
                    division_code,
                    address,
                    accommodation,
                    accommodation_name,
                }),
                stay_days: numbers.0,
                purpose: numbers.1,
                host: texts.1,
                domestic_contact: Some(pb::Contact { name: domestic_name, phone: domestic }),
                emergency_contact: emergency.map(|phone| pb::Contact { name: emergency_name, phone }),
                ..pb::RegistrationForm::default()
            }
        },
    )
}

fn declaration() -> impl Strategy<Value = pb::HealthDeclaration> {
    let symptoms = prop::collection::btree_set(2..=13i32, 0..=12);
    let test = (0..=3i32, "2026-0[1-9]-[12][0-8]", prop_oneof![Just(0), 340..=430i32]);
    (1..=2i32, text("[a-z注]{1,200}"), symptoms, 0..=2i32, test).prop_map(
        |(contact_with_cases, contact_note, symptoms, antipyretics_72h, (test_result, date, temperature))| {
            pb::HealthDeclaration {
                contact_with_cases,
                contact_note,
                symptoms: if symptoms.is_empty() { vec![1] } else { symptoms.into_iter().collect() },
                antipyretics_72h,
                test_result,
                test_date: if matches!(test_result, 1 | 2) { date } else { String::new() },
                temperature_decicelsius: temperature,
            }
        },
    )
}

/// A form that keeps every rule but those of a document.
fn form() -> impl Strategy<Value = pb::RegistrationForm> {
    (names(), entry(), rest(), declaration()).prop_map(|(names, entry, rest, health)| pb::RegistrationForm {
        chinese_name: names.chinese_name,
        surname: names.surname,
        given_names: names.given_names,
        single_name: names.single_name,
        entry: Some(entry),
        health: Some(health),
        ..rest
    })
}

/// Anything at all, with a bent towards what the rules look for.
fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,40}",
        "[ \\-+0-9A-Za-z'<,·•・．.王ａ１\u{200B}\u{3000}\u{301}]{0,45}",
        "(无|酒店|hotel|待定|号|[ ,]){0,12}",
    ]
}

proptest! {
    #[test]
    fn a_form_that_was_written_reads_as_the_same(message in form()) {
        let outcome = parse(message, None, &COLLECTING);
        prop_assert_eq!(broken_by(outcome.clone()), NOTHING);
        if let Ok(form) = outcome {
            prop_assert!(parse(render(&form), None, &COLLECTING) == Ok(form.clone()));
            let stored = serde_json::to_string(&form).expect("JSON");
            prop_assert!(serde_json::from_str::<crate::form::Form>(&stored).ok() == Some(form));
        }
    }

    #[test]
    fn no_text_panics_and_what_is_accepted_stays_accepted(
        garbage in prop::collection::vec(anything(), 40),
        few in prop::collection::vec((any::<prop::sample::Index>(), anything()), 1..4),
        numbers in any::<[i32; 5]>(),
    ) {
        let mut all = pb::RegistrationForm { health: Some(health()), ..visitor() };
        (all.sex, all.stay_days, all.purpose) = (numbers[0], numbers[1], numbers[2]);
        for (text, garbage) in texts(&mut all).into_iter().zip(garbage) {
            *text = garbage;
        }
        prop_assert!(parse(all, Some(&identity_card()), &COLLECTING).is_err());

        let mut one = pb::RegistrationForm { health: Some(health()), ..visitor() };
        for (index, garbage) in few {
            **index.get_mut(&mut texts(&mut one)) = garbage;
        }
        match parse(one, None, &COLLECTING) {
            Ok(form) => prop_assert!(parse(render(&form), None, &COLLECTING) == Ok(form)),
            Err(violations) => {
                prop_assert!(!violations.is_empty());
                prop_assert!(violations.iter().all(|violation| violation.field.starts_with("form.")));
            }
        }
    }

    #[test]
    fn a_merge_of_everything_is_the_other_form_of_the_same_person(current in form(), other in form()) {
        let current = parse(current, None, &COLLECTING).expect("a form that keeps every rule");
        let parsed = parse(other.clone(), None, &COLLECTING).expect("a form that keeps every rule");
        let paths = [
            "health", "emergency_contact", "domestic_contact", "host", "purpose", "stay_days", "destination",
            "travel_history", "entry", "email", "second_phone", "mobile_phone", "occupation",
            "document_expire_date",
        ];
        let mask = FieldMask { paths: paths.map(str::to_owned).to_vec() };
        let (mask, broken) = Mask::parse(&mask, Takes::Amendment);
        prop_assert!(broken.is_empty());
        let merged = mask.merge(&render(&current), &other);
        let merged = parse(merged, None, &COLLECTING).expect("parts of forms that keep every rule");
        let expected = crate::form::Form { identity: current.identity, ..parsed };
        prop_assert!(merged == expected);
    }
}
