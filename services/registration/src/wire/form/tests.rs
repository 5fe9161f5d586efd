//! Every rule of the form by its field path, on forms that are right but for one thing.

mod by_document;
mod generated;
mod journey;
mod stored;

use entrypass_proto::registration::v1 as pb;

use super::fixture::{RULES, broken_by, contact, health, identity_card, passport, resident, visitor};
use super::parse;
use crate::form::FormRules;

type Change = fn(&mut pb::RegistrationForm);

/// Applies each change to a form of its own, and compares what is broken then.
fn check(rules: &FormRules, start: fn() -> pb::RegistrationForm, table: &[(&str, Change, &[&str])]) {
    for (what, change, expected) in table {
        let mut form = start();
        change(&mut form);
        assert_eq!(broken_by(parse(form, None, rules)), *expected, "{what}");
    }
}

#[test]
fn a_form_may_hold_the_least_or_the_most() {
    assert_eq!(broken_by(parse(resident(), Some(&identity_card()), &RULES)), [""; 0]);
    assert_eq!(broken_by(parse(visitor(), Some(&passport()), &RULES)), [""; 0]);
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let empty = pb::RegistrationForm::default();
    let expected = [
        "form.chinese_name REQUIRED",
        "form.sex REQUIRED",
        "form.birth_date REQUIRED",
        "form.nationality REQUIRED",
        "form.mobile_phone REQUIRED",
        "form.entry REQUIRED",
        "form.travel_history REQUIRED",
        "form.destination REQUIRED",
        "form.purpose REQUIRED",
        "form.domestic_contact REQUIRED",
    ];
    assert_eq!(broken_by(parse(empty, None, &RULES)), expected);
}

#[test]
fn names_are_rules_of_their_own() {
    check(
        &RULES,
        visitor,
        &[
            ("Latin only", |form| form.chinese_name.clear(), &[]),
            ("digits", |form| form.chinese_name = "王1".to_owned(), &["form.chinese_name CHARACTER"]),
            ("31 characters", |form| form.chinese_name = "王".repeat(31), &["form.chinese_name LENGTH"]),
            ("accents", |form| form.surname = "ÉRIKSSON".to_owned(), &["form.surname CHARACTER"]),
            ("40 letters", |form| form.given_names = "A".repeat(40), &["form.given_names LENGTH"]),
            ("no surname", |form| form.surname.clear(), &["form.surname REQUIRED"]),
            ("no given names", |form| form.given_names.clear(), &["form.given_names REQUIRED"]),
            (
                "a single name",
                |form| {
                    form.given_names.clear();
                    form.single_name = true
                },
                &[],
            ),
            ("a single name and more", |form| form.single_name = true, &["form.given_names EXCLUDED"]),
        ],
    );
    check(
        &RULES,
        resident,
        &[
            ("no name", |form| form.chinese_name.clear(), &["form.chinese_name REQUIRED"]),
            ("a single name of no letters", |form| form.single_name = true, &["form.surname REQUIRED"]),
        ],
    );
}

#[test]
fn the_other_identity_fields_are_of_their_lists_and_ranges() {
    check(
        &RULES,
        resident,
        &[
            ("sex not stated", |form| form.sex = pb::Sex::NotStated.into(), &[]),
            ("a fourth sex", |form| form.sex = 4, &["form.sex UNKNOWN_VALUE"]),
            ("a negative sex", |form| form.sex = -1, &["form.sex UNKNOWN_VALUE"]),
            ("born today", |form| form.birth_date = "2026-11-23".to_owned(), &[]),
            (
                "born tomorrow",
                |form| form.birth_date = "2026-11-24".to_owned(),
                &["form.birth_date OUT_OF_RANGE"],
            ),
            (
                "131 years old",
                |form| form.birth_date = "1895-11-23".to_owned(),
                &["form.birth_date OUT_OF_RANGE"],
            ),
            (
                "no such day",
                |form| form.birth_date = "1985-02-29".to_owned(),
                &["form.birth_date NOT_A_DATE"],
            ),
            ("lower case", |form| form.nationality = " hkg ".to_owned(), &[]),
            ("two letters", |form| form.nationality = "CN".to_owned(), &["form.nationality UNKNOWN_VALUE"]),
        ],
    );
    let without_specimens = FormRules { accept_specimens: false, ..RULES };
    check(
        &without_specimens,
        resident,
        &[("specimen", |form| form.nationality = "UTO".to_owned(), &["form.nationality UNKNOWN_VALUE"])],
    );
}

