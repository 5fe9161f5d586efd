//! What a caller is shown, and what it has to bring for it.

use serde::Deserialize;

/// How much of a person a caller is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonalData {
    /// Names, numbers and phones with most of them hidden; no address.
    #[default]
    Masked,
    /// All of it.
    Full,
}

impl PersonalData {
    /// Its name in configuration and metadata.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Masked => "masked",
            Self::Full => "full",
        }
    }

    /// Reads [`Self::as_str`]. `None` for anything else, which whoever reads takes for the least.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Masked, Self::Full].into_iter().find(|one| one.as_str() == text)
    }
}

/// Whether a caller must prove that the holder of a document is with it, by their name as registered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolderProof {
    /// It must.
    #[default]
    Required,
    /// It has made sure of the holder itself.
    Waived,
}

impl HolderProof {
    /// Its name in configuration and metadata.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Waived => "waived",
        }
    }

    /// Reads [`Self::as_str`]. `None` for anything else, which whoever reads takes for the least.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Required, Self::Waived].into_iter().find(|one| one.as_str() == text)
    }
}
