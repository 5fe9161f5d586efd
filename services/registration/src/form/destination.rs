//! Where the traveller stays in the city.
//!
//! Owns: the districts, the address, the accommodation. Does not own: which words say nothing (`filler`), or whether an
//! address exists.

use serde::{Deserialize, Serialize};

use crate::form::filler;
use crate::form::rule::{self, Checked};
use crate::form::text::{checked_text, code, free_text};
use entrypass_rule::Rule;

/// The districts of Foshan by GB/T 2260, in use since 2002.
const DISTRICTS: [&str; 5] = ["440604", "440605", "440606", "440607", "440608"];

checked_text! {
    /// A district of Foshan: 440604 Chancheng, 440605 Nanhai, 440606 Shunde, 440607 Sanshui, 440608 Gaoming.
    DivisionCode, division_code
}

checked_text! {
    /// Street, house number, building and room: 5 to 200 characters.
    Address, |raw| free_text(raw, 5, 200)
}

checked_text! {
    /// The name of a hotel, 2 to 100 characters.
    AccommodationName, |raw| free_text(raw, 2, 100)
}

impl Address {
    /// Reads an address that says where.
    ///
    /// Not part of [`Address::parse`], so that a word added to the list does not make a stored form unreadable.
    pub(crate) fn parse_telling(raw: &str) -> Checked<Self> {
        telling(Self::parse(raw), filler::says_no_place(raw))
    }
}

impl AccommodationName {
    /// Reads a name that tells one hotel from another.
    pub(crate) fn parse_telling(raw: &str) -> Checked<Self> {
        telling(Self::parse(raw), filler::says_no_name(raw))
    }
}

/// Adds the rule about fillers to those that `parsed` breaks; an absent text is not a filler.
fn telling<T>(parsed: Checked<T>, is_filler: bool) -> Checked<T> {
    match parsed {
        Err(broken) if broken.contains(&Rule::required()) => Err(broken),
        Err(broken) if is_filler => Err(broken.into_iter().chain([rule::filler_address()]).collect()),
        Ok(_) if is_filler => Err(vec![rule::filler_address()]),
        as_it_is => as_it_is,
    }
}

/// Where the traveller stays in the city.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destination {
    pub(crate) division_code: DivisionCode,
    pub(crate) address: Address,
    pub(crate) accommodation: Option<Accommodation>,
    /// Present for a hotel.
    pub(crate) accommodation_name: Option<AccommodationName>,
}

/// Kind of accommodation (住宿).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Accommodation {
    Hotel,
    OwnHome,
    FamilyOrFriends,
    Rented,
    Dormitory,
    Other,
}

fn division_code(raw: &str) -> Checked<String> {
    let division = code(raw);
    if division.is_empty() {
        Err(vec![Rule::required()])
    } else if DISTRICTS.contains(&division.as_str()) {
        Ok(division)
    } else {
        Err(vec![rule::unknown_value(
            "须为佛山市辖区的行政区划代码：440604禅城、440605南海、440606顺德、440607三水、440608高明",
            "must be a district of Foshan: 440604 Chancheng, 440605 Nanhai, 440606 Shunde, 440607 Sanshui, \
             440608 Gaoming",
        )])
    }
}

#[cfg(test)]
mod tests {
    use super::{AccommodationName, Address, DISTRICTS, DivisionCode};
    use crate::form::rule::Checked;

    fn reasons<T>(result: Checked<T>) -> Vec<&'static str> {
        result.err().into_iter().flatten().map(|rule| rule.reason).collect()
    }

    #[test]
    fn only_districts_of_the_city_are_destinations() {
        for code in DISTRICTS {
            assert_eq!(DivisionCode::parse(code).as_ref().map(DivisionCode::as_str), Ok(code));
        }
        assert!(DivisionCode::parse(" ４４０６０４ ").is_ok());
        for other in ["440600", "440601", "440609", "440106", "Chancheng", "44060"] {
            assert_eq!(reasons(DivisionCode::parse(other)), ["UNKNOWN_VALUE"], "{other:?}");
        }
        assert_eq!(reasons(DivisionCode::parse("")), ["REQUIRED"]);
    }

    #[test]
    fn an_address_says_where_within_its_length() {
        let table: [(&str, &[&str]); 8] = [
            ("季华五路1号1座101房", &[]),
            ("1 Jihua 5th Road, Room 101", &[]),
            ("", &["REQUIRED"]),
            ("1号院", &["LENGTH"]),
            ("酒店", &["LENGTH", "FILLER_ADDRESS"]),
            ("佛山市南海区酒店", &["FILLER_ADDRESS"]),
            ("quarantine hotel", &["FILLER_ADDRESS"]),
            (".....", &["CHARACTER", "FILLER_ADDRESS"]),
        ];
        for (raw, expected) in table {
            assert_eq!(reasons(Address::parse_telling(raw)), expected, "{raw:?}");
        }
        assert_eq!(reasons(Address::parse_telling(&"里弄".repeat(101))), ["LENGTH"]);
    }

    #[test]
    fn a_hotel_has_a_name_of_its_own() {
        let table: [(&str, &[&str]); 5] = [
            ("佛山宾馆", &[]),
            ("Foshan Hotel", &[]),
            ("店", &["LENGTH"]),
            ("待定", &["FILLER_ADDRESS"]),
            ("Hotel", &["FILLER_ADDRESS"]),
        ];
        for (raw, expected) in table {
            assert_eq!(reasons(AccommodationName::parse_telling(raw)), expected, "{raw:?}");
        }
    }
}
