//! What a valid document has to say about the form: the names it shows, and what its number encodes.

use entrypass_document::{Country, Document, DocumentType, Sex as EncodedSex};
use entrypass_rule::Violations;
use time::Date;

use crate::form::{Form, Sex, rule};

impl Form {
    /// The rules that this form breaks when its traveller holds `document`, by field path (`form.birth_date`).
    pub(crate) fn against_document(&self, document: &Document) -> Violations {
        let mut broken = Violations::default();
        let identity = &self.identity;
        if needs_chinese_name(document.document_type()) && identity.name.chinese().is_none() {
            broken.add("form.chinese_name", rule::required());
        }
        if needs_latin_name(document.document_type()) && identity.name.latin().is_none() {
            broken.add("form.surname", rule::required());
            broken.add("form.given_names", rule::required());
        }
        let (sex, birth_date, nationality) = (identity.sex, identity.birth_date, identity.nationality);
        broken.extend(contradictions(document, Some(sex), Some(birth_date), Some(nationality)));
        broken
    }
}

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
