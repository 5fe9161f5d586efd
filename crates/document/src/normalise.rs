//! The normal form of what people type, paste or scan, before any rule looks at it.
//!
//! Owns: folding, blanks, hyphens, fillers, letter case, and the limit on raw input.
//! Does not own: anything that depends on the document type, except the issuer's mark on old Taiwan permits.

/// The most characters that are looked at, blanks and hyphens included.
///
/// The longest number has 20 characters; 64 leave room for any grouping and keep the work per request small.
pub(crate) const MAX_RAW_CHARS: usize = 64;

/// Folds, drops and upper-cases; the result may still hold any character. `None` above [`MAX_RAW_CHARS`].
///
/// Idempotent: every step maps a character on its own, and the fillers go last.
pub(crate) fn normalise(raw: &str) -> Option<String> {
    if raw.chars().nth(MAX_RAW_CHARS).is_some() {
        return None;
    }
    let mut text: String =
        raw.chars().map(fold).filter(|&c| !is_dropped(c)).map(|c| c.to_ascii_uppercase()).collect();
    // The filler of the machine-readable zone (ICAO Doc 9303-3, section 4.1) pads a number on the right.
    text.truncate(text.trim_end_matches('<').len());
    Some(text)
}

/// Folds the full-width forms U+FF01..U+FF5E and the Roman numeral ten, which input methods offer for X.
///
/// Not Unicode NFKC: that also turns ①, ² and ¼ into digits and Ⅻ into XII. Nobody means those as part of a
/// number, and a check character would hide at most ten of eleven such accidents. They are left as they are,
/// and so are the Cyrillic Х and the Greek Χ, so that the rule about characters can name them.
fn fold(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        'Ⅹ' | 'ⅹ' => 'X',
        other => other,
    }
}

/// Blanks, invisible format characters and every hyphen or dash that stands in for U+002D.
fn is_dropped(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        )
        || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}')
}

/// Drops the issuer's mark in parentheses that followed the number on Taiwan permits before 2008-09-25.
pub(crate) fn without_issuer(number: &str) -> &str {
    match number.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        Some((digits, mark)) if matches!(mark.len(), 1..=2) => digits,
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_RAW_CHARS, normalise, without_issuer};
    use proptest::prelude::*;

    #[test]
    fn what_people_type_becomes_what_the_card_prints() {
        let table = [
            ("４４０６９９", "440699"),
            ("ｘ", "X"),
            ("Ⅹⅹ", "XX"),
            ("h 0000 0000\t\u{3000}\u{A0}\n", "H00000000"),
            ("\u{FEFF}440\u{200B}699\u{202C}", "440699"),
            ("440699-1985–01—01－00−16", "440699198501010016"),
            ("X0000001<<", "X0000001"),
            ("X0000001 < ＜", "X0000001"),
            ("", ""),
            (" -\u{200D}<", ""),
        ];
        for (raw, expected) in table {
            assert_eq!(normalise(raw).as_deref(), Some(expected), "{raw:?}");
        }
    }

    #[test]
    fn what_nobody_means_as_part_of_a_number_stays_to_be_named() {
        for kept in ["①²Ⅻ", "\u{0425}", "\u{03A7}", "ıß", "AB<CD", "E0000.0000", "A(B)", "ー"] {
            assert_eq!(normalise(kept).as_deref(), Some(kept));
        }
    }

    #[test]
    fn the_limit_counts_characters_and_not_bytes() {
        assert_eq!(normalise(&"９".repeat(MAX_RAW_CHARS)), Some("9".repeat(MAX_RAW_CHARS)));
        assert_eq!(normalise(&"9".repeat(MAX_RAW_CHARS + 1)), None);
    }

    #[test]
    fn only_a_trailing_issuer_mark_is_dropped() {
        let table = [
            ("00000000(B)", "00000000"),
            ("0000000001(12)", "0000000001"),
            ("00000000(B", "00000000(B"),
            ("00000000B)", "00000000B)"),
            ("00000000()", "00000000()"),
            ("00000000(ABC)", "00000000(ABC)"),
            ("(B)00000000", "(B)00000000"),
            ("00000000(台)", "00000000(台)"),
        ];
        for (number, expected) in table {
            assert_eq!(without_issuer(number), expected, "{number:?}");
        }
    }

    proptest! {
        #[test]
        fn normalising_is_idempotent(raw in "(\\PC|[-<ｘ０-９Ⅹ \u{200B}\u{3000}－＜]){0,80}") {
            if let Some(once) = normalise(&raw) {
                prop_assert_eq!(normalise(&once), Some(once));
            }
        }
    }
}
