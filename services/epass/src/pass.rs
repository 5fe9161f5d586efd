//! An electronic pass: issued here with the approval of an application, or recorded as issued by another channel; its states, and the steps
//! between them.
//!
//! Pure. Does not own the level that a pass gives ([`crate::level`]).

use entrypass_ambient::Random;
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::text::{ChannelNumber, Issuer, Note};

/// What own pass numbers begin with.
const PREFIX: &str = "EP";

/// A pass. A person has at most one that is live, wherever it was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pass {
    /// Its id.
    pub(crate) id: Uuid,
    /// The person.
    pub(crate) traveller: Uuid,
    /// Its number, safe to quote. Own ones have the form of [`entrypass_reference::draw`]: `EP-7K3M-Q9TX-4HZD-C`, with an
    /// ISO 7064 MOD 37,36 check character at the end.
    pub(crate) number: String,
    /// Who issued it.
    pub(crate) origin: Origin,
    /// How it stands, as far as somebody wrote it down; see [`Pass::state`].
    pub(crate) stored_state: State,
    /// 1 at first, one more with each change.
    pub(crate) revision: i32,
    /// When it was issued.
    pub(crate) issue_time: OffsetDateTime,
    /// When it became known here.
    pub(crate) create_time: OffsetDateTime,
    /// When its state changed last.
    pub(crate) state_time: OffsetDateTime,
    /// When it ends by itself.
    pub(crate) expire_time: Option<OffsetDateTime>,
}

/// Where a pass was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Here, on approval of an application.
    Application,
    /// By another channel.
    External {
        /// The channel's name.
        issuer: String,
    },
}

/// How a pass stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It counts.
    Active,
    /// It does not count for now, by an authority.
    Suspended,
    /// Its time ended.
    Expired,
    /// Ended by an authority.
    Revoked,
    /// Given up by the holder.
    Cancelled,
}

/// What changes how a pass stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// An authority suspends it.
    Suspend,
    /// An authority lets it count again.
    Reinstate,
    /// An authority ends it.
    Revoke,
    /// The holder gives it up.
    Cancel,
    /// Its time ends.
    Expire,
    /// Its channel prolongs it.
    Prolong,
    /// Its channel prolongs it, and it is suspended, or was when its time ended: by that an authority's doubts do not end.
    ProlongSuspended,
}

/// Why an authority acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// What it was issued on is wrong.
    DataError,
    /// Fraud is looked into.
    FraudSuspected,
    /// Fraud was found.
    FraudConfirmed,
    /// A health authority ordered it.
    HealthOrder,
    /// Lost, or shown by somebody else.
    LostOrCopied,
    /// Its channel took it back.
    WithdrawnByIssuer,
    /// What stood against it does so no more.
    Cleared,
    /// Anything else.
    Other,
}

/// A step that was made, and what was said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    /// The id of its record.
    pub(crate) id: Uuid,
    /// The pass.
    pub(crate) pass: Uuid,
    /// The person.
    pub(crate) traveller: Uuid,
    /// The revision of the pass after it.
    pub(crate) revision: i32,
    /// The state after it.
    pub(crate) state: State,
    /// Why, where an authority acted.
    pub(crate) reason: Option<Reason>,
    /// What the authority noted.
    pub(crate) note: Note,
    /// When.
    pub(crate) time: OffsetDateTime,
}

/// The state does not allow the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the state {} does not allow this step", .0.word())]
pub(crate) struct IllegalStep(pub(crate) State);

/// A pass as another channel describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExternalPass {
    /// The channel.
    pub(crate) issuer: Issuer,
    /// The channel's number of the pass.
    pub(crate) number: ChannelNumber,
    /// When the channel issued it.
    pub(crate) issue_time: OffsetDateTime,
    /// When it ends by itself.
    pub(crate) expire_time: Option<OffsetDateTime>,
}

/// What became of a pass that another channel tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// It is new.
    New,
    /// It had been recorded before.
    Known,
    /// It had been recorded before, and lasts longer now.
    Prolonged,
}

/// Every step that is allowed; what is not here is refused. A holder cannot give up a pass that is suspended: they would be free to apply anew
/// while somebody looks into it.
const TRANSITIONS: [(State, Step, State); 11] = [
    (State::Active, Step::Suspend, State::Suspended),
    (State::Suspended, Step::Reinstate, State::Active),
    (State::Active, Step::Revoke, State::Revoked),
    (State::Suspended, Step::Revoke, State::Revoked),
    (State::Active, Step::Cancel, State::Cancelled),
    (State::Active, Step::Expire, State::Expired),
    (State::Suspended, Step::Expire, State::Expired),
    (State::Active, Step::Prolong, State::Active),
    (State::Expired, Step::Prolong, State::Active),
    (State::Suspended, Step::ProlongSuspended, State::Suspended),
    (State::Expired, Step::ProlongSuspended, State::Suspended),
];

impl State {
    /// Every state.
    const ALL: [Self; 5] = [Self::Active, Self::Suspended, Self::Expired, Self::Revoked, Self::Cancelled];
    /// The states of a pass beside which its person has no other.
    pub(crate) const LIVE: [Self; 2] = [Self::Active, Self::Suspended];

    /// The state that `step` leads to.
    pub(crate) fn after(self, step: Step) -> Result<Self, IllegalStep> {
        let mut allowed = TRANSITIONS.into_iter().filter(|(from, by, _)| (*from, *by) == (self, step));
        allowed.next().map(|(_, _, to)| to).ok_or(IllegalStep(self))
    }

