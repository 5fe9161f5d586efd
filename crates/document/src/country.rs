//! Country codes: ISO 3166-1 alpha-3 and the additional codes of ICAO Doc 9303-3, section 5.
//!
//! Owns: which codes exist. Does not own: names of countries, or which codes a document type allows.

use crate::normalise::normalise;
use std::fmt;

/// An issuing state or a nationality, as a code of three upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(&'static str);

/// Codes that ICAO Doc 9303-3, section 5 adds to ISO 3166-1.
const ADDITIONAL: [&str; 21] = [
    "EUE", "GBD", "GBN", "GBO", "GBP", "GBS", "RKS", "UNA", "UNK", "UNO", "XBA", "XCC", "XCE", "XCO", "XDC",
    "XEC", "XES", "XIM", "XMP", "XOM", "XPO",
];

/// Codes of ICAO Doc 9303-3, section 5 for persons without a defined nationality: stateless (1954 Convention),
/// refugee (1951 Convention), other refugee, unspecified.
const PERSONS: [&str; 4] = ["XXA", "XXB", "XXC", "XXX"];

/// Utopia, the state of the specimens in ICAO Doc 9303.
const SPECIMEN: &str = "UTO";

impl Country {
    /// China, `CHN`.
    pub const CHN: Self = Self("CHN");
    /// Hong Kong, `HKG`.
    pub const HKG: Self = Self("HKG");
    /// Macao, `MAC`.
    pub const MAC: Self = Self("MAC");
    /// Taiwan, `TWN`.
    pub const TWN: Self = Self("TWN");

    /// Reads a code in any letter case and width, with or without the fillers of a machine-readable zone.
    ///
    /// `D`, which German passports print, is read as `DEU`. `UTO` is known only with `accept_specimens`, so
    /// that nobody can register under a specimen passport in production.
    #[must_use]
    pub fn parse(code: &str, accept_specimens: bool) -> Option<Self> {
        let code = normalise(code)?;
        match code.as_str() {
            "D" => Some(Self("DEU")),
            SPECIMEN => accept_specimens.then_some(Self(SPECIMEN)),
            code => Self::from_iso_alpha3(code.as_bytes())
                .or_else(|| ADDITIONAL.into_iter().chain(PERSONS).find(|known| *known == code).map(Self)),
        }
    }

    /// ISO 3166-1 only, which is what the foreign permanent resident numbers use.
    pub(crate) fn from_iso_alpha3(code: &[u8]) -> Option<Self> {
        let known = rust_iso3166::from_alpha3(str::from_utf8(code).ok()?)?;
        Some(Self(known.alpha3))
    }

    /// ISO 3166-1 numeric, three digits with leading zeros.
    pub(crate) fn from_iso_numeric(code: &[u8]) -> Option<Self> {
        let known = rust_iso3166::from_numeric_str(str::from_utf8(code).ok()?)?;
        Some(Self(known.alpha3))
    }

    /// The code: three upper-case ASCII letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// China and the three regions of it that ISO 3166-1 lists apart.
    pub(crate) fn is_china_or_region(self) -> bool {
        [Self::CHN, Self::HKG, Self::MAC, Self::TWN].contains(&self)
    }

    /// Whether a passport can come from here; the codes for persons without a nationality issue none.
    pub(crate) fn can_issue(self) -> bool {
        !PERSONS.contains(&self.0)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDITIONAL, Country, PERSONS, SPECIMEN};

    #[test]
    fn every_way_to_write_a_code_gives_the_one_code() {
        let table = [
            ("GBR", "GBR"),
            ("usa", "USA"),
            (" ｊｐｎ ", "JPN"),
            ("D", "DEU"),
            ("D<<", "DEU"),
            ("DEU", "DEU"),
            ("GBN", "GBN"),
            ("XXA", "XXA"),
            ("UNO", "UNO"),
        ];
        for (typed, code) in table {
            assert_eq!(Country::parse(typed, false).map(Country::as_str), Some(code), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_code_is_no_country() {
        for typed in ["", "GB", "826", "ZZZ", "CHINA", "中国", "АUS", "XKX", &"USA".repeat(99)] {
            assert_eq!(Country::parse(typed, true), None, "{typed:?}");
        }
    }

    #[test]
    fn the_specimen_state_exists_only_where_specimens_are_accepted() {
        assert_eq!(Country::parse("UTO", false), None);
        assert_eq!(Country::parse("uto", true).map(Country::as_str), Some("UTO"));
    }

    #[test]
    fn the_additional_codes_do_not_collide_with_iso_3166() {
        for code in ADDITIONAL.into_iter().chain(PERSONS).chain([SPECIMEN]) {
            assert_eq!(Country::from_iso_alpha3(code.as_bytes()), None, "{code}");
        }
    }

    #[test]
    fn the_constants_are_real_codes() {
        for country in [Country::CHN, Country::HKG, Country::MAC, Country::TWN] {
            assert_eq!(Country::parse(country.as_str(), false), Some(country));
        }
        assert_eq!(Country::from_iso_numeric(b"156"), Some(Country::CHN));
        assert_eq!(Country::from_iso_numeric(b"000"), None);
        assert_eq!(Country::from_iso_numeric(b"36"), None);
    }

    #[test]
    fn nobody_holds_a_passport_issued_by_statelessness() {
        let issues = |code| Country::parse(code, false).map(Country::can_issue);
        assert_eq!(issues("XXA"), Some(false));
        assert_eq!(issues("XOM"), Some(true));
        assert_eq!(issues("FRA"), Some(true));
    }
}
