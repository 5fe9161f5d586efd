//! Synthetic travellers: each follows from the seed and a number, so that any of them, and any who is unknown, can be named without a list.
//!
//! They carry resident identity cards of the county code 440699, which was never allotted: no living person has such a number. Of the
//! 43 000 birth dates since 1900 with 999 numbers each, the first 40 million in the order of the seed may be registered.

use entrypass_proto::registration::v1::{
    Contact, Destination, Document, DocumentType, Entry, RegistrationForm, Sex, Stay, entry::Transport,
    registration_form::Purpose,
};
use time::{Date, Duration, macros::date};

/// First birth date: everybody is older than 14, and so their own guardian.
const FIRST_BIRTH: Date = date!(1900 - 01 - 01);
/// Numbers that one birth date has: 001 to 999.
const NUMBERS: u64 = 999;
/// Birth dates from the first to the end of 2009.
const DATES: u64 = 40_177;
/// All numbers there are.
const ALL: u64 = DATES * NUMBERS;
/// From here on nobody is ever registered.
const UNKNOWN: u64 = 40_000_000;
/// Prime to [`ALL`]: multiplying by it visits every number once.
const STRIDE: u64 = 15_485_863;

const SURNAMES: [&str; 12] = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙"];
const GIVEN: [&str; 16] =
    ["小明", "芳", "志强", "秀英", "伟", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰"];

/// A population that follows from its seed.
#[derive(Debug, Clone, Copy)]
pub struct Population {
    /// What it follows from.
    pub seed: u64,
    /// How many are registered before anything is measured: those from 0 on.
    pub size: u64,
    /// The day on which they enter: today in the city.
    pub today: Date,
}

/// Somebody who enters the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traveller {
    number: String,
    name: String,
    sex: Sex,
    birth: Date,
}

impl Population {
    /// The traveller `index`, registered or not.
    ///
    /// # Panics
    /// From 40 million on.
    #[must_use]
    pub fn traveller(&self, index: u64) -> Traveller {
        assert!(index < UNKNOWN, "there are 40 million travellers");
        self.person(index)
    }

    /// One of those who are never registered.
    #[must_use]
    pub fn unknown(&self, nth: u64) -> Traveller {
        self.person(UNKNOWN + nth % (ALL - UNKNOWN))
    }

    /// One of those who are registered, drawn by `nth`.
    #[must_use]
    pub fn drawn(&self, nth: u64) -> u64 {
        mixed(self.seed ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15)) % self.size
    }

    /// What `traveller` declares.
    #[must_use]
    pub fn form(&self, traveller: &Traveller) -> RegistrationForm {
        let today = self.today.to_string();
        RegistrationForm {
            chinese_name: traveller.name.clone(),
            sex: traveller.sex.into(),
            birth_date: traveller.birth.to_string(),
            nationality: "CHN".to_owned(),
            mobile_phone: "+447700900001".to_owned(),
            entry: Some(Entry {
                port_of_entry: "CNSZX".to_owned(),
                entry_date: today.clone(),
                transport: Transport::Air.into(),
                service_number: "CZ3082".to_owned(),
                departure_country: "SGP".to_owned(),
                ..Entry::default()
            }),
            travel_history: vec![Stay {
                country: "SGP".to_owned(),
                first_date: today.clone(),
                last_date: today,
            }],
            destination: Some(Destination {
                division_code: "440604".to_owned(),
                address: "祖庙路1号2座301".to_owned(),
                ..Destination::default()
            }),
            purpose: Purpose::Family.into(),
            domestic_contact: Some(Contact { name: "张三".to_owned(), phone: "+8613800138000".to_owned() }),
            ..RegistrationForm::default()
        }
    }

    fn person(&self, index: u64) -> Traveller {
        let place = (index % ALL).wrapping_mul(STRIDE) % ALL;
        let place = (place + mixed(self.seed) % ALL) % ALL;
        let number = 1 + place % NUMBERS;
        let days = i64::try_from(place / NUMBERS).unwrap_or_default();
        let birth = FIRST_BIRTH + Duration::days(days);
        let (year, month, day) = (birth.year(), u8::from(birth.month()), birth.day());
        let digits = format!("440699{year:04}{month:02}{day:02}{number:03}");
        // The last of the three digits is odd for men.
        let sex = if number % 2 == 1 { Sex::Male } else { Sex::Female };
        let drawn = mixed(place);
        let name = [one_of(&SURNAMES, drawn), one_of(&GIVEN, drawn / 64)].concat();
        Traveller { number: format!("{digits}{}", check_character(&digits)), name, sex, birth }
    }
}

impl Traveller {
    /// What they carry.
    #[must_use]
    pub fn document(&self) -> Document {
        Document {
            r#type: DocumentType::ResidentIdCard.into(),
            number: self.number.clone(),
            issuing_state: String::new(),
        }
    }

    /// By what they prove who they are.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.clone()
    }
}

fn one_of<'a>(words: &[&'a str], drawn: u64) -> &'a str {
    let index = usize::try_from(drawn % words.len() as u64).unwrap_or_default();
    words.get(index).copied().unwrap_or_default()
}

/// ISO/IEC 7064 MOD 11-2, as GB 11643-1999 wants it.
fn check_character(digits: &str) -> char {
    let sum = digits.bytes().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    match (12 - sum) % 11 {
        10 => 'X',
        value => char::from_digit(value, 10).unwrap_or('X'),
    }
}

/// The last step of `SplitMix64`: a number in which every bit of `value` counts.
pub(crate) fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use entrypass_document::{Document, DocumentInput, DocumentType, Rules};
    use time::macros::date;

    use super::{ALL, Population, STRIDE, Sex};

    const POPULATION: Population = Population { seed: 7, size: 1000, today: date!(2026 - 11 - 23) };

    #[test]
    fn every_number_is_valid_and_encodes_what_is_declared() {
        let rules = Rules { today: POPULATION.today, accept_specimens: false };
        for index in (0..40_000_000).step_by(39_989) {
            let traveller = POPULATION.traveller(index);
            let input = DocumentInput {
                document_type: DocumentType::ResidentIdCard,
                number: &traveller.number,
                issuing_state: "",
            };
            let document = Document::parse(&input, rules).expect("a valid number");
            assert_eq!(document.birth_date(), Some(traveller.birth));
            let declared = match POPULATION.form(&traveller).sex() {
                Sex::Male => entrypass_document::Sex::Male,
                _ => entrypass_document::Sex::Female,
            };
            assert_eq!(document.sex(), Some(declared));
        }
    }

    #[test]
    fn nobody_is_drawn_twice_under_two_numbers() {
        let known: BTreeSet<_> = (0..20_000).map(|index| POPULATION.traveller(index).number).collect();
        assert_eq!(known.len(), 20_000);
        assert!((0..20_000).all(|nth| !known.contains(&POPULATION.unknown(nth).number)));
        let common = |mut one: u64, mut other: u64| {
            while other != 0 {
                (one, other) = (other, one % other);
            }
            one
        };
        assert_eq!(common(ALL, STRIDE), 1);
    }

    #[test]
    fn another_seed_has_other_travellers() {
        let other = Population { seed: 8, ..POPULATION };
        assert_ne!(POPULATION.traveller(3), other.traveller(3));
        assert_eq!(POPULATION.traveller(3), POPULATION.traveller(3));
    }
}
