//! Every rule of the form by its field path, on forms that are right but for one thing.

mod by_document;
mod generated;
mod health;
mod journey;
mod stored;

use entrypass_proto::registration::v1 as pb;

use super::fixture::{NOTHING, RULES, broken_by, contact, identity_card, passport, resident, visitor};
use super::parse;
use crate::form::FormRules;

type Message = pb::RegistrationForm;

/// What the change breaks on a form that has all there is but health.
fn visitor_with(change: impl FnOnce(&mut Message)) -> Vec<String> {
    broken(visitor(), change)
}

/// What the change breaks on a form that has the least there is.
fn resident_with(change: impl FnOnce(&mut Message)) -> Vec<String> {
    broken(resident(), change)
}

fn broken(mut form: Message, change: impl FnOnce(&mut Message)) -> Vec<String> {
    change(&mut form);
    broken_by(parse(form, None, &RULES))
}

#[test]
fn a_form_may_hold_the_least_or_the_most() {
    assert_eq!(broken_by(parse(resident(), Some(&identity_card()), &RULES)), NOTHING);
    assert_eq!(broken_by(parse(visitor(), Some(&passport()), &RULES)), NOTHING);
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
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
    assert_eq!(broken_by(parse(Message::default(), None, &RULES)), expected);
}

#[test]
fn a_chinese_name_keeps_its_rule_also_where_it_is_not_required() {
    assert_eq!(visitor_with(|form| form.chinese_name.clear()), NOTHING);
    assert_eq!(visitor_with(|form| form.chinese_name = "王1".into()), ["form.chinese_name CHARACTER"]);
    assert_eq!(visitor_with(|form| form.chinese_name = "王".repeat(31)), ["form.chinese_name LENGTH"]);
    assert_eq!(visitor_with(|form| form.chinese_name = "王·".into()), ["form.chinese_name FORMAT"]);
    assert_eq!(resident_with(|form| form.chinese_name.clear()), ["form.chinese_name REQUIRED"]);
}

#[test]
fn a_latin_name_has_two_parts_or_is_said_to_be_single() {
    assert_eq!(visitor_with(|form| form.surname = "ÉRIKSSON".into()), ["form.surname CHARACTER"]);
    assert_eq!(visitor_with(|form| form.given_names = "A".repeat(40)), ["form.given_names LENGTH"]);
    assert_eq!(visitor_with(|form| form.surname.clear()), ["form.surname REQUIRED"]);
    assert_eq!(visitor_with(|form| form.given_names.clear()), ["form.given_names REQUIRED"]);
    assert_eq!(visitor_with(|form| form.single_name = true), ["form.given_names EXCLUDED"]);
    assert_eq!(resident_with(|form| form.single_name = true), ["form.surname REQUIRED"]);
    let single = visitor_with(|form| {
        form.given_names.clear();
        form.single_name = true;
    });
    assert_eq!(single, NOTHING);
}

#[test]
fn sex_and_nationality_are_of_their_lists() {
    assert_eq!(resident_with(|form| form.sex = pb::Sex::NotStated.into()), NOTHING);
    assert_eq!(resident_with(|form| form.sex = 4), ["form.sex UNKNOWN_VALUE"]);
    assert_eq!(resident_with(|form| form.sex = -1), ["form.sex UNKNOWN_VALUE"]);
    assert_eq!(resident_with(|form| form.nationality = " hkg ".into()), NOTHING);
    assert_eq!(resident_with(|form| form.nationality = "CN".into()), ["form.nationality UNKNOWN_VALUE"]);
    let without_specimens = FormRules { accept_specimens: false, ..RULES };
    let specimen = Message { nationality: "UTO".into(), ..resident() };
    assert_eq!(broken_by(parse(specimen, None, &without_specimens)), ["form.nationality UNKNOWN_VALUE"]);
}

#[test]
fn a_birth_date_is_a_past_day_of_a_life() {
    assert_eq!(resident_with(|form| form.birth_date = "2026-11-23".into()), NOTHING);
    assert_eq!(resident_with(|form| form.birth_date = "1895-11-24".into()), NOTHING);
    for outside in ["2026-11-24", "1895-11-23"] {
        assert_eq!(resident_with(|form| form.birth_date = outside.into()), ["form.birth_date OUT_OF_RANGE"]);
    }
    for no_date in ["1985-02-29", "1985/01/01"] {
        assert_eq!(resident_with(|form| form.birth_date = no_date.into()), ["form.birth_date NOT_A_DATE"]);
    }
}

