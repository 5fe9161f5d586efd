//! What contradicts a valid document among what is declared. The rules are the document's.

use entrypass_document::{Country, Document, Sex as EncodedSex};
use entrypass_rule::Violations;
use time::Date;

use crate::form::{Sex, rule};

/// What contradicts the document among the values that could be read.
pub(crate) fn contradictions(
    document: &Document,
    sex: Option<Sex>,
    birth_date: Option<Date>,
    nationality: Option<Country>,
) -> Violations {
    let mut broken = Violations::default();
    if sex.is_some_and(|sex| !document.allows_sex(encoded(sex))) {
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

fn encoded(sex: Sex) -> Option<EncodedSex> {
    match sex {
        Sex::Male => Some(EncodedSex::Male),
        Sex::Female => Some(EncodedSex::Female),
        Sex::NotStated => None,
    }
}
