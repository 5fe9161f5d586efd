//! Messages to domain values and back: the only place that names both.

mod bundle;
mod decision;
mod drawing;
mod issue;
mod key;
mod withdrawal;

use entrypass_rpc::{resource_id, resource_name};
use entrypass_rule::{Rule, Text, Violation, Violations};
use uuid::Uuid;

pub(crate) use self::{
    bundle::{bad_cursor, bundle, bundle_cursor},
    decision::{decision, finding},
    drawing::{Format, drawing},
    issue::{qr_code, subjects},
    key::verification_keys,
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

/// The scanned text. Longer than any code is refused, so that nobody pays for reading it.
pub(crate) fn scanned(content: &str) -> Result<(), Violations> {
    let rule = if content.is_empty() {
        Rule::required()
    } else if content.chars().count() > CONTENT_LIMIT {
        Rule::new("LENGTH", Text::new("最多4096个字符", "at most 4096 characters"))
    } else {
        return Ok(());
    };
    Err(Violation { field: "content".to_owned(), rule }.into())
}

/// What a scanner appended to the text is not the text's. A blank is: it stands in the Base45 alphabet, and a token may end with one.
pub(crate) fn without_line_end(content: &str) -> &str {
    content.trim_start().trim_end_matches(['\r', '\n', '\t'])
}

pub(crate) fn not_a_code() -> Violations {
    let text = Text::new("不是本系统签发的通行码", "not a code that this system signed");
    Violation { field: "content".to_owned(), rule: Rule::new("NOT_A_CODE", text) }.into()
}
