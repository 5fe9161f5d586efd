//! Records of verifications.

use entrypass_proto::qr::v1::{self as pb, count_verifications_request::GroupBy};
use entrypass_rpc::{PageRequest, resource_name, timestamp};
use entrypass_rule::{Rule, Text, Violations};
use uuid::Uuid;

use super::{code_id, decision, optional_time, registration_id, registration_name};
use crate::record::{Checkpoint, Count, Exported, Filter, Group, Grouping, Record};

pub(crate) fn verification_name(id: Uuid) -> String {
    resource_name("verifications", id)
}

pub(crate) fn list(message: pb::ListVerificationsRequest) -> Result<(Filter, PageRequest), Violations> {
    let pb::ListVerificationsRequest { filter, page_size, page_token } = message;
    let mut violations = Violations::default();
    let filter = violations.collect(self::filter(filter));
    let page = violations.collect(PageRequest::parse(page_size, &page_token));
    violations.finish(|| Some((filter?, page?)))
}

pub(crate) fn count_request(
    message: pb::CountVerificationsRequest,
) -> Result<(Filter, Grouping), Violations> {
    let pb::CountVerificationsRequest { filter, group_by } = message;
    let mut violations = Violations::default();
    let filter = violations.collect(self::filter(filter));
    let grouping = match GroupBy::try_from(group_by) {
        Ok(GroupBy::Unspecified) => Ok(Grouping::Verdict),
        Ok(GroupBy::Checkpoint) => Ok(Grouping::Checkpoint),
        Ok(GroupBy::Hour) => Ok(Grouping::Hour),
        Err(_) => Err([unknown_value()]),
    };
    let grouping = violations.take("group_by", grouping);
    violations.finish(|| Some((filter?, grouping?)))
}

/// Most registrations of one export.
const EXPORTED_AT_ONCE: usize = 100;

/// Reads the resource names of some registrations, with every violation.
pub(crate) fn registrations(field: &str, names: &[String]) -> Result<Vec<Uuid>, Violations> {
    let mut violations = Violations::default();
    if !(1..=EXPORTED_AT_ONCE).contains(&names.len()) {
        violations.add(field, Rule::new("LENGTH", Text::new("须为1至100项", "1 to 100 names")));
        return Err(violations);
    }
    let read = |(position, name): (usize, &String)| {
        violations.take(&format!("{field}[{position}]"), registration_id(name))
    };
    let ids = names.iter().enumerate().filter_map(read).collect();
    violations.finish(|| Some(ids))
}

pub(crate) fn exported(of: Exported) -> pb::ExportedQrCode {
    let Exported { registration, code, revision, create_time, records } = of;
    pb::ExportedQrCode {
        registration: registration_name(registration),
        code_id: code.to_string(),
        revision,
        create_time: Some(timestamp(create_time)),
        verifications: records.into_iter().map(verification).collect(),
    }
}

fn filter(message: Option<pb::VerificationFilter>) -> Result<Filter, Violations> {
    let pb::VerificationFilter { checkpoint, code_id: code, verdict, start_time, end_time } =
        message.unwrap_or_default();
    let mut violations = Violations::default();
    let checkpoint = violations.take("filter.checkpoint", Checkpoint::read(&checkpoint));
    let code = (!code.is_empty()).then(|| violations.take("filter.code_id", code_id(&code)));
    let verdict = pb::Verdict::try_from(verdict).map(decision::verdict_of).map_err(|_| [unknown_value()]);
    let verdict = violations.take("filter.verdict", verdict);
    let from = violations.take("filter.start_time", optional_time(start_time.as_ref()));
    let before = violations.take("filter.end_time", optional_time(end_time.as_ref()));
    violations.finish(|| {
        let code = match code {
            None => None,
            Some(code) => Some(code?),
        };
        Some(Filter { checkpoint: checkpoint?, code, verdict: verdict?, from: from?, before: before? })
    })
}

fn unknown_value() -> Rule {
    Rule::new("UNKNOWN_VALUE", Text::new("不在可选范围内", "not one of the published values"))
}

pub(crate) fn verification(of: Record) -> pb::Verification {
    let Record { id, time, checkpoint, verdict, code, caller } = of;
    pb::Verification {
        name: verification_name(id),
        verify_time: Some(timestamp(time)),
        checkpoint: checkpoint.map(|checkpoint| checkpoint.as_str().to_owned()).unwrap_or_default(),
        verdict: decision::verdict(verdict).into(),
        code_id: code.map(|code| code.to_string()).unwrap_or_default(),
        caller,
    }
}

pub(crate) fn count(of: Count) -> pb::VerificationCount {
    let Count { group, verdict, records } = of;
    let (checkpoint, hour) = match group {
        Group::All => (None, None),
        Group::Checkpoint(checkpoint) => (checkpoint, None),
        Group::Hour(hour) => (None, Some(hour)),
    };
    pb::VerificationCount {
        verdict: decision::verdict(verdict).into(),
        checkpoint: checkpoint.unwrap_or_default(),
        hour_start_time: hour.map(timestamp),
        count: records,
    }
}