#[test]
fn what_is_optional_keeps_its_rule_when_it_is_given() {
    check(
        &RULES,
        visitor,
        &[
            ("expires on entry", |form| form.document_expire_date = "2026-11-24".to_owned(), &[]),
            (
                "expires before entry",
                |form| form.document_expire_date = "2026-11-23".to_owned(),
                &["form.document_expire_date OUT_OF_RANGE"],
            ),
            ("no expiry", |form| form.document_expire_date = " ".to_owned(), &[]),
            ("51 characters", |form| form.occupation = "师".repeat(51), &["form.occupation LENGTH"]),
            ("101 characters", |form| form.host = "公".repeat(101), &["form.host LENGTH"]),
            ("a line break", |form| form.host = "公司\n社区".to_owned(), &["form.host CHARACTER"]),
            ("no at", |form| form.email = "anna.example.com".to_owned(), &["form.email FORMAT"]),
            ("255 characters", |form| form.email = "a".repeat(255), &["form.email LENGTH"]),
            (
                "a landline",
                |form| form.second_phone = "+8675780000000".to_owned(),
                &["form.second_phone FORMAT"],
            ),
            ("no plus", |form| form.mobile_phone = "13800000000".to_owned(), &["form.mobile_phone FORMAT"]),
            ("ten years", |form| form.stay_days = 3650, &[]),
            ("longer", |form| form.stay_days = 3651, &["form.stay_days OUT_OF_RANGE"]),
            ("shorter", |form| form.stay_days = -1, &["form.stay_days OUT_OF_RANGE"]),
            ("no such purpose", |form| form.purpose = 9, &["form.purpose UNKNOWN_VALUE"]),
        ],
    );
}

#[test]
fn contacts_are_complete_and_somebody_else() {
    fn domestic(form: &mut pb::RegistrationForm, name: &str, phone: &str) {
        form.domestic_contact = Some(contact(name, phone));
    }
    check(
        &RULES,
        visitor,
        &[
            (
                "nothing",
                |form| domestic(form, "", ""),
                &["form.domestic_contact.name REQUIRED", "form.domestic_contact.phone REQUIRED"],
            ),
            (
                "81 characters",
                |form| domestic(form, &"李".repeat(81), "+85200000001"),
                &["form.domestic_contact.name LENGTH"],
            ),
            (
                "short number",
                |form| domestic(form, "李大华", "+861380000000"),
                &["form.domestic_contact.phone FORMAT"],
            ),
            (
                "the traveller's Chinese name",
                |form| domestic(form, "安娜•埃里克松", "+85200000001"),
                &["form.domestic_contact.name CONTACT_IS_TRAVELLER"],
            ),
            (
                "the traveller's Latin name",
                |form| domestic(form, "Anna Maria Eriksson", "+85200000001"),
                &["form.domestic_contact.name CONTACT_IS_TRAVELLER"],
            ),
            (
                "the mobile phone",
                |form| domestic(form, "李大华", "+852 0000 0000"),
                &["form.domestic_contact.phone CONTACT_IS_TRAVELLER"],
            ),
            (
                "the second phone",
                |form| domestic(form, "李大华", "+86 138 0000 0001"),
                &["form.domestic_contact.phone CONTACT_IS_TRAVELLER"],
            ),
            ("no emergency contact", |form| form.emergency_contact = None, &[]),
            (
                "the traveller again",
                |form| form.emergency_contact = Some(contact("ERIKSSON, ANNA", "+852 00000000")),
                &["form.emergency_contact.phone CONTACT_IS_TRAVELLER"],
            ),
            (
                "beside other faults",
                |form| {
                    form.sex = 0;
                    domestic(form, "李大华", "+85200000000")
                },
                &["form.sex REQUIRED", "form.domestic_contact.phone CONTACT_IS_TRAVELLER"],
            ),
        ],
    );
}

