//! Forms that keep every rule, fixed and generated. Numbers are synthetic and belong to nobody.

use entrypass_document::{Document, DocumentInput, DocumentType, Rules};
use entrypass_proto::registration::v1 as pb;
use entrypass_rule::Violations;
use pb::{
    destination::Accommodation, entry::Transport, health_declaration::Symptom, registration_form::Purpose,
};
use time::macros::date;

use crate::form::{Form, FormRules};

pub(crate) const RULES: FormRules = FormRules {
    today: date!(2026 - 11 - 23),
    entry_days_before: 14,
    entry_days_after: 30,
    submitted: date!(2026 - 11 - 23),
    travel_history_days: 21,
    collect_health: false,
    accept_specimens: true,
};

pub(crate) const COLLECTING: FormRules = FormRules { collect_health: true, ..RULES };

/// What a form that keeps every rule breaks.
pub(crate) const NOTHING: [&str; 0] = [];

pub(crate) fn document(document_type: DocumentType, number: &str) -> Document {
    let issuing_state = if document_type == DocumentType::Passport { "UTO" } else { "" };
    let rules = Rules { today: RULES.today, accept_specimens: true };
    Document::parse(&DocumentInput { document_type, number, issuing_state }, rules).expect("a valid number")
}

/// The resident identity card that goes with [`resident`].
pub(crate) fn identity_card() -> Document {
    document(DocumentType::ResidentIdCard, "440699198501010016")
}

/// The specimen passport of ICAO Doc 9303 that goes with [`visitor`].
pub(crate) fn passport() -> Document {
    document(DocumentType::Passport, "L898902C3")
}

/// Everything that must be there and nothing that need not, by the holder of [`identity_card`].
pub(crate) fn resident() -> pb::RegistrationForm {
    pb::RegistrationForm {
        chinese_name: "王小明".to_owned(),
        sex: pb::Sex::Male.into(),
        birth_date: "1985-01-01".to_owned(),
        nationality: "CHN".to_owned(),
        mobile_phone: "+8613800138000".to_owned(),
        entry: Some(pb::Entry {
            port_of_entry: "CNSZX".to_owned(),
            entry_date: "2026-11-25".to_owned(),
            transport: Transport::Walk.into(),
            departure_country: "HKG".to_owned(),
            ..pb::Entry::default()
        }),
        travel_history: vec![stay("HKG", "2026-10-01", "2026-11-25")],
        destination: Some(pb::Destination {
            division_code: "440604".to_owned(),
            address: "季华五路1号1座101房".to_owned(),
            ..pb::Destination::default()
        }),
        purpose: Purpose::ReturnHome.into(),
        domestic_contact: Some(contact("李大华", "+8613800100500")),
        ..pb::RegistrationForm::default()
    }
}

/// Everything that can be there but the health block, by the holder of [`passport`].
pub(crate) fn visitor() -> pb::RegistrationForm {
    pb::RegistrationForm {
        chinese_name: "安娜·埃里克松".to_owned(),
        surname: "ERIKSSON".to_owned(),
        given_names: "ANNA MARIA".to_owned(),
        single_name: false,
        sex: pb::Sex::Female.into(),
        birth_date: "1974-08-12".to_owned(),
        nationality: "UTO".to_owned(),
        document_expire_date: "2030-04-15".to_owned(),
        occupation: "Engineer".to_owned(),
        mobile_phone: "+85200000000".to_owned(),
        second_phone: "+8613800757500".to_owned(),
        email: "anna@example.com".to_owned(),
        entry: Some(flight()),
        travel_history: vec![
            stay("UTO", "2026-11-01", "2026-11-10"),
            stay("JPN", "2026-11-10", "2026-11-24"),
        ],
        destination: Some(pb::Destination {
            division_code: "440605".to_owned(),
            address: "12 Nanhai Avenue North".to_owned(),
            accommodation: Accommodation::Hotel.into(),
            accommodation_name: "Foshan Hotel".to_owned(),
        }),
        stay_days: 14,
        purpose: Purpose::Business.into(),
        host: "佛山某某有限公司".to_owned(),
        domestic_contact: Some(contact("李大华", "+861012345678")),
        emergency_contact: Some(contact("Lars Eriksson", "+46701740605")),
        health: None,
    }
}

pub(crate) fn flight() -> pb::Entry {
    pb::Entry {
        port_of_entry: "CNCAN".to_owned(),
        entry_date: "2026-11-24".to_owned(),
        transport: Transport::Air.into(),
        service_number: "CZ3082".to_owned(),
        seat: "12A".to_owned(),
        plate_number: String::new(),
        departure_country: "JPN".to_owned(),
        departure_city: "Tokyo".to_owned(),
    }
}

pub(crate) fn health() -> pb::HealthDeclaration {
    pb::HealthDeclaration {
        contact_with_cases: pb::health_declaration::Answer::No.into(),
        contact_note: "none that I know of".to_owned(),
        symptoms: vec![Symptom::Fever.into(), Symptom::DryCough.into()],
        antipyretics_72h: pb::health_declaration::Answer::Yes.into(),
        test_result: pb::health_declaration::TestResult::Negative.into(),
        test_date: "2026-11-22".to_owned(),
        temperature_decicelsius: 365,
    }
}

pub(crate) fn stay(country: &str, first_date: &str, last_date: &str) -> pb::Stay {
    pb::Stay {
        country: country.to_owned(),
        first_date: first_date.to_owned(),
        last_date: last_date.to_owned(),
    }
}

pub(crate) fn contact(name: &str, phone: &str) -> pb::Contact {
    pb::Contact { name: name.to_owned(), phone: phone.to_owned() }
}

/// `form`, which keeps every rule.
pub(crate) fn parsed(form: pb::RegistrationForm, document: &Document) -> Form {
    parsed_by(form, document, &RULES)
}

/// `form`, which keeps every one of `rules`.
pub(crate) fn parsed_by(form: pb::RegistrationForm, document: &Document, rules: &FormRules) -> Form {
    super::parse(form, Some(document), rules).expect("a form that keeps every rule")
}

/// Paths and reasons, as `form.sex REQUIRED`.
pub(crate) fn broken_by<T>(outcome: Result<T, Violations>) -> Vec<String> {
    let violations = outcome.err().unwrap_or_default();
    violations.iter().map(|violation| format!("{} {}", violation.field, violation.rule.reason)).collect()
}
