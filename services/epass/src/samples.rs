//! Somebody, for tests of rules.

use entrypass_ambient::SeededRandom;
use entrypass_document::DocumentType;
use entrypass_policy::{DEFAULT, Policy, RegistrationState};
use time::macros::datetime;
use uuid::Uuid;

use crate::{
    application::Applicant,
    facts::Declared,
    pass::{Pass, State},
};

impl Applicant {
    /// Somebody of the city with an active registration by resident identity card.
    pub(crate) fn sample() -> Self {
        Self {
            registration: Uuid::from_u128(1),
            traveller: Uuid::from_u128(2),
            revision: 1,
            registration_state: RegistrationState::Active,
            document_type: Some(DocumentType::ResidentIdCard),
            declared: Declared { of_city: Some(true), ..Declared::default() },
        }
    }
}

/// The default policy as version `version`, by which whoever is proven as `strength` and nothing else needs no reviewer.
pub(crate) fn approving(version: u32, strength: &str) -> Policy {
    let wanted = format!(
        "lapse_days = 30\nauto_approve = \"has(identity.strength) && identity.strength == '{strength}'\""
    );
    let proven = format!(
        "document.type = \"RESIDENT_ID_CARD\", identity.strength = \"{strength}\" }}\n\
         expect = {{ unmet = [], level = \"NONE\", auto_approve = true }}"
    );
    let given = "document.type = \"RESIDENT_ID_CARD\" }\nexpect = { unmet = [], level = \"NONE\" }";
    let text = DEFAULT.replacen("version = 1", &format!("version = {version}"), 1);
    let text = text.replacen("lapse_days = 30", &wanted, 1).replacen(given, &proven, 1);
    Policy::parse(&text).expect("a policy")
}

impl Pass {
    /// A pass for good, in a state.
    pub(crate) fn sample(stored_state: State) -> Self {
        let issued = datetime!(2026-11-01 08:00 UTC);
        Self {
            stored_state,
            ..Self::issued(&SeededRandom::new(1), Applicant::sample().traveller, None, issued)
        }
    }
}
