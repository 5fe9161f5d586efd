//! The holder's sex, where a number encodes it.

/// The holder's sex as encoded in a document number.
///
/// Only two values exist here: GB 11643-1999 and the foreign permanent resident numbers encode no third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// An odd sequence digit.
    Male,
    /// An even sequence digit.
    Female,
}

impl Sex {
    /// Reads the sequence digit; `None` when the byte is no ASCII digit.
    pub(crate) fn from_sequence_digit(byte: u8) -> Option<Self> {
        match byte {
            b'1' | b'3' | b'5' | b'7' | b'9' => Some(Self::Male),
            b'0' | b'2' | b'4' | b'6' | b'8' => Some(Self::Female),
            _ => None,
        }
    }
}
