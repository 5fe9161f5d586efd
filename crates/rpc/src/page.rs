//! Pages of a list: size and opaque token, the same for every list RPC.

use entrypass_rule::{Rule, Text, Violation, Violations};
use uuid::Uuid;

/// Rows on a page whose caller stated no size.
const DEFAULT_SIZE: u64 = 20;
/// Most rows on a page.
const LARGEST_SIZE: u64 = 100;

/// What was asked for: at most `size` rows behind `after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows wanted, 1 to 100.
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
        let mut violations = Violations::default();
        let size = u64::try_from(page_size).unwrap_or_else(|_| {
            let text = Text::new("每页数量不能为负", "a page size is not negative");
            violations.add("page_size", Rule::new("OUT_OF_RANGE", text));
            0
        });
        let after = PageToken::parse(page_token).unwrap_or_else(|violation| {
            violations.extend(violation.into());
            None
        });
        violations.into_result()?;
        let size = if size == 0 { DEFAULT_SIZE } else { size.min(LARGEST_SIZE) };
        Ok(Self { size, after })
    }
}

impl PageToken {
    fn parse(text: &str) -> Result<Option<Self>, Violation> {
        if text.is_empty() {
            return Ok(None);
        }
        let canonical = |id: &Uuid| id.simple().to_string() == text;
        match Uuid::try_parse(text).ok().filter(canonical) {
            Some(id) => Ok(Some(Self(id))),
            None => Err(Violation {
                field: "page_token".to_owned(),
                rule: Rule::new(
                    "BAD_PAGE_TOKEN",
                    Text::new("分页标记无效", "take the token from the answer before, unchanged"),
                ),
            }),
        }
    }

    /// The text that a caller sends back.
    #[must_use]
    pub fn encode(self) -> String {
        self.0.simple().to_string()
    }
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
    }

    #[test]
    fn only_a_token_of_ours_is_taken_back() {
        let token = PageToken(Uuid::from_u128(7));
        assert_eq!(PageRequest::parse(0, &token.encode()).expect("ours").after, Some(token));
        for forged in ["x", "0000", "00000000-0000-0000-0000-000000000007", " "] {
            assert!(PageRequest::parse(0, forged).is_err(), "{forged:?}");
        }
    }
}
