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
    /// What is wrong with its times now: what was in time when it was first asked for has its first answer all the same.
    pub(crate) untimely: Violations,
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

/// Reads a pass of another channel: the request's id, what it says, and that read. The document's number is the registration service's to judge.
pub(crate) fn parse_record(
    request: pb::RecordExternalPassRequest,
    now: OffsetDateTime,
) -> Result<(String, pb::ExternalPass, RecordRequest), Violations> {
    let pb::RecordExternalPassRequest { request_id, document, issuer, pass_number, issue_time, expire_time } =
        request;
    let mut violations = required_request_id(&request_id).err().unwrap_or_default();
    let said = pb::ExternalPass { document, issuer, pass_number, issue_time, expire_time };
    let read = violations.collect(parse_external(said.clone(), now));
    violations.finish(|| Some((request_id, said, read?)))
}

/// What a row says, and that read, or what is wrong with it.
type RowRead = (pb::ExternalPass, Result<RecordRequest, Violations>);

/// Most passes that one call records.
const PASSES_LIMIT: usize = 500;

/// Reads many passes of other channels: the request's id, what each row says, and that read or what is wrong with it.
pub(crate) fn parse_record_many(
    request: pb::RecordExternalPassesRequest,
    now: OffsetDateTime,
) -> Result<(String, Vec<RowRead>), Violations> {
    let pb::RecordExternalPassesRequest { request_id, passes } = request;
    let mut violations = required_request_id(&request_id).err().unwrap_or_default();
    if !(1..=PASSES_LIMIT).contains(&passes.len()) {
        violations.add("passes", Rule::new("LENGTH", Text::new("须为1至500项", "1 to 500 passes")));
    }
    let read = |said: pb::ExternalPass| (said.clone(), parse_external(said, now));
    violations.finish(|| Some((request_id, passes.into_iter().map(read).collect())))
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
    let issue_time = violations.take("issue_time", parse_issue_time(issue_time));
    let expire_time = violations.take("expire_time", parse_expire_time(expire_time));
    let untimely = untimely(issue_time, expire_time.flatten(), now);
    let read = violations.finish(|| {
        let (issuer, number) = (issuer?, number?);
        let pass = ExternalPass { issuer, number, issue_time: issue_time?, expire_time: expire_time? };
        Some((document?, pass))
    });
    match read {
        Ok((document, pass)) => Ok(RecordRequest { document, pass, untimely }),
        // It is refused in any case: with all that is wrong.
        Err(mut broken) => {
            broken.extend(untimely);
            Err(broken)
        }
    }
}

/// What is wrong with the times of a pass of which is told at `now`.
fn untimely(
    issue_time: Option<OffsetDateTime>,
    expire_time: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Violations {
    let mut untimely = Violations::default();
    if issue_time.is_some_and(|issued| issued > now) {
        untimely.add("issue_time", bad_issue_time());
    }
    if expire_time.is_some_and(|end| end <= now) {
        untimely.add("expire_time", bad_expire_time());
    }
    untimely
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

fn parse_issue_time(timestamp: Option<Timestamp>) -> Result<OffsetDateTime, [Rule; 1]> {
    let timestamp = timestamp.ok_or_else(|| [Rule::required()])?;
    to_the_microsecond(&timestamp).ok_or_else(|| [bad_issue_time()])
}

fn parse_expire_time(timestamp: Option<Timestamp>) -> Result<Option<OffsetDateTime>, [Rule; 1]> {
    let Some(timestamp) = timestamp else { return Ok(None) };
    to_the_microsecond(&timestamp).map(Some).ok_or_else(|| [bad_expire_time()])
}

/// Reads an instant to the microsecond, which is what is kept.
fn to_the_microsecond(timestamp: &Timestamp) -> Option<OffsetDateTime> {
    entrypass_rpc::instant(timestamp).map(OffsetDateTime::truncate_to_microsecond)
}

fn bad_issue_time() -> Rule {
    let text = Text::new("时间须有效且不能晚于现在", "an instant of the calendar that is not in the future");
    Rule::new("OUT_OF_RANGE", text)
}

fn bad_expire_time() -> Rule {
    let text = Text::new("时间须有效且晚于现在", "an instant of the calendar that is in the future");
    Rule::new("OUT_OF_RANGE", text)
}
