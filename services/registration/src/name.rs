//! A person's name as their document shows it, and whether somebody else's spelling of it means the same person.
//!
//! Owns: the two scripts, their rules, the comparison that holder proof rests on, the name for a screen.
//! Does not own: which script a document type needs; that is a rule of the form.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::form::rule::{self, Checked, checked};
use crate::form::text::{checked_text, is_blank, is_han, is_hyphen, is_without_width};
use entrypass_rule::Rule;

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

    /// Whether a spelling that proves this name proves `other` too: the Chinese names are equal, or the Latin ones.
    pub(crate) fn also_proves(&self, other: &Self) -> bool {
        let chinese = self.chinese.as_ref().is_some_and(|name| other.matches(name.as_str()));
        let latin = self.latin.as_ref().is_some_and(|name| other.matches(&name.display()));
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

    /// The name for somebody who compares it with a document: `王*` if there is a Chinese one, `S* A*` otherwise.
    ///
    /// One `*` stands for the rest, however long it is: the length of a name would narrow a person down. Of a compound surname
    /// (欧阳) the first character is shown too: no list of them tells 欧阳 who is one from a 欧 called 阳.
    pub(crate) fn masked(&self) -> String {
        let chinese = self.chinese.as_ref().and_then(|name| initial(name.as_str()));
        let latin = || self.latin.as_ref().map(LatinName::masked);
        chinese.or_else(latin).unwrap_or_default()
    }
}

impl LatinName {
    fn display(&self) -> String {
        format!("{} {}", self.surname.as_str(), self.given()).trim_end().to_owned()
    }

    fn masked(&self) -> String {
        let parts = [initial(self.surname.as_str()), initial(self.given())];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
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

/// The first letter and one `*`. An apostrophe before it, as in `'T HOOFT`, is no letter.
pub(crate) fn initial(part: &str) -> Option<String> {
    part.chars().find(|c| c.is_alphabetic()).map(|first| format!("{first}*"))
}

fn chinese_name(raw: &str) -> Checked<String> {
    let name: String = fold(raw).filter(|&c| !is_blank(c)).collect();
    if name.is_empty() {
        return Err(vec![Rule::required()]);
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
        return Err(vec![Rule::required()]);
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
mod tests;
