//! Where a follower stands, and where it wants to begin.
//!
//! Asks nobody and keeps nothing. A request's `start` is read here too, and not by each service: the contracts of all feeds have the one enum of the
//! registration service's.

use std::fmt;

use entrypass_proto::registration::v1::watch_registrations_request::Start as WireStart;
use entrypass_rule::{Rule, Text, Violation, Violations};
use uuid::Uuid;

use crate::FeedError;

/// Where a follower stands in a feed. As text it is 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Which feed: another database has another one.
    pub feed: u64,
    /// The last change that was dealt with; 0 stands before the first.
    pub position: u64,
}

/// Which changes a feed has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Which feed.
    pub feed: u64,
    /// The last position that was given.
    pub head: u64,
    /// The last position that was forgotten.
    pub tail: u64,
}

/// Why a feed cannot be followed from a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorRefused {
    /// It belongs to another feed.
    Foreign,
    /// What follows it is forgotten, or it lies ahead of everything, as after a restore.
    OutOfRange,
}

/// Where a follower wants to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the oldest change.
    Oldest,
    /// With what happens from now on.
    Now,
    /// Behind a cursor.
    After(Cursor),
}

impl Extent {
    /// Whether every change behind `cursor` is there.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, cursor: Cursor) -> Result<(), CursorRefused> {
        if cursor.feed != self.feed {
            Err(CursorRefused::Foreign)
        } else if (self.tail..=self.head).contains(&cursor.position) {
            Ok(())
        } else {
            Err(CursorRefused::OutOfRange)
        }
    }
}

impl From<CursorRefused> for FeedError {
    fn from(refused: CursorRefused) -> Self {
        match refused {
            CursorRefused::Foreign => Self::Foreign,
            CursorRefused::OutOfRange => Self::OutOfRange,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_u64_pair(self.feed, self.position).simple().fmt(f)
    }
}

impl Cursor {
    /// Reads what `Display` wrote; `None` for everything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok().filter(|id| id.simple().to_string() == text)?;
        let (feed, position) = id.as_u64_pair();
        Some(Self { feed, position })
    }
}

impl Start {
    /// Reads the fields `cursor` and `start` of a request, of which one must be given.
    ///
    /// # Errors
    /// Which of the two breaks which rule.
    pub fn parse(cursor: &str, start: i32) -> Result<Self, Violations> {
        match (cursor.is_empty(), WireStart::try_from(start)) {
            (true, Ok(WireStart::Oldest)) => Ok(Self::Oldest),
            (true, Ok(WireStart::Now)) => Ok(Self::Now),
            (true, Ok(WireStart::Unspecified)) => Err(at("start", Rule::required())),
            (false, Ok(WireStart::Unspecified)) => {
                Cursor::parse(cursor).map(Self::After).ok_or_else(bad_cursor)
            }
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
}

/// The refusal of a cursor that is not of this feed.
#[must_use]
pub fn bad_cursor() -> Violations {
    let text = Text::new("位置标记无效", "take the cursor from an answer of this system, unchanged");
    at("cursor", Rule::new("BAD_CURSOR", text))
}

fn at(field: &str, rule: Rule) -> Violations {
    Violation { field: field.to_owned(), rule }.into()
}

#[cfg(test)]
mod tests {
    use super::{Cursor, CursorRefused, Extent, Start, WireStart as S};

    fn asked(cursor: &str, start: i32) -> Result<Start, Vec<(String, &'static str)>> {
        Start::parse(cursor, start)
            .map_err(|broken| broken.iter().map(|one| (one.field.clone(), one.rule.reason)).collect())
    }

    #[test]
    fn a_follower_begins_at_a_cursor_or_at_a_start() {
        let place = Cursor { feed: 0xfeed, position: 7 };
        let ours = place.to_string();
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

    #[test]
    fn a_feed_is_followed_only_from_where_nothing_is_missing() {
        let extent = Extent { feed: 7, head: 9, tail: 3 };
        let table = [
            (7, 3, Ok(())),
            (7, 9, Ok(())),
            (7, 2, Err(CursorRefused::OutOfRange)),
            (7, 10, Err(CursorRefused::OutOfRange)),
            (8, 5, Err(CursorRefused::Foreign)),
        ];
        for (feed, position, expected) in table {
            assert_eq!(extent.check(Cursor { feed, position }), expected, "{feed} {position}");
        }
    }
}
