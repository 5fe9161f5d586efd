//! Messages to domain values and back: the only place that names both.

mod bundle;
mod decision;
mod drawing;
mod group;
mod issue;
mod key;
mod record;
mod withdrawal;

use entrypass_rpc::{instant, resource_id, resource_name};
use entrypass_rule::{Rule, Text, Violation, Violations};
use entrypass_token::CodeId;
use prost_types::Timestamp;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::{
    bundle::{bad_cursor, bundle, bundle_cursor},
    decision::{Decision, Scan, decision, scan, scans},
    drawing::{Format, drawing},
    group::{Group, groups},
    issue::{qr_code, subjects},
    key::verification_keys,
    record::{count, count_request, exported, list, registrations, verification, verification_name},
    withdrawal::{Target, Wish, reinstatement, result, revocation, rows, standing, suspension, target},
};

/// Collection of the registrations' resource names.
const REGISTRATIONS: &str = "registrations";
/// Longest text that is looked at as a code, in characters.
const CONTENT_LIMIT: usize = 4096;

/// Reads the resource name of a registration.
pub(crate) fn registration_id(name: &str) -> Result<Uuid, [Rule; 1]> {
    resource_id(REGISTRATIONS, name)
}

pub(crate) fn registration_name(id: Uuid) -> String {
    resource_name(REGISTRATIONS, id)
}

/// Reads the id of a code.
fn code_id(text: &str) -> Result<CodeId, [Rule; 1]> {
    let form = Text::new("须为32位小写十六进制数字", "32 lower-case hexadecimal digits");
    text.parse().map_err(|_| [Rule::new("FORMAT", form)])
}

/// The scanned text at `field`. Longer than any code is refused, so that nobody pays for reading it.
pub(crate) fn scanned(field: &str, content: &str) -> Result<(), Violations> {
    let rule = if content.is_empty() {
        Rule::required()
    } else if content.chars().count() > CONTENT_LIMIT {
        Rule::new("LENGTH", Text::new("最多4096个字符", "at most 4096 characters"))
    } else {
        return Ok(());
    };
    Err(Violation { field: field.to_owned(), rule }.into())
}

pub(crate) fn not_a_code() -> Violations {
    let text = Text::new("不是本系统签发的通行码", "not a code that this system signed");
    Violation { field: "content".to_owned(), rule: Rule::new("NOT_A_CODE", text) }.into()
}

/// An instant that may be left out.
pub(crate) fn optional_time(wire: Option<&Timestamp>) -> Result<Option<OffsetDateTime>, [Rule; 1]> {
    let Some(wire) = wire else { return Ok(None) };
    let text = Text::new("时间须有效", "an instant of the calendar");
    instant(wire).map(Some).ok_or_else(|| [Rule::new("OUT_OF_RANGE", text)])
}

/// An instant that must be there.
pub(crate) fn time(wire: Option<&Timestamp>) -> Result<OffsetDateTime, [Rule; 1]> {
    optional_time(wire)?.ok_or_else(|| [Rule::required()])
}
