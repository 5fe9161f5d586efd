//! Holder proofs that fail: how many are borne with, and for how long no more are taken then. Pure.
//!
//! A window begins with a failure and lasts a fixed time. Who has failed often enough within it has no further try until it ends, with the right
//! name either; a success takes nothing back, or somebody with one good proof could try others in between for ever.

use time::{Duration, OffsetDateTime};

/// How many failed proofs there may be within one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofLimits {
    /// For one document, or for the confirmation codes of one registration, whoever tries.
    pub per_document: u32,
    /// By one caller, whatever it tries.
    pub per_caller: u32,
    /// How long a window lasts.
    pub window: Duration,
}

/// The failed proofs for one thing that is tried, or of one caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many.
    pub(crate) failures: u32,
    /// When they count no more.
    pub(crate) end_time: OffsetDateTime,
}

/// The two tallies that a proof depends on; `None` where nothing failed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tallies {
    /// Of the document, or of what else was tried.
    pub(crate) document: Option<Tally>,
    /// Of the caller.
    pub(crate) caller: Option<Tally>,
}

impl Tally {
    /// The failures of `tally` and one more at `now`.
    fn with_one_more(tally: Option<Self>, window: Duration, now: OffsetDateTime) -> Self {
        match tally.filter(|tally| tally.end_time > now) {
            Some(running) => Self { failures: running.failures.saturating_add(1), ..running },
            None => Self { failures: 1, end_time: now + window },
        }
    }

    /// How long no more proofs are taken, if `most` failures are reached.
    fn closed_for(self, most: u32, now: OffsetDateTime) -> Option<Duration> {
        (self.failures >= most && self.end_time > now).then(|| self.end_time - now)
    }
}

impl ProofLimits {
    /// How long no proof is taken, if none is.
    pub(crate) fn closed_for(&self, tallies: &Tallies, now: OffsetDateTime) -> Option<Duration> {
        let document = tallies.document.and_then(|tally| tally.closed_for(self.per_document, now));
        let caller = tallies.caller.and_then(|tally| tally.closed_for(self.per_caller, now));
        document.max(caller)
    }

    /// The tallies after another failure.
    pub(crate) fn after_failure(&self, tallies: &Tallies, now: OffsetDateTime) -> (Tally, Tally) {
        let one_more = |tally| Tally::with_one_more(tally, self.window, now);
        (one_more(tallies.document), one_more(tallies.caller))
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime, macros::datetime};

    use super::{ProofLimits, Tallies, Tally};

    const LIMITS: ProofLimits =
        ProofLimits { per_document: 5, per_caller: 100, window: Duration::minutes(15) };
    const NOW: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);

    /// So many failures, which count for so many seconds more.
    fn tally(failures: u32, seconds: i64) -> Tally {
        Tally { failures, end_time: NOW + Duration::seconds(seconds) }
    }

    #[test]
    fn no_proof_is_taken_until_the_longer_of_two_windows_ends() {
        let table = [
            (None, None, None),
            (Some(tally(4, 900)), Some(tally(99, 900)), None),
            (Some(tally(5, 900)), None, Some(900)),
            (Some(tally(5, 1)), None, Some(1)),
            (Some(tally(5, 0)), None, None),
            (Some(tally(5, -1)), Some(tally(100, -900)), None),
            (Some(tally(400, 7)), None, Some(7)),
            (None, Some(tally(100, 60)), Some(60)),
            (Some(tally(5, 30)), Some(tally(100, 60)), Some(60)),
            (Some(tally(5, 90)), Some(tally(100, 60)), Some(90)),
            (Some(tally(4, 90)), Some(tally(100, 60)), Some(60)),
        ];
        for (document, caller, expected) in table {
            let closed = LIMITS.closed_for(&Tallies { document, caller }, NOW);
            assert_eq!(closed, expected.map(Duration::seconds), "{document:?} {caller:?}");
        }
    }

    #[test]
    fn a_failure_counts_in_the_window_that_runs_or_begins_one() {
        let table = [
            (None, tally(1, 900)),
            (Some(tally(1, 900)), tally(2, 900)),
            (Some(tally(4, 1)), tally(5, 1)),
            (Some(tally(5, 0)), tally(1, 900)),
            (Some(tally(99, -1)), tally(1, 900)),
            (Some(tally(u32::MAX, 1)), tally(u32::MAX, 1)),
        ];
        for (before, after) in table {
            let (document, caller) = LIMITS.after_failure(&Tallies { document: before, caller: None }, NOW);
            assert_eq!((document, caller), (after, tally(1, 900)), "{before:?}");
            let (document, caller) = LIMITS.after_failure(&Tallies { document: None, caller: before }, NOW);
            assert_eq!((document, caller), (tally(1, 900), after), "{before:?}");
        }
    }
}
