//! A person's name as their document shows it, and whether somebody else's spelling of it means the same person.
//!
//! Owns: the two scripts, their rules, the comparison that holder proof rests on, the name for a screen.
//! Does not own: which script a document type needs; that is a rule of the form.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::form::rule::{self, Checked, checked};
use crate::form::text::{checked_text, is_blank, is_han, is_hyphen, is_without_width};

/// The longest name in Chinese characters (GB/T 39046-2020: `a..30`).
const MAX_CHINESE: usize = 30;
/// The longest surname or given names: the name field of a passport's machine-readable zone (ICAO Doc 9303-4).
const MAX_LATIN: usize = 39;

checked_text! {
    /// A name in Chinese characters: 1 to 30 Han characters, with `·` between the parts of a transcribed name.
    ChineseName, chinese_name
}

checked_text! {
    /// A surname, or the given names: 1 to 39 of `A-Z`, blank, hyphen and apostrophe, as in a machine-readable zone.
    LatinPart, latin_part
}

/// A name in Latin letters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LatinName {
    /// The surname, or the only name.
    pub(crate) surname: LatinPart,
    /// `None` where the document shows one name only.
    pub(crate) given: Option<LatinPart>,
}

/// A name in Chinese characters, in Latin letters, or both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub(crate) struct PersonName {
    chinese: Option<ChineseName>,
    latin: Option<LatinName>,
}

impl PersonName {
    /// `None` without a name in either script.
    pub(crate) fn new(chinese: Option<ChineseName>, latin: Option<LatinName>) -> Option<Self> {
        (chinese.is_some() || latin.is_some()).then_some(Self { chinese, latin })
    }

    /// The name in Chinese characters.
    pub(crate) fn chinese(&self) -> Option<&ChineseName> {
        self.chinese.as_ref()
    }

    /// The name in Latin letters.
    pub(crate) fn latin(&self) -> Option<&LatinName> {
        self.latin.as_ref()
    }

    /// Whether `given` is this name: the Chinese one, or the Latin one with the surname first, as `SMITH JOHN PAUL`,
    /// `Smith, John Paul` or `SMITH<<JOHN<PAUL`.
    ///
    /// Width, letter case, blanks, hyphens, apostrophes and the shape of the middle dot do not matter: documents,
    /// keyboards and the machine-readable zone differ in all of them.
    pub(crate) fn matches(&self, given: &str) -> bool {
        let given = key(given);
        let chinese = self.chinese.as_ref().is_some_and(|name| key(name.as_str()) == given);
        let latin = self.latin.as_ref().is_some_and(|name| name.key() == given);
        chinese || latin
    }

    /// Whether `text` calls this person by name, in either order of surname and given names.
    ///
    /// Looser than [`PersonName::matches`]: for rules that keep a person out, never for proof.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        let reversed = self.latin.as_ref().is_some_and(|name| name.reversed_key() == key(text));
        reversed || self.matches(text)
    }

    /// The name for a screen: Chinese if there is one, `SURNAME GIVEN NAMES` otherwise. Personal data.
    pub(crate) fn display(&self) -> String {
        let latin = || self.latin.as_ref().map(LatinName::display);
        self.chinese.as_ref().map(|name| name.as_str().to_owned()).or_else(latin).unwrap_or_default()
    }
}

impl LatinName {
    fn display(&self) -> String {
        format!("{} {}", self.surname.as_str(), self.given()).trim_end().to_owned()
    }

    fn given(&self) -> &str {
        self.given.as_ref().map_or("", LatinPart::as_str)
    }

    fn key(&self) -> String {
        key(self.surname.as_str()) + &key(self.given())
    }

    fn reversed_key(&self) -> String {
        key(self.given()) + &key(self.surname.as_str())
    }
}

impl fmt::Debug for LatinName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LatinName(***)")
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(***)")
    }
}

#[derive(Deserialize)]
struct Stored {
    chinese: Option<ChineseName>,
    latin: Option<LatinName>,
}

impl TryFrom<Stored> for PersonName {
    type Error = &'static str;

    fn try_from(Stored { chinese, latin }: Stored) -> Result<Self, Self::Error> {
        Self::new(chinese, latin).ok_or("a person has a name in at least one script")
    }
}

/// What is left of a name when everything that keyboards and documents spell differently is taken away.
fn key(name: &str) -> String {
    fold(name).filter(|&c| !is_blank(c) && !matches!(c, '-' | '\'' | ',' | '、' | '<')).collect()
}

