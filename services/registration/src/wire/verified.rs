//! What checkpoints have found, as the QR service tells it.

use std::collections::BTreeMap;

use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::instant;
use entrypass_rule::{Rule, Text, Violations};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{BATCH_LIMIT, registration_id};

/// Reads which registrations were first found good when: each once, with the earliest time, and none later than `now`.
pub(crate) fn verifications(
    message: pb::NoteVerificationsRequest,
    now: OffsetDateTime,
) -> Result<BTreeMap<Uuid, OffsetDateTime>, Violations> {
    let pb::NoteVerificationsRequest { verifications } = message;
    let mut violations = Violations::default();
    if !(1..=BATCH_LIMIT).contains(&verifications.len()) {
        violations.add("verifications", Rule::new("LENGTH", Text::new("须为1至100项", "1 to 100 entries")));
        return Err(violations);
    }
    let mut earliest = BTreeMap::new();
    for (position, one) in verifications.iter().enumerate() {
        let at = format!("verifications[{position}]");
        let id = violations.take(&format!("{at}.registration"), registration_id(&one.registration));
        let time = violations.take(&format!("{at}.time"), time(one.time.as_ref()));
        if let (Some(id), Some(time)) = (id, time) {
            let found = earliest.entry(id).or_insert(now);
            *found = time.min(*found);
        }
    }
    violations.finish(|| Some(earliest))
}

fn time(wire: Option<&prost_types::Timestamp>) -> Result<OffsetDateTime, [Rule; 1]> {
    let text = Text::new("时间须有效", "an instant of the calendar");
    let wire = wire.ok_or_else(|| [Rule::required()])?;
    instant(wire).ok_or_else(|| [Rule::new("OUT_OF_RANGE", text)])
}
