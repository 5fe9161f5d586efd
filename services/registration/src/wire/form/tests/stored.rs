//! The form as it is stored, prefilled and printed.

use entrypass_proto::registration::v1 as pb;
use entrypass_rule::Language;

use super::super::fixture::{RULES, health, identity_card, parsed, passport, resident, visitor};
use super::super::{parse, render, render_prefill};
use crate::form::{Form, FormRules};

/// What earlier releases wrote must stay readable: a change here needs a new form version, or a migration.
const STORED: &str = r#"{
  "identity": {
    "name": {
      "chinese": "安娜·埃里克松",
      "latin": { "surname": "ERIKSSON", "given": "ANNA MARIA" }
    },
    "sex": "female",
    "birth_date": "1974-08-12",
    "nationality": "UTO"
  },
  "document_expire_date": "2030-04-15",
  "occupation": "Engineer",
  "mobile_phone": "+85200000000",
  "second_phone": "+8613800757500",
  "email": "anna@example.com",
  "entry": {
    "port_of_entry": "CNCAN",
    "entry_date": "2026-11-24",
    "transport": "air",
    "service_number": "CZ3082",
    "seat": "12A",
    "departure_country": "JPN",
    "departure_city": "Tokyo"
  },
  "travel_history": [
    { "country": "UTO", "first_date": "2026-11-01", "last_date": "2026-11-10" },
    { "country": "JPN", "first_date": "2026-11-10", "last_date": "2026-11-24" }
  ],
  "destination": {
    "division_code": "440605",
    "address": "12 Nanhai Avenue North",
    "accommodation": "hotel",
    "accommodation_name": "Foshan Hotel"
  },
  "stay_days": 14,
  "purpose": "business",
  "host": "佛山某某有限公司",
  "domestic_contact": { "name": "李大华", "phone": "+861012345678" },
  "emergency_contact": { "name": "Lars Eriksson", "phone": "+46701740605" },
  "health": {
    "contact_with_cases": false,
    "contact_note": "none that I know of",
    "symptoms": ["fever", "dry_cough"],
    "antipyretics_72h": true,
    "test": { "result": "negative", "date": "2026-11-22" },
    "temperature_decicelsius": 365
  }
}"#;

fn with_health() -> Form {
    let form = pb::RegistrationForm { health: Some(health()), ..visitor() };
    let collecting = FormRules { collect_health: true, ..RULES };
    parse(form, Some(&passport()), &collecting).expect("a form that keeps every rule")
}

#[test]
fn the_stored_form_has_stable_names() {
    let stored: serde_json::Value = serde_json::from_str(STORED).expect("JSON");
    assert_eq!(serde_json::to_value(with_health()).expect("JSON"), stored);
    assert!(serde_json::from_value::<Form>(stored).expect("a form") == with_health());
}

#[test]
fn what_was_left_out_may_be_left_out_of_a_stored_form() {
    let form = parsed(resident(), &identity_card());
    let mut stored = serde_json::to_value(&form).expect("JSON");
    let fields = stored.as_object_mut().expect("an object");
    fields.retain(|_, value| !value.is_null());
    assert!(!fields.contains_key("document_expire_date"));
    assert!(serde_json::from_value::<Form>(stored).expect("a form") == form);
}

#[test]
fn a_stored_form_that_was_tampered_with_is_refused() {
    let table = [
        ("\"+85200000000\"", "\"85200000000\""),
        ("\"CNCAN\"", "\"HKHKG\""),
        ("\"1974-08-12\"", "\"1974-02-30\""),
        ("\"stay_days\": 14", "\"stay_days\": 0"),
        ("\"nationality\": \"UTO\"", "\"nationality\": \"ZZZ\""),
        ("\"ERIKSSON\"", "\"\""),
        ("\"purpose\": \"business\"", "\"purpose\": \"BUSINESS\""),
        ("365", "36"),
    ];
    for (is, was) in table {
        assert!(STORED.contains(is), "{is}");
        assert!(serde_json::from_str::<Form>(&STORED.replacen(is, was, 1)).is_err(), "{was}");
    }
}

#[test]
fn a_prefill_leaves_out_what_belongs_to_one_journey() {
    let prefill = render_prefill(&with_health());
    let expected = pb::RegistrationForm {
        entry: None,
        travel_history: Vec::new(),
        stay_days: 0,
        health: None,
        ..visitor()
    };
    assert!(prefill == expected);
}

#[test]
fn what_was_typed_comes_back_in_its_normal_form() {
    let form = pb::RegistrationForm {
        surname: "o’brien".to_owned(),
        given_names: " Seán".replace('á', "a"),
        mobile_phone: "+852 0000-0000".to_owned(),
        nationality: "uto".to_owned(),
        ..visitor()
    };
    let rendered = render(&parsed(form, &passport()));
    assert_eq!(rendered.surname, "O'BRIEN");
    assert_eq!(rendered.given_names, "SEAN");
    assert_eq!(rendered.mobile_phone, "+85200000000");
    assert_eq!(rendered.nationality, "UTO");
}

#[test]
fn nothing_personal_is_printed() {
    let form = with_health();
    let debug = format!("{form:?} {:?} {:?} {:#?}", form.identity, form.health, form.mobile_phone);
    for personal in ["ERIKSSON", "安娜", "1974", "0000", "example.com", "Nanhai", "ever"] {
        assert!(!debug.contains(personal), "{personal}");
    }
}

#[test]
fn no_wording_repeats_what_was_sent() {
    let secret = "私密\u{7}SECRET";
    let mut form = pb::RegistrationForm { health: Some(health()), ..visitor() };
    for text in super::generated::texts(&mut form) {
        secret.clone_into(text);
    }
    let violations = parse(form, None, &FormRules { collect_health: true, ..RULES }).expect_err("nonsense");
    assert!(violations.iter().count() >= 25);
    for violation in violations.iter() {
        for language in [Language::ZhCn, Language::En] {
            let text = violation.rule.text.in_language(language);
            assert!(
                !text.is_empty() && !text.contains("私密") && !text.contains("SECRET"),
                "{}",
                violation.field
            );
        }
    }
}
