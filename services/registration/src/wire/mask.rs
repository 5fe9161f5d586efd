//! What is left of an answer for a caller who is shown personal data masked.
//!
//! Owns: the decision, field by field, for everything that this service answers. Every message is taken apart without `..`, so that a new
//! field does not compile until somebody has decided. Works on messages, not on domain values, because a first answer that is given again
//! is one. Does not own: who is masked; that is the call's.

use entrypass_document::mask_number;
use entrypass_proto::registration::v1 as pb;

use crate::name::initial;

/// What stands for a text of which nothing is shown beside what was given.
const HIDDEN: &str = "*";
/// So many characters a text must have before its last four are shown: they must not be more than half.
const LONG_ENOUGH: usize = 8;

/// An answer that can be given to somebody who is shown personal data masked.
pub(crate) trait Masked {
    /// The same answer, masked.
    #[must_use]
    fn masked(self) -> Self;
}

impl<M: Masked> Masked for Option<M> {
    fn masked(self) -> Self {
        self.map(Masked::masked)
    }
}

impl<M: Masked> Masked for Vec<M> {
    fn masked(self) -> Self {
        self.into_iter().map(Masked::masked).collect()
    }
}

/// Implements [`Masked`]: the fields before the semicolon are masked by their own type, those behind it are shown as they are.
macro_rules! masked {
    ($($message:ident { $($masked:ident),* ; $($shown:ident),* })+) => {
        $(impl Masked for pb::$message {
            fn masked(self) -> Self {
                let Self { $($masked,)* $($shown,)* } = self;
                Self { $($masked: $masked.masked(),)* $($shown,)* }
            }
        })+
    };
}

masked! {
    CheckDocumentResponse { document; outcome, notice_version, prefill_available }
    SubmitRegistrationResponse { registration; }
    GetRegistrationResponse { registration, companions; }
    // Refused before it comes to this (PERSONAL_DATA_MASKED): a form that is to be sent in again is of no use with masks in it.
    GetPrefillResponse { form; form_version }
    ExportedRegistration { registration, revisions, companions, holders, corrections; }
    EraseTravellerResponse { ; traveller, registrations }
    UpdateRegistrationResponse { registration; }
    ReplaceDocumentResponse { registration; }
    CancelRegistrationResponse { registration; }
    ListRegistrationRevisionsResponse { revisions; next_page_token }
    // Whoever binds hands the code over, and need not know more of the companion for that.
    BindCompanionResponse { registration; confirmation_code, confirmation_expire_time }
    ConfirmCompanionResponse { companion; }
    ListHoldersResponse { holders; next_page_token }
    UnbindCompanionResponse { registration; }
    Registration {
        document, form;
        name, reference, revision, etag, state, traveller, masked_number, form_version, notice_version, create_time, update_time,
        expire_time, verified_time
    }
    NoteVerificationsResponse { ; }
    ListRegistrationsResponse { registrations; next_page_token }
    SubmitNextRegistrationResponse { registration; }
    RequestCorrectionResponse { correction; }
    WithdrawCorrectionResponse { correction; }
    GetCorrectionResponse { correction, registration; }
    ListCorrectionsResponse { corrections; next_page_token }
    ReviewCorrectionResponse { correction, registration; }
    // Nothing of a person.
    ListAccessResponse { records; next_page_token }
    AccessRecord { ; time, caller, peer, rpc, purpose, resource, outcome, trace_id }
    GetNoticeResponse { ; notice }
    ResolveTravellerResponse { ; traveller }
    WatchRegistrationsResponse { changes; cursor, as_of_time }
    RegistrationChange {
        ; registration, traveller, kind, revision, state, expire_time, companion, change_time, cursor
    }
    // Made for neighbours, who decide by them: what they tell of a person is four digits that millions share, an age in years, a day of entry, and yes or no.
    BatchGetRegistrationFactsResponse { facts; }
    GetRegistrationFactsResponse {
        ; registration, traveller, state, revision, document_type, expire_time, home_division, fever_declared,
        fever_declared_time, health_declared, symptoms_declared, entry_date, age, guardian_declared
    }
    ListRegistrationFactsResponse { facts; next_page_token }
    VerifyTravellerIdentityResponse { ; outcome, strength, checks, revision }
    // Masked for everybody.
    GetTravelGroupsResponse { groups; }
    TravelGroup { holder, companions; }
    TravelGroupCompanion { member; relationship }
    TravelGroupMember { ; registration, state, revision, expire_time, masked_name, document_type, masked_number, verified_time }
}

impl Masked for pb::ExportTravellerResponse {
    /// Refused before it comes to this, as a prefilled form is.
    fn masked(self) -> Self {
        let Self { traveller, create_time, documents: _, registrations } = self;
        Self { traveller, create_time, documents: Vec::new(), registrations: registrations.masked() }
    }
}

impl Masked for pb::RegistrationRevision {
    /// What somebody writes freely can name anybody.
    fn masked(self) -> Self {
        let Self {
            revision,
            kind,
            changed_paths,
            document,
            form,
            form_version,
            create_time,
            correction_reason: _,
        } = self;
        let (document, form) = (document.masked(), form.masked());
        let correction_reason = String::new();
        Self { revision, kind, changed_paths, document, form, form_version, create_time, correction_reason }
    }
}

