//! The declared form between the contract and the domain.
//!
//! Owns: reading a `RegistrationForm` with every violation at once, writing one, and copying the fields of a mask.
//! Does not own: any rule. Those stand in `form` and `name`; this module asks each of them, with what could be read.

mod choice;
mod health;
mod identity;
mod journey;
mod merge;
mod reader;
mod render;

use entrypass_document::Document;
use entrypass_proto::registration::v1 as pb;
use entrypass_rule::{Violations, calendar_date};

pub(crate) use merge::{Mask, changed_paths};
pub(crate) use render::{render, render_prefill};

use crate::form::contact::{Contact, ContactName, Email, Phone, TravellersOwn};
use crate::form::{Form, FormRules, Host, Occupation, date, rule};
use identity::Names;
use reader::Reader;
pub(crate) use reader::is_absent;
use time::Date;

/// Reads a form, or names every rule it breaks, by field path (`form.destination.address`), in the form's order.
///
/// Without a `document`, because that was itself refused, all but the rules that depend on it are applied; then a form
/// can come out `Ok` that the traveller's document would contradict.
pub(crate) fn parse(
    form: pb::RegistrationForm,
    document: Option<&Document>,
    rules: &FormRules,
) -> Result<Form, Violations> {
    let mut reader = Reader { rules, broken: Violations::default() };
    let form = reader.form(form, document);
    // A form without violations has all its parts: whatever is missing or unreadable has left one.
    form.filter(|_| reader.broken.is_empty()).ok_or(reader.broken)
}

impl Reader<'_> {
    /// Longer than most: it lists the fields of the form in their order, and each of them once.
    fn form(&mut self, form: pb::RegistrationForm, document: Option<&Document>) -> Option<Form> {
        let pb::RegistrationForm {
            chinese_name,
            surname,
            given_names,
            single_name,
            sex,
            birth_date,
            nationality,
            document_expire_date,
            occupation,
            mobile_phone,
            second_phone,
            email,
            entry,
            travel_history,
            destination,
            stay_days,
            purpose,
            host,
            domestic_contact,
            emergency_contact,
            health,
        } = form;
        let names = Names { chinese: chinese_name, surname, given: given_names, single: single_name };
        let name = self.name(&names, document);
        let identity = self.identity(name.clone(), (sex, &birth_date, &nationality), document);
        let expire_date = self.optional("form.document_expire_date", &document_expire_date, calendar_date);
        let occupation = self.optional("form.occupation", &occupation, Occupation::parse);
        let mobile_phone = self.required("form.mobile_phone", &mobile_phone, Phone::parse_mobile);
        let second_phone = self.optional("form.second_phone", &second_phone, Phone::parse_mobile);
        let email = self.optional("form.email", &email, Email::parse);
        let (entry_date, entry) = self.entry(entry);
        self.expiry(expire_date, entry_date);
        let travel_history = self.travel_history(travel_history, entry_date);
        let destination = self.destination(destination);
        let stay_days = self.optional_number("form.stay_days", stay_days);
        let purpose = self.choice("form.purpose", purpose, choice::purpose);
        let host = self.optional("form.host", &host, Host::parse);
        let own =
            TravellersOwn { name: name.as_ref(), phones: [mobile_phone.as_ref(), second_phone.as_ref()] };
        let domestic_contact = self.message("form.domestic_contact", domestic_contact);
        let domestic_contact = self.contact("form.domestic_contact", domestic_contact, own);
        let emergency_contact = self.contact("form.emergency_contact", emergency_contact, own);
        let health = self.health(health);
        Some(Form {
            identity: identity?,
            document_expire_date: expire_date,
            occupation,
            mobile_phone: mobile_phone?,
            second_phone,
            email,
            entry: entry?,
            travel_history,
            destination: destination?,
            stay_days,
            purpose: purpose?,
            host,
            domestic_contact: domestic_contact?,
            emergency_contact,
            health,
        })
    }

    fn expiry(&mut self, expire_date: Option<Date>, entry_date: Option<Date>) {
        if let (Some(expire), Some(entry)) = (expire_date, entry_date) {
            self.note("form.document_expire_date", date::broken_by_expiry(expire, entry));
        }
    }

    fn contact(
        &mut self,
        path: &str,
        contact: Option<pb::Contact>,
        own: TravellersOwn<'_>,
    ) -> Option<Contact> {
        let pb::Contact { name, phone } = contact?;
        let (name_path, phone_path) = (format!("{path}.name"), format!("{path}.phone"));
        let name = self.required(&name_path, &name, ContactName::parse);
        if name.as_ref().is_some_and(|name| own.has_name(name)) {
            self.broken.add(name_path, rule::contact_is_traveller());
        }
        let phone = self.required(&phone_path, &phone, Phone::parse);
        if phone.as_ref().is_some_and(|phone| own.has_phone(phone)) {
            self.broken.add(phone_path, rule::contact_is_traveller());
        }
        Some(Contact { name: name?, phone: phone? })
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
