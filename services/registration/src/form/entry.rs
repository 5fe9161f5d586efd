//! How, where and when the traveller enters.
//!
//! Owns: means of transport with what each of them needs, ports, service numbers, seats, plates.
//! Does not own: lists of ports, carriers or lines. A new one must not wait for a release.

use entrypass_document::Country;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::form::rule::{self, Checked, checked};
use crate::form::stored;
use crate::form::text::{checked_text, code, free_text, is_han};
use entrypass_rule::Rule;

checked_text! {
    /// A port of entry as a UN/LOCODE in China: `CN` and three of `A-Z`, `2-9`, such as `CNSZX`.
    PortOfEntry, port_of_entry
}

checked_text! {
    /// The number of a flight: carrier code of IATA with at least one letter, 1 to 4 digits, optional letter (`CZ3082`).
    FlightNumber, flight_number
}

checked_text! {
    /// The number of a sailing, train or coach: 1 to 20 letters, digits and Chinese characters.
    ServiceNumber, |raw| plain_code(raw, 1, 20)
}

checked_text! {
    /// A seat in an aircraft: 1 to 3 digits and one letter A to K without I, which is never used (`12A`).
    FlightSeat, flight_seat
}

checked_text! {
    /// A seat in anything else: 1 to 10 letters, digits and Chinese characters (`05车12F`).
    Seat, |raw| plain_code(raw, 1, 10)
}

checked_text! {
    /// A plate number of any place: 4 to 10 Chinese characters, letters and digits (`粤Z0000港`).
    PlateNumber, |raw| plain_code(raw, 4, 10)
}

checked_text! {
    /// A city, at most 100 characters.
    City, |raw| free_text(raw, 1, 100)
}

/// How, where and when the traveller enters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the contract")]
pub(crate) struct Entry {
    pub(crate) port_of_entry: PortOfEntry,
    #[serde(with = "stored::calendar_date")]
    pub(crate) entry_date: Date,
    #[serde(flatten)]
    pub(crate) transport: Transport,
    #[serde(with = "stored::country")]
    pub(crate) departure_country: Country,
    pub(crate) departure_city: Option<City>,
}

/// A means of transport with what it needs and nothing that it excludes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "transport", rename_all = "snake_case")]
pub(crate) enum Transport {
    Air { service_number: FlightNumber, seat: Option<FlightSeat> },
    Ship(Service),
    Ferry(Service),
    Train(Service),
    Coach(Service),
    Car { plate_number: PlateNumber },
    Walk,
    Other { service_number: Option<ServiceNumber>, seat: Option<Seat> },
}

/// A sailing, train or coach, and the seat on it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Service {
    pub(crate) service_number: ServiceNumber,
    pub(crate) seat: Option<Seat>,
}

fn port_of_entry(raw: &str) -> Checked<String> {
    let port = code(raw);
    match port.as_bytes() {
        [] => Err(vec![Rule::required()]),
        [b'C', b'N', place @ ..]
            if place.len() == 3 && place.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'9')) =>
        {
            Ok(port)
        }
        _ => Err(vec![rule::format(
            "须为中国口岸的 UN/LOCODE：“CN”加三位字母A至Z或数字2至9，如 CNSZX",
            "must be a UN/LOCODE in China: \"CN\" and three of A to Z, 2 to 9, such as CNSZX",
        )]),
    }
}

