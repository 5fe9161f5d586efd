//! The hour, as an argument.

use std::sync::{Mutex, PoisonError};

use time::{Date, Duration, OffsetDateTime, UtcOffset};

/// Local time of the city: UTC+08:00 without daylight saving. Calendar dates on the form are in it.
pub const CITY_OFFSET: UtcOffset = match UtcOffset::from_hms(8, 0, 0) {
    Ok(offset) => offset,
    Err(_) => UtcOffset::UTC,
};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, in UTC, in whole microseconds: what a database keeps, so that an instant reads the same before and after
    /// it was stored.
    fn now(&self) -> OffsetDateTime;
}

/// The calendar date of `instant` in the city, which decides what "in the future" means on a form.
#[must_use]
pub fn city_date(instant: OffsetDateTime) -> Date {
    instant.to_offset(CITY_OFFSET).date()
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc().truncate_to_microsecond()
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct TestClock(Mutex<OffsetDateTime>);

impl TestClock {
    /// A clock that stands at `now`, to the microsecond.
    #[must_use]
    pub fn at(now: OffsetDateTime) -> Self {
        Self(Mutex::new(now.truncate_to_microsecond()))
    }

    /// Moves the clock forward by `step`.
    pub fn advance(&self, step: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += step;
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
