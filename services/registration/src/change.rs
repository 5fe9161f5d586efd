//! What happened to a registration, as followers learn of it: the change feed's own words. Pure.
//!
//! Owns what a change is and where a follower stands. How changes get their order is the store's (`store/changes.rs`), how they reach
//! a follower the feed's (`feed.rs`).

use time::OffsetDateTime;
use uuid::Uuid;

use crate::registration::{Registration, RevisionKind, StoredState};

/// One change of one registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// The registration; nil where somebody was erased who had none.
    pub(crate) registration: Uuid,
    /// Its person.
    pub(crate) traveller: Uuid,
    /// What happened.
    pub(crate) kind: ChangeKind,
    /// The revision after the change.
    pub(crate) revision: u16,
    /// The state after the change.
    pub(crate) state: StoredState,
    /// When the registration ends by itself, after the change.
    pub(crate) expire_time: OffsetDateTime,
    /// The bond, where the change is one of a companion.
    pub(crate) companion: Option<Uuid>,
    /// When it happened.
    pub(crate) create_time: OffsetDateTime,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Registered,
    Amended,
    DocumentReplaced,
    Corrected,
    Cancelled,
    /// Its time ended, and somebody wrote it down.
    Expired,
    CompanionBound,
    CompanionConfirmed,
    CompanionUnbound,
    TravellerErased,
}

/// Where a follower stands in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Which feed: another database has another one.
    pub(crate) feed: u64,
    /// The last change that was dealt with; 0 stands before the first.
    pub(crate) position: u64,
}

/// Which changes a feed has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Which feed.
    pub(crate) feed: u64,
    /// The last position that was given.
    pub(crate) head: u64,
    /// The last position that was forgotten.
    pub(crate) tail: u64,
}

/// Why a feed cannot be followed from a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CursorRefused {
    /// It belongs to another feed.
    Foreign,
    /// What follows it is forgotten, or it lies ahead of everything, as after a restore.
    OutOfRange,
}

impl Extent {
    /// Whether every change behind `cursor` is there.
    pub(crate) fn check(&self, cursor: Cursor) -> Result<(), CursorRefused> {
        if cursor.feed != self.feed {
            Err(CursorRefused::Foreign)
        } else if (self.tail..=self.head).contains(&cursor.position) {
            Ok(())
        } else {
            Err(CursorRefused::OutOfRange)
        }
    }
}

impl Change {
    /// What `kind` made of `registration` at `now`; `companion` is the bond that it is about, if any.
    pub(crate) fn of(
        registration: &Registration,
        kind: ChangeKind,
        companion: Option<Uuid>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            registration: registration.id,
            traveller: registration.traveller,
            kind,
            revision: registration.revision,
            state: registration.state(now),
            expire_time: registration.expire_time,
            companion,
            create_time: now,
        }
    }
}

impl Change {
    /// That somebody was erased at `now` who had no registration.
    pub(crate) fn erased_without_registration(traveller: Uuid, now: OffsetDateTime) -> Self {
        Self {
            registration: Uuid::nil(),
            traveller,
            kind: ChangeKind::TravellerErased,
            revision: 0,
            state: StoredState::Cancelled,
            expire_time: now,
            companion: None,
            create_time: now,
        }
    }
}

impl From<RevisionKind> for ChangeKind {
    fn from(kind: RevisionKind) -> Self {
        match kind {
            RevisionKind::Registered => Self::Registered,
            RevisionKind::Amended => Self::Amended,
            RevisionKind::DocumentReplaced => Self::DocumentReplaced,
            RevisionKind::Corrected => Self::Corrected,
            RevisionKind::Cancelled => Self::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, CursorRefused, Extent};

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
