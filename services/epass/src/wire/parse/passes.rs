//! What is asked for about passes.

use entrypass_proto::{
    epass::v1 as pb,
    registration::v1::{self as registration, DocumentType},
};
use entrypass_rpc::{required_request_id, resource_id};
use entrypass_rule::{Rule, Text, Violations};
use prost_types::Timestamp;
use time::OffsetDateTime;
use uuid::Uuid;

use super::unknown_value;
use crate::{
    pass::ExternalPass,
    text::{ChannelNumber, Issuer},
    wire::collection,
};

/// A pass to be recorded, and the document of its person, which goes to the registration service and nowhere else.
pub(crate) struct RecordRequest {
    pub(crate) document: registration::Document,
    pub(crate) pass: ExternalPass,
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

/// Reads a pass of another channel. The document's number is the registration service's to judge.
pub(crate) fn parse_record(
    request: pb::RecordExternalPassRequest,
    now: OffsetDateTime,
) -> Result<RecordRequest, Violations> {
    let pb::RecordExternalPassRequest { request_id, document, issuer, pass_number, issue_time, expire_time } =
        request;
    let mut violations = required_request_id(&request_id).err().unwrap_or_default();
    let pass = pb::ExternalPass { document, issuer, pass_number, issue_time, expire_time };
    let pass = violations.collect(parse_external(pass, now));
    violations.finish(|| pass)
}

/// Most passes that one call records.
const PASSES_LIMIT: usize = 500;

/// Reads many passes of other channels: the request's id, and each row or what is wrong with it.
pub(crate) fn parse_record_many(
    request: pb::RecordExternalPassesRequest,
    now: OffsetDateTime,
) -> Result<(String, Vec<Result<RecordRequest, Violations>>), Violations> {
    let pb::RecordExternalPassesRequest { request_id, passes } = request;
    let mut violations = required_request_id(&request_id).err().unwrap_or_default();
    if !(1..=PASSES_LIMIT).contains(&passes.len()) {
        violations.add("passes", Rule::new("LENGTH", Text::new("须为1至500项", "1 to 500 passes")));
    }
    violations
        .finish(|| Some((request_id, passes.into_iter().map(|pass| parse_external(pass, now)).collect())))
}

/// Reads one pass of another channel.
fn parse_external(pass: pb::ExternalPass, now: OffsetDateTime) -> Result<RecordRequest, Violations> {
    let pb::ExternalPass { document, issuer, pass_number, issue_time, expire_time } = pass;
    let mut violations = Violations::default();
    let document = match document {
        None => violations.take("document", Err([Rule::required()])),
        Some(document) => violations.take("document.type", resident_id_card(document)),
    };
    let issuer = violations.take("issuer", Issuer::new(&issuer));
    let number = violations.take("pass_number", ChannelNumber::new(&pass_number));
    let issue_time = violations.take("issue_time", parse_past(issue_time, now));
    let expire_time = violations.take("expire_time", parse_future(expire_time, now));
    violations.finish(|| {
        let (issuer, number) = (issuer?, number?);
        let pass = ExternalPass { issuer, number, issue_time: issue_time?, expire_time: expire_time? };
        Some(RecordRequest { document: document?, pass })
    })
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

/// Reads an instant after `now`, to the microsecond, where one is given.
fn parse_future(
    timestamp: Option<Timestamp>,
    now: OffsetDateTime,
) -> Result<Option<OffsetDateTime>, [Rule; 1]> {
    let Some(timestamp) = timestamp else { return Ok(None) };
    match entrypass_rpc::instant(&timestamp) {
        Some(instant) if instant > now => Ok(Some(instant.truncate_to_microsecond())),
        _ => Err([Rule::new(
            "OUT_OF_RANGE",
            Text::new("时间须有效且晚于现在", "an instant of the calendar that is in the future"),
        )]),
    }
}
