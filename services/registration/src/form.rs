//! The declared form (入境信息登记): its parts, its rules, and what a document has to say about it.
//!
//! Owns: every value that a traveller declares, as a type that cannot be wrong by itself; the rules between values; the
//! form as it is stored. Does not own: the messages of the contract (`wire::form` reads and writes those, and is
//! the only place that puts a [`Form`] together), the document, or the database.
//!
//! `Debug` of everything here prints a mask. `serde` gives one JSON document; its names are kept stable.

mod against_document;
pub(crate) mod contact;
pub(crate) mod date;
pub(crate) mod destination;
pub(crate) mod entry;
mod filler;
pub(crate) mod health;
pub(crate) mod number;
pub(crate) mod rule;
pub(crate) mod stay;
mod stored;
pub(crate) mod text;

use std::fmt;

use entrypass_document::Country;
use serde::{Deserialize, Serialize};
use time::Date;

pub(crate) use against_document::contradictions;

use crate::form::{
    contact::{Contact, Email, Phone},
    destination::Destination,
    entry::Entry,
    health::HealthDeclaration,
    number::Bounded,
    stay::Stay,
    text::{checked_text, free_text},
};
use crate::name::PersonName;

/// Version of the rules that a [`Form`] keeps, stored with each submission and revision.
///
/// It goes up when a field is added or a rule becomes stricter: what was stored under an earlier version may then lack
/// the field or break the rule, and must still be readable.
pub(crate) const FORM_VERSION: i32 = 1;

/// What the rules of the form depend on besides the form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormRules {
    /// The current date in the city (UTC+08:00).
    pub(crate) today: Date,
    /// The day of submission, which an amendment does not move: what time alone has changed since is not held against the traveller,
    /// and an entry can be put off only as far as at first, or a registration need never end.
    pub(crate) submitted: Date,
    /// How many days before the submission the entry may lie; 14 unless configured.
    pub(crate) entry_days_before: u16,
    /// How many days after the submission the entry may lie; 30 unless configured.
    pub(crate) entry_days_after: u16,
    /// How many days before entry, or before the submission if that is earlier, the travel history covers; 21 unless configured.
    pub(crate) travel_history_days: u16,
    /// Whether the health block is required, or else refused; off unless configured.
    pub(crate) collect_health: bool,
    /// Whether `UTO`, the state of ICAO's specimens, is a country. For tests and demonstrations only.
    pub(crate) accept_specimens: bool,
}

checked_text! {
    /// An occupation, at most 50 characters.
    Occupation, |raw| free_text(raw, 1, 50)
}

checked_text! {
    /// A host or inviting unit, at most 100 characters.
    Host, |raw| free_text(raw, 1, 100)
}

/// A length of stay in days, at most ten years.
pub(crate) type StayDays = Bounded<1, 3650>;

/// Everything that a traveller declares about one entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    pub(crate) identity: Identity,
    #[serde(default, with = "stored::calendar_date::option")]
    pub(crate) document_expire_date: Option<Date>,
    pub(crate) occupation: Option<Occupation>,
    pub(crate) mobile_phone: Phone,
    pub(crate) second_phone: Option<Phone>,
    pub(crate) email: Option<Email>,
    pub(crate) entry: Entry,
    /// 1 to [`stay::MAX_STAYS`].
    pub(crate) travel_history: Vec<Stay>,
    pub(crate) destination: Destination,
    pub(crate) stay_days: Option<StayDays>,
    pub(crate) purpose: Purpose,
    pub(crate) host: Option<Host>,
    pub(crate) domestic_contact: Contact,
    pub(crate) emergency_contact: Option<Contact>,
    pub(crate) health: Option<HealthDeclaration>,
}

/// Who the traveller is: what no amendment changes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) name: PersonName,
    pub(crate) sex: Sex,
    #[serde(with = "stored::calendar_date")]
    pub(crate) birth_date: Date,
    #[serde(with = "stored::country")]
    pub(crate) nationality: Country,
}

/// Sex as the document states it (GB/T 2261.1; machine-readable zone).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sex {
    Male,
    Female,
    /// `X`, or the filler in a machine-readable zone.
    NotStated,
}

/// Purpose of entry (入境事由).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    Tourism,
    Business,
    Family,
    Work,
    Study,
    ReturnHome,
    Transit,
    Other,
}

impl Form {
    /// The traveller's name. Personal data.
    pub(crate) fn name(&self) -> &PersonName {
        &self.identity.name
    }

    /// The day of entry, in the city's time.
    pub(crate) fn entry_date(&self) -> Date {
        self.entry.entry_date
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(***)")
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(***)")
    }
}