#[test]
fn health_is_declared_where_it_is_collected_and_nowhere_else() {
    let with = |health| pb::RegistrationForm { health, ..resident() };
    let collecting = FormRules { collect_health: true, ..RULES };
    assert_eq!(broken_by(parse(with(Some(health())), None, &RULES)), ["form.health NOT_COLLECTED"]);
    assert_eq!(broken_by(parse(with(None), None, &collecting)), ["form.health REQUIRED"]);
    let empty = parse(with(Some(pb::HealthDeclaration::default())), None, &collecting);
    assert_eq!(
        broken_by(empty),
        ["form.health.contact_with_cases REQUIRED", "form.health.symptoms REQUIRED"]
    );

    let table: [(&str, fn(&mut pb::HealthDeclaration), &[&str]); 17] = [
        ("as it is", |_| (), &[]),
        ("no symptoms", |it| it.symptoms = vec![1], &[]),
        ("none and one", |it| it.symptoms = vec![2, 1], &["symptoms[1] EXCLUDED"]),
        ("twice", |it| it.symptoms = vec![2, 3, 2], &["symptoms[2] DUPLICATE"]),
        ("none twice", |it| it.symptoms = vec![1, 1], &["symptoms[1] DUPLICATE"]),
        ("unknown", |it| it.symptoms = vec![14, 0], &["symptoms[0] UNKNOWN_VALUE", "symptoms[1] REQUIRED"]),
        ("all", |it| it.symptoms = (2..=13).collect(), &[]),
        ("long note", |it| it.contact_note = "注".repeat(201), &["contact_note LENGTH"]),
        ("no such answer", |it| it.antipyretics_72h = 3, &["antipyretics_72h UNKNOWN_VALUE"]),
        ("no test", |it| (it.test_result, it.test_date) = (0, String::new()), &[]),
        ("not tested", |it| (it.test_result, it.test_date) = (3, String::new()), &[]),
        ("not tested on a day", |it| it.test_result = 3, &["test_date EXCLUDED"]),
        ("a day without a test", |it| it.test_result = 0, &["test_date EXCLUDED"]),
        ("no day", |it| it.test_date.clear(), &["test_date REQUIRED"]),
        ("tomorrow", |it| it.test_date = "2026-11-24".to_owned(), &["test_date OUT_OF_RANGE"]),
        ("not measured", |it| it.temperature_decicelsius = 0, &[]),
        ("in degrees", |it| it.temperature_decicelsius = 36, &["temperature_decicelsius OUT_OF_RANGE"]),
    ];
    for (what, change, expected) in table {
        let mut declared = health();
        change(&mut declared);
        let expected: Vec<_> = expected.iter().map(|rest| format!("form.health.{rest}")).collect();
        assert_eq!(broken_by(parse(with(Some(declared)), None, &collecting)), expected, "{what}");
    }
}

#[test]
fn an_endless_list_of_symptoms_gets_a_short_answer() {
    let health = pb::HealthDeclaration { symptoms: vec![99; 10_000], ..health() };
    let form = pb::RegistrationForm { health: Some(health), ..resident() };
    let broken = broken_by(parse(form, None, &FormRules { collect_health: true, ..RULES }));
    assert_eq!(broken[0], "form.health.symptoms LENGTH");
    assert_eq!(broken.len(), 14);
}
