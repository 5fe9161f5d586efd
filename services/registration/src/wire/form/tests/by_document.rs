//! What the document has to say about the form.

use entrypass_document::{Document, DocumentType as Type};
use entrypass_proto::registration::v1 as pb;

use super::super::fixture::{
    NOTHING, RULES, broken_by, document, identity_card, passport, resident, visitor,
};
use super::parse;

/// What breaks when the visitor, who has both names, sex, birth date and nationality as given, holds `document`.
fn broken(document: &Document, sex: pb::Sex, birth_date: &str, nationality: &str) -> Vec<String> {
    let form = pb::RegistrationForm {
        sex: sex.into(),
        birth_date: birth_date.to_owned(),
        nationality: nationality.to_owned(),
        ..visitor()
    };
    broken_by(parse(form, Some(document), &RULES))
}

#[test]
fn sex_and_birth_date_are_those_of_the_number() {
    let (card, sex, birth) =
        (identity_card(), "form.sex CONTRADICTS_DOCUMENT", "form.birth_date CONTRADICTS_DOCUMENT");
    assert_eq!(broken(&card, pb::Sex::Male, "1985-01-01", "CHN"), NOTHING);
    assert_eq!(broken(&card, pb::Sex::Female, "1985-01-01", "CHN"), [sex]);
    assert_eq!(broken(&card, pb::Sex::NotStated, "1985-01-01", "CHN"), [sex]);
    assert_eq!(broken(&card, pb::Sex::Male, "1985-01-02", "CHN"), [birth]);
    assert_eq!(broken(&card, pb::Sex::Female, "1985-01-02", "CHN"), [sex, birth]);
    assert_eq!(broken(&passport(), pb::Sex::NotStated, "1999-09-09", "UTO"), NOTHING);
}

#[test]
fn the_nationality_fits_the_type() {
    let table = [
        (document(Type::ResidentIdCard, "440699198501010016"), pb::Sex::Male, "1985-01-01", "HKG", false),
        (document(Type::HkMacaoTravelPermit, "H00000000"), pb::Sex::Male, "1985-01-01", "HKG", true),
        (document(Type::HkMacaoTravelPermit, "H00000000"), pb::Sex::Male, "1985-01-01", "GBR", false),
        (
            document(Type::HkMacaoTravelPermitNonChinese, "MA0000000"),
            pb::Sex::Male,
            "1985-01-01",
            "PRT",
            true,
        ),
        (document(Type::TaiwanTravelPermit, "00000000"), pb::Sex::Male, "1985-01-01", "TWN", true),
        (
            document(Type::HkMacaoTaiwanResidencePermit, "830000190001010011"),
            pb::Sex::Male,
            "1900-01-01",
            "MAC",
            false,
        ),
        (
            document(Type::ForeignPermanentResidentId, "944840190001010015"),
            pb::Sex::Male,
            "1900-01-01",
            "USA",
            true,
        ),
        (
            document(Type::ForeignPermanentResidentId, "944840190001010015"),
            pb::Sex::Male,
            "1900-01-01",
            "CAN",
            false,
        ),
    ];
    for (document, sex, birth_date, nationality, fits) in table {
        let expected: &[&str] = if fits { &[] } else { &["form.nationality NATIONALITY_MISMATCH"] };
        assert_eq!(broken(&document, sex, birth_date, nationality), expected, "{document:?} {nationality}");
    }
}

#[test]
fn each_type_asks_for_the_names_that_it_shows() {
    let table = [
        (document(Type::ResidentIdCard, "440699198501010016"), true),
        (document(Type::HkMacaoTravelPermit, "H00000000"), true),
        (document(Type::TaiwanTravelPermit, "00000000"), true),
        (document(Type::HkMacaoTaiwanResidencePermit, "810000190001010018"), true),
        (document(Type::TravelDocument, "L0000000"), true),
        (document(Type::HkMacaoTravelPermitNonChinese, "HA0000000"), false),
        (document(Type::ForeignPermanentResidentId, "944840190001010015"), false),
        (document(Type::Passport, "L898902C3"), false),
    ];
    for (document, chinese) in table {
        let latin_only = pb::RegistrationForm { chinese_name: String::new(), ..visitor() };
        let (with, without) = if chinese { (resident(), latin_only) } else { (visitor(), resident()) };
        let of_names = |form| -> Vec<_> {
            let broken = broken_by(parse(form, Some(&document), &RULES));
            broken.into_iter().filter(|it| it.contains("name")).collect()
        };
        let missing: &[&str] = if chinese {
            &["form.chinese_name REQUIRED"]
        } else {
            &["form.surname REQUIRED", "form.given_names REQUIRED"]
        };
        assert_eq!(of_names(with), NOTHING, "{document:?}");
        assert_eq!(of_names(without), missing, "{document:?}");
        let nameless = pb::RegistrationForm { chinese_name: String::new(), ..resident() };
        assert_eq!(of_names(nameless), missing, "{document:?}");
    }
}

#[test]
fn without_a_document_nothing_contradicts_it() {
    let form = pb::RegistrationForm { sex: pb::Sex::Female.into(), ..resident() };
    assert!(parse(form.clone(), None, &RULES).is_ok());
    assert!(parse(form, Some(&identity_card()), &RULES).is_err());
}
