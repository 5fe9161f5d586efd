//! The names under which expressions find the facts.
//!
//! Times do not enter expressions: what a rule wants of one, such as whether a quarantine lasts, is said here for the time that is asked about.

use entrypass_ambient::CITY_OFFSET;
use entrypass_document::DocumentType;
use time::OffsetDateTime;

use crate::{
    facts::Facts,
    words::{ApplicationState, IdentityStrength, PassOrigin, RegistrationState},
};

/// One fact that expressions can name.
#[derive(Debug, Clone, Copy)]
pub struct Fact {
    /// What it is about, before the dot.
    pub group: &'static str,
    /// Its name, after the dot.
    pub name: &'static str,
    /// What it can be.
    pub kind: Kind,
    /// Whether it is always there. One that may be absent is read only where `has` found it.
    pub always: bool,
    /// Whether this system finds it out of anybody. One that it does not is absent for everybody, and a rule that asks for it never applies; it is there for policies'
    /// own tests, and for the release that will.
    pub recorded: bool,
    /// What it says.
    pub meaning: &'static str,
    read: fn(&Facts, OffsetDateTime) -> Option<Datum>,
}

/// What a fact can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// One fact of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datum {
    /// Of [`Kind::Bool`].
    Bool(bool),
    /// Of [`Kind::Int`].
    Int(i64),
    /// Of [`Kind::Word`].
    Word(&'static str),
}

/// The word for a document type that this program does not know.
const UNKNOWN: &str = "UNKNOWN";
/// The stable names of all document types, and [`UNKNOWN`].
pub(crate) const DOCUMENT_TYPES: [&str; DocumentType::ALL.len() + 1] = {
    let mut words = [UNKNOWN; DocumentType::ALL.len() + 1];
    let mut at = 0;
    while at < DocumentType::ALL.len() {
        words[at] = DocumentType::ALL[at].as_str();
        at += 1;
    }
    words
};

/// The word of a document type.
pub(crate) fn document_word(document_type: Option<DocumentType>) -> &'static str {
    document_type.map_or(UNKNOWN, DocumentType::as_str)
}

/// Every fact that expressions can name; facts of one group stand together.
pub const FACTS: [Fact; 18] = [
    always("registration", "state", Kind::Word(RegistrationState::WORDS), "where it stands", |facts, _| {
        Some(Datum::Word(facts.registration.state.as_str()))
    }),
    always("document", "type", Kind::Word(&DOCUMENT_TYPES), "type of the registered document", |facts, _| {
        Some(Datum::Word(document_word(facts.document.document_type)))
    }),
    known("document", "of_city", "its number says that it was first given in the city", |facts, _| {
        facts.document.of_city.map(Datum::Bool)
    }),
    Fact {
        group: "person",
        name: "age",
        kind: Kind::Int,
        always: false,
        recorded: true,
        meaning: "full years today, whatever time is asked about: the day of birth is not known here",
        read: |facts, _| facts.person.age.map(|years| Datum::Int(i64::from(years))),
    },
    known("person", "has_guardian", "somebody answers for them and holds their registration", |facts, _| {
        facts.person.has_guardian.map(Datum::Bool)
    }),
    unrecorded("person", "household_in_city", "the household is registered in the city now", |facts, _| {
        facts.person.household_in_city.map(Datum::Bool)
    }),
    unrecorded(
        "person",
        "residence_permit_in_city",
        "a registered residence permit of the city",
        |facts, _| facts.person.residence_permit_in_city.map(Datum::Bool),
    ),
    Fact {
        group: "trip",
        name: "days_since_entry",
        kind: Kind::Int,
        always: false,
        recorded: true,
        meaning: "days by Beijing time from trip.entry_date, negative before it",
        read: |facts, as_of| {
            let today = as_of.checked_to_offset(CITY_OFFSET).unwrap_or(as_of).date();
            facts.trip.entry_date.map(|entry| Datum::Int((today - entry).whole_days()))
        },
    },
    unrecorded("trip", "outbreak_area", "identity data or places of stay are tied to one", |facts, _| {
        facts.trip.outbreak_area.map(Datum::Bool)
    }),
    known("health", "fever", "a fever is declared", |facts, _| facts.health.fever.map(Datum::Bool)),
    Fact {
        group: "health",
        name: "days_since_fever",
        kind: Kind::Int,
        always: false,
        recorded: true,
        meaning: "full days of 24 hours from health.fever_since",
        read: |facts, as_of| facts.health.fever_since.map(|since| Datum::Int((as_of - since).whole_days())),
    },
    known("health", "symptoms", "symptoms other than a fever are declared", |facts, _| {
        facts.health.symptoms.map(Datum::Bool)
    }),
    known("health", "in_quarantine", "health.quarantine_until is later", |facts, as_of| {
        facts.health.quarantine_until.map(|end| Datum::Bool(as_of < end))
    }),
    Fact {
        group: "identity",
        name: "strength",
        kind: Kind::Word(IdentityStrength::WORDS),
        always: false,
        recorded: true,
        meaning: "how well proven, once it was verified",
        read: |facts, _| facts.identity.strength.map(|strength| Datum::Word(strength.as_str())),
    },
    always("pass", "exists", Kind::Bool, "there is a pass, issued here or elsewhere", |facts, _| {
        Some(Datum::Bool(facts.pass.origin.is_some()))
    }),
    always("pass", "active", Kind::Bool, "there is one, and it is not suspended", |facts, _| {
        Some(Datum::Bool(facts.pass.origin.is_some() && !facts.pass.suspended))
    }),
    Fact {
        group: "pass",
        name: "origin",
        kind: Kind::Word(PassOrigin::WORDS),
        always: false,
        recorded: true,
        meaning: "where the pass was issued",
        read: |facts, _| facts.pass.origin.map(|origin| Datum::Word(origin.as_str())),
    },
    always(
        "application",
        "state",
        Kind::Word(ApplicationState::WORDS),
        "where the last application stands",
        |facts, _| Some(Datum::Word(facts.application.state.as_str())),
    ),
];

impl Fact {
    /// The fact of this name, if there is one.
    #[must_use]
    pub fn named(group: &str, name: &str) -> Option<&'static Self> {
        FACTS.iter().find(|fact| fact.group == group && fact.name == name)
    }

    /// What it is for these facts at this time.
    #[must_use]
    pub fn read(&self, facts: &Facts, as_of: OffsetDateTime) -> Option<Datum> {
        (self.read)(facts, as_of)
    }
}

type Read = fn(&Facts, OffsetDateTime) -> Option<Datum>;

const fn always(
    group: &'static str,
    name: &'static str,
    kind: Kind,
    meaning: &'static str,
    read: Read,
) -> Fact {
    Fact { group, name, kind, always: true, recorded: true, meaning, read }
}

/// A yes or no that may be absent.
const fn known(group: &'static str, name: &'static str, meaning: &'static str, read: Read) -> Fact {
    Fact { group, name, kind: Kind::Bool, always: false, recorded: true, meaning, read }
}

/// As [`known`], of what nobody tells this system.
const fn unrecorded(group: &'static str, name: &'static str, meaning: &'static str, read: Read) -> Fact {
    Fact { recorded: false, ..known(group, name, meaning, read) }
}