impl Masked for pb::Correction {
    fn masked(self) -> Self {
        let Self {
            name,
            registration,
            state,
            etag,
            form,
            changed_paths,
            document,
            correction_reason: _,
            note: _,
            create_time,
            end_time,
            revision,
        } = self;
        Self {
            name,
            registration,
            state,
            etag,
            form: form.masked(),
            changed_paths,
            document: document.masked(),
            correction_reason: String::new(),
            note: String::new(),
            create_time,
            end_time,
            revision,
        }
    }
}

impl Masked for pb::Document {
    fn masked(self) -> Self {
        let Self { r#type, number, issuing_state } = self;
        Self { r#type, number: mask_number(&number), issuing_state }
    }
}

impl Masked for pb::DocumentDetails {
    /// Whoever asks has given the number; it is masked all the same, so that no answer to such a caller has one.
    fn masked(self) -> Self {
        let Self {
            r#type,
            number,
            issuing_state,
            masked_number,
            gat_code,
            type_name_zh_cn,
            type_name_en,
            birth_date,
            sex,
        } = self;
        Self {
            r#type,
            number: mask_number(&number),
            issuing_state,
            masked_number,
            gat_code,
            type_name_zh_cn,
            type_name_en,
            birth_date: year(&birth_date),
            sex,
        }
    }
}

impl Masked for pb::Companion {
    fn masked(self) -> Self {
        let Self {
            name,
            relationship,
            state,
            registration,
            reference,
            revision,
            expire_time,
            display_name,
            document_type,
            masked_number,
            create_time,
            confirmation_expire_time,
            guardian_declare_time,
        } = self;
        Self {
            name,
            relationship,
            state,
            registration,
            reference,
            revision,
            expire_time,
            display_name: first_letter(&display_name),
            document_type,
            masked_number,
            create_time,
            confirmation_expire_time,
            guardian_declare_time,
        }
    }
}

impl Masked for pb::Holder {
    /// The holder is masked for everybody.
    fn masked(self) -> Self {
        let Self {
            name,
            relationship,
            state,
            masked_name,
            display_name,
            create_time,
            confirmation_expire_time,
            guardian_declare_time,
        } = self;
        Self {
            name,
            relationship,
            state,
            masked_name,
            display_name: first_letter(&display_name),
            create_time,
            confirmation_expire_time,
            guardian_declare_time,
        }
    }
}

impl Masked for pb::RegistrationForm {
    fn masked(self) -> Self {
        let Self {
            chinese_name,
            surname,
            given_names,
            single_name,
            sex,
            birth_date,
            nationality,
            document_expire_date: _,
            occupation: _,
            mobile_phone,
            second_phone,
            email: _,
            entry,
            travel_history,
            destination,
            stay_days,
            purpose,
            host: _,
            domestic_contact,
            emergency_contact,
            // Of health nothing: no part of it is less sensitive than the rest.
            health: _,
        } = self;
        Self {
            chinese_name: first_letter(&chinese_name),
            surname: first_letter(&surname),
            given_names: first_letter(&given_names),
            single_name,
            sex,
            birth_date: year(&birth_date),
            nationality,
            document_expire_date: String::new(),
            occupation: String::new(),
            mobile_phone: last_four(&mobile_phone),
            second_phone: last_four(&second_phone),
            email: String::new(),
            entry: entry.masked(),
            travel_history: travel_history.masked(),
            destination: destination.masked(),
            stay_days,
            purpose,
            host: String::new(),
            domestic_contact: domestic_contact.masked(),
            emergency_contact: emergency_contact.masked(),
            health: None,
        }
    }
}

impl Masked for pb::Entry {
    /// Where, when and by what kind of transport: a number, a seat or a plate finds one traveller among all.
    fn masked(self) -> Self {
        let Self {
            port_of_entry,
            entry_date,
            transport,
            service_number: _,
            seat: _,
            plate_number: _,
            departure_country,
            departure_city: _,
        } = self;
        Self { port_of_entry, entry_date, transport, departure_country, ..Self::default() }
    }
}

impl Masked for pb::Stay {
    /// It knows no place that is finer than a country.
    fn masked(self) -> Self {
        let Self { country, first_date, last_date } = self;
        Self { country, first_date, last_date }
    }
}

impl Masked for pb::Destination {
    /// The district and the kind of accommodation.
    fn masked(self) -> Self {
        let Self { division_code, address: _, accommodation, accommodation_name: _ } = self;
        Self { division_code, accommodation, ..Self::default() }
    }
}

impl Masked for pb::Contact {
    fn masked(self) -> Self {
        let Self { name, phone } = self;
        Self { name: first_letter(&name), phone: last_four(&phone) }
    }
}

/// `王*`, whatever the length; nothing of what was not given.
fn first_letter(name: &str) -> String {
    if name.is_empty() { String::new() } else { initial(name).unwrap_or_else(|| HIDDEN.to_owned()) }
}

/// `*8000`: how many digits there are tells the country.
fn last_four(phone: &str) -> String {
    let characters = phone.chars().count();
    let last = phone.chars().skip(if characters < LONG_ENOUGH { characters } else { characters - 4 });
    if phone.is_empty() { String::new() } else { HIDDEN.chars().chain(last).collect() }
}

/// `1985-**-**` of a date YYYY-MM-DD.
fn year(date: &str) -> String {
    date.split_once('-').map(|(year, _)| format!("{year}-**-**")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
