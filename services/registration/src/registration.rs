//! An entry registration and the bond between two: what they are, and which changes they allow. Pure.

use entrypass_ambient::CITY_OFFSET;
use entrypass_document::Document;
use time::{Date, Duration, OffsetDateTime, UtcOffset};
use uuid::Uuid;

use crate::form::{Form, health::HealthDeclaration};

/// Most revisions of one registration, its cancellation aside. A code carries the revision in 16 bits; nobody amends one entry that often by hand.
pub(crate) const REVISION_LIMIT: u16 = 1000;

/// One entry of one person, in its present revision.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    /// Its unguessable id.
    pub(crate) id: Uuid,
    /// The person.
    pub(crate) traveller: Uuid,
    /// Safe to quote.
    pub(crate) reference: String,
    /// What the database knows; see [`Registration::state`].
    pub(crate) stored_state: StoredState,
    /// 1 at submission.
    pub(crate) revision: u16,
    /// The notice that was acknowledged at submission.
    pub(crate) notice_version: String,
    /// What is declared at present.
    pub(crate) declared: Declared,
    /// When it was submitted.
    pub(crate) create_time: OffsetDateTime,
    /// When it changed last.
    pub(crate) update_time: OffsetDateTime,
    /// When it ends by itself.
    pub(crate) expire_time: OffsetDateTime,
}

/// What a person declares: the document and the form.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    /// The document used for this entry.
    pub(crate) document: Document,
    /// The form.
    pub(crate) form: Form,
    /// Version of the rules that the form was checked against.
    pub(crate) form_version: i32,
}

impl Declared {
    /// Whether the health block declares a fever.
    pub(crate) fn declares_fever(&self) -> bool {
        self.form.health.as_ref().is_some_and(HealthDeclaration::declares_fever)
    }
}

/// The state that a row can have. `Expired` is written when a successor is registered; until then it follows from the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoredState {
    /// Counts, unless its time has ended.
    Active,
    /// Ended by time.
    Expired,
    /// Ended on request.
    Cancelled,
}

impl StoredState {
    /// The state at `now` of a row that ends at `expire_time`.
    pub(crate) fn at(self, now: OffsetDateTime, expire_time: OffsetDateTime) -> Self {
        match self {
            Self::Active if expire_time <= now => Self::Expired,
            state => state,
        }
    }
}

/// What there is to know of a registration without what was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latest {
    pub(crate) id: Uuid,
    pub(crate) traveller: Uuid,
    pub(crate) stored_state: StoredState,
    pub(crate) expire_time: OffsetDateTime,
}

impl Latest {
    /// The state at `now`.
    pub(crate) fn at(&self, now: OffsetDateTime) -> StoredState {
        self.stored_state.at(now, self.expire_time)
    }
}

/// What made a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RevisionKind {
    /// The submission.
    Registered,
    /// A change of the form.
    Amended,
    /// Another document of the same person.
    DocumentReplaced,
    /// The cancellation.
    Cancelled,
}

/// One revision of a registration.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    /// Its number.
    pub(crate) number: u16,
    /// What made it.
    pub(crate) kind: RevisionKind,
    /// Paths of the form that it changed.
    pub(crate) changed_paths: Vec<String>,
    /// What is declared as of it.
    pub(crate) declared: Declared,
    /// When it was made.
    pub(crate) create_time: OffsetDateTime,
}

/// The bond between a holder's registration and a companion's.
#[derive(Clone)]
pub(crate) struct Companion {
    /// Its id.
    pub(crate) id: Uuid,
    /// The holder's registration.
    pub(crate) holder: Uuid,
    /// What the companion is to the holder.
    pub(crate) relationship: Relationship,
    /// Whether the companion's own side has agreed.
    pub(crate) state: CompanionState,
    /// The name by which the holder's side bound them.
    pub(crate) display_name: String,
    /// The companion's registration.
    pub(crate) registration: Registration,
    /// When it was made.
    pub(crate) create_time: OffsetDateTime,
}

/// What a companion is to the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relationship {
    Parent,
    Child,
    Spouse,
    Relative,
    Colleague,
    Other,
}

/// Whether the companion's own side has agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompanionState {
    /// The holder's side gave document and name.
    Pending,
    /// The companion's side agreed, or the holder registered the companion.
    Confirmed,
}

/// Why a registration does not take a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeRefused {
    /// It was changed since the caller read it.
    EtagMismatch,
    /// It has ended.
    NotActive,
    /// It was amended as often as is allowed.
    RevisionLimit,
}

impl Registration {
    /// The state at `now`: an active registration ends by itself, without anybody writing that down.
    pub(crate) fn state(&self, now: OffsetDateTime) -> StoredState {
        self.stored_state.at(now, self.expire_time)
    }

    /// Whether it counts at `now`.
    pub(crate) fn is_active(&self, now: OffsetDateTime) -> bool {
        self.state(now) == StoredState::Active
    }

    /// Opaque to callers, and different after every change.
    pub(crate) fn etag(&self) -> String {
        let (_, low) = self.id.as_u64_pair();
        format!("{:08x}-{:x}", low & 0xffff_ffff, self.revision)
    }

    /// Whether a change by somebody who read `etag` may be made at `now`.
    pub(crate) fn check_change(&self, etag: &str, now: OffsetDateTime) -> Result<(), ChangeRefused> {
        self.check_cancellation(etag, now)?;
        if self.revision < REVISION_LIMIT { Ok(()) } else { Err(ChangeRefused::RevisionLimit) }
    }

    /// As [`Self::check_change`], for the last change there is: it needs no room for more revisions, and is the way out for
    /// somebody who has none left.
    pub(crate) fn check_cancellation(&self, etag: &str, now: OffsetDateTime) -> Result<(), ChangeRefused> {
        if self.etag() != etag {
            Err(ChangeRefused::EtagMismatch)
        } else if !self.is_active(now) {
            Err(ChangeRefused::NotActive)
        } else {
            Ok(())
        }
    }

    /// The next revision of this registration, made at `now`.
    pub(crate) fn amended(&self, declared: Declared, valid_for: Duration, now: OffsetDateTime) -> Self {
        let expire_time = expire_time(declared.form.entry_date(), valid_for);
        Self { declared, expire_time, revision: self.revision + 1, update_time: now, ..self.clone() }
    }

    /// The last revision: cancelled at `now`.
    pub(crate) fn cancelled(&self, now: OffsetDateTime) -> Self {
        Self {
            stored_state: StoredState::Cancelled,
            revision: self.revision + 1,
            update_time: now,
            ..self.clone()
        }
    }
}

/// When a registration for an entry on `entry_date` ends: `valid_for` after that day began in the city (UTC+08:00).
pub(crate) fn expire_time(entry_date: Date, valid_for: Duration) -> OffsetDateTime {
    entry_date.midnight().assume_offset(CITY_OFFSET).to_offset(UtcOffset::UTC) + valid_for
}

#[cfg(test)]
mod tests;
