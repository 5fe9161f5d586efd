//! The form's enums between the contract and the domain. `None` stands for "not given".

use entrypass_proto::registration::v1 as pb;
use pb::destination::Accommodation as WireAccommodation;
use pb::health_declaration::{Answer as WireAnswer, Symptom as WireSymptom};
use pb::registration_form::Purpose as WirePurpose;

use crate::form::{Purpose, Sex, destination::Accommodation, health::Symptom};

pub(super) fn sex(wire: pb::Sex) -> Option<Sex> {
    match wire {
        pb::Sex::Unspecified => None,
        pb::Sex::Male => Some(Sex::Male),
        pb::Sex::Female => Some(Sex::Female),
        pb::Sex::NotStated => Some(Sex::NotStated),
    }
}

pub(super) fn wire_sex(sex: Sex) -> pb::Sex {
    match sex {
        Sex::Male => pb::Sex::Male,
        Sex::Female => pb::Sex::Female,
        Sex::NotStated => pb::Sex::NotStated,
    }
}

pub(super) fn purpose(wire: WirePurpose) -> Option<Purpose> {
    match wire {
        WirePurpose::Unspecified => None,
        WirePurpose::Tourism => Some(Purpose::Tourism),
        WirePurpose::Business => Some(Purpose::Business),
        WirePurpose::Family => Some(Purpose::Family),
        WirePurpose::Work => Some(Purpose::Work),
        WirePurpose::Study => Some(Purpose::Study),
        WirePurpose::ReturnHome => Some(Purpose::ReturnHome),
        WirePurpose::Transit => Some(Purpose::Transit),
        WirePurpose::Other => Some(Purpose::Other),
    }
}

pub(super) fn wire_purpose(purpose: Purpose) -> WirePurpose {
    match purpose {
        Purpose::Tourism => WirePurpose::Tourism,
        Purpose::Business => WirePurpose::Business,
        Purpose::Family => WirePurpose::Family,
        Purpose::Work => WirePurpose::Work,
        Purpose::Study => WirePurpose::Study,
        Purpose::ReturnHome => WirePurpose::ReturnHome,
        Purpose::Transit => WirePurpose::Transit,
        Purpose::Other => WirePurpose::Other,
    }
}

pub(super) fn accommodation(wire: WireAccommodation) -> Option<Accommodation> {
    match wire {
        WireAccommodation::Unspecified => None,
        WireAccommodation::Hotel => Some(Accommodation::Hotel),
        WireAccommodation::OwnHome => Some(Accommodation::OwnHome),
        WireAccommodation::FamilyOrFriends => Some(Accommodation::FamilyOrFriends),
        WireAccommodation::Rented => Some(Accommodation::Rented),
        WireAccommodation::Dormitory => Some(Accommodation::Dormitory),
        WireAccommodation::Other => Some(Accommodation::Other),
    }
}

pub(super) fn wire_accommodation(accommodation: Option<Accommodation>) -> WireAccommodation {
    match accommodation {
        None => WireAccommodation::Unspecified,
        Some(Accommodation::Hotel) => WireAccommodation::Hotel,
        Some(Accommodation::OwnHome) => WireAccommodation::OwnHome,
        Some(Accommodation::FamilyOrFriends) => WireAccommodation::FamilyOrFriends,
        Some(Accommodation::Rented) => WireAccommodation::Rented,
        Some(Accommodation::Dormitory) => WireAccommodation::Dormitory,
        Some(Accommodation::Other) => WireAccommodation::Other,
    }
}

pub(super) fn answer(wire: WireAnswer) -> Option<bool> {
    match wire {
        WireAnswer::Unspecified => None,
        WireAnswer::Yes => Some(true),
        WireAnswer::No => Some(false),
    }
}

pub(super) fn wire_answer(answer: Option<bool>) -> WireAnswer {
    match answer {
        None => WireAnswer::Unspecified,
        Some(true) => WireAnswer::Yes,
        Some(false) => WireAnswer::No,
    }
}

/// `None` for "no symptoms" too: the list as a whole says that, and its reader looks for it first.
pub(super) fn symptom(wire: WireSymptom) -> Option<Symptom> {
    match wire {
        WireSymptom::Unspecified | WireSymptom::None => None,
        WireSymptom::Fever => Some(Symptom::Fever),
        WireSymptom::Fatigue => Some(Symptom::Fatigue),
        WireSymptom::DryCough => Some(Symptom::DryCough),
        WireSymptom::Sputum => Some(Symptom::Sputum),
        WireSymptom::Headache => Some(Symptom::Headache),
        WireSymptom::SoreThroat => Some(Symptom::SoreThroat),
        WireSymptom::ShortBreath => Some(Symptom::ShortBreath),
        WireSymptom::BreathingDifficulty => Some(Symptom::BreathingDifficulty),
        WireSymptom::ChestTightness => Some(Symptom::ChestTightness),
        WireSymptom::ConjunctivalCongestion => Some(Symptom::ConjunctivalCongestion),
        WireSymptom::Diarrhoea => Some(Symptom::Diarrhoea),
        WireSymptom::Other => Some(Symptom::Other),
    }
}

pub(super) fn wire_symptom(symptom: Symptom) -> WireSymptom {
    match symptom {
        Symptom::Fever => WireSymptom::Fever,
        Symptom::Fatigue => WireSymptom::Fatigue,
        Symptom::DryCough => WireSymptom::DryCough,
        Symptom::Sputum => WireSymptom::Sputum,
        Symptom::Headache => WireSymptom::Headache,
        Symptom::SoreThroat => WireSymptom::SoreThroat,
        Symptom::ShortBreath => WireSymptom::ShortBreath,
        Symptom::BreathingDifficulty => WireSymptom::BreathingDifficulty,
        Symptom::ChestTightness => WireSymptom::ChestTightness,
        Symptom::ConjunctivalCongestion => WireSymptom::ConjunctivalCongestion,
        Symptom::Diarrhoea => WireSymptom::Diarrhoea,
        Symptom::Other => WireSymptom::Other,
    }
}
