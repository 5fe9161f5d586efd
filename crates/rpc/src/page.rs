//! Pages of a list: size and opaque token, the same for every list RPC.

use entrypass_rule::{Rule, Text, Violation, Violations};
use uuid::Uuid;

/// Rows on a page whose caller stated no size.
const DEFAULT_SIZE: u64 = 20;
/// Most rows on a page.
const LARGEST_SIZE: u64 = 100;
/// The same of a list that programs read to its end.
const BULK_SIZES: (u64, u64) = (500, 1000);

/// What was asked for: at most `size` rows behind `after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows wanted: at least one, and no more than the list has on a page.
    pub size: u64,
    /// Where the page before ended; `None` for the first page.
    pub after: Option<PageToken>,
}

/// Where a page ended: the ordering key of its last row. Opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageToken(pub Uuid);

impl PageRequest {
    /// Reads `page_size` (0 stands for 20, more than 100 for 100) and `page_token` (empty for the first page).
    ///
    /// # Errors
    /// A negative size, or a token that no page of ours ended with.
    pub fn parse(page_size: i32, page_token: &str) -> Result<Self, Violations> {
        Self::with(page_size, PageToken::parse(page_token), (DEFAULT_SIZE, LARGEST_SIZE))
    }

    /// As [`Self::parse`], for a list that programs read to its end: 0 stands for 500, more than 1000 for 1000.
    ///
    /// # Errors
    /// A negative size, or a token that no page of ours ended with.
    pub fn parse_bulk(page_size: i32, page_token: &str) -> Result<Self, Violations> {
        Self::with(page_size, PageToken::parse(page_token), BULK_SIZES)
    }

    /// As [`Self::parse`], for a list whose tokens are of [`PageToken::encode_bound`]: `is_bound` says whether a token and its seal are of this
    /// caller and this list.
    ///
    /// # Errors
    /// A negative size, or a token that no page of this list ended with, for this caller.
    pub fn parse_bound(
        page_size: i32,
        page_token: &str,
        is_bound: impl FnOnce(PageToken, Uuid) -> bool,
    ) -> Result<Self, Violations> {
        let after = PageToken::parse_bound(page_token, is_bound);
        Self::with(page_size, after, (DEFAULT_SIZE, LARGEST_SIZE))
    }

    /// How many rows to read for this page: one that does not stand on it tells that another page follows.
    #[must_use]
    pub fn rows_to_read(&self) -> u64 {
        self.size + 1
    }

    /// Cuts `rows`, read as [`Self::rows_to_read`] says, to this page. Gives where it ended, by the `key` of its last row, if another one follows.
    pub fn cut<R>(&self, rows: &mut Vec<R>, key: impl FnOnce(&R) -> Uuid) -> Option<PageToken> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        rows.last().filter(|_| more).map(|last| PageToken(key(last)))
    }

    fn with(
        page_size: i32,
        after: Result<Option<PageToken>, Violation>,
        (default, largest): (u64, u64),
    ) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let size = u64::try_from(page_size).unwrap_or_else(|_| {
            let text = Text::new("每页数量不能为负", "a page size is not negative");
            violations.add("page_size", Rule::new("OUT_OF_RANGE", text));
            0
        });
        let after = after.unwrap_or_else(|violation| {
            violations.extend(violation.into());
            None
        });
        violations.into_result()?;
        let size = if size == 0 { default } else { size.min(largest) };
        Ok(Self { size, after })
    }
}

impl PageToken {
    fn parse(text: &str) -> Result<Option<Self>, Violation> {
        if text.is_empty() {
            return Ok(None);
        }
        canonical(text).map(|id| Some(Self(id))).ok_or_else(bad)
    }

    fn parse_bound(text: &str, is_bound: impl FnOnce(Self, Uuid) -> bool) -> Result<Option<Self>, Violation> {
        if text.is_empty() {
            return Ok(None);
        }
        let parts = text.split_at_checked(text.len() / 2);
        let read = parts.and_then(|(token, seal)| Some((Self(canonical(token)?), canonical(seal)?)));
        let ours = read.filter(|(token, seal)| is_bound(*token, *seal));
        ours.map(|(token, _)| Some(token)).ok_or_else(bad)
    }

    /// The text that a caller sends back.
    #[must_use]
    pub fn encode(self) -> String {
        self.0.simple().to_string()
    }

    /// The same with a `seal`, which nobody else can make, of whom it is for and of which list.
    #[must_use]
    pub fn encode_bound(self, seal: Uuid) -> String {
        format!("{}{}", self.0.simple(), seal.simple())
    }
}

fn canonical(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.simple().to_string() == text)
}

fn bad() -> Violation {
    let text = Text::new(
        "分页标记无效，须原样取自上一页的回答，且查询对象不变",
        "take the token from the answer before, unchanged, and ask for the same with it",
    );
    Violation { field: "page_token".to_owned(), rule: Rule::new("BAD_PAGE_TOKEN", text) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{PageRequest, PageToken};

    #[test]
    fn sizes_are_defaulted_capped_and_checked() {
        for (asked, given) in [(0, Some(20)), (1, Some(1)), (100, Some(100)), (101, Some(100)), (-1, None)] {
            assert_eq!(PageRequest::parse(asked, "").ok().map(|page| page.size), given, "{asked}");
        }
        for (asked, given) in [(0, Some(500)), (1000, Some(1000)), (1001, Some(1000)), (-1, None)] {
            assert_eq!(PageRequest::parse_bulk(asked, "").ok().map(|page| page.size), given, "{asked}");
        }
    }

    #[test]
    fn a_page_that_is_followed_by_another_tells_where_it_ended() {
        let page = PageRequest::parse(2, "").expect("a page");
        assert_eq!(page.rows_to_read(), 3);
        for (read, shown, end) in [(0, 0, None), (1, 1, None), (2, 2, None), (3, 2, Some(1))] {
            let mut rows: Vec<u128> = (0..read).collect();
            let next = page.cut(&mut rows, |row| Uuid::from_u128(*row));
            assert_eq!((rows.len(), next), (shown, end.map(|end| PageToken(Uuid::from_u128(end)))), "{read}");
        }
    }

    #[test]
    fn only_a_token_of_ours_is_taken_back() {
        let token = PageToken(Uuid::from_u128(7));
        assert_eq!(PageRequest::parse(0, &token.encode()).expect("ours").after, Some(token));
        for forged in ["x", "0000", "00000000-0000-0000-0000-000000000007", " "] {
            assert!(PageRequest::parse(0, forged).is_err(), "{forged:?}");
        }
    }

    #[test]
    fn a_bound_token_is_taken_back_with_its_own_seal() {
        let (token, seal) = (PageToken(Uuid::from_u128(7)), Uuid::from_u128(8));
        let parse = |text: &str| PageRequest::parse_bound(0, text, |_, of| of == seal);
        let text = token.encode_bound(seal);
        assert_eq!(parse(&text).expect("ours").after, Some(token));
        assert_eq!(parse("").expect("the first page").after, None);
        let swapped = PageToken(seal).encode_bound(token.0);
        for forged in [&token.encode(), &swapped, &text[1..], &text.replace('0', "A"), "é", "x"] {
            assert!(parse(forged).is_err(), "{forged:?}");
        }
    }
}
