//! Length, alphabet and form of each type's number: everything that can be said without reading it.
//!
//! Hand-written places instead of regular expressions: published ones for these very numbers are mis-anchored or
//! admit a stray `|`, and a place that does not fit must not hide what the rest of the number breaks.

use crate::{BrokenRule, DocumentType};

/// Stands for any character outside ASCII; no number may hold it, so it never fits.
const NOT_ASCII: u8 = b'?';

/// One byte for each character, so that places can be counted whatever was typed.
pub(crate) fn places(number: &str) -> Vec<u8> {
    number.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(NOT_ASCII)).collect()
}

/// The rules of spelling that `number`, in normal form, breaks as a number of `document_type`.
pub(crate) fn broken_rules(number: &[u8], document_type: DocumentType) -> Vec<BrokenRule> {
    let mut broken = Vec::new();
    let pattern = pattern(document_type, number.len());
    if pattern.is_none() {
        broken.push(BrokenRule::NumberLength(document_type));
    }
    if !number.iter().all(|byte| in_alphabet(document_type, *byte)) {
        broken.push(BrokenRule::NumberCharacter(document_type));
    }
    let misplaced = |(byte, place): (&u8, u8)| in_alphabet(document_type, *byte) && !fits(*byte, place);
    if number.iter().zip(pattern.unwrap_or_default().bytes()).any(misplaced) {
        broken.push(BrokenRule::NumberForm(document_type));
    }
    broken
}

fn in_alphabet(document_type: DocumentType, byte: u8) -> bool {
    match document_type {
        DocumentType::ResidentIdCard | DocumentType::HkMacaoTaiwanResidencePermit => {
            byte.is_ascii_digit() || byte == b'X'
        }
        DocumentType::TaiwanTravelPermit => byte.is_ascii_digit(),
        _ => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
    }
}

/// What belongs in each place of a number of that length; see [`fits`]. `None`: no number is that long.
fn pattern(document_type: DocumentType, length: usize) -> Option<&'static str> {
    match (document_type, length) {
        // GB 11643-1999.
        (DocumentType::ResidentIdCard | DocumentType::HkMacaoTaiwanResidencePermit, 18) => {
            Some("dddddddddddddddddc")
        }
        // Eight digits for life; the Ministry's rule of 2010 adds two that count renewals.
        (DocumentType::HkMacaoTravelPermit, 9) => Some("hdddddddd"),
        (DocumentType::HkMacaoTravelPermit, 11) => Some("hdddddddddd"),
        (DocumentType::HkMacaoTravelPermitNonChinese, 9) => Some("hAddddddd"),
        // Eight digits for life; permits before 2008-09-25 add two that count issues.
        (DocumentType::TaiwanTravelPermit, 8) => Some("dddddddd"),
        (DocumentType::TaiwanTravelPermit, 10) => Some("dddddddddd"),
        // GA 2102-2023, and the card of 2017.
        (DocumentType::ForeignPermanentResidentId, 18) => Some("9ddddddddddddddddc"),
        (DocumentType::ForeignPermanentResidentId, 15) => Some("aaadddddddddddd"),
        // ICAO Doc 9303 holds nine characters, but some states number longer and a few shorter.
        (DocumentType::Passport | DocumentType::TravelDocument, 5..=20) => {
            "nnnnnnnnnnnnnnnnnnnn".get(..length)
        }
        _ => None,
    }
}

/// `d` digit, `c` check character, `a` letter, `n` letter or digit, `h` H or M; anything else is itself.
fn fits(byte: u8, place: u8) -> bool {
    match place {
        b'd' => byte.is_ascii_digit(),
        b'c' => byte.is_ascii_digit() || byte == b'X',
        b'a' => byte.is_ascii_uppercase(),
        b'n' => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        b'h' => matches!(byte, b'H' | b'M'),
        itself => byte == itself,
    }
}
