//! How dates and countries stand in a stored form: as in the contract, `2026-11-23` and `CHN`.

time::serde::format_description!(pub(crate) calendar_date, Date, "[year]-[month]-[day]");

/// For `#[serde(with)]`, because a code list has no business with a storage format.
pub(crate) mod country {
    use entrypass_document::Country;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(country: &Country, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(country.as_str())
    }

    /// A specimen was accepted when it was stored, by a rule that may have changed since.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Country, D::Error> {
        let code = String::deserialize(deserializer)?;
        Country::parse(&code, true).ok_or_else(|| D::Error::custom("not a country code"))
    }
}
