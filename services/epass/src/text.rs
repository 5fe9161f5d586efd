//! Short texts that people and other channels give: a reviewer's note, a channel's name, a channel's pass number.

use std::fmt;

use entrypass_rule::{Rule, Text};

/// A reviewer's note: at most 500 characters, blanks trimmed at both ends; empty where nothing was noted.
///
/// Reviewers are asked to put no personal data in it; `Debug` masks it in case they do.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Note(String);

/// The name of a channel that issues passes: 1 to 50 characters, blanks trimmed at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer(String);

/// Another channel's number of a pass: 1 to 64 characters without blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChannelNumber(String);

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// Every rule that it breaks. Control characters other than tabs and line breaks are refused: no screen shows them,
    /// and not every database can store U+0000.
    pub(crate) fn new(text: &str) -> Result<Self, Vec<Rule>> {
        let text = text.trim();
        let mut broken = Vec::new();
        if text.chars().count() > 500 {
            broken.push(length("审核意见最多500个字符", "a note has at most 500 characters"));
        }
        if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            broken.push(character("审核意见不能含有控制字符", "a note has no control characters"));
        }
        if broken.is_empty() { Ok(Self(text.to_owned())) } else { Err(broken) }
    }

    /// The note's text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Note(***)")
    }
}

impl Issuer {
    /// Reads a channel's name.
    ///
    /// # Errors
    /// Every rule that it breaks.
    pub(crate) fn new(text: &str) -> Result<Self, Vec<Rule>> {
        let text = text.trim();
        let mut broken = Vec::new();
        if text.is_empty() {
            broken.push(Rule::required());
        }
        if text.chars().count() > 50 {
            broken.push(length("签发渠道名称最多50个字符", "a channel's name has 1 to 50 characters"));
        }
        if text.contains(char::is_control) {
            broken.push(character(
                "签发渠道名称不能含有控制字符",
                "a channel's name has no control characters",
            ));
        }
        if broken.is_empty() { Ok(Self(text.to_owned())) } else { Err(broken) }
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl ChannelNumber {
    /// Reads a number.
    ///
    /// # Errors
    /// Every rule that it breaks.
    pub(crate) fn new(text: &str) -> Result<Self, Vec<Rule>> {
        let mut broken = Vec::new();
        if text.is_empty() {
            broken.push(Rule::required());
        }
        if text.chars().count() > 64 {
            broken.push(length("通行证编号最多64个字符", "a pass number has 1 to 64 characters"));
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            broken.push(character(
                "通行证编号不能含有空格或控制字符",
                "a pass number has no blanks and no control characters",
            ));
        }
        if broken.is_empty() { Ok(Self(text.to_owned())) } else { Err(broken) }
    }

    /// The number.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The number.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

fn length(zh_cn: &'static str, en: &'static str) -> Rule {
    Rule::new("LENGTH", Text::new(zh_cn, en))
}

fn character(zh_cn: &'static str, en: &'static str) -> Rule {
    Rule::new("CHARACTER", Text::new(zh_cn, en))
}

#[cfg(test)]
mod tests {
    use entrypass_rule::Rule;

    use super::{ChannelNumber, Issuer, Note};

    fn reasons<T>(read: Result<T, Vec<Rule>>) -> Vec<&'static str> {
        read.err().unwrap_or_default().into_iter().map(|rule| rule.reason).collect()
    }

    #[test]
    fn a_note_may_be_empty_and_has_500_characters_at_most() {
        let table = [
            (String::new(), vec![]),
            ("照片不清晰，请重新提交。\r\n\t谢谢".to_owned(), vec![]),
            ("补".repeat(500), vec![]),
            (format!("  {}\n", "补".repeat(500)), vec![]),
            ("补".repeat(501), vec!["LENGTH"]),
            ("a\u{0}b".to_owned(), vec!["CHARACTER"]),
            ("\u{7}补".repeat(501), vec!["LENGTH", "CHARACTER"]),
        ];
        for (text, expected) in table {
            assert_eq!(reasons(Note::new(&text)), expected, "{text:?}");
        }
    }

    #[test]
    fn the_text_of_a_note_is_not_printed() {
        let note = Note::new("王小明").expect("a good note");
        assert_eq!(format!("{note:?}"), "Note(***)");
    }

    #[test]
    fn an_issuer_has_1_to_50_characters() {
        let table = [
            ("南海通".to_owned(), vec![]),
            ("南".repeat(50), vec![]),
            (String::new(), vec!["REQUIRED"]),
            (" \u{3000}".to_owned(), vec!["REQUIRED"]),
            ("南".repeat(51), vec!["LENGTH"]),
            ("南\n海".to_owned(), vec!["CHARACTER"]),
            ("\n南".repeat(40), vec!["LENGTH", "CHARACTER"]),
        ];
        for (text, expected) in table {
            assert_eq!(reasons(Issuer::new(&text)), expected, "{text:?}");
        }
    }

    #[test]
    fn a_channel_number_has_1_to_64_characters_and_no_blank() {
        let table = [
            ("NH-2026-000001".to_owned(), vec![]),
            ("佛".repeat(64), vec![]),
            (String::new(), vec!["REQUIRED"]),
            ("1".repeat(65), vec!["LENGTH"]),
            ("NH 1".to_owned(), vec!["CHARACTER"]),
            (" NH1".to_owned(), vec!["CHARACTER"]),
            ("NH1\u{3000}".to_owned(), vec!["CHARACTER"]),
            ("NH\u{0}".to_owned(), vec!["CHARACTER"]),
            (" ".repeat(65), vec!["LENGTH", "CHARACTER"]),
        ];
        for (text, expected) in table {
            assert_eq!(reasons(ChannelNumber::new(&text)), expected, "{text:?}");
        }
    }
}
