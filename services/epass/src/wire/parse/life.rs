//! What is asked for after a pass was issued.

use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::{required_request_id, resource_id};
use entrypass_rule::{Rule, Violations};
use uuid::Uuid;

use super::unknown_value;
use crate::{
    pass::{Reason, Step},
    text::Note,
    wire::collection,
};

/// What an authority wants with a pass.
pub(crate) struct Act {
    pub(crate) pass: Uuid,
    pub(crate) etag: String,
    pub(crate) step: Step,
    pub(crate) reason: Reason,
    pub(crate) note: Note,
}

/// Reads a suspension.
pub(crate) fn parse_suspend(request: &pb::SuspendElectronicPassRequest) -> Result<Act, Violations> {
    let pb::SuspendElectronicPassRequest { request_id, electronic_pass, etag, reason, note } = request;
    parse_act(Step::Suspend, (request_id, electronic_pass, etag), *reason, note)
}

/// Reads a reinstatement.
pub(crate) fn parse_reinstate(request: &pb::ReinstateElectronicPassRequest) -> Result<Act, Violations> {
    let pb::ReinstateElectronicPassRequest { request_id, electronic_pass, etag, reason, note } = request;
    parse_act(Step::Reinstate, (request_id, electronic_pass, etag), *reason, note)
}

/// Reads a revocation.
pub(crate) fn parse_revoke(request: &pb::RevokeElectronicPassRequest) -> Result<Act, Violations> {
    let pb::RevokeElectronicPassRequest { request_id, electronic_pass, etag, reason, note } = request;
    parse_act(Step::Revoke, (request_id, electronic_pass, etag), *reason, note)
}

/// Reads whose pass is given up: the holder's registration, and the etag.
pub(crate) fn parse_cancel(request: &pb::CancelElectronicPassRequest) -> Result<(Uuid, String), Violations> {
    let pb::CancelElectronicPassRequest { request_id, registration, etag } = request;
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let registration = violations.take("registration", resource_id(collection::REGISTRATIONS, registration));
    let etag = violations.take("etag", required(etag));
    violations.finish(|| Some((registration?, etag?)))
}

fn parse_act(
    step: Step,
    (request_id, pass, etag): (&str, &str, &str),
    reason: i32,
    note: &str,
) -> Result<Act, Violations> {
    let mut violations = required_request_id(request_id).err().unwrap_or_default();
    let pass = violations.take("electronic_pass", resource_id(collection::ELECTRONIC_PASSES, pass));
    let etag = violations.take("etag", required(etag));
    let reason = violations.take("reason", parse_reason(reason));
    let note = violations.take("note", Note::new(note));
    violations.finish(|| Some(Act { pass: pass?, etag: etag?, step, reason: reason?, note: note? }))
}

fn required(text: &str) -> Result<String, [Rule; 1]> {
    if text.is_empty() { Err([Rule::required()]) } else { Ok(text.to_owned()) }
}

fn parse_reason(reason: i32) -> Result<Reason, [Rule; 1]> {
    use pb::PassReason as Wire;
    match Wire::try_from(reason) {
        Ok(Wire::Unspecified) => Err([Rule::required()]),
        Ok(Wire::DataError) => Ok(Reason::DataError),
        Ok(Wire::FraudSuspected) => Ok(Reason::FraudSuspected),
        Ok(Wire::FraudConfirmed) => Ok(Reason::FraudConfirmed),
        Ok(Wire::HealthOrder) => Ok(Reason::HealthOrder),
        Ok(Wire::LostOrCopied) => Ok(Reason::LostOrCopied),
        Ok(Wire::WithdrawnByIssuer) => Ok(Reason::WithdrawnByIssuer),
        Ok(Wire::Cleared) => Ok(Reason::Cleared),
        Ok(Wire::Other) => Ok(Reason::Other),
        Err(_) => Err([unknown_value("未知的原因", "not one of the published reasons")]),
    }
}
