//! The synthetic test vectors: what is accepted and how it is decoded, what is refused and by which rules.
//!
//! No living person owns these numbers: citizen numbers use the county code 440699, which was never allotted, permits
//! the birth date 1900-01-01 and 15-character cards the place 4499.

use entrypass_document::DocumentType::{self, *};
use entrypass_document::Sex::{self, *};
use entrypass_document::{BrokenRule, Document, DocumentInput, Rules};
use time::macros::date;

const RULES: Rules = Rules { today: date!(2026 - 11 - 23), accept_specimens: true };

fn parse(
    document_type: DocumentType,
    number: &str,
    issuing_state: &str,
) -> Result<Document, Vec<BrokenRule>> {
    Document::parse(&DocumentInput { document_type, number, issuing_state }, RULES)
}

fn valid(document_type: DocumentType, number: &str, issuing_state: &str) -> Document {
    parse(document_type, number, issuing_state)
        .unwrap_or_else(|broken| panic!("{document_type:?} {number:?} breaks {broken:?}"))
}

/// The reasons in the order in which they are reported.
fn reasons(document_type: DocumentType, number: &str, issuing_state: &str) -> Vec<&'static str> {
    match parse(document_type, number, issuing_state) {
        Ok(_) => Vec::new(),
        Err(broken) => broken.into_iter().map(BrokenRule::reason).collect(),
    }
}

