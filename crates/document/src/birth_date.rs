//! Birth dates inside document numbers.
//!
//! A part that holds anything but digits is not judged here (`Ok(None)`): the rules of spelling name it.

use crate::BrokenRule;
use time::{Date, Month};

/// The highest age, in completed years, that a number may encode. The oldest age ever verified is 122.
pub(crate) const MAX_AGE: i32 = 130;

/// Reads `YYYYMMDD`.
pub(crate) fn from_yyyymmdd(digits: &[u8], today: Date) -> Result<Option<Date>, BrokenRule> {
    let Some(number) = number(digits) else { return Ok(None) };
    let date = calendar_date(number / 10_000, number % 10_000).ok_or(BrokenRule::BirthDate)?;
    plausible(date, today).map(Some)
}

/// Reads `YYMMDD`, which stands for two dates a hundred years apart: the later one that is not in the future.
///
/// So a holder older than 99 decodes as a child. `Document::allows_birth_date` therefore accepts both years.
pub(crate) fn from_yymmdd(digits: &[u8], today: Date) -> Result<Option<Date>, BrokenRule> {
    let Some(number) = number(digits) else { return Ok(None) };
    let this_century = today.year() - today.year().rem_euclid(100);
    let year = number / 10_000;
    let candidates =
        [this_century + year, this_century - 100 + year].map(|year| calendar_date(year, number % 10_000));
    match candidates.into_iter().flatten().find(|date| *date <= today) {
        Some(date) => plausible(date, today).map(Some),
        None if candidates == [None, None] => Err(BrokenRule::BirthDate),
        None => Err(BrokenRule::BirthInFuture),
    }
}

/// The value of ASCII digits; at most eight of them are ever read, which an `i32` holds.
fn number(digits: &[u8]) -> Option<i32> {
    digits
        .iter()
        .try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0')))
}

fn calendar_date(year: i32, month_and_day: i32) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month_and_day / 100).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(month_and_day % 100).ok()?).ok()
}

fn plausible(date: Date, today: Date) -> Result<Date, BrokenRule> {
    if date > today {
        return Err(BrokenRule::BirthInFuture);
    }
    let month_and_day = |date: Date| (u8::from(date.month()), date.day());
    let age = today.year() - date.year() - i32::from(month_and_day(today) < month_and_day(date));
    if age > MAX_AGE { Err(BrokenRule::BirthTooEarly) } else { Ok(date) }
}

#[cfg(test)]
mod tests {
    use super::{from_yymmdd, from_yyyymmdd};
    use crate::BrokenRule::{BirthDate, BirthInFuture, BirthTooEarly};
    use time::macros::date;

    const TODAY: time::Date = date!(2026 - 11 - 23);

    #[test]
    fn a_full_date_must_be_real_past_and_within_a_life() {
        let table = [
            ("19850101", Ok(Some(date!(1985 - 01 - 01)))),
            ("20040229", Ok(Some(date!(2004 - 02 - 29)))),
            ("20261123", Ok(Some(TODAY))),
            ("20261124", Err(BirthInFuture)),
            ("18951124", Ok(Some(date!(1895 - 11 - 24)))),
            ("18951123", Err(BirthTooEarly)),
            ("00000101", Err(BirthTooEarly)),
            ("19000229", Err(BirthDate)),
            ("19850230", Err(BirthDate)),
            ("19851301", Err(BirthDate)),
            ("19850001", Err(BirthDate)),
            ("19850100", Err(BirthDate)),
            ("1985O101", Ok(None)),
        ];
        for (digits, expected) in table {
            assert_eq!(from_yyyymmdd(digits.as_bytes(), TODAY), expected, "{digits}");
        }
    }

    #[test]
    fn a_short_date_is_the_latest_that_is_not_in_the_future() {
        let table = [
            ("000101", Ok(Some(date!(2000 - 01 - 01)))),
            ("000229", Ok(Some(date!(2000 - 02 - 29)))),
            ("261123", Ok(Some(TODAY))),
            ("261124", Ok(Some(date!(1926 - 11 - 24)))),
            ("901231", Ok(Some(date!(1990 - 12 - 31)))),
            ("270229", Err(BirthDate)),
            ("900230", Err(BirthDate)),
            ("90123X", Ok(None)),
        ];
        for (digits, expected) in table {
            assert_eq!(from_yymmdd(digits.as_bytes(), TODAY), expected, "{digits}");
        }
        assert_eq!(from_yymmdd(b"000229", date!(2000 - 02 - 28)), Err(BirthInFuture));
    }
}
