//! What an authority records of a person.

use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::{required_request_id, resource_id};
use entrypass_rule::{Rule, Text, Violations};
use prost_types::Timestamp;
use time::OffsetDateTime;
use uuid::Uuid;

use super::unknown_value;
use crate::{
    circumstances::{self, FollowUpOutcome},
    wire::collection,
};

/// A person as a request names them: by a registration of theirs, or by their own name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PersonName {
    Registration(Uuid),
    Traveller(Uuid),
}

/// Reads whom a request is about.
pub(crate) fn parse_person_name(registration: &str, traveller: &str) -> Result<PersonName, Violations> {
    match (registration.is_empty(), traveller.is_empty()) {
        (true, true) => Violations::at("registration", Err([Rule::required()])),
        (true, false) => Violations::at("traveller", resource_id(collection::TRAVELLERS, traveller))
            .map(PersonName::Traveller),
        (false, true) => Violations::at("registration", resource_id(collection::REGISTRATIONS, registration))
            .map(PersonName::Registration),
        (false, false) => {
            let text = Text::new("登记与人员不能同时提供", "give a registration or a traveller, not both");
            Violations::at("traveller", Err([Rule::new("EXCLUDED", text)]))
        }
    }
}

/// Reads a quarantine: whose, from when and until when. Whether it is in time at `now` is told where something else is wrong, so that all comes at once,
/// and else left to [`judge_quarantine`].
pub(crate) fn parse_quarantine(
    request: &pb::RecordQuarantineRequest,
    now: OffsetDateTime,
) -> Result<(PersonName, (OffsetDateTime, OffsetDateTime)), Violations> {
    let pb::RecordQuarantineRequest { request_id, registration, traveller, from_time, until_time } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let person = violations.collect(parse_person_name(registration, traveller));
    let from = violations.take("from_time", instant(from_time.as_ref()));
    let until = violations.take("until_time", instant(until_time.as_ref()));
    if let (Some(from), Some(until), false) = (from, until, violations.is_empty()) {
        violations.collect(judge_quarantine(from, until, now));
    }
    violations.finish(|| Some((person?, (from?, until?))))
}

/// Whether a quarantine can be recorded at `now`, with every rule that its times break.
pub(crate) fn judge_quarantine(
    from: OffsetDateTime,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), Violations> {
    let mut violations = Violations::default();
    for (field, rule) in circumstances::broken(from, until, now) {
        violations.add(field, rule);
    }
    violations.into_result()
}

/// Reads which quarantine is to end.
pub(crate) fn parse_end_quarantine(request: &pb::EndQuarantineRequest) -> Result<Uuid, Violations> {
    let pb::EndQuarantineRequest { request_id, quarantine } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let quarantine = violations.take("quarantine", resource_id(collection::QUARANTINES, quarantine));
    violations.finish(|| quarantine)
}

/// Reads a follow-up: whose, and what came of it.
pub(crate) fn parse_follow_up(
    request: &pb::RecordFollowUpRequest,
) -> Result<(PersonName, FollowUpOutcome), Violations> {
    let pb::RecordFollowUpRequest { request_id, registration, traveller, outcome } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let person = violations.collect(parse_person_name(registration, traveller));
    let outcome = violations.take("outcome", parse_outcome(*outcome));
    violations.finish(|| Some((person?, outcome?)))
}

fn parse_outcome(outcome: i32) -> Result<FollowUpOutcome, [Rule; 1]> {
    match pb::FollowUpOutcome::try_from(outcome) {
        Ok(pb::FollowUpOutcome::Unspecified) => Err([Rule::required()]),
        Ok(pb::FollowUpOutcome::Cleared) => Ok(FollowUpOutcome::Cleared),
        Ok(pb::FollowUpOutcome::SeeAgain) => Ok(FollowUpOutcome::SeeAgain),
        Err(_) => Err([unknown_value("未知的回访结果", "not one of the published outcomes")]),
    }
}

/// Reads an instant to the microsecond, which is what is kept.
fn instant(timestamp: Option<&Timestamp>) -> Result<OffsetDateTime, [Rule; 1]> {
    let timestamp = timestamp.ok_or_else(|| [Rule::required()])?;
    let instant = entrypass_rpc::instant(timestamp).map(OffsetDateTime::truncate_to_microsecond);
    instant.ok_or_else(|| [Rule::new("OUT_OF_RANGE", Text::new("时间须有效", "an instant of the calendar"))])
}
