//! How declared text is cleaned, and the declaration of text types that were checked once.
//!
//! Owns: Unicode normalisation, blanks, letter case, length in characters, and the characters that no text takes.
//! Does not own: what a particular text must look like; that stands beside its type.

use unicode_normalization::UnicodeNormalization as _;

use crate::form::rule::{self, Checked, checked};
use entrypass_rule::Rule;

/// Declares a text type whose only constructor is the given check, `fn(&str) -> Checked<String>`.
///
/// A check must accept what it answered and give it back unchanged, because a stored text is checked again when it
/// is read. `Debug` prints a mask: nearly every text of the form is personal data.
macro_rules! checked_text {
    ($(#[$meta:meta])* $name:ident, $check:expr) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name(String);

        impl $name {
            /// Cleans and checks `raw`, or names every rule that it breaks.
            pub(crate) fn parse(raw: &str) -> $crate::form::rule::Checked<Self> {
                $check(raw).map(Self)
            }

            /// The text in its normal form.
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(stored: String) -> Result<Self, String> {
                Self::parse(&stored).map_err(|rules| {
                    let reasons: Vec<_> = rules.iter().map(|rule| rule.reason).collect();
                    format!("{} breaks {}", stringify!($name), reasons.join(", "))
                })
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    };
}
pub(crate) use checked_text;

/// Unicode NFC, without blanks at both ends: how every text is taken.
pub(crate) fn clean(raw: &str) -> String {
    raw.nfc().collect::<String>().trim().to_owned()
}

/// The form of codes: widths folded, letters upper case, without blanks and hyphens.
///
/// NFKC turns full-width letters and digits into ASCII. What else it folds (①, ², Ⅻ) no code can be mistaken for.
pub(crate) fn code(raw: &str) -> String {
    raw.nfkc().filter(|&c| !is_blank(c) && !is_hyphen(c)).map(|c| c.to_ascii_uppercase()).collect()
}

/// Checks a text that people write and read, of `min` to `max` characters.
pub(crate) fn free_text(raw: &str, min: usize, max: usize) -> Checked<String> {
    let text = clean(raw);
    if text.is_empty() {
        return Err(vec![Rule::required()]);
    }
    let mut broken = Vec::new();
    if !(min..=max).contains(&text.chars().count()) {
        broken.push(rule::length(min, max));
    }
    if text.contains(is_invisible_control) || !text.contains(char::is_alphanumeric) {
        broken.push(rule::character(
            "须含文字或数字，且不得含控制字符",
            "must have a letter or digit, and no control characters",
        ));
    }
    checked(text, broken)
}

/// Han characters of ISO/IEC 10646: the unified ideographs with their extensions, and the marks 〇 and 々.
///
/// Compatibility ideographs are left in for the twelve of them that are unified ones (U+FA0E and so on).
pub(crate) fn is_han(c: char) -> bool {
    matches!(c,
        '々' | '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{2FFFD}' | '\u{30000}'..='\u{3FFFD}')
}

/// White space of any kind, and what has no width.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_without_width(c)
}

/// Characters of no width that come along with copied text.
pub(crate) fn is_without_width(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// The hyphen-minus and what keyboards and word processors put in its place.
pub(crate) fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}')
}

/// Control characters, line separators, and those that reverse the text after them on an officer's screen.
fn is_invisible_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{code, free_text, is_han};

    #[test]
    fn free_text_is_trimmed_and_composed_before_it_is_counted() {
        let table = [
            (" 教师\u{3000}", "教师"),
            ("e\u{301}te\u{301}", "été"),
            ("a\u{A0}b", "a\u{A0}b"),
            ("\u{645}\u{6CC}\u{200C}\u{62E}", "\u{645}\u{6CC}\u{200C}\u{62E}"),
        ];
        for (raw, expected) in table {
            assert_eq!(free_text(raw, 2, 4).as_deref(), Ok(expected), "{raw:?}");
        }
    }

    #[test]
    fn free_text_has_a_length_and_something_to_read() {
        let table: [(&str, &[&str]); 9] = [
            ("", &["REQUIRED"]),
            (" \u{3000}\t", &["REQUIRED"]),
            ("a", &["LENGTH"]),
            ("abcde", &["LENGTH"]),
            ("---", &["CHARACTER"]),
            ("\u{200B}\u{200B}", &["CHARACTER"]),
            ("a\nb", &["CHARACTER"]),
            ("a\u{202E}b", &["CHARACTER"]),
            ("\u{0}", &["LENGTH", "CHARACTER"]),
        ];
        for (raw, expected) in table {
            let broken = free_text(raw, 2, 4).expect_err(raw);
            let reasons: Vec<_> = broken.iter().map(|rule| rule.reason).collect();
            assert_eq!(reasons, expected, "{raw:?}");
        }
    }

    #[test]
    fn codes_are_forgiven_width_case_blanks_and_hyphens() {
        for raw in ["cz3082", "ＣＺ３０８２", " CZ 3082 ", "CZ-3082", "cz\u{2013}30\u{200B}82"] {
            assert_eq!(code(raw), "CZ3082", "{raw:?}");
        }
    }

    #[test]
    fn han_is_told_from_what_looks_like_it() {
        for han in "王㐀々〇﨑𠮷𰻝".chars() {
            assert!(is_han(han), "{han:?}");
        }
        for other in "A1·ひカ한⼀⺀、　".chars() {
            assert!(!is_han(other), "{other:?}");
        }
    }
}
