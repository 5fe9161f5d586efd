//! The page tokens of the lists of policies and of activations. Only what was written here is taken back.

use entrypass_policy::Policy;
use entrypass_rule::{Rule, Text};

/// Writes where a page of policies ended.
pub(crate) fn render_policy((name, version): (&str, i64)) -> String {
    format!("{version:x}.{name}")
}

/// Reads it; nothing for the first page.
///
/// # Errors
/// `BAD_PAGE_TOKEN`.
pub(crate) fn parse_policy(token: &str) -> Result<Option<(String, i64)>, [Rule; 1]> {
    ours(token, |token| {
        let (version, name) = token.split_once('.')?;
        let place = (name.to_owned(), i64::from_str_radix(version, 16).ok()?);
        (render_policy((&place.0, place.1)) == token && Policy::is_name(name)).then_some(place)
    })
}

/// Writes where a page of activations ended.
pub(crate) fn render_activation(ordinal: i64) -> String {
    format!("{ordinal:x}")
}

/// Reads it; nothing for the first page.
///
/// # Errors
/// `BAD_PAGE_TOKEN`.
pub(crate) fn parse_activation(token: &str) -> Result<Option<i64>, [Rule; 1]> {
    ours(token, |token| {
        i64::from_str_radix(token, 16).ok().filter(|place| render_activation(*place) == token)
    })
}

fn ours<T>(token: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, [Rule; 1]> {
    if token.is_empty() {
        return Ok(None);
    }
    read(token).map(Some).ok_or_else(|| {
        let text = Text::new("分页标记无效", "take the token from the answer before, unchanged");
        [Rule::new("BAD_PAGE_TOKEN", text)]
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_activation, parse_policy, render_activation, render_policy};

    #[test]
    fn only_a_token_of_ours_is_taken_back() {
        let policy = ("foshan-2020".to_owned(), 17);
        assert_eq!(parse_policy(&render_policy((&policy.0, policy.1))).ok(), Some(Some(policy)));
        assert_eq!(parse_activation(&render_activation(300)).ok(), Some(Some(300)));
        assert_eq!((parse_policy("").ok(), parse_activation("").ok()), (Some(None), Some(None)));
        for forged in ["foshan", ".foshan", "1.", "01.foshan", "1.a\u{0}", "+1.foshan", "1.Foshan"] {
            assert!(parse_policy(forged).is_err(), "{forged}");
        }
        for forged in ["x", "+1", "01", "A", "fffffffffffffffff"] {
            assert!(parse_activation(forged).is_err(), "{forged}");
        }
    }
}
