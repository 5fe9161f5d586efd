//! Reads who the traveller is: the identity fields, against each other and against the document.

use entrypass_document::Document;

use super::choice;
use super::reader::{Reader, is_absent};
use crate::form::{Identity, contradictions, date, rule};
use crate::name::{ChineseName, LatinName, LatinPart, PersonName};

/// The four name fields as they were sent.
pub(super) struct Names {
    pub(super) chinese: String,
    pub(super) surname: String,
    pub(super) given: String,
    pub(super) single: bool,
}

impl Reader<'_> {
    /// Reads the names that were given and those that the document's type needs.
    pub(super) fn name(&mut self, names: &Names, document: Option<&Document>) -> Option<PersonName> {
        let shows_chinese = document.map(|document| document.document_type().shows_chinese_name());
        let chinese = !is_absent(&names.chinese) || shows_chinese == Some(true);
        let latin = names.single
            || !is_absent(&names.surname)
            || !is_absent(&names.given)
            || shows_chinese == Some(false);
        if !chinese && !latin {
            // Only without a document: every type needs a name in one of the scripts.
            self.broken.add("form.chinese_name", rule::required_name());
        }
        let chinese =
            chinese.then(|| self.required("form.chinese_name", &names.chinese, ChineseName::parse)).flatten();
        let latin = latin.then(|| self.latin_name(names)).flatten();
        PersonName::new(chinese, latin)
    }

    fn latin_name(&mut self, names: &Names) -> Option<LatinName> {
        let surname = self.required("form.surname", &names.surname, LatinPart::parse);
        if names.single {
            let rule = rule::excluded("证件上只有一个姓名时，名须留空", "must be empty with single_name");
            self.absent("form.given_names", &names.given, rule);
            return Some(LatinName { surname: surname?, given: None });
        }
        let given = self.required("form.given_names", &names.given, LatinPart::parse);
        Some(LatinName { surname: surname?, given: Some(given?) })
    }

    pub(super) fn identity(
        &mut self,
        name: Option<PersonName>,
        (sex, birth_date, nationality): (i32, &str, &str),
        document: Option<&Document>,
    ) -> Option<Identity> {
        let sex = self.choice("form.sex", sex, choice::sex);
        let birth_date = self.date("form.birth_date", birth_date);
        let implausible = birth_date.and_then(|date| date::broken_by_birth(date, self.rules.today));
        self.note("form.birth_date", implausible);
        let nationality = self.country("form.nationality", nationality);
        if let Some(document) = document {
            self.broken.extend(contradictions(document, sex, birth_date, nationality));
        }
        Some(Identity { name: name?, sex: sex?, birth_date: birth_date?, nationality: nationality? })
    }
}
