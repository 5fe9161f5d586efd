//! The change feed's messages.

use entrypass_proto::registration::v1::{
    self as pb, registration_change::Kind, watch_registrations_request::Start as WireStart,
};
use entrypass_rpc::{resource_name, timestamp};
use entrypass_rule::{Rule, Text, Violation, Violations};
use uuid::Uuid;

use super::{collection, render};
use crate::change::{Change, ChangeKind, Cursor};

/// Where a follower wants to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the oldest change.
    Oldest,
    /// With what happens from now on.
    Now,
    /// Behind a cursor.
    After(Cursor),
}

/// Reads where a follower wants to begin.
pub(crate) fn start(message: pb::WatchRegistrationsRequest) -> Result<Start, Violations> {
    let pb::WatchRegistrationsRequest { cursor, start } = message;
    match (cursor.is_empty(), WireStart::try_from(start)) {
        (true, Ok(WireStart::Oldest)) => Ok(Start::Oldest),
        (true, Ok(WireStart::Now)) => Ok(Start::Now),
        (true, Ok(WireStart::Unspecified)) => Err(at("start", Rule::required())),
        (false, Ok(WireStart::Unspecified)) => parse(&cursor).map(Start::After).ok_or_else(bad_cursor),
        (false, Ok(WireStart::Oldest | WireStart::Now)) => {
            let text = Text::new("位置标记与起点不能同时提供", "give a cursor or a start, not both");
            Err(at("start", Rule::new("EXCLUDED", text)))
        }
        (_, Err(_)) => {
            let text = Text::new("不在可选范围内", "not one of the published values");
            Err(at("start", Rule::new("UNKNOWN_VALUE", text)))
        }
    }
}

/// The refusal of a cursor that is not of this feed.
pub(crate) fn bad_cursor() -> Violations {
    let text = Text::new("位置标记无效", "take the cursor from an answer of this system, unchanged");
    at("cursor", Rule::new("BAD_CURSOR", text))
}

fn at(field: &str, rule: Rule) -> Violations {
    Violation { field: field.to_owned(), rule }.into()
}

/// A cursor as followers keep it: 32 hexadecimal digits.
pub(crate) fn cursor(of: Cursor) -> String {
    Uuid::from_u64_pair(of.feed, of.position).simple().to_string()
}

fn parse(text: &str) -> Option<Cursor> {
    let id = Uuid::try_parse(text).ok().filter(|id| id.simple().to_string() == text)?;
    let (feed, position) = id.as_u64_pair();
    Some(Cursor { feed, position })
}

/// Renders a change.
pub(crate) fn change(of: &Change, at: Cursor) -> pb::RegistrationChange {
    pb::RegistrationChange {
        registration: named(of.registration),
        traveller: render::traveller_name(of.traveller),
        kind: kind(of.kind).into(),
        revision: i32::from(of.revision),
        state: render::state(of.state).into(),
        expire_time: Some(timestamp(of.expire_time)),
        companion: of.companion.map(|id| resource_name(collection::COMPANIONS, id)).unwrap_or_default(),
        change_time: Some(timestamp(of.create_time)),
        cursor: cursor(at),
    }
}

fn named(registration: Uuid) -> String {
    if registration.is_nil() { String::new() } else { render::registration_name(registration) }
}

fn kind(of: ChangeKind) -> Kind {
    match of {
        ChangeKind::Registered => Kind::Registered,
        ChangeKind::Amended => Kind::Amended,
        ChangeKind::DocumentReplaced => Kind::DocumentReplaced,
        ChangeKind::Corrected => Kind::Corrected,
        ChangeKind::Cancelled => Kind::Cancelled,
        ChangeKind::Expired => Kind::Expired,
        ChangeKind::CompanionBound => Kind::CompanionBound,
        ChangeKind::CompanionConfirmed => Kind::CompanionConfirmed,
        ChangeKind::CompanionUnbound => Kind::CompanionUnbound,
        ChangeKind::TravellerErased => Kind::TravellerErased,
    }
}

#[cfg(test)]
mod tests {
    use entrypass_proto::registration::v1::{
        WatchRegistrationsRequest, watch_registrations_request::Start as S,
    };

    use super::{Cursor, Start, cursor};

    fn asked(cursor: &str, start: i32) -> Result<Start, Vec<(String, &'static str)>> {
        super::start(WatchRegistrationsRequest { cursor: cursor.to_owned(), start })
            .map_err(|broken| broken.iter().map(|one| (one.field.clone(), one.rule.reason)).collect())
    }

    #[test]
    fn a_follower_begins_at_a_cursor_or_at_a_start() {
        let place = Cursor { feed: 0xfeed, position: 7 };
        let ours = cursor(place);
        assert_eq!(ours, "000000000000feed0000000000000007");
        let refused = |field: &str, reason| Err(vec![(field.to_owned(), reason)]);
        let table = [
            ("", S::Oldest.into(), Ok(Start::Oldest)),
            ("", S::Now.into(), Ok(Start::Now)),
            (ours.as_str(), S::Unspecified.into(), Ok(Start::After(place))),
            ("", S::Unspecified.into(), refused("start", "REQUIRED")),
            (ours.as_str(), S::Now.into(), refused("start", "EXCLUDED")),
            ("", 9, refused("start", "UNKNOWN_VALUE")),
            ("7", S::Unspecified.into(), refused("cursor", "BAD_CURSOR")),
            ("00000000-0000-feed-0000-000000000007", S::Unspecified.into(), refused("cursor", "BAD_CURSOR")),
        ];
        for (cursor, start, expected) in table {
            assert_eq!(asked(cursor, start), expected, "{cursor:?} {start}");
        }
    }
}
