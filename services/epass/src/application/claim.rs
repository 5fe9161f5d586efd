//! Which reviewer has an application, and until when.

use entrypass_rule::{Rule, Text};
use time::OffsetDateTime;

use super::Application;

/// A reviewer, as the system that calls knows them. Two systems that use the same word mean two reviewers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reviewer {
    /// Who called.
    pub(crate) caller: String,
    /// What the caller calls the reviewer: see [`Reviewer::new`].
    pub(crate) word: String,
}

/// A lease on an application: while it holds nobody else decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Who has it.
    pub(crate) reviewer: Reviewer,
    /// Until when, this instant excluded.
    pub(crate) until: OffsetDateTime,
}

impl Reviewer {
    /// The reviewer whom `caller` calls `word`: 1 to 64 of A-Z a-z 0-9 . _ -. A staff number or an account, as the caller
    /// has it; that it tells nobody's name is the caller's to see to, for "wang.xiaoming" is taken too.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub(crate) fn new(caller: &str, word: &str) -> Result<Self, [Rule; 1]> {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        if word.is_empty() {
            return Err([Rule::required()]);
        }
        if word.len() > 64 || !word.chars().all(fits) {
            let text = Text::new(
                "审核员代号为1至64个字符，限字母、数字及 . _ -",
                "a reviewer is 1 to 64 of A-Z a-z 0-9 . _ -",
            );
            return Err([Rule::new("FORMAT", text)]);
        }
        Ok(Self { caller: caller.to_owned(), word: word.to_owned() })
    }
}

impl Application {
    /// `reviewer` has it at `now`.
    pub(crate) fn is_claimed_by(&self, reviewer: &Reviewer, now: OffsetDateTime) -> bool {
        self.claim_at(now).is_some_and(|claim| claim.reviewer == *reviewer)
    }

    /// The claim that holds at `now`.
    pub(crate) fn claim_at(&self, now: OffsetDateTime) -> Option<&Claim> {
        self.claim.as_ref().filter(|claim| now < claim.until)
    }
}

#[cfg(test)]
mod tests {
    use super::Reviewer;

    #[test]
    fn a_reviewer_is_a_short_word_of_plain_letters() {
        let table = [
            ("reviewer-17", Ok(())),
            (&"a".repeat(64), Ok(())),
            ("A.b_c-9", Ok(())),
            ("", Err("REQUIRED")),
            (&"a".repeat(65), Err("FORMAT")),
            ("reviewer 17", Err("FORMAT")),
            ("审核员", Err("FORMAT")),
            ("a\n", Err("FORMAT")),
        ];
        for (word, expected) in table {
            let read = Reviewer::new("desk", word).map(drop).map_err(|[rule]| rule.reason);
            assert_eq!(read, expected, "{word:?}");
        }
    }
}