    /// The state as it stands in the database and in error metadata: the published enum's value without its prefix.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Expired => "EXPIRED",
            Self::Revoked => "REVOKED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Reads what [`State::word`] wrote.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl Reason {
    /// Every reason.
    const ALL: [Self; 8] = [
        Self::DataError,
        Self::FraudSuspected,
        Self::FraudConfirmed,
        Self::HealthOrder,
        Self::LostOrCopied,
        Self::WithdrawnByIssuer,
        Self::Cleared,
        Self::Other,
    ];

    /// The reason as it stands in the database: the published enum's value without its prefix.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::DataError => "DATA_ERROR",
            Self::FraudSuspected => "FRAUD_SUSPECTED",
            Self::FraudConfirmed => "FRAUD_CONFIRMED",
            Self::HealthOrder => "HEALTH_ORDER",
            Self::LostOrCopied => "LOST_OR_COPIED",
            Self::WithdrawnByIssuer => "WITHDRAWN_BY_ISSUER",
            Self::Cleared => "CLEARED",
            Self::Other => "OTHER",
        }
    }

    /// Reads what [`Reason::word`] wrote.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

impl Pass {
    /// The pass that comes with an approval at `now`, for `valid_for` or, without it, for good.
    pub(crate) fn issued(
        random: &dyn Random,
        traveller: Uuid,
        valid_for: Option<time::Duration>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id: random.uuid_v7(now),
            traveller,
            number: entrypass_reference::draw(PREFIX, random),
            origin: Origin::Application,
            stored_state: State::Active,
            revision: 1,
            issue_time: now,
            create_time: now,
            state_time: now,
            expire_time: valid_for.map(|valid_for| now + valid_for),
        }
    }

    /// The record of a pass that `traveller` has from another channel.
    pub(crate) fn recorded(id: Uuid, traveller: Uuid, external: ExternalPass, now: OffsetDateTime) -> Self {
        Self {
            id,
            traveller,
            number: external.number.into_string(),
            origin: Origin::External { issuer: external.issuer.into_string() },
            stored_state: State::Active,
            revision: 1,
            issue_time: external.issue_time,
            create_time: now,
            state_time: external.issue_time,
            expire_time: external.expire_time,
        }
    }

    /// How it stands at `now`: a live pass ends by time alone.
    pub(crate) fn state(&self, now: OffsetDateTime) -> State {
        let ended = self.expire_time.is_some_and(|end| end <= now);
        if ended {
            self.stored_state.after(Step::Expire).unwrap_or(self.stored_state)
        } else {
            self.stored_state
        }
    }

    /// Since when it stands so.
    pub(crate) fn state_time(&self, now: OffsetDateTime) -> OffsetDateTime {
        let by_time = self.expire_time.filter(|_| self.state(now) != self.stored_state);
        by_time.unwrap_or(self.state_time)
    }

    /// Whether its person can have no other beside it.
    pub(crate) fn is_live(&self, now: OffsetDateTime) -> bool {
        State::LIVE.contains(&self.state(now))
    }

    /// This pass after `step` at `now`.
    pub(crate) fn stepped(&self, step: Step, now: OffsetDateTime) -> Result<Self, IllegalStep> {
        // What time has ended and nobody has written down yet takes no step but that.
        let from = if step == Step::Expire { self.stored_state } else { self.state(now) };
        let stored_state = from.after(step)?;
        let state_time = match step {
            Step::Expire => self.expire_time.unwrap_or(now),
            _ if stored_state == from => self.state_time,
            _ => now,
        };
        Ok(Self { stored_state, revision: self.revision + 1, state_time, ..self.clone() })
    }

    /// Until when it lasts, where a channel that tells of it again says that this is later. Nothing is no later time: a list without ends would have
    /// every pass last for good.
    pub(crate) fn later_end(&self, expire_time: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
        expire_time.filter(|later| self.expire_time.is_some_and(|end| end < *later))
    }

    /// This pass after its channel prolonged it at `now` until `expire_time`; `suspended` where it is suspended, or was when its time ended.
    pub(crate) fn prolonged(
        &self,
        expire_time: OffsetDateTime,
        suspended: bool,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalStep> {
        let step = if suspended { Step::ProlongSuspended } else { Step::Prolong };
        Ok(Self { expire_time: Some(expire_time), ..self.stepped(step, now)? })
    }

    /// The record of the step that led to this pass as it is.
    pub(crate) fn made(&self, id: Uuid, reason: Option<Reason>, note: Note) -> Made {
        Made {
            id,
            pass: self.id,
            traveller: self.traveller,
            revision: self.revision,
            state: self.stored_state,
            reason,
            note,
            time: self.state_time,
        }
    }

    /// Of a person's passes the one that tells how they stand: the live one, or else the last that there was.
    pub(crate) fn telling(passes: impl IntoIterator<Item = Self>, now: OffsetDateTime) -> Option<Self> {
        passes.into_iter().max_by_key(|pass| (pass.is_live(now), pass.create_time, pass.id))
    }

    /// Opaque to callers, different after every change, and never that of another pass.
    pub(crate) fn etag(&self) -> String {
        let (_, low) = self.id.as_u64_pair();
        format!("{low:016x}-{:x}", self.revision)
    }
}

#[cfg(test)]
mod tests;
