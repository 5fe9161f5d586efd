//! What happened to a registration, as followers learn of it: the change feed's own words. Pure.
//!
//! Owns what a change is. How changes get their order, and how they reach a follower, is `entrypass-feed`'s.

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
    Cancelled,
    /// Its time ended, and somebody wrote it down.
    Expired,
    CompanionBound,
    CompanionConfirmed,
    CompanionUnbound,
    TravellerErased,
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
            RevisionKind::Cancelled => Self::Cancelled,
        }
    }
}
