//! The rules that an input can break, with their stable reasons. Their wording is next door, in `rule_text`.

use crate::DocumentType;
use entrypass_rule::Rule;

/// A rule that a document input breaks. It never holds the value that broke it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BrokenRule {
    /// Nothing is left of the number once blanks are dropped.
    NumberRequired,
    /// More raw characters than anybody needs (64), so that nothing else was judged.
    InputTooLong,
    /// No number of this type is that long.
    NumberLength(DocumentType),
    /// A character that numbers of this type never hold, such as a look-alike from another script.
    NumberCharacter(DocumentType),
    /// The right characters in the wrong places.
    NumberForm(DocumentType),
    /// The 15-digit number of a first-generation card, void since 2013-01-01.
    FirstGeneration,
    /// A province or region that the numbers of this type do not use.
    NumberProvince(DocumentType),
    /// A nationality that does not exist, or China's own.
    Nationality,
    /// A birth date that the calendar does not have.
    BirthDate,
    /// A birth date after today.
    BirthInFuture,
    /// A birth date that makes the holder older than 130.
    BirthTooEarly,
    /// A check character that does not fit the rest, which is what a typing error looks like.
    CheckCharacter,
    /// The number keeps every rule of this other type.
    TypeMismatch(DocumentType),
    /// A passport without its issuing state.
    IssuingStateRequired,
    /// An issuing state that is no code of ICAO Doc 9303.
    IssuingStateUnknown,
    /// An issuing state that does not issue documents of this type.
    IssuingStateNotAllowed(DocumentType),
}

impl BrokenRule {
    /// The stable reason for machines, `UPPER_SNAKE_CASE`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NumberRequired => "DOCUMENT_NUMBER_REQUIRED",
            Self::InputTooLong | Self::NumberLength(_) => "DOCUMENT_NUMBER_LENGTH",
            Self::NumberCharacter(_) => "DOCUMENT_NUMBER_CHARACTER",
            Self::NumberForm(_) => "DOCUMENT_NUMBER_FORM",
            Self::FirstGeneration => "DOCUMENT_NUMBER_FIRST_GENERATION",
            Self::NumberProvince(_) => "DOCUMENT_NUMBER_PROVINCE",
            Self::Nationality => "DOCUMENT_NUMBER_NATIONALITY",
            Self::BirthDate => "DOCUMENT_NUMBER_BIRTH_DATE",
            Self::BirthInFuture => "DOCUMENT_NUMBER_BIRTH_IN_FUTURE",
            Self::BirthTooEarly => "DOCUMENT_NUMBER_BIRTH_TOO_EARLY",
            Self::CheckCharacter => "DOCUMENT_NUMBER_CHECK_CHARACTER",
            Self::TypeMismatch(_) => "DOCUMENT_TYPE_MISMATCH",
            Self::IssuingStateRequired => "DOCUMENT_ISSUING_STATE_REQUIRED",
            Self::IssuingStateUnknown => "DOCUMENT_ISSUING_STATE_UNKNOWN",
            Self::IssuingStateNotAllowed(_) => "DOCUMENT_ISSUING_STATE_NOT_ALLOWED",
        }
    }

    /// The field of the document message to mend: `type`, `number` or `issuing_state`.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::TypeMismatch(_) => "type",
            Self::IssuingStateRequired | Self::IssuingStateUnknown | Self::IssuingStateNotAllowed(_) => {
                "issuing_state"
            }
            _ => "number",
        }
    }
}

impl From<BrokenRule> for Rule {
    fn from(broken: BrokenRule) -> Self {
        Self::new(broken.reason(), broken.text())
    }
}