type Decoded = (&'static str, &'static str, &'static str, Sex);

/// Rows of: as typed, canonical, birth date, sex.
fn assert_decoded(document_type: DocumentType, table: &[Decoded]) {
    for (typed, canonical, birth_date, sex) in table {
        let document = valid(document_type, typed, "");
        assert_eq!(document.number(), *canonical);
        assert_eq!(
            document.birth_date().map(|date| date.to_string()).as_deref(),
            Some(*birth_date),
            "{typed}"
        );
        assert_eq!(document.sex(), Some(*sex), "{typed}");
        assert_eq!(document.issuing_state(), None, "{typed}");
        assert_eq!(document.key(), format!("{}:{canonical}", document_type.as_str()));
    }
}

#[test]
fn numbers_of_resident_identity_cards_are_accepted_and_decoded() {
    let table = [
        ("440699198501010016", "440699198501010016", "1985-01-01", Male),
        ("440699199006150024", "440699199006150024", "1990-06-15", Female),
        ("440699200402290040", "440699200402290040", "2004-02-29", Female),
        ("44069919850101069X", "44069919850101069X", "1985-01-01", Male),
        ("44069919850101069x", "44069919850101069X", "1985-01-01", Male),
        ("440699201308200066", "440699201308200066", "2013-08-20", Female),
        ("440699202501010066", "440699202501010066", "2025-01-01", Female),
        ("440699201203010055", "440699201203010055", "2012-03-01", Male),
        ("440699190001010080", "440699190001010080", "1900-01-01", Female),
        ("４４０６９９１９８５０１０１００１６", "440699198501010016", "1985-01-01", Male),
        ("440699-19850101-0016", "440699198501010016", "1985-01-01", Male),
        ("44069919850101069\u{2169}", "44069919850101069X", "1985-01-01", Male),
    ];
    assert_decoded(ResidentIdCard, &table);
}

#[test]
fn numbers_of_residence_permits_are_accepted_and_decoded() {
    let table = [
        ("810000190001010018", "810000190001010018", "1900-01-01", Male),
        ("810000190001010026", "810000190001010026", "1900-01-01", Female),
        ("820000190001010028", "820000190001010028", "1900-01-01", Female),
        ("830000190001010011", "830000190001010011", "1900-01-01", Male),
    ];
    assert_decoded(HkMacaoTaiwanResidencePermit, &table);
}

#[test]
fn both_editions_of_the_foreign_permanent_resident_card_are_accepted_and_decoded() {
    let table = [
        ("944840190001010015", "944840190001010015", "1900-01-01", Male),
        ("944840190001010023", "944840190001010023", "1900-01-01", Female),
        ("94484019000101004X", "94484019000101004X", "1900-01-01", Female),
        ("911398199012310021", "911398199012310021", "1990-12-31", Female),
        ("jpn449900010129", "JPN449900010129", "2000-01-01", Female),
        ("KAZ110090123105", "KAZ110090123105", "1990-12-31", Female),
    ];
    assert_decoded(ForeignPermanentResidentId, &table);
}

#[test]
fn numbers_of_permits_and_passports_are_accepted_and_encode_nothing() {
    let table = [
        (HkMacaoTravelPermit, "h0000000001", "", "HK_MACAO_TRAVEL_PERMIT:H00000000"),
        (HkMacaoTravelPermit, "M0000000000", "", "HK_MACAO_TRAVEL_PERMIT:M00000000"),
        (HkMacaoTravelPermit, "H00000000", "chn", "HK_MACAO_TRAVEL_PERMIT:H00000000"),
        (HkMacaoTravelPermitNonChinese, "MA0000000", "", "HK_MACAO_TRAVEL_PERMIT_NON_CHINESE:MA0000000"),
        (HkMacaoTravelPermitNonChinese, "ha0000000", "", "HK_MACAO_TRAVEL_PERMIT_NON_CHINESE:HA0000000"),
        (TaiwanTravelPermit, "00000000", "", "TAIWAN_TRAVEL_PERMIT:00000000"),
        (TaiwanTravelPermit, "0000000001", "", "TAIWAN_TRAVEL_PERMIT:00000000"),
        (TaiwanTravelPermit, "0000000001（Ｂ）", "", "TAIWAN_TRAVEL_PERMIT:00000000"),
        (Passport, "L898902C3", "UTO", "PASSPORT:UTO:L898902C3"),
        (Passport, "X0000001<", "UTO", "PASSPORT:UTO:X0000001"),
        (Passport, "e00000000", "CHN", "PASSPORT:CHN:E00000000"),
        (Passport, "G00000000", "CHN", "PASSPORT:CHN:G00000000"),
        (Passport, "X0000001", "D<<", "PASSPORT:DEU:X0000001"),
        (Passport, "H00000000", "HKG", "PASSPORT:CHN:H00000000"),
        (Passport, "MA0000000", "MAC", "PASSPORT:CHN:MA0000000"),
        (Passport, "00000", "GBR", "PASSPORT:GBR:00000"),
        (TravelDocument, "l0000 0000", " ", "TRAVEL_DOCUMENT:L00000000"),
    ];
    for (document_type, typed, issuing_state, key) in table {
        let document = valid(document_type, typed, issuing_state);
        assert_eq!(document.key(), key);
        assert_eq!(
            (document.birth_date(), document.sex(), document.nationality()),
            (None, None, None),
            "{typed}"
        );
        assert_eq!(document.issuing_state().is_some(), document_type == Passport, "{typed}");
    }
}

#[test]
fn each_wrong_number_is_refused_for_exactly_the_rule_it_breaks() {
    let table = [
        (ResidentIdCard, "440699198501010017", "DOCUMENT_NUMBER_CHECK_CHARACTER"),
        (ResidentIdCard, "440699198502300015", "DOCUMENT_NUMBER_BIRTH_DATE"),
        (ResidentIdCard, "440699190002290010", "DOCUMENT_NUMBER_BIRTH_DATE"),
        (ResidentIdCard, "440699198513010013", "DOCUMENT_NUMBER_BIRTH_DATE"),
        (ResidentIdCard, "440699198501000010", "DOCUMENT_NUMBER_BIRTH_DATE"),
        (ResidentIdCard, "440699209901010016", "DOCUMENT_NUMBER_BIRTH_IN_FUTURE"),
        (ResidentIdCard, "440524188001010014", "DOCUMENT_NUMBER_BIRTH_TOO_EARLY"),
        (ResidentIdCard, "000699198501010014", "DOCUMENT_NUMBER_PROVINCE"),
        (ResidentIdCard, "160699198501010019", "DOCUMENT_NUMBER_PROVINCE"),
        (ResidentIdCard, "810000190001010018", "DOCUMENT_TYPE_MISMATCH"),
        (ResidentIdCard, "944840190001010015", "DOCUMENT_TYPE_MISMATCH"),
        (ResidentIdCard, "44069919850101001", "DOCUMENT_NUMBER_LENGTH"),
        (ResidentIdCard, "4406991985010100166", "DOCUMENT_NUMBER_LENGTH"),
        (ResidentIdCard, "44069919850101069\u{425}", "DOCUMENT_NUMBER_CHARACTER"),
        (ResidentIdCard, "44069919850101A016", "DOCUMENT_NUMBER_CHARACTER"),
        (HkMacaoTaiwanResidencePermit, "81000019000101OO18", "DOCUMENT_NUMBER_CHARACTER"),
        (ResidentIdCard, "440699850101001", "DOCUMENT_NUMBER_FIRST_GENERATION"),
        (ResidentIdCard, "4406991985010X0016", "DOCUMENT_NUMBER_FORM"),
        (HkMacaoTaiwanResidencePermit, "840000190001010013", "DOCUMENT_NUMBER_PROVINCE"),
        (HkMacaoTaiwanResidencePermit, "710000190001010014", "DOCUMENT_NUMBER_PROVINCE"),
        (ForeignPermanentResidentId, "944840190002300014", "DOCUMENT_NUMBER_BIRTH_DATE"),
        (ForeignPermanentResidentId, "944000190001010010", "DOCUMENT_NUMBER_NATIONALITY"),
        (ForeignPermanentResidentId, "USA449900010110", "DOCUMENT_NUMBER_CHECK_CHARACTER"),
        (ForeignPermanentResidentId, "USA4499O0010119", "DOCUMENT_NUMBER_FORM"),
        (HkMacaoTravelPermit, "H0000000", "DOCUMENT_NUMBER_LENGTH"),
        (HkMacaoTravelPermit, "H000000000", "DOCUMENT_NUMBER_LENGTH"),
        (HkMacaoTravelPermit, "H000000000000", "DOCUMENT_NUMBER_LENGTH"),
        (HkMacaoTravelPermit, "C00000000", "DOCUMENT_NUMBER_FORM"),
        (HkMacaoTravelPermit, "W00000000", "DOCUMENT_NUMBER_FORM"),
        (HkMacaoTravelPermitNonChinese, "HB0000000", "DOCUMENT_NUMBER_FORM"),
        (TaiwanTravelPermit, "0000000", "DOCUMENT_NUMBER_LENGTH"),
        (TaiwanTravelPermit, "T0000000", "DOCUMENT_NUMBER_CHARACTER"),
        (Passport, "护照12345", "DOCUMENT_NUMBER_CHARACTER"),
        (Passport, "E0000.0000", "DOCUMENT_NUMBER_CHARACTER"),
        (Passport, "0000", "DOCUMENT_NUMBER_LENGTH"),
        (Passport, "000000000000000000000", "DOCUMENT_NUMBER_LENGTH"),
        (TravelDocument, "0000", "DOCUMENT_NUMBER_LENGTH"),
    ];
    for (document_type, number, reason) in table {
        let state = if document_type == Passport { "CHN" } else { "" };
        assert_eq!(reasons(document_type, number, state), [reason], "{document_type:?} {number}");
    }
}

#[test]
fn a_number_that_breaks_several_rules_is_told_all_of_them() {
    let table: [(DocumentType, &str, &[&str]); 8] = [
        (
            ForeignPermanentResidentId,
            "440699850101001",
            &["DOCUMENT_NUMBER_FORM", "DOCUMENT_NUMBER_PROVINCE"],
        ),
        (TaiwanTravelPermit, "T00000000", &["DOCUMENT_NUMBER_LENGTH", "DOCUMENT_NUMBER_CHARACTER"]),
        (
            ResidentIdCard,
            "160699198513010010",
            &["DOCUMENT_NUMBER_PROVINCE", "DOCUMENT_NUMBER_BIRTH_DATE", "DOCUMENT_NUMBER_CHECK_CHARACTER"],
        ),
        (
            ResidentIdCard,
            "00069920990101001\u{425}",
            &["DOCUMENT_NUMBER_CHARACTER", "DOCUMENT_NUMBER_PROVINCE", "DOCUMENT_NUMBER_BIRTH_IN_FUTURE"],
        ),
        (
            ForeignPermanentResidentId,
            "916156190001010010",
            &["DOCUMENT_NUMBER_PROVINCE", "DOCUMENT_NUMBER_NATIONALITY", "DOCUMENT_NUMBER_CHECK_CHARACTER"],
        ),
        (
            ForeignPermanentResidentId,
            "ZZZ009985133110",
            &[
                "DOCUMENT_NUMBER_NATIONALITY",
                "DOCUMENT_NUMBER_PROVINCE",
                "DOCUMENT_NUMBER_BIRTH_DATE",
                "DOCUMENT_NUMBER_CHECK_CHARACTER",
            ],
        ),
        (Passport, "E.0", &["DOCUMENT_NUMBER_LENGTH", "DOCUMENT_NUMBER_CHARACTER"]),
        (HkMacaoTravelPermit, "1?0000000", &["DOCUMENT_NUMBER_CHARACTER", "DOCUMENT_NUMBER_FORM"]),
    ];
    for (document_type, number, expected) in table {
        let state = if document_type == Passport { "CHN" } else { "" };
        assert_eq!(reasons(document_type, number, state), expected, "{document_type:?} {number}");
    }
}

/// The check digit of the 15-character card is correct in each, so that only the nationality is wrong.
#[test]
fn china_and_its_regions_are_no_nationality_of_a_foreign_permanent_resident() {
    for head in ["CHN44990001011", "HKG44990001011", "MAC44990001011", "TWN44990001011"] {
        let broken: Vec<_> =
            (0..10).map(|check| reasons(ForeignPermanentResidentId, &format!("{head}{check}"), "")).collect();
        let only_nationality =
            broken.iter().filter(|rules| **rules == ["DOCUMENT_NUMBER_NATIONALITY"]).count();
        assert_eq!(only_nationality, 1, "{head}");
        assert!(broken.iter().all(|rules| rules.contains(&"DOCUMENT_NUMBER_NATIONALITY")), "{head}");
    }
}

#[test]
fn a_number_of_another_type_says_which() {
    let table = [
        (ResidentIdCard, "810000190001010018", HkMacaoTaiwanResidencePermit),
        (ResidentIdCard, "944840190001010015", ForeignPermanentResidentId),
        (ResidentIdCard, "JPN449900010129", ForeignPermanentResidentId),
        (ResidentIdCard, "H00000000", HkMacaoTravelPermit),
        (HkMacaoTaiwanResidencePermit, "440699198501010016", ResidentIdCard),
        (ForeignPermanentResidentId, "440699198501010016", ResidentIdCard),
        (HkMacaoTravelPermit, "830000190001010011", HkMacaoTaiwanResidencePermit),
        (HkMacaoTravelPermit, "HA0000000", HkMacaoTravelPermitNonChinese),
        (HkMacaoTravelPermitNonChinese, "M0000000001", HkMacaoTravelPermit),
        (TaiwanTravelPermit, "h0000-0000", HkMacaoTravelPermit),
        (Passport, "440699 198501010016", ResidentIdCard),
        (Passport, "911398199012310021", ForeignPermanentResidentId),
        (TravelDocument, "KAZ110090123105", ForeignPermanentResidentId),
    ];
    for (claimed, number, owner) in table {
        let broken = parse(claimed, number, "").unwrap_err();
        assert_eq!(broken, [BrokenRule::TypeMismatch(owner)], "{claimed:?} {number}");
        assert_eq!(broken[0].field(), "type");
    }
}

#[test]
fn a_number_that_could_also_be_a_passport_is_no_mismatch_there() {
    for number in ["H00000000", "M00000000", "HA0000000", "00000000", "H0000000001"] {
        assert_eq!(valid(Passport, number, "CHN").number(), number);
        assert_eq!(valid(TravelDocument, number, "").number(), number);
    }
}

#[test]
fn an_absent_or_endless_number_is_named_before_anything_else() {
    for blank in ["", " \u{3000}\u{200B}", "--", "<<<"] {
        for document_type in DocumentType::ALL {
            let state = if document_type == Passport { "CHN" } else { "" };
            assert_eq!(
                reasons(document_type, blank, state),
                ["DOCUMENT_NUMBER_REQUIRED"],
                "{document_type:?}"
            );
        }
    }
    let endless = "４".repeat(65);
    assert_eq!(parse(ResidentIdCard, &endless, ""), Err(vec![BrokenRule::InputTooLong]));
    assert_eq!(BrokenRule::InputTooLong.reason(), "DOCUMENT_NUMBER_LENGTH");
}

#[test]
fn a_passport_needs_a_real_issuing_state_and_other_types_only_china() {
    let table: [(DocumentType, &str, &str, &[&str]); 9] = [
        (Passport, "X0000001", "", &["DOCUMENT_ISSUING_STATE_REQUIRED"]),
        (Passport, "X0000001", "\u{3000}", &["DOCUMENT_ISSUING_STATE_REQUIRED"]),
        (Passport, "X0000001", "ZZZ", &["DOCUMENT_ISSUING_STATE_UNKNOWN"]),
        (Passport, "X0000001", "XXA", &["DOCUMENT_ISSUING_STATE_NOT_ALLOWED"]),
        (
            Passport,
            "X.1",
            "",
            &["DOCUMENT_NUMBER_LENGTH", "DOCUMENT_NUMBER_CHARACTER", "DOCUMENT_ISSUING_STATE_REQUIRED"],
        ),
        (ResidentIdCard, "440699198501010016", "GBR", &["DOCUMENT_ISSUING_STATE_NOT_ALLOWED"]),
        (ResidentIdCard, "440699198501010016", "China", &["DOCUMENT_ISSUING_STATE_UNKNOWN"]),
        (HkMacaoTravelPermit, "H00000000", "HKG", &["DOCUMENT_ISSUING_STATE_NOT_ALLOWED"]),
        (TravelDocument, "L00000000", "USA", &["DOCUMENT_ISSUING_STATE_NOT_ALLOWED"]),
    ];
    for (document_type, number, state, expected) in table {
        assert_eq!(reasons(document_type, number, state), expected, "{document_type:?} {state:?}");
    }
    for state in [BrokenRule::IssuingStateRequired, BrokenRule::IssuingStateUnknown] {
        assert_eq!(state.field(), "issuing_state");
    }
}
