//! Messages to domain values, with every violation of a request at once.

use entrypass_proto::{
    epass::v1 as pb,
    registration::v1::{self as registration, DocumentType, RegistrationState},
};
use entrypass_rpc::{PageRequest, required_request_id, resource_id};
use entrypass_rule::{Rule, Text, Violations};
use prost_types::Timestamp;
use time::OffsetDateTime;
use uuid::Uuid;

use super::collection;
use crate::{
    application::{Applicant, Decision, Review, State},
    error::Error,
    level::Circumstances,
    pass::ExternalPass,
    text::{ChannelNumber, Issuer, Note},
};

/// A review as it was asked for.
pub(crate) struct ReviewRequest {
    pub(crate) application: Uuid,
    pub(crate) etag: String,
    pub(crate) review: Review,
}

/// A list as it was asked for.
pub(crate) struct ListRequest {
    /// `None` for all states.
    pub(crate) state: Option<State>,
    pub(crate) page: PageRequest,
}

/// A pass to be recorded, and the document of its person, which goes to the registration service and nowhere else.
pub(crate) struct RecordRequest {
    pub(crate) document: registration::Document,
    pub(crate) pass: ExternalPass,
}

/// Reads the `registration` of a request that has no other field.
/// Reads whom an export is about.
pub(crate) fn parse_person(name: &str) -> Result<Uuid, Violations> {
    Violations::at("traveller", resource_id(collection::TRAVELLERS, name))
}

pub(crate) fn parse_registration(name: &str) -> Result<Uuid, Violations> {
    Violations::at("registration", resource_id(collection::REGISTRATIONS, name))
}

/// Most registrations whose levels one call asks for.
const LEVELS_LIMIT: usize = 100;

/// Reads whose levels are asked for, with every violation.
pub(crate) fn parse_levels(request: &pb::GetElectronicPassLevelsRequest) -> Result<Vec<Uuid>, Violations> {
    let pb::GetElectronicPassLevelsRequest { registrations } = request;
    let mut violations = Violations::default();
    if !(1..=LEVELS_LIMIT).contains(&registrations.len()) {
        violations.add("registrations", Rule::new("LENGTH", Text::new("须为1至100项", "1 to 100 names")));
        return Err(violations);
    }
    let read = |(position, name): (usize, &String)| {
        violations.take(&format!("registrations[{position}]"), resource_id(collection::REGISTRATIONS, name))
    };
    let ids = registrations.iter().enumerate().filter_map(read).collect();
    violations.finish(|| Some(ids))
}

/// Reads an application.
pub(crate) fn parse_apply(request: &pb::ApplyForElectronicPassRequest) -> Result<Uuid, Violations> {
    let pb::ApplyForElectronicPassRequest { request_id, registration } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let registration = violations.take("registration", resource_id(collection::REGISTRATIONS, registration));
    violations.finish(|| registration)
}

/// Reads a reviewer's decision.
pub(crate) fn parse_review(
    request: &pb::ReviewElectronicPassApplicationRequest,
) -> Result<ReviewRequest, Violations> {
    let pb::ReviewElectronicPassApplicationRequest { request_id, application, etag, decision, note } =
        request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let application = violations.take("application", resource_id(collection::APPLICATIONS, application));
    if etag.is_empty() {
        violations.add("etag", Rule::required());
    }
    let decision = violations.take("decision", parse_decision(*decision));
    let review = match (decision, violations.take("note", Note::new(note))) {
        (Some(decision), Some(note)) => violations.take("note", Review::new(decision, note)),
        _ => None,
    };
    violations
        .finish(|| Some(ReviewRequest { application: application?, etag: etag.clone(), review: review? }))
}

/// Reads which applications are asked for.
pub(crate) fn parse_list(
    request: &pb::ListElectronicPassApplicationsRequest,
) -> Result<ListRequest, Violations> {
    let pb::ListElectronicPassApplicationsRequest { state, page_size, page_token } = request;
    let mut violations = Violations::default();
    let state = violations.take("state", parse_state_filter(*state));
    let page = violations.collect(PageRequest::parse(*page_size, page_token));
    violations.finish(|| Some(ListRequest { state: state?, page: page? }))
}

/// Reads a pass of another channel. The document's number is the registration service's to judge.
pub(crate) fn parse_record(
    request: pb::RecordExternalPassRequest,
    now: OffsetDateTime,
) -> Result<RecordRequest, Violations> {
    let pb::RecordExternalPassRequest { request_id, document, issuer, pass_number, issue_time } = request;
    let mut violations = required_request_id(&request_id).err().unwrap_or_default();
    let document = match document {
        None => violations.take("document", Err([Rule::required()])),
        Some(document) => violations.take("document.type", resident_id_card(document)),
    };
    let issuer = violations.take("issuer", Issuer::new(&issuer));
    let number = violations.take("pass_number", ChannelNumber::new(&pass_number));
    let issue_time = violations.take("issue_time", parse_past(issue_time, now));
    violations.finish(|| {
        let pass = ExternalPass { issuer: issuer?, number: number?, issue_time: issue_time? };
        Some(RecordRequest { document: document?, pass })
    })
}

