//! What is known of a person when a policy is asked.
//!
//! Nothing in it identifies anybody. `None` stands for what was not asked or not recorded; it never stands for "no".

use entrypass_document::DocumentType;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::words::{ApplicationState, IdentityStrength, PassOrigin, RegistrationState};

/// Everything that rules can look at, under the names of [`crate::FACTS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Of the registration.
    pub registration: RegistrationFacts,
    /// Of the registered document.
    pub document: DocumentFacts,
    /// Of the person.
    #[serde(default)]
    pub person: PersonFacts,
    /// Of this entry.
    #[serde(default)]
    pub trip: TripFacts,
    /// Of the person's health.
    #[serde(default)]
    pub health: HealthFacts,
    /// Of the proof of identity.
    #[serde(default)]
    pub identity: IdentityFacts,
    /// Of the electronic pass.
    #[serde(default)]
    pub pass: PassFacts,
    /// Of the last application for one.
    #[serde(default)]
    pub application: ApplicationFacts,
}

/// Of the registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationFacts {
    /// Where it stands.
    pub state: RegistrationState,
}

/// Of the registered document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentFacts {
    /// Its type; `None`, which is written `UNKNOWN`, for one that this program does not know.
    #[serde(rename = "type", with = "document_type")]
    pub document_type: Option<DocumentType>,
    /// Its number says that it was first given in the city. `None` for a type whose number does not say.
    pub of_city: Option<bool>,
}

/// Of the person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonFacts {
    /// Full years today, also where another time is asked about: no birth date is handed on for a policy's sake. So a rule on it turns on a birthday without
    /// notice, when somebody is looked at next.
    pub age: Option<u8>,
    /// Somebody answers for them and holds their registration.
    pub has_guardian: Option<bool>,
    /// The household is registered in the city now.
    pub household_in_city: Option<bool>,
    /// They hold a registered residence permit of the city.
    pub residence_permit_in_city: Option<bool>,
}

/// Of this entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TripFacts {
    /// The day of entry, as declared.
    #[serde(default, with = "day")]
    pub entry_date: Option<Date>,
    /// Identity data or places of stay are tied to an outbreak area.
    pub outbreak_area: Option<bool>,
}

/// Of the person's health.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthFacts {
    /// A fever is declared, and no follow-up has found it to be over. `None` where health is not declared.
    pub fever: Option<bool>,
    /// Since when it is to be followed up: since it was declared, or last seen by the community.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub fever_since: Option<OffsetDateTime>,
    /// Symptoms other than a fever are declared. `None` where health is not declared.
    pub symptoms: Option<bool>,
    /// The end of a quarantine that was recorded, also of one that has ended.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub quarantine_until: Option<OffsetDateTime>,
}

/// Of the proof of identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityFacts {
    /// How strong it is; `None` as long as nothing was verified.
    pub strength: Option<IdentityStrength>,
}

/// Of the electronic pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassFacts {
    /// Where it was issued; `None` when there is none, or none any more: given up, revoked, or run out.
    pub origin: Option<PassOrigin>,
    /// It is there and does not count for now.
    #[serde(default)]
    pub suspended: bool,
}

/// Of the last application for an electronic pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationFacts {
    /// Where it stands.
    pub state: ApplicationState,
}

impl Default for ApplicationFacts {
    fn default() -> Self {
        Self { state: ApplicationState::None }
    }
}

impl Facts {
    /// What is known of somebody with this registration and document, and nothing else of them.
    #[must_use]
    pub fn new(registration: RegistrationState, document_type: impl Into<Option<DocumentType>>) -> Self {
        Self {
            registration: RegistrationFacts { state: registration },
            document: DocumentFacts { document_type: document_type.into(), of_city: None },
            person: PersonFacts::default(),
            trip: TripFacts::default(),
            health: HealthFacts::default(),
            identity: IdentityFacts::default(),
            pass: PassFacts::default(),
            application: ApplicationFacts::default(),
        }
    }
}

/// A document type by its stable name.
mod document_type {
    use entrypass_document::DocumentType;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::vocabulary::{DOCUMENT_TYPES, document_word};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands the field in so")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<DocumentType>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(document_word(*value))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DocumentType>, D::Error> {
        let word = String::deserialize(deserializer)?;
        let mut all = DocumentType::ALL.into_iter().map(Some).chain([None]);
        let found = all.find(|value| document_word(*value) == word);
        found.ok_or_else(|| D::Error::unknown_variant(&word, &DOCUMENT_TYPES))
    }
}

/// A day as `2026-11-22`.
mod day {
    use serde::{
        Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _, ser::Error as _,
    };
    use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

    const FORM: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands the field in so")]
    pub(super) fn serialize<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        let text = day.map(|day| day.format(FORM)).transpose().map_err(S::Error::custom)?;
        text.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| Date::parse(&text, FORM)).transpose().map_err(D::Error::custom)
    }
}
