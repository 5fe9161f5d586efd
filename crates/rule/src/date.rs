//! How a calendar date is written in a request.

use time::{Date, Month};

use crate::{Rule, Text};

/// Reads `YYYY-MM-DD`, blanks at the ends forgiven. Nothing else is a date: 05/06 has two meanings.
///
/// # Errors
/// `REQUIRED` for nothing but blanks, `NOT_A_DATE` for what is no day of the calendar or is written otherwise.
pub fn calendar_date(raw: &str) -> Result<Date, Vec<Rule>> {
    match raw.trim() {
        "" => Err(vec![Rule::required()]),
        text => read(text).ok_or_else(|| vec![not_a_date()]),
    }
}

fn not_a_date() -> Rule {
    let text =
        Text::new("须为真实日期，格式为 YYYY-MM-DD", "must be a day of the calendar, written YYYY-MM-DD");
    Rule::new("NOT_A_DATE", text)
}

fn read(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let month = Month::try_from(u8::try_from(number(month, 2)?).ok()?).ok()?;
    Date::from_calendar_date(number(year, 4)?, month, u8::try_from(number(day, 2)?).ok()?).ok()
}

/// `str::parse` alone would take a sign.
fn number(digits: &str, width: usize) -> Option<i32> {
    let legible = digits.len() == width && digits.bytes().all(|byte| byte.is_ascii_digit());
    legible.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::{calendar_date, not_a_date};
    use crate::Rule;

    #[test]
    fn a_date_is_written_in_one_way() {
        assert_eq!(calendar_date("2026-11-23"), Ok(date!(2026 - 11 - 23)));
        assert_eq!(calendar_date(" 2024-02-29\n"), Ok(date!(2024 - 02 - 29)));
        assert_eq!(calendar_date("0001-01-01"), Ok(date!(0001 - 01 - 01)));
        assert_eq!(calendar_date(" "), Err(vec![Rule::required()]));
        let wrong = [
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-1-1",
            "20261123",
            "2026/11/23",
            "2026-11-23T00:00:00Z",
            "23-11-2026",
            "+026-11-23",
            "-026-11-23",
            "2026-+1-23",
            "２０２６-11-23",
            "2026年11月23日",
            "today",
            "-",
            "--",
        ];
        for raw in wrong {
            assert_eq!(calendar_date(raw), Err(vec![not_a_date()]), "{raw:?}");
        }
    }
}
