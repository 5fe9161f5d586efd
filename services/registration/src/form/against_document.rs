//! What a valid document has to say about the form: the names it shows, and what its number encodes.

use entrypass_document::{Country, Document, DocumentType, Sex as EncodedSex};
use entrypass_rule::Violations;
use time::Date;

use crate::form::{Sex, rule};

/// Whether holders of this document have a name in Chinese characters on it.
pub(crate) fn needs_chinese_name(document_type: DocumentType) -> bool {
    match document_type {
        DocumentType::ResidentIdCard
        | DocumentType::HkMacaoTravelPermit
        | DocumentType::TaiwanTravelPermit
        | DocumentType::HkMacaoTaiwanResidencePermit
        | DocumentType::TravelDocument => true,
        DocumentType::Passport
        | DocumentType::ForeignPermanentResidentId
        | DocumentType::HkMacaoTravelPermitNonChinese => false,
    }
}

/// Whether the name that counts on this document is the Latin one. A Chinese passport shows both, and its
/// machine-readable zone the Latin one.
pub(crate) fn needs_latin_name(document_type: DocumentType) -> bool {
    !needs_chinese_name(document_type)
}

/// What contradicts the document among the values that could be read.
pub(crate) fn contradictions(
    document: &Document,
    sex: Option<Sex>,
    birth_date: Option<Date>,
    nationality: Option<Country>,
) -> Violations {
    let mut broken = Violations::default();
    if sex.is_some_and(|sex| document.sex().is_some_and(|encoded| sex != declared(encoded))) {
        broken.add("form.sex", rule::contradicts_document());
    }
    if birth_date.is_some_and(|date| !document.allows_birth_date(date)) {
        broken.add("form.birth_date", rule::contradicts_document());
    }
    if nationality.is_some_and(|country| !document.allows_nationality(country)) {
        broken.add("form.nationality", rule::nationality_mismatch());
    }
    broken
}

fn declared(encoded: EncodedSex) -> Sex {
    match encoded {
        EncodedSex::Male => Sex::Male,
        EncodedSex::Female => Sex::Female,
    }
}