fn flight_number(raw: &str) -> Checked<String> {
    let flight = code(raw);
    if flight.is_empty() {
        return Err(vec![Rule::required()]);
    }
    let well_formed = flight.as_bytes().split_at_checked(2).is_some_and(|(carrier, number)| {
        let digits = match number.split_last() {
            Some((b'A'..=b'Z', digits)) => digits,
            _ => number,
        };
        is_carrier(carrier) && (1..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
    });
    if well_formed {
        Ok(flight)
    } else {
        Err(vec![rule::format(
            "航班号须为两位承运人代码（至少一个字母）、1至4位数字和可选的一个字母，如 CZ3082",
            "a flight is a 2-character carrier code with a letter, 1 to 4 digits, optional letter: CZ3082",
        )])
    }
}

fn is_carrier(code: &[u8]) -> bool {
    code.iter().all(u8::is_ascii_alphanumeric) && code.iter().any(u8::is_ascii_alphabetic)
}

fn flight_seat(raw: &str) -> Checked<String> {
    let seat = code(raw);
    let (row, letter) = match seat.as_bytes() {
        [] => return Err(vec![Rule::required()]),
        [row @ .., letter] => (row, letter),
    };
    let row_fits = (1..=3).contains(&row.len()) && row.iter().all(u8::is_ascii_digit);
    if row_fits && matches!(letter, b'A'..=b'H' | b'J' | b'K') {
        Ok(seat)
    } else {
        Err(vec![rule::format(
            "飞机座位号须为1至3位数字加一个字母A至K（不含I），如 12A",
            "a seat in an aircraft is 1 to 3 digits and a letter A to K without I: 12A",
        )])
    }
}

/// A code of `min` to `max` Chinese characters, letters and digits; the dot that plates print is dropped.
fn plain_code(raw: &str, min: usize, max: usize) -> Checked<String> {
    let code: String = code(raw).chars().filter(|c| !matches!(c, '·' | '•' | '・')).collect();
    if code.is_empty() {
        return Err(vec![Rule::required()]);
    }
    let mut broken = Vec::new();
    if !(min..=max).contains(&code.chars().count()) {
        broken.push(rule::length(min, max));
    }
    if !code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || is_han(c)) {
        broken.push(rule::character(
            "只能使用汉字、字母和数字",
            "must consist of letters A to Z, digits and Chinese characters",
        ));
    }
    checked(code, broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each text becomes, or the reasons of the rules that it breaks.
    fn outcome<T>(result: Checked<T>, as_str: fn(&T) -> &str) -> String {
        match result {
            Ok(value) => as_str(&value).to_owned(),
            Err(rules) => rules.iter().map(|rule| rule.reason).collect::<Vec<_>>().join("+"),
        }
    }

    #[test]
    fn a_port_is_a_un_locode_in_china() {
        let table = [
            ("CNSZX", "CNSZX"),
            (" cn szx ", "CNSZX"),
            ("CN2A9", "CN2A9"),
            ("", "REQUIRED"),
            ("HKHKG", "FORMAT"),
            ("CNSZ", "FORMAT"),
            ("CNSZXX", "FORMAT"),
            ("CNSZ1", "FORMAT"),
            ("CNSZ0", "FORMAT"),
            ("CN深圳X", "FORMAT"),
        ];
        for (raw, expected) in table {
            assert_eq!(outcome(PortOfEntry::parse(raw), PortOfEntry::as_str), expected, "{raw:?}");
        }
    }

    #[test]
    fn a_flight_has_a_carrier_and_a_number() {
        let table = [
            ("CZ3082", "CZ3082"),
            ("cz 3082", "CZ3082"),
            ("3U8888", "3U8888"),
            ("G52", "G52"),
            ("CX123A", "CX123A"),
            ("", "REQUIRED"),
            ("123456", "FORMAT"),
            ("CZ", "FORMAT"),
            ("CZA", "FORMAT"),
            ("CZ12345", "FORMAT"),
            ("CZ123AB", "FORMAT"),
            ("南航3082", "FORMAT"),
            ("C", "FORMAT"),
        ];
        for (raw, expected) in table {
            assert_eq!(outcome(FlightNumber::parse(raw), FlightNumber::as_str), expected, "{raw:?}");
        }
    }

    #[test]
    fn a_seat_in_an_aircraft_is_a_row_and_a_letter() {
        let table = [
            ("12A", "12A"),
            ("1k", "1K"),
            ("012C", "012C"),
            ("", "REQUIRED"),
            ("A12", "FORMAT"),
            ("12I", "FORMAT"),
            ("12L", "FORMAT"),
            ("1234A", "FORMAT"),
            ("A", "FORMAT"),
            ("12排", "FORMAT"),
        ];
        for (raw, expected) in table {
            assert_eq!(outcome(FlightSeat::parse(raw), FlightSeat::as_str), expected, "{raw:?}");
        }
    }

    #[test]
    fn other_codes_take_letters_digits_and_chinese_characters() {
        let table = [
            ("G6501", "G6501"),
            ("粤港-001", "粤港001"),
            ("", "REQUIRED"),
            ("A1234567890123456789", "A1234567890123456789"),
            ("A12345678901234567890", "LENGTH"),
            ("G65/01", "CHARACTER"),
            ("Ж/1234567890123456789012", "LENGTH+CHARACTER"),
        ];
        for (raw, expected) in table {
            assert_eq!(outcome(ServiceNumber::parse(raw), ServiceNumber::as_str), expected, "{raw:?}");
        }
        assert_eq!(outcome(Seat::parse("05车12F"), Seat::as_str), "05车12F");
        assert_eq!(outcome(Seat::parse("05车12F号上铺靠窗位"), Seat::as_str), "LENGTH");
    }

    #[test]
    fn a_plate_is_taken_from_any_place() {
        let table = [
            ("粤E·00000", "粤E00000"),
            ("粤z0000港", "粤Z0000港"),
            ("AB 1234", "AB1234"),
            ("", "REQUIRED"),
            ("粤E0", "LENGTH"),
            ("粤E0000000000", "LENGTH"),
            ("粤E_00000", "CHARACTER"),
        ];
        for (raw, expected) in table {
            assert_eq!(outcome(PlateNumber::parse(raw), PlateNumber::as_str), expected, "{raw:?}");
        }
    }
}
