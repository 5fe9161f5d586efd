//! The 18-character citizen number of GB 11643-1999, on the two cards that Chinese citizens hold.
//!
//! Layout: 6 region, 8 birth date, 3 sequence (the last one is odd for men), 1 check character. The card of
//! foreign permanent residents has another head and the same tail.

use crate::document::Decoded;
use crate::{BrokenRule, Country, DocumentType, Sex, birth_date, check_digit};
use time::Date;

/// Province-level codes of GB/T 2260. 71 is allotted, though no card was ever issued there.
///
/// No county table stands behind them: codes were merged and renamed for decades, and validators with such a
/// table refuse genuine cards.
const PROVINCES: [&[u8]; 32] = [
    b"11", b"12", b"13", b"14", b"15", b"21", b"22", b"23", b"31", b"32", b"33", b"34", b"35", b"36", b"37",
    b"41", b"42", b"43", b"44", b"45", b"46", b"50", b"51", b"52", b"53", b"54", b"61", b"62", b"63", b"64",
    b"65", TAIWAN,
];

const TAIWAN: &[u8] = b"71";

/// Judges the head of a Resident Identity Card number, then its tail.
pub(crate) fn resident_id_card(number: &[u8], today: Date, broken: &mut Vec<BrokenRule>) -> Decoded {
    let Ok(number) = <&[u8; 18]>::try_from(number) else { return Decoded::default() };
    let of = DocumentType::ResidentIdCard;
    broken.extend(broken_province(&number[..2], of));
    tail(number, today, broken)
}

/// Judges the head of a residence permit's number, which is one of three regions (国办发〔2018〕81号).
pub(crate) fn residence_permit(number: &[u8], today: Date, broken: &mut Vec<BrokenRule>) -> Decoded {
    let Ok(number) = <&[u8; 18]>::try_from(number) else { return Decoded::default() };
    let home = match &number[..6] {
        b"810000" => Some(Country::HKG),
        b"820000" => Some(Country::MAC),
        b"830000" => Some(Country::TWN),
        _ => None,
    };
    if home.is_none() && number[..6].iter().all(u8::is_ascii_digit) {
        broken.push(BrokenRule::NumberProvince(DocumentType::HkMacaoTaiwanResidencePermit));
    }
    Decoded { home, ..tail(number, today, broken) }
}

/// The rule that a province code breaks, if it consists of digits and is none of [`PROVINCES`].
pub(crate) fn broken_province(code: &[u8], of: DocumentType) -> Option<BrokenRule> {
    let legible = code.iter().all(u8::is_ascii_digit);
    (legible && !PROVINCES.contains(&code)).then_some(BrokenRule::NumberProvince(of))
}

/// Whether a number has the head of the first-generation card: 15 digits and no check character.
pub(crate) fn is_first_generation(number: &[u8]) -> bool {
    number.len() == 15 && number.iter().all(u8::is_ascii_digit)
}

/// Whether the number's province is Taiwan, where no Resident Identity Card is issued.
pub(crate) fn is_from_taiwan(number: &[u8]) -> bool {
    number.starts_with(TAIWAN)
}

/// Judges and decodes birth date, sex and check character, which stand in the same places on all three cards.
pub(crate) fn tail(number: &[u8; 18], today: Date, broken: &mut Vec<BrokenRule>) -> Decoded {
    let birth_date = birth_date::from_yyyymmdd(&number[6..14], today).unwrap_or_else(|rule| {
        broken.push(rule);
        None
    });
    let check = number[17];
    let expected = check_digit::mod_11_2(&number[..17]);
    let legible = check.is_ascii_digit() || check == b'X';
    if legible && expected.is_some_and(|expected| expected != check) {
        broken.push(BrokenRule::CheckCharacter);
    }
    Decoded { birth_date, sex: Sex::from_sequence_digit(number[16]), home: None }
}
