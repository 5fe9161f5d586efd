//! The offline bundle as it is handed over, and where to go on after one.

use entrypass_proto::qr::v1 as pb;
use entrypass_rpc::timestamp;
use entrypass_rule::{Rule, Text, Violation, Violations};
use entrypass_verifier::{FeedId, Withdrawal, WithdrawalKind as Kind};
use uuid::Uuid;

use crate::bundles::Built;

/// Where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) feed: FeedId,
    pub(crate) version: u64,
}

pub(crate) fn bundle(of: &Built) -> pb::VerificationBundle {
    let count = |counts: fn(&Kind) -> bool| {
        let kinds = of.withdrawals.iter().map(|Withdrawal { kind, .. }| kind);
        i32::try_from(kinds.filter(|kind| counts(kind)).count()).unwrap_or(i32::MAX)
    };
    pb::VerificationBundle {
        bundle: of.bytes.to_vec(),
        version: of.version.cast_signed(),
        since_version: of.since.map(u64::cast_signed),
        as_of_time: Some(timestamp(of.as_of)),
        not_after_time: Some(timestamp(of.not_after)),
        key_ids: of.keys.iter().map(|trusted| trusted.key.key_id().to_string()).collect(),
        revoked_count: count(|kind| matches!(kind, Kind::Revoked)),
        superseded_count: count(|kind| matches!(kind, Kind::Superseded)),
        suspended_count: count(|kind| matches!(kind, Kind::Suspended { .. })),
        reinstated_count: count(|kind| matches!(kind, Kind::Reinstated)),
        cursor: cursor(Cursor { feed: of.feed, version: of.version }),
    }
}

fn cursor(of: Cursor) -> String {
    format!("{}{:016x}", Uuid::from_bytes(of.feed.0).simple(), of.version)
}

/// Reads a cursor, if there is one.
pub(crate) fn bundle_cursor(text: &str) -> Result<Option<Cursor>, Violations> {
    if text.is_empty() {
        return Ok(None);
    }
    let parse = || {
        let (feed, version) = text.split_at_checked(32)?;
        let feed = FeedId(*Uuid::try_parse(feed).ok()?.as_bytes());
        let parsed = Cursor { feed, version: u64::from_str_radix(version, 16).ok()? };
        (cursor(parsed) == text).then_some(parsed)
    };
    parse().map(Some).ok_or_else(bad_cursor)
}

/// The refusal of a cursor that is not of this system.
pub(crate) fn bad_cursor() -> Violations {
    let text = Text::new("位置标记无效", "take the cursor from an answer of this system, unchanged");
    Violation { field: "cursor".to_owned(), rule: Rule::new("BAD_CURSOR", text) }.into()
}

#[cfg(test)]
mod tests {
    use entrypass_verifier::FeedId;

    use super::{Cursor, bundle_cursor, cursor};

    #[test]
    fn only_a_cursor_of_ours_is_taken_back() {
        let place = Cursor { feed: FeedId([0xab; 16]), version: 7 };
        let ours = cursor(place);
        assert_eq!(ours, format!("{}{}", "ab".repeat(16), "0000000000000007"));
        assert_eq!(bundle_cursor(&ours), Ok(Some(place)));
        assert_eq!(bundle_cursor(""), Ok(None));
        for forged in ["7", &ours.to_uppercase(), &ours[..47], &format!("{ours}0"), &"é".repeat(24)] {
            assert!(bundle_cursor(forged).is_err(), "{forged}");
        }
    }
}
