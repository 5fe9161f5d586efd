//! What the policy says of an application: what is needed, what is promised, what happens by itself.
//!
//! Pure, and the one place that says so.

use entrypass_ambient::{CITY_OFFSET, city_date};
use time::{Duration, OffsetDateTime, Time, UtcOffset};

use crate::application::Strength;

/// What holds for an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// How much the verification of identity has to say.
    pub(crate) strength: Strength,
    /// Whoever is verified so needs no reviewer.
    pub(crate) auto_approve: bool,
    /// Within how many days of the city a decision is promised; the day of the submission is not counted.
    promised_days: u16,
    /// After how many days of the city ends what the traveller leaves alone; the day on which it came to them is not counted.
    lapse_days: u16,
}

/// The terms of every application.
pub(crate) fn terms() -> Terms {
    Terms { strength: Strength::Formal, auto_approve: false, promised_days: 3, lapse_days: 30 }
}

impl Terms {
    /// By when a decision on what is submitted at `now` is promised.
    pub(crate) fn promise_time(self, now: OffsetDateTime) -> OffsetDateTime {
        end_of_day(now, self.promised_days)
    }

    /// When ends by itself what came to the traveller at `now`.
    pub(crate) fn lapse_time(self, now: OffsetDateTime) -> OffsetDateTime {
        end_of_day(now, self.lapse_days)
    }
}

/// The end of the city's day, `days` after the one of `now`.
fn end_of_day(now: OffsetDateTime, days: u16) -> OffsetDateTime {
    let next = city_date(now).saturating_add(Duration::days(i64::from(days) + 1));
    next.with_time(Time::MIDNIGHT).assume_offset(CITY_OFFSET).to_offset(UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::terms;

    #[test]
    fn days_are_those_of_the_city_and_whole() {
        // The city's day begins at 16:00 UTC.
        let table = [
            (
                datetime!(2026-11-22 15:59:59 UTC),
                datetime!(2026-11-25 16:00 UTC),
                datetime!(2026-12-22 16:00 UTC),
            ),
            (
                datetime!(2026-11-22 16:00 UTC),
                datetime!(2026-11-26 16:00 UTC),
                datetime!(2026-12-23 16:00 UTC),
            ),
        ];
        for (now, promised, lapses) in table {
            assert_eq!((terms().promise_time(now), terms().lapse_time(now)), (promised, lapses), "{now}");
        }
    }
}
