//! The life of a signing key, out of the instants that its row keeps and the hour: so that all copies agree on it without a
//! word between them. Pure; it knows neither key nor table.

use entrypass_token::CLOCK_LEEWAY_SECONDS;
use time::{Duration, OffsetDateTime};

/// How far the clocks of two copies may be apart. A copy signs so much longer or earlier than another expects, and verifiers bear it.
pub(crate) const LEEWAY: Duration = Duration::seconds(CLOCK_LEEWAY_SECONDS as i64);

/// What is kept of one key's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// From when on it signs. No two keys of one system have the same.
    pub(crate) activate_time: OffsetDateTime,
    /// Since when nothing that it signed counts.
    pub(crate) revoke_time: Option<OffsetDateTime>,
    /// For how long at most something counts that it signs.
    pub(crate) longest_display: Duration,
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, so that verifiers have it before it signs.
    Pending,
    /// Signs.
    Active,
    /// Signs no more; what it signed may still count.
    Retired,
    /// Nothing that it signed counts any more, because all of it has run out.
    Expired,
    /// Taken back: nothing that it signed counts.
    Revoked,
}

/// When the schedule makes keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// How long a key signs; `None`: until somebody ends it.
    pub(crate) rotate_every: Option<Duration>,
    /// How long before it signs a key is published at least.
    pub(crate) publish_for: Duration,
}

/// The lives of all keys that ever were, in the order in which they sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lives(Vec<Life>);

impl Lives {
    pub(crate) fn new(mut lives: Vec<Life>) -> Self {
        lives.sort_by_key(|life| life.activate_time);
        Self(lives)
    }

    /// When the key of `life` signs no more, as far as that is settled: its successor's beginning.
    ///
    /// A successor that was revoked before it signed ended nothing; one that was revoked later did, or its predecessor would sign again
    /// after verifiers were told of its end.
    pub(crate) fn signs_until(&self, life: &Life) -> Option<OffsetDateTime> {
        let signed = |other: &&Life| other.revoke_time.is_none_or(|revoked| revoked > other.activate_time);
        let later = self.0.iter().filter(|other| other.activate_time > life.activate_time);
        later.filter(signed).map(|successor| successor.activate_time).next()
    }

    /// When all that the key signed has run out, as far as that is settled.
    pub(crate) fn verifies_until(&self, life: &Life) -> Option<OffsetDateTime> {
        Some(self.signs_until(life)?.saturating_add(life.longest_display).saturating_add(LEEWAY))
    }

    /// Where the key of `life` is `now`.
    pub(crate) fn state(&self, life: &Life, now: OffsetDateTime) -> KeyState {
        let passed = |end: Option<OffsetDateTime>| end.is_some_and(|end| end <= now);
        if life.revoke_time.is_some() {
            KeyState::Revoked
        } else if life.activate_time > now {
            KeyState::Pending
        } else if passed(self.verifies_until(life)) {
            KeyState::Expired
        } else if passed(self.signs_until(life)) {
            KeyState::Retired
        } else {
            KeyState::Active
        }
    }

    /// The life of the key that signs `now`.
    ///
    /// Where none is active, it is the one that is about to be: it was made, by a clock that is ahead of this one, to sign at once.
    pub(crate) fn signing(&self, now: OffsetDateTime) -> Option<&Life> {
        let about_to = now.saturating_add(LEEWAY);
        let active = self.0.iter().find(|life| self.state(life, now) == KeyState::Active);
        active.or_else(|| self.first_pending(now).filter(|life| life.activate_time <= about_to))
    }

    /// The life of the key that will sign next.
    pub(crate) fn first_pending(&self, now: OffsetDateTime) -> Option<&Life> {
        self.0.iter().find(|life| self.state(life, now) == KeyState::Pending)
    }

    /// When the key that is to be made now shall begin to sign; `None` when none is to be made.
    ///
    /// One always waits: should the present key have to go today, verifiers without a network know its successor already, and follow.
    pub(crate) fn due(&self, schedule: Schedule, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let Some(signing) = self.signing(now) else { return Some(self.free(now)) };
        if self.first_pending(now).is_some() {
            return None;
        }
        let end = signing.activate_time.saturating_add(schedule.rotate_every?);
        Some(self.free(end.max(now.saturating_add(schedule.publish_for))))
    }

    /// `instant`, or the first one after it at which no key begins: what orders the keys must not be a draw.
    pub(crate) fn free(&self, instant: OffsetDateTime) -> OffsetDateTime {
        let taken = |life: &&Life| life.activate_time >= instant;
        self.0.iter().filter(taken).fold(instant, |free, life| {
            if life.activate_time == free { free.saturating_add(Duration::MICROSECOND) } else { free }
        })
    }

    /// Whether no copy has a use for the private half any more, also one whose clock is behind.
    pub(crate) fn is_done_signing(&self, life: &Life, now: OffsetDateTime) -> bool {
        let end = self.signs_until(life).map(|end| end.saturating_add(LEEWAY));
        life.revoke_time.is_some() || end.is_some_and(|end| end <= now)
    }

    /// Whether verifiers are still told of the key: as long as something that it signed could be called good. Of a revoked one they
    /// are told that it is.
    pub(crate) fn is_listed(&self, life: &Life, now: OffsetDateTime) -> bool {
        match life.revoke_time {
            Some(revoked) => now < revoked.saturating_add(life.longest_display).saturating_add(LEEWAY),
            None => self.state(life, now) != KeyState::Expired,
        }
    }
}

#[cfg(test)]
mod tests;