#[test]
fn a_document_is_valid_on_entry() {
    const PATH: &str = "form.document_expire_date";
    assert_eq!(visitor_with(|form| form.document_expire_date = "2026-11-24".into()), NOTHING);
    assert_eq!(visitor_with(|form| form.document_expire_date = " ".into()), NOTHING);
    let expired = visitor_with(|form| form.document_expire_date = "2026-11-23".into());
    assert_eq!(expired, [format!("{PATH} OUT_OF_RANGE")]);
    assert_eq!(
        visitor_with(|form| form.document_expire_date = "never".into()),
        [format!("{PATH} NOT_A_DATE")]
    );
}

#[test]
fn what_is_optional_keeps_its_rule_when_it_is_given() {
    assert_eq!(visitor_with(|form| form.occupation = "师".repeat(50)), NOTHING);
    assert_eq!(visitor_with(|form| form.occupation = "师".repeat(51)), ["form.occupation LENGTH"]);
    assert_eq!(visitor_with(|form| form.host = "公".repeat(101)), ["form.host LENGTH"]);
    assert_eq!(visitor_with(|form| form.host = "公司\n社区".into()), ["form.host CHARACTER"]);
    assert_eq!(visitor_with(|form| form.email = "anna.example.com".into()), ["form.email FORMAT"]);
    assert_eq!(visitor_with(|form| form.email = "a".repeat(255)), ["form.email LENGTH"]);
    assert_eq!(visitor_with(|form| form.stay_days = 3650), NOTHING);
    assert_eq!(visitor_with(|form| form.stay_days = 3651), ["form.stay_days OUT_OF_RANGE"]);
    assert_eq!(visitor_with(|form| form.stay_days = -1), ["form.stay_days OUT_OF_RANGE"]);
    assert_eq!(visitor_with(|form| form.purpose = 9), ["form.purpose UNKNOWN_VALUE"]);
}

#[test]
fn phones_of_the_traveller_can_get_a_message() {
    let landline = "+861012345678";
    assert_eq!(visitor_with(|form| form.mobile_phone = landline.into()), ["form.mobile_phone FORMAT"]);
    assert_eq!(visitor_with(|form| form.second_phone = landline.into()), ["form.second_phone FORMAT"]);
    assert_eq!(visitor_with(|form| form.second_phone.clear()), NOTHING);
    assert_eq!(visitor_with(|form| form.mobile_phone = "13800138000".into()), ["form.mobile_phone FORMAT"]);
}

#[test]
fn a_contact_has_a_name_and_a_phone() {
    let with =
        |name: &str, phone: &str| visitor_with(|form| form.domestic_contact = Some(contact(name, phone)));
    let (name, phone) = ("form.domestic_contact.name", "form.domestic_contact.phone");
    assert_eq!(with("", ""), [format!("{name} REQUIRED"), format!("{phone} REQUIRED")]);
    assert_eq!(with(&"李".repeat(81), "+85200000001"), [format!("{name} LENGTH")]);
    assert_eq!(with("李大华", "+861380000000"), [format!("{phone} FORMAT")]);
    assert_eq!(visitor_with(|form| form.emergency_contact = None), NOTHING);
}

#[test]
fn a_contact_is_not_the_traveller() {
    let with =
        |name: &str, phone: &str| visitor_with(|form| form.domestic_contact = Some(contact(name, phone)));
    for same_name in ["安娜•埃里克松", "Anna Maria Eriksson", "ERIKSSON, ANNA-MARIA"] {
        let broken = with(same_name, "+85200000001");
        assert_eq!(broken, ["form.domestic_contact.name CONTACT_IS_TRAVELLER"], "{same_name}");
    }
    for same_phone in ["+852 0000 0000", "+86 138 0075 7500"] {
        let broken = with("李大华", same_phone);
        assert_eq!(broken, ["form.domestic_contact.phone CONTACT_IS_TRAVELLER"], "{same_phone}");
    }
    let emergency = contact("ERIKSSON, ANNA", "+85200000000");
    let broken = visitor_with(|form| form.emergency_contact = Some(emergency));
    assert_eq!(broken, ["form.emergency_contact.phone CONTACT_IS_TRAVELLER"]);
}

#[test]
fn a_rule_between_fields_is_applied_beside_other_faults() {
    let broken = visitor_with(|form| {
        form.sex = 0;
        form.surname = "埃".into();
        form.document_expire_date = "2026-11-23".into();
        form.domestic_contact = Some(contact("安娜·埃里克松", "+85200000000"));
    });
    let expected = [
        "form.surname CHARACTER",
        "form.sex REQUIRED",
        "form.document_expire_date OUT_OF_RANGE",
        "form.domestic_contact.name CONTACT_IS_TRAVELLER",
        "form.domestic_contact.phone CONTACT_IS_TRAVELLER",
    ];
    assert_eq!(broken, expected);
}