fn chinese_name(raw: &str) -> Checked<String> {
    let name: String = fold(raw).filter(|&c| !is_blank(c)).collect();
    if name.is_empty() {
        return Err(vec![rule::required()]);
    }
    let mut broken = Vec::new();
    if name.chars().count() > MAX_CHINESE {
        broken.push(rule::length(1, MAX_CHINESE));
    }
    if !name.chars().all(|c| is_han(c) || c == '·') {
        broken
            .push(rule::character("只能填写汉字和间隔号“·”", "must consist of Chinese characters and \"·\""));
    }
    if name.split('·').any(str::is_empty) {
        broken.push(rule::format("间隔号“·”须在汉字之间", "\"·\" must stand between Chinese characters"));
    }
    checked(name, broken)
}

fn latin_part(raw: &str) -> Checked<String> {
    let folded: String = fold(raw).filter(|&c| !is_without_width(c)).collect();
    let name = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(vec![rule::required()]);
    }
    let mut broken = Vec::new();
    if name.chars().count() > MAX_LATIN {
        broken.push(rule::length(1, MAX_LATIN));
    }
    let allowed = |c: char| c.is_ascii_uppercase() || matches!(c, ' ' | '-' | '\'');
    if !name.chars().all(allowed) || !name.contains(|c: char| c.is_ascii_uppercase()) {
        broken.push(rule::character(
            "须按证件机读区填写，只能使用字母A至Z、空格、连字符和撇号",
            "must be written as in the machine-readable zone: A to Z, blank, hyphen, apostrophe",
        ));
    }
    checked(name, broken)
}

/// Folds width and letter case, and gives every hyphen, apostrophe and middle dot one shape.
///
/// The shapes come first: NFKC would take a spacing accent such as `´` apart into a blank and a combining mark. NFKC
/// also turns the Kangxi radicals, which look like Chinese characters and come out of scanned text, into those.
fn fold(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(one_shape).nfkc().map(|c| c.to_ascii_uppercase())
}

