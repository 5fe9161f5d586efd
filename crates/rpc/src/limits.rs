//! How much is taken from callers: requests a second, calls in flight, open streams.

use std::{collections::HashMap, num::NonZeroU32, sync::Arc};

use entrypass_access::{CallerLimits, Callers, KnownCaller};
use entrypass_proto::errors::v1::ErrorReason;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, MonotonicClock},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Problem, permit::Permit};

/// Calls of reflection at once, of all callers together: each may hold some 400 KB of answers that nobody reads.
const REFLECTION: u32 = 100;

/// The counts of one listener. Nothing is kept of anybody who is not listed, so that nobody can make it grow.
pub(crate) struct Limits {
    in_flight: Arc<Semaphore>,
    reflection: Arc<Semaphore>,
    callers: HashMap<String, Counts>,
}

/// What one caller has taken.
struct Counts {
    rate: DefaultDirectRateLimiter,
    in_flight: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

impl Limits {
    /// At most `in_flight` calls at once, and of each caller what its settings allow.
    pub(crate) fn new(in_flight: u32, callers: Option<&Callers>) -> Self {
        let listed = callers.map(Callers::all).unwrap_or_default();
        let counts = |caller: &KnownCaller| (caller.name().to_owned(), Counts::new(caller.limits()));
        let reflection = semaphore(REFLECTION);
        Self { in_flight: semaphore(in_flight), reflection, callers: listed.iter().map(counts).collect() }
    }

    /// Takes a place for a call of reflection, of whomever.
    pub(crate) fn take_reflection(&self) -> Result<Permit, Problem> {
        let of_all = place(&self.reflection).ok_or(Problem::new(ErrorReason::TooManyCalls))?;
        Ok(Permit { of_caller: None, of_all: Some(of_all) })
    }

    /// Takes a place for a call of `caller`; `streams` if it is answered by a stream, which counts as that and not as a call in flight:
    /// streams are open for days, and calls wait for none of them.
    pub(crate) fn take(&self, caller: Option<&KnownCaller>, streams: bool) -> Result<Permit, Problem> {
        let counts = caller.and_then(|caller| self.callers.get(caller.name()));
        let of_caller = counts.map(|counts| counts.take(streams)).transpose();
        let of_caller = of_caller.map_err(|problem| match caller {
            Some(caller) => problem.with("caller", caller.name()),
            None => problem,
        })?;
        let of_all = if streams {
            None
        } else {
            Some(place(&self.in_flight).ok_or(Problem::new(ErrorReason::TooManyCalls))?)
        };
        Ok(Permit { of_caller, of_all })
    }
}

impl Counts {
    fn new(limits: CallerLimits) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(limits.requests_per_second))
            .allow_burst(at_least_one(limits.burst));
        Self {
            rate: RateLimiter::direct(quota),
            in_flight: semaphore(limits.in_flight),
            streams: semaphore(limits.streams),
        }
    }

    fn take(&self, streams: bool) -> Result<OwnedSemaphorePermit, Problem> {
        self.rate.check().map_err(|too_early| {
            let delay = too_early.wait_time_from(MonotonicClock.now());
            Problem::new(ErrorReason::RateLimited).retry_in(delay)
        })?;
        let (places, full) = if streams {
            (&self.streams, ErrorReason::TooManyStreams)
        } else {
            (&self.in_flight, ErrorReason::TooManyCalls)
        };
        place(places).ok_or_else(|| Problem::new(full))
    }
}

fn semaphore(places: u32) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(places.try_into().unwrap_or(Semaphore::MAX_PERMITS)))
}

fn place(places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(places).try_acquire_owned().ok()
}
