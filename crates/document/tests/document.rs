//! What an accepted document tells about its holder, and how it may be shown.

use entrypass_document::DocumentType::{self, *};
use entrypass_document::{BrokenRule, Country, Document, DocumentInput, Rules};
use std::collections::HashSet;
use time::macros::date;

const RULES: Rules = Rules { today: date!(2026 - 11 - 23), accept_specimens: true };

fn valid(document_type: DocumentType, number: &str, issuing_state: &str) -> Document {
    Document::parse(&DocumentInput { document_type, number, issuing_state }, RULES)
        .unwrap_or_else(|broken| panic!("{document_type:?} {number:?} breaks {broken:?}"))
}

#[test]
fn a_specimen_passport_opens_nothing_in_production() {
    let input = DocumentInput { document_type: Passport, number: "L898902C3", issuing_state: "UTO" };
    let production = Rules { accept_specimens: false, ..RULES };
    assert_eq!(Document::parse(&input, production), Err(vec![BrokenRule::IssuingStateUnknown]));
}

#[test]
fn a_number_may_be_shown_by_its_ends_only() {
    let table = [
        (HkMacaoTravelPermit, "H00000000", "", "H0*****00"),
        (TaiwanTravelPermit, "00000000", "", "00****00"),
        (Passport, "X000001", "GBR", "*******"),
        (Passport, "00000", "GBR", "*****"),
        (ResidentIdCard, "44069919850101069X", "", "44**************9X"),
    ];
    for (document_type, number, state, masked) in table {
        let document = valid(document_type, number, state);
        assert_eq!(document.masked_number(), masked);
        assert!(format!("{document:?}").contains(masked));
        assert!(!format!("{document:?}").contains(number));
    }
}

#[test]
fn input_prints_no_number_at_all() {
    let input = DocumentInput { document_type: TaiwanTravelPermit, number: "00000000", issuing_state: "" };
    assert_eq!(format!("{input:?}"), "DocumentInput { document_type: TaiwanTravelPermit, .. }");
}

type Codes = &'static [&'static str];

#[test]
fn a_nationality_must_fit_the_document() {
    let table: [(DocumentType, &str, &str, Codes, Codes); 11] = [
        (ResidentIdCard, "440699198501010016", "", &["CHN"], &["HKG", "USA"]),
        (HkMacaoTravelPermit, "H00000000", "", &["CHN", "HKG", "MAC"], &["TWN", "GBR"]),
        (HkMacaoTravelPermitNonChinese, "MA0000000", "", &["GBR", "PRT"], &["CHN", "HKG", "MAC", "TWN"]),
        (TaiwanTravelPermit, "00000000", "", &["CHN", "TWN"], &["HKG", "USA"]),
        (HkMacaoTaiwanResidencePermit, "810000190001010018", "", &["CHN", "HKG"], &["MAC", "TWN", "USA"]),
        (HkMacaoTaiwanResidencePermit, "820000190001010028", "", &["CHN", "MAC"], &["HKG", "TWN", "USA"]),
        (HkMacaoTaiwanResidencePermit, "830000190001010011", "", &["CHN", "TWN"], &["HKG", "MAC", "USA"]),
        (ForeignPermanentResidentId, "944840190001010015", "", &["USA"], &["CHN", "CAN"]),
        (ForeignPermanentResidentId, "KAZ110090123105", "", &["KAZ"], &["CHN", "USA"]),
        (Passport, "X0000001", "FRA", &["FRA", "CHN", "XXA", "MCO"], &[]),
        (TravelDocument, "L00000000", "", &["CHN", "HKG", "MAC", "TWN"], &["USA", "XXA"]),
    ];
    for (document_type, number, state, fitting, unfit) in table {
        let document = valid(document_type, number, state);
        let allows = |code: &&str| document.allows_nationality(Country::parse(code, false).unwrap());
        assert!(fitting.iter().all(allows), "{document_type:?} {number}");
        assert!(!unfit.iter().any(allows), "{document_type:?} {number}");
    }
}

#[test]
fn only_a_foreign_permanent_resident_number_tells_a_nationality() {
    let nationality = |of, number| valid(of, number, "").nationality().map(Country::as_str);
    assert_eq!(nationality(ForeignPermanentResidentId, "911398199012310021"), Some("KAZ"));
    assert_eq!(nationality(ForeignPermanentResidentId, "jpn449900010129"), Some("JPN"));
    assert_eq!(nationality(HkMacaoTaiwanResidencePermit, "810000190001010018"), None);
    assert_eq!(nationality(ResidentIdCard, "440699198501010016"), None);
}

#[test]
fn a_given_birth_date_must_be_the_encoded_one_as_far_as_one_is_encoded() {
    let citizen = valid(ResidentIdCard, "440699198501010016", "");
    assert!(citizen.allows_birth_date(date!(1985 - 01 - 01)));
    assert!(!citizen.allows_birth_date(date!(1885 - 01 - 01)));
    let four_digit_year = valid(ForeignPermanentResidentId, "911398199012310021", "");
    assert!(four_digit_year.allows_birth_date(date!(1990 - 12 - 31)));
    assert!(!four_digit_year.allows_birth_date(date!(1890 - 12 - 31)));
    let short_year = valid(ForeignPermanentResidentId, "JPN449900010129", "");
    assert!(short_year.allows_birth_date(date!(2000 - 01 - 01)));
    assert!(short_year.allows_birth_date(date!(1900 - 01 - 01)));
    assert!(!short_year.allows_birth_date(date!(2001 - 01 - 01)));
    let passport = valid(Passport, "X0000001", "GBR");
    assert!(passport.allows_birth_date(date!(1985 - 01 - 01)));
}

#[test]
fn two_spellings_of_one_number_are_one_document() {
    assert_eq!(
        valid(HkMacaoTravelPermit, "h 0000 0000 01", ""),
        valid(HkMacaoTravelPermit, "H0000000002", "CHN")
    );
    let one: HashSet<_> =
        ["ｈ00000000", "H-0000-0000", "H00000000"].map(|typed| valid(HkMacaoTravelPermit, typed, "")).into();
    assert_eq!(one.len(), 1);
    assert_ne!(valid(Passport, "X0000001", "GBR"), valid(Passport, "X0000001", "FRA"));
    let two: HashSet<_> = ["GBR", "FRA"].map(|state| valid(Passport, "X0000001", state)).into();
    assert_eq!(two.len(), 2);
    assert_ne!(valid(Passport, "H00000000", "CHN"), valid(HkMacaoTravelPermit, "H00000000", ""));
}

#[test]
fn a_document_stays_the_same_when_its_short_birth_year_is_read_in_another_year() {
    let input = DocumentInput {
        document_type: ForeignPermanentResidentId,
        number: "JPN449900010129",
        issuing_state: "",
    };
    let on = |today| Document::parse(&input, Rules { today, ..RULES }).unwrap();
    let (before, after) = (on(date!(1999 - 12 - 31)), on(date!(2026 - 11 - 23)));
    assert_eq!(before.birth_date(), Some(date!(1900 - 01 - 01)));
    assert_eq!(after.birth_date(), Some(date!(2000 - 01 - 01)));
    assert_eq!(before, after);
}
