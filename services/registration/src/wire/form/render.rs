//! Writes a form as the message of the contract.

use entrypass_proto::registration::v1 as pb;
use pb::entry::Transport as Kind;
use pb::health_declaration::{Symptom as WireSymptom, TestResult};
use time::Date;

use super::choice;
use crate::form::contact::{Contact, Email, Phone};
use crate::form::destination::{AccommodationName, Destination};
use crate::form::entry::{City, Entry, FlightSeat, Seat, Service, ServiceNumber, Transport};
use crate::form::health::{ContactNote, HealthDeclaration, Temperature, Test};
use crate::form::stay::Stay;
use crate::form::{Form, Host, Identity, Occupation, StayDays};
use crate::name::{ChineseName, LatinName, LatinPart};

/// The message that [`parse`](super::parse) reads as this form again.
pub(crate) fn render(form: &Form) -> pb::RegistrationForm {
    pb::RegistrationForm {
        document_expire_date: date(form.document_expire_date),
        occupation: text(form.occupation.as_ref(), Occupation::as_str),
        mobile_phone: form.mobile_phone.as_str().to_owned(),
        second_phone: text(form.second_phone.as_ref(), Phone::as_str),
        email: text(form.email.as_ref(), Email::as_str),
        entry: Some(entry(&form.entry)),
        travel_history: form.travel_history.iter().map(stay).collect(),
        destination: Some(destination(&form.destination)),
        stay_days: form.stay_days.map_or(0, StayDays::get),
        purpose: choice::wire_purpose(form.purpose).into(),
        host: text(form.host.as_ref(), Host::as_str),
        domestic_contact: Some(contact(&form.domestic_contact)),
        emergency_contact: form.emergency_contact.as_ref().map(contact),
        health: form.health.as_ref().map(health),
        ..render_identity(&form.identity)
    }
}

/// A form with nothing but the identity fields.
pub(crate) fn render_identity(of: &Identity) -> pb::RegistrationForm {
    let Identity { name, sex, birth_date, nationality } = of;
    let latin = name.latin();
    let given = latin.and_then(|name| name.given.as_ref());
    pb::RegistrationForm {
        chinese_name: text(name.chinese(), ChineseName::as_str),
        surname: text(latin, |name: &LatinName| name.surname.as_str()),
        given_names: text(given, LatinPart::as_str),
        single_name: latin.is_some() && given.is_none(),
        sex: choice::wire_sex(*sex).into(),
        birth_date: birth_date.to_string(),
        nationality: nationality.as_str().to_owned(),
        ..pb::RegistrationForm::default()
    }
}

/// What the next journey of the same traveller can begin with: the form without this journey's entry, travel history,
/// length of stay and health.
pub(crate) fn render_prefill(form: &Form) -> pb::RegistrationForm {
    pb::RegistrationForm {
        entry: None,
        travel_history: Vec::new(),
        stay_days: 0,
        health: None,
        ..render(form)
    }
}

/// As [`render_prefill`], for an entry that is registered with it: where somebody stays this time is asked again, or the authorities would look for them
/// where they stayed last year.
pub(crate) fn render_next(form: &Form) -> pb::RegistrationForm {
    pb::RegistrationForm { destination: None, ..render_prefill(form) }
}

fn text<T>(value: Option<&T>, as_str: fn(&T) -> &str) -> String {
    value.map(as_str).unwrap_or_default().to_owned()
}

fn date(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

fn entry(entry: &Entry) -> pb::Entry {
    let Entry { port_of_entry, entry_date, transport, departure_country, departure_city } = entry;
    pb::Entry {
        port_of_entry: port_of_entry.as_str().to_owned(),
        entry_date: entry_date.to_string(),
        departure_country: departure_country.as_str().to_owned(),
        departure_city: text(departure_city.as_ref(), City::as_str),
        ..vehicle(transport)
    }
}

/// An entry with nothing but the fields that depend on the means of transport.
fn vehicle(transport: &Transport) -> pb::Entry {
    let with = |kind: Kind, service_number: &str, seat: &str| pb::Entry {
        transport: kind.into(),
        service_number: service_number.to_owned(),
        seat: seat.to_owned(),
        ..pb::Entry::default()
    };
    let service = |kind, Service { service_number, seat }: &Service| {
        with(kind, service_number.as_str(), seat.as_ref().map(Seat::as_str).unwrap_or_default())
    };
    match transport {
        Transport::Air { service_number, seat } => {
            let seat = seat.as_ref().map(FlightSeat::as_str).unwrap_or_default();
            with(Kind::Air, service_number.as_str(), seat)
        }
        Transport::Ship(sailing) => service(Kind::Ship, sailing),
        Transport::Ferry(sailing) => service(Kind::Ferry, sailing),
        Transport::Train(train) => service(Kind::Train, train),
        Transport::Coach(coach) => service(Kind::Coach, coach),
        Transport::Car { plate_number } => {
            pb::Entry { plate_number: plate_number.as_str().to_owned(), ..with(Kind::Car, "", "") }
        }
        Transport::Walk => with(Kind::Walk, "", ""),
        Transport::Other { service_number, seat } => with(
            Kind::Other,
            service_number.as_ref().map(ServiceNumber::as_str).unwrap_or_default(),
            seat.as_ref().map(Seat::as_str).unwrap_or_default(),
        ),
    }
}

fn stay(stay: &Stay) -> pb::Stay {
    let Stay { country, first_date, last_date } = stay;
    pb::Stay {
        country: country.as_str().to_owned(),
        first_date: first_date.to_string(),
        last_date: last_date.to_string(),
    }
}

fn destination(destination: &Destination) -> pb::Destination {
    let Destination { division_code, address, accommodation, accommodation_name } = destination;
    pb::Destination {
        division_code: division_code.as_str().to_owned(),
        address: address.as_str().to_owned(),
        accommodation: choice::wire_accommodation(*accommodation).into(),
        accommodation_name: text(accommodation_name.as_ref(), AccommodationName::as_str),
    }
}

fn contact(contact: &Contact) -> pb::Contact {
    let Contact { name, phone } = contact;
    pb::Contact { name: name.as_str().to_owned(), phone: phone.as_str().to_owned() }
}

fn health(health: &HealthDeclaration) -> pb::HealthDeclaration {
    let (test_result, test_date) = match health.test {
        None => (TestResult::Unspecified, None),
        Some(Test::NotTested) => (TestResult::NotTested, None),
        Some(Test::Positive { date }) => (TestResult::Positive, Some(date)),
        Some(Test::Negative { date }) => (TestResult::Negative, Some(date)),
    };
    let symptoms = health.symptoms.iter().map(|&symptom| choice::wire_symptom(symptom).into());
    pb::HealthDeclaration {
        contact_with_cases: choice::wire_answer(Some(health.contact_with_cases)).into(),
        contact_note: text(health.contact_note.as_ref(), ContactNote::as_str),
        symptoms: if health.symptoms.is_empty() {
            vec![WireSymptom::None.into()]
        } else {
            symptoms.collect()
        },
        antipyretics_72h: choice::wire_answer(health.antipyretics_72h).into(),
        test_result: test_result.into(),
        test_date: date(test_date),
        temperature_decicelsius: health.temperature_decicelsius.map_or(0, Temperature::get),
    }
}
