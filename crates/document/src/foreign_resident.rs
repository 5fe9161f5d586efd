//! The Foreign Permanent Resident ID Card, whose two editions are numbered by unlike schemes.
//!
//! 2023 (GA 2102-2023): `9`, 2 province of application, 3 nationality (ISO 3166-1 numeric), then birth date,
//! sequence and check character as on the Resident Identity Card. 2017: 3 letters nationality (ISO 3166-1 alpha-3),
//! 4 place of first issue, YYMMDD, 1 sequence, 1 check digit by ICAO Doc 9303 over the first 14. One person's two
//! numbers cannot be computed from each other, so they are two documents.

use crate::citizen_number::{broken_province, tail};
use crate::document::Decoded;
use crate::{BrokenRule, Country, DocumentType, Sex, birth_date, check_digit};
use time::Date;

const OF: DocumentType = DocumentType::ForeignPermanentResidentId;

/// Judges and decodes a number of either edition.
pub(crate) fn permanent_resident_id(number: &[u8], today: Date, broken: &mut Vec<BrokenRule>) -> Decoded {
    if let Ok(number) = <&[u8; 18]>::try_from(number) {
        edition_2023(number, today, broken)
    } else if let Ok(number) = <&[u8; 15]>::try_from(number) {
        edition_2017(number, today, broken)
    } else {
        Decoded::default()
    }
}

fn edition_2023(number: &[u8; 18], today: Date, broken: &mut Vec<BrokenRule>) -> Decoded {
    broken.extend(broken_province(&number[1..3], OF));
    let nationality = &number[3..6];
    let home = Country::from_iso_numeric(nationality).filter(|home| !home.is_china_or_region());
    if home.is_none() && nationality.iter().all(u8::is_ascii_digit) {
        broken.push(BrokenRule::Nationality);
    }
    Decoded { home, ..tail(number, today, broken) }
}

fn edition_2017(number: &[u8; 15], today: Date, broken: &mut Vec<BrokenRule>) -> Decoded {
    let nationality = &number[..3];
    let home = Country::from_iso_alpha3(nationality).filter(|home| !home.is_china_or_region());
    if home.is_none() && nationality.iter().all(u8::is_ascii_uppercase) {
        broken.push(BrokenRule::Nationality);
    }
    broken.extend(broken_province(&number[3..5], OF));
    let birth_date = birth_date::from_yymmdd(&number[7..13], today).unwrap_or_else(|rule| {
        broken.push(rule);
        None
    });
    // Letters and digits both have a value for ICAO, so a misplaced one would seem to break this rule as well.
    let legible =
        nationality.iter().all(u8::is_ascii_uppercase) && number[3..].iter().all(u8::is_ascii_digit);
    let expected = check_digit::icao_7_3_1(&number[..14]);
    if legible && expected.is_some_and(|expected| expected != number[14]) {
        broken.push(BrokenRule::CheckCharacter);
    }
    Decoded { birth_date, sex: Sex::from_sequence_digit(number[13]), home }
}
