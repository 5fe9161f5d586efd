//! What the policy says of the course of an application: what is needed, what is promised, when it ends by itself.
//!
//! Pure.

use entrypass_ambient::{CITY_OFFSET, city_date};
use time::{Duration, OffsetDateTime, Time, UtcOffset};

use entrypass_policy::Policy;

/// What holds for an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Within how many days of the city a decision is promised; the day of the submission is not counted.
    promised_days: Option<u16>,
    /// After how many days of the city ends what the traveller leaves alone; the day on which it came to them is not counted.
    lapse_days: u16,
}

impl Terms {
    /// Those of `policy`.
    pub(crate) fn of(policy: &Policy) -> Self {
        let review = policy.review();
        Self { promised_days: review.promised_days, lapse_days: review.lapse_days }
    }

    /// By when a decision on what is submitted at `now` is promised, where one is.
    pub(crate) fn promise_time(self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.promised_days.map(|days| end_of_day(now, days))
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

    use entrypass_policy::{DEFAULT, Policy};

    use super::Terms;

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
            let terms = Terms { promised_days: Some(3), lapse_days: 30 };
            assert_eq!((terms.promise_time(now), terms.lapse_time(now)), (Some(promised), lapses), "{now}");
        }
    }

    #[test]
    fn the_default_policy_promises_nothing() {
        let policy = Policy::parse(DEFAULT).expect("the default policy");
        assert_eq!(Terms::of(&policy), Terms { promised_days: None, lapse_days: 30 });
    }
}
