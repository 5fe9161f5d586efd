//! The page token of the reviewers' queue: opaque to callers, 65 hexadecimal digits.

use entrypass_db::{instant, micros};
use entrypass_rule::{Rule, Text};
use uuid::Uuid;

use crate::store::queue::Place;

/// Writes a token.
pub(crate) fn render(place: Place) -> String {
    let Place { as_of, overdue, after } = place;
    format!("{}{:016x}{}", u8::from(overdue), micros(as_of), after.simple())
}

/// Reads a token; nothing for the first page. Only what [`render`] wrote is taken.
///
/// # Errors
/// `BAD_PAGE_TOKEN`.
pub(crate) fn parse(token: &str) -> Result<Option<Place>, [Rule; 1]> {
    if token.is_empty() {
        return Ok(None);
    }
    let read = read(token).filter(|place| render(*place) == token);
    read.map(Some).ok_or_else(|| {
        let text = Text::new("分页标记无效", "take the token from the answer before, unchanged");
        [Rule::new("BAD_PAGE_TOKEN", text)]
    })
}

fn read(token: &str) -> Option<Place> {
    let (overdue, rest) = token.split_at_checked(1)?;
    let (as_of, after) = rest.split_at_checked(16)?;
    Some(Place {
        as_of: instant(i64::from_str_radix(as_of, 16).ok()?).ok()?,
        overdue: overdue == "1",
        after: Uuid::try_parse(after).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::{Place, parse, render};

    #[test]
    fn only_a_token_of_ours_is_taken_back() {
        let as_of = datetime!(2026-11-22 08:00:00.123_456 UTC);
        for overdue in [false, true] {
            let place = Place { as_of, overdue, after: Uuid::from_u128(7) };
            assert_eq!(parse(&render(place)).ok(), Some(Some(place)));
        }
        assert_eq!(parse("").ok(), Some(None));
        let ours = render(Place { as_of, overdue: true, after: Uuid::from_u128(7) });
        let forged = [
            "x".to_owned(),
            "é".repeat(40),
            ours[1..].to_owned(),
            format!("2{}", &ours[1..]),
            ours.replacen('0', "O", 1),
            format!("0{}{}", "f".repeat(16), Uuid::nil().simple()),
            format!("0{}{}", "7".repeat(16), Uuid::nil().simple()),
        ];
        for forged in forged {
            assert!(parse(&forged).is_err(), "{forged:?}");
        }
    }
}