/// Reads what the registration service says about a registration.
///
/// A state or document type that this program does not know yet counts against the offer.
pub(crate) fn parse_applicant(
    facts: registration::GetRegistrationFactsResponse,
    city_divisions: &[String],
) -> Result<Applicant, Error> {
    let registration::GetRegistrationFactsResponse {
        registration,
        traveller,
        state,
        revision: _,
        document_type,
        expire_time: _,
        home_division,
        fever_declared,
        fever_declared_time: _,
    } = facts;
    let registration = resource_id(collection::REGISTRATIONS, &registration);
    Ok(Applicant {
        registration: registration.map_err(|_| Error::RegistrationContract("a name of a registration"))?,
        traveller: parse_traveller(&traveller)?,
        registration_active: RegistrationState::try_from(state) == Ok(RegistrationState::Active),
        resident_id_card: DocumentType::try_from(document_type) == Ok(DocumentType::ResidentIdCard),
        circumstances: Circumstances { from_city: city_divisions.contains(&home_division), fever_declared },
    })
}

/// Reads the name of a traveller that the registration service gave.
pub(crate) fn parse_traveller(name: &str) -> Result<Uuid, Error> {
    resource_id(collection::TRAVELLERS, name)
        .map_err(|_| Error::RegistrationContract("a name of a traveller"))
}

fn parse_decision(decision: i32) -> Result<Decision, [Rule; 1]> {
    match pb::ReviewDecision::try_from(decision) {
        Ok(pb::ReviewDecision::Approve) => Ok(Decision::Approve),
        Ok(pb::ReviewDecision::ReturnForCorrection) => Ok(Decision::ReturnForCorrection),
        Ok(pb::ReviewDecision::Reject) => Ok(Decision::Reject),
        Ok(pb::ReviewDecision::Unspecified) => Err([Rule::required()]),
        Err(_) => Err([unknown_value("未知的审核决定", "not one of the published decisions")]),
    }
}

fn parse_state_filter(state: i32) -> Result<Option<State>, [Rule; 1]> {
    use pb::electronic_pass_application::State as Wire;
    match Wire::try_from(state) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::UnderReview) => Ok(Some(State::UnderReview)),
        Ok(Wire::ReturnedForCorrection) => Ok(Some(State::ReturnedForCorrection)),
        Ok(Wire::Approved) => Ok(Some(State::Approved)),
        Ok(Wire::Rejected) => Ok(Some(State::Rejected)),
        Ok(Wire::Withdrawn) => Ok(Some(State::Withdrawn)),
        Ok(Wire::Expired) => Ok(Some(State::Expired)),
        Err(_) => Err([unknown_value("未知的申请状态", "not one of the published states")]),
    }
}

fn resident_id_card(document: registration::Document) -> Result<registration::Document, [Rule; 1]> {
    match DocumentType::try_from(document.r#type) {
        Ok(DocumentType::ResidentIdCard) => Ok(document),
        Ok(DocumentType::Unspecified) | Err(_) => Err([unknown_document_type()]),
        Ok(_) => Err([unknown_value(
            "只有居民身份证持有人才有电子通行证",
            "only holders of a resident identity card have an electronic pass",
        )]),
    }
}

fn unknown_document_type() -> Rule {
    Rule::new("DOCUMENT_TYPE_UNKNOWN", Text::new("请选择证件类型", "choose a document type from the list"))
}

/// Reads an instant that is not after `now`, to the microsecond, which is what is kept.
fn parse_past(timestamp: Option<Timestamp>, now: OffsetDateTime) -> Result<OffsetDateTime, [Rule; 1]> {
    let timestamp = timestamp.ok_or_else(|| [Rule::required()])?;
    match entrypass_rpc::instant(&timestamp) {
        Some(instant) if instant <= now => Ok(instant.truncate_to_microsecond()),
        _ => Err([Rule::new(
            "OUT_OF_RANGE",
            Text::new("时间须有效且不能晚于现在", "an instant of the calendar that is not in the future"),
        )]),
    }
}

fn unknown_value(zh_cn: &'static str, en: &'static str) -> Rule {
    Rule::new("UNKNOWN_VALUE", Text::new(zh_cn, en))
}
