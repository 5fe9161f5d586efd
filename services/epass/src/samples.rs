//! Somebody, for tests of rules.

use entrypass_ambient::SeededRandom;
use entrypass_document::DocumentType;
use entrypass_policy::RegistrationState;
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
            declared: Declared { of_city: Some(true), fever_since: None },
        }
    }
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
