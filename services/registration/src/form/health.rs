//! The health block of the form (健康申报), which configuration switches on.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::form::number::Bounded;
use crate::form::stored;
use crate::form::text::{checked_text, free_text};

checked_text! {
    /// A note on contact with cases, at most 200 characters.
    ContactNote, |raw| free_text(raw, 1, 200)
}

/// A body temperature in tenths of a degree Celsius, 34.0 to 43.0 degrees.
pub(crate) type Temperature = Bounded<340, 430>;

/// The lowest body temperature that is a fever.
const FEVER_DECICELSIUS: i32 = 373;

/// What the traveller declares about their health.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HealthDeclaration {
    pub(crate) contact_with_cases: bool,
    pub(crate) contact_note: Option<ContactNote>,
    /// Empty when the traveller declares to have none.
    pub(crate) symptoms: BTreeSet<Symptom>,
    pub(crate) antipyretics_72h: Option<bool>,
    pub(crate) test: Option<Test>,
    pub(crate) temperature_decicelsius: Option<Temperature>,
}

impl HealthDeclaration {
    /// Whether a fever is declared: as a symptom, or by a temperature of 37.3 °C or more, from which on checkpoints in China counted it.
    pub(crate) fn declares_fever(&self) -> bool {
        self.symptoms.contains(&Symptom::Fever)
            || self.temperature_decicelsius.is_some_and(|measured| measured.get() >= FEVER_DECICELSIUS)
    }

    /// Whether symptoms other than a fever are declared.
    pub(crate) fn declares_other_symptoms(&self) -> bool {
        self.symptoms.iter().any(|symptom| *symptom != Symptom::Fever)
    }
}

/// Symptoms of the Customs health declaration, 4th edition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Symptom {
    Fever,
    Fatigue,
    DryCough,
    Sputum,
    Headache,
    SoreThroat,
    ShortBreath,
    BreathingDifficulty,
    ChestTightness,
    ConjunctivalCongestion,
    Diarrhoea,
    Other,
}

/// The last test for the disease that configuration asks about.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(crate) enum Test {
    Positive {
        #[serde(with = "stored::calendar_date")]
        date: Date,
    },
    Negative {
        #[serde(with = "stored::calendar_date")]
        date: Date,
    },
    NotTested,
}

impl fmt::Debug for HealthDeclaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HealthDeclaration(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::{HealthDeclaration, Symptom, Temperature};

    #[test]
    fn a_fever_is_a_symptom_or_a_temperature() {
        let no_symptom: &[Symptom] = &[];
        let table = [
            (no_symptom, None, (false, false)),
            (&[Symptom::Fever], None, (true, false)),
            (&[Symptom::Headache, Symptom::Fever], Some(365), (true, true)),
            (&[Symptom::DryCough, Symptom::Headache], None, (false, true)),
            (no_symptom, Some(372), (false, false)),
            (no_symptom, Some(373), (true, false)),
            (&[Symptom::Other], Some(430), (true, true)),
        ];
        for (symptoms, temperature, expected) in table {
            let declared = HealthDeclaration {
                contact_with_cases: true,
                contact_note: None,
                symptoms: symptoms.iter().copied().collect(),
                antipyretics_72h: Some(true),
                test: None,
                temperature_decicelsius: temperature.map(|it| Temperature::new(it).expect("a temperature")),
            };
            let found = (declared.declares_fever(), declared.declares_other_symptoms());
            assert_eq!(found, expected, "{temperature:?}");
        }
    }
}
