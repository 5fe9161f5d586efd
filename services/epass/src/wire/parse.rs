//! Messages to domain values, with every violation of a request at once.

mod applications;
mod circumstances;
mod life;
mod passes;
mod policies;

use entrypass_document::DocumentType;
use entrypass_policy::RegistrationState;
use entrypass_proto::registration::v1 as registration;
use entrypass_rpc::{instant, resource_id};
use entrypass_rule::{Rule, Text, Violations};
use time::{Date, OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use uuid::Uuid;

use super::collection;
use crate::{application::Applicant, error::Error, facts::Declared};

pub(crate) use applications::{
    ApplyRequest, ClaimRequest, ListRequest, ReviewRequest, parse_application, parse_apply, parse_claim,
    parse_create, parse_list, parse_release, parse_review, parse_withdraw,
};
pub(crate) use circumstances::{
    PersonName, judge_quarantine, parse_end_quarantine, parse_follow_up, parse_person_name, parse_quarantine,
};
pub(crate) use life::{Act, parse_cancel, parse_reinstate, parse_revoke, parse_suspend};
pub(crate) use passes::{RecordRequest, parse_levels, parse_record, parse_record_many};
pub(crate) use policies::{
    ActivateRequest, Draft, SimulateRequest, parse_activate, parse_activations, parse_add, parse_explain,
    parse_policies, parse_roll_back, parse_selector, parse_simulate, policy_mistakes,
};

/// Reads whom an export is about.
pub(crate) fn parse_person(name: &str) -> Result<Uuid, Violations> {
    Violations::at("traveller", resource_id(collection::TRAVELLERS, name))
}

/// Reads the `registration` of a request that has no other field.
pub(crate) fn parse_registration(name: &str) -> Result<Uuid, Violations> {
    Violations::at("registration", resource_id(collection::REGISTRATIONS, name))
}

/// Reads what the registration service says about a registration.
///
/// A state or document type that this program does not know yet is told as such, and no rule that asks for one is met.
pub(crate) fn parse_applicant(
    facts: registration::GetRegistrationFactsResponse,
    city_divisions: &[String],
    now: OffsetDateTime,
) -> Result<Applicant, Error> {
    let registration::GetRegistrationFactsResponse {
        registration,
        traveller,
        state,
        revision,
        document_type,
        expire_time: _,
        home_division,
        fever_declared,
        fever_declared_time,
        health_declared,
        symptoms_declared,
        entry_date,
        age,
        guardian_declared,
    } = facts;
    let registration = resource_id(collection::REGISTRATIONS, &registration);
    // A registration service of the release before does not tell since when.
    let fever_since = fever_declared_time.as_ref().and_then(instant).unwrap_or(now);
    Ok(Applicant {
        registration: registration.map_err(|_| Error::RegistrationContract("a name of a registration"))?,
        traveller: parse_traveller(&traveller)?,
        revision,
        registration_state: registration_state(state),
        document_type: self::document_type(document_type),
        declared: Declared {
            of_city: (!home_division.is_empty()).then(|| city_divisions.contains(&home_division)),
            // One of the release before tells of a fever, and not that it was asked for.
            health: health_declared || fever_declared,
            fever_since: fever_declared.then_some(fever_since),
            symptoms: symptoms_declared,
            entry_date: day(&entry_date)?,
            age: age.map(u8::try_from).transpose().map_err(|_| Error::RegistrationContract("an age"))?,
            has_guardian: guardian_declared,
        },
    })
}

/// Reads a day; nothing where the registration service is of the release before, which tells none.
fn day(text: &str) -> Result<Option<Date>, Error> {
    const FORM: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
    if text.is_empty() {
        return Ok(None);
    }
    Date::parse(text, FORM).map(Some).map_err(|_| Error::RegistrationContract("a day of entry"))
}

fn registration_state(state: i32) -> RegistrationState {
    match registration::RegistrationState::try_from(state) {
        Ok(registration::RegistrationState::Active) => RegistrationState::Active,
        Ok(registration::RegistrationState::Expired) => RegistrationState::Expired,
        Ok(registration::RegistrationState::Cancelled) => RegistrationState::Cancelled,
        Ok(registration::RegistrationState::Unspecified) | Err(_) => RegistrationState::None,
    }
}

fn document_type(document_type: i32) -> Option<DocumentType> {
    use registration::DocumentType as Wire;
    match Wire::try_from(document_type).ok()? {
        Wire::ResidentIdCard => Some(DocumentType::ResidentIdCard),
        Wire::HkMacaoTravelPermit => Some(DocumentType::HkMacaoTravelPermit),
        Wire::HkMacaoTravelPermitNonChinese => Some(DocumentType::HkMacaoTravelPermitNonChinese),
        Wire::TaiwanTravelPermit => Some(DocumentType::TaiwanTravelPermit),
        Wire::Passport => Some(DocumentType::Passport),
        Wire::HkMacaoTaiwanResidencePermit => Some(DocumentType::HkMacaoTaiwanResidencePermit),
        Wire::ForeignPermanentResidentId => Some(DocumentType::ForeignPermanentResidentId),
        Wire::TravelDocument => Some(DocumentType::TravelDocument),
        Wire::Unspecified => None,
    }
}

/// Reads the name of a traveller that the registration service gave.
pub(crate) fn parse_traveller(name: &str) -> Result<Uuid, Error> {
    resource_id(collection::TRAVELLERS, name)
        .map_err(|_| Error::RegistrationContract("a name of a traveller"))
}

fn unknown_value(zh_cn: &'static str, en: &'static str) -> Rule {
    Rule::new("UNKNOWN_VALUE", Text::new(zh_cn, en))
}

#[cfg(test)]
mod tests {
    use time::{
        OffsetDateTime,
        macros::{date, datetime},
    };

    use super::{Declared, Error, parse_applicant, registration};

    const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);

    fn told() -> registration::GetRegistrationFactsResponse {
        registration::GetRegistrationFactsResponse {
            registration: "registrations/00000000-0000-7000-8000-000000000001".to_owned(),
            traveller: "travellers/00000000-0000-7000-8000-000000000002".to_owned(),
            ..Default::default()
        }
    }

    #[test]
    fn what_rules_ask_for_is_read_and_what_is_not_told_is_absent() {
        let declared = |facts| parse_applicant(facts, &["4406".to_owned()], NOW).map(|it| it.declared).ok();
        assert_eq!(declared(told()), Some(Declared::default()), "as the release before tells");
        let fever = registration::GetRegistrationFactsResponse { fever_declared: true, ..told() };
        let expected = Declared { health: true, fever_since: Some(NOW), ..Declared::default() };
        assert_eq!(declared(fever), Some(expected), "as the release before tells of a fever");
        let facts = registration::GetRegistrationFactsResponse {
            home_division: "4406".to_owned(),
            health_declared: true,
            symptoms_declared: true,
            entry_date: "2026-11-20".to_owned(),
            age: Some(13),
            guardian_declared: Some(true),
            ..told()
        };
        let expected = Declared {
            of_city: Some(true),
            health: true,
            fever_since: None,
            symptoms: true,
            entry_date: Some(date!(2026 - 11 - 20)),
            age: Some(13),
            has_guardian: Some(true),
        };
        assert_eq!(declared(facts), Some(expected));
    }

    #[test]
    fn what_breaks_the_contract_is_no_fact() {
        let table = [
            ("an age", registration::GetRegistrationFactsResponse { age: Some(-1), ..told() }),
            ("an age", registration::GetRegistrationFactsResponse { age: Some(256), ..told() }),
            (
                "a day of entry",
                registration::GetRegistrationFactsResponse { entry_date: "20.11.2026".to_owned(), ..told() },
            ),
        ];
        for (expected, facts) in table {
            match parse_applicant(facts, &[], NOW) {
                Err(Error::RegistrationContract(what)) => assert_eq!(what, expected),
                other => panic!("{other:?}"),
            }
        }
    }
}