fn one_shape(c: char) -> char {
    match c {
        c if is_hyphen(c) => '-',
        '`' | '´' | 'ʹ' | 'ʻ' | 'ʼ' | '‘' | '’' | '‛' | '′' | '＇' => '\'',
        // The middle dots of Chinese, Japanese and other keyboards, and the full stop that is typed in their place.
        '•' | '‧' | '∙' | '⋅' | '・' | '･' | '˙' | '.' | '．' => '·',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{ChineseName, LatinName, LatinPart, PersonName};
    use crate::form::rule::Checked;

    fn outcome<T>(result: Checked<T>, as_str: fn(&T) -> &str) -> String {
        match result {
            Ok(name) => as_str(&name).to_owned(),
            Err(rules) => rules.iter().map(|rule| rule.reason).collect::<Vec<_>>().join("+"),
        }
    }

    fn latin(surname: &str, given: Option<&str>) -> LatinName {
        LatinName {
            surname: LatinPart::parse(surname).expect("letters"),
            given: given.map(|given| LatinPart::parse(given).expect("letters")),
        }
    }

    fn person(chinese: Option<&str>, latin: Option<LatinName>) -> PersonName {
        let chinese = chinese.map(|name| ChineseName::parse(name).expect("Chinese characters"));
        PersonName::new(chinese, latin).expect("a name")
    }

    #[test]
    fn a_chinese_name_is_chinese_characters_and_middle_dots() {
        let longest = "阿".repeat(30);
        let table = [
            ("王小明", "王小明"),
            (" 王\u{3000}小 明 ", "王小明"),
            ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉.买买提", "阿卜杜拉·买买提"),
            ("佐々木", "佐々木"),
            ("⽅", "方"),
            ("𠮷", "𠮷"),
            (&longest, &longest),
            ("", "REQUIRED"),
            ("\u{3000}", "REQUIRED"),
            ("Wang", "CHARACTER"),
            ("王1", "CHARACTER"),
            ("王（明）", "CHARACTER"),
            ("김철수", "CHARACTER"),
            ("·王", "FORMAT"),
            ("王··明", "FORMAT"),
            ("·", "FORMAT"),
        ];
        for (raw, expected) in table {
            assert_eq!(outcome(ChineseName::parse(raw), ChineseName::as_str), expected, "{raw:?}");
        }
        assert_eq!(outcome(ChineseName::parse(&"阿".repeat(31)), ChineseName::as_str), "LENGTH");
        assert_eq!(outcome(ChineseName::parse(&"A".repeat(31)), ChineseName::as_str), "LENGTH+CHARACTER");
    }

    #[test]
    fn a_latin_name_is_written_as_in_the_machine_readable_zone() {
        let longest = "A".repeat(39);
        let table = [
            ("SMITH", "SMITH"),
            ("smith", "SMITH"),
            ("ｓｍｉｔｈ", "SMITH"),
            ("  van  der\tBerg ", "VAN DER BERG"),
            ("O’Brien", "O'BRIEN"),
            ("O´Brien", "O'BRIEN"),
            ("Jean–Pierre", "JEAN-PIERRE"),
            ("Jean\u{2011}Pierre", "JEAN-PIERRE"),
            ("Jo\u{200B}hn", "JOHN"),
            ("'t Hooft", "'T HOOFT"),
            (&longest, &longest),
            ("", "REQUIRED"),
            (" \u{3000}", "REQUIRED"),
            ("Müller", "CHARACTER"),
            ("Смит", "CHARACTER"),
            ("SMITH2", "CHARACTER"),
            ("SMITH<", "CHARACTER"),
            ("王", "CHARACTER"),
            ("-", "CHARACTER"),
        ];
        for (raw, expected) in table {
            assert_eq!(outcome(LatinPart::parse(raw), LatinPart::as_str), expected, "{raw:?}");
        }
        assert_eq!(outcome(LatinPart::parse(&"A".repeat(40)), LatinPart::as_str), "LENGTH");
    }

    #[test]
    fn a_holder_may_spell_a_latin_name_as_documents_and_keyboards_do() {
        let name = person(None, Some(latin("O'Brien-Smith", Some("Jean Pierre"))));
        let same = [
            "O'BRIEN-SMITH JEAN PIERRE",
            "o’brien smith, jean-pierre",
            "OBRIEN<SMITH<<JEAN<PIERRE<<<<<<<<<",
            "ＯＢＲＩＥＮ　ＳＭＩＴＨ　ＪＥＡＮ　ＰＩＥＲＲＥ",
            " O`Brien‐Smith,Jean Pierre ",
        ];
        for given in same {
            assert!(name.matches(given), "{given:?}");
        }
        for other in [
            "",
            "O'BRIEN-SMITH",
            "JEAN PIERRE O'BRIEN-SMITH",
            "O'BRIEN-SMITH JEAN",
            "BRIEN SMITH JEAN PIERRE",
        ] {
            assert!(!name.matches(other), "{other:?}");
        }
    }

    #[test]
    fn a_holder_may_spell_a_chinese_name_with_any_middle_dot() {
        let name = person(Some("阿卜杜拉·买买提"), None);
        for given in [
            "阿卜杜拉·买买提",
            "阿卜杜拉•买买提",
            "阿卜杜拉・买买提",
            "阿卜杜拉．买买提",
            " 阿卜杜拉 · 买买提 ",
        ] {
            assert!(name.matches(given), "{given:?}");
        }
        for other in ["", "·", "阿卜杜拉", "阿卜杜拉买买提", "阿卜杜拉·買買提", "买买提·阿卜杜拉"]
        {
            assert!(!name.matches(other), "{other:?}");
        }
    }

    #[test]
    fn either_script_proves_the_holder_of_both() {
        let name = person(Some("王小明"), Some(latin("WANG", Some("XIAOMING"))));
        for given in ["王小明", "Wang Xiaoming", "WANG, XIAO MING"] {
            assert!(name.matches(given), "{given:?}");
        }
        assert!(!name.matches("Xiaoming Wang") && name.is_called("Xiaoming Wang"));
        assert!(!name.matches("王小明 Wang Xiaoming"));
    }

    #[test]
    fn a_single_name_is_the_whole_name() {
        let name = person(None, Some(latin("SUKARNO", None)));
        assert!(name.matches("Sukarno") && name.matches("SUKARNO<<"));
        assert!(!name.matches("SUKARNO SUKARNO"));
        assert_eq!(name.display(), "SUKARNO");
    }

    #[test]
    fn a_screen_shows_the_chinese_name_first() {
        let both = person(Some("王小明"), Some(latin("WANG", Some("XIAOMING"))));
        assert_eq!(both.display(), "王小明");
        assert_eq!(person(None, Some(latin("WANG", Some("XIAOMING")))).display(), "WANG XIAOMING");
        assert_eq!(PersonName::new(None, None), None);
    }
}
