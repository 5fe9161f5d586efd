//! What a verifier is given by hand, over a way that it trusts: the thumbprint of a key.

use std::{fmt, str::FromStr};

/// A COSE Key Thumbprint with SHA-256 (RFC 9679). Its text is 64 hexadecimal digits, written in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint(pub [u8; 32]);

/// The text is no thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a thumbprint is 64 hexadecimal digits")]
pub struct InvalidThumbprint;

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Thumbprint {
    type Err = InvalidThumbprint;

    fn from_str(text: &str) -> Result<Self, InvalidThumbprint> {
        // Unlike an id it is typed by hand, and compared as bytes: capitals do no harm.
        let digits =
            text.chars().map(|c| c.to_digit(16)).collect::<Option<Vec<_>>>().ok_or(InvalidThumbprint)?;
        let bytes = digits.as_chunks().0.iter().map(|[high, low]| u8::try_from(high << 4 | low));
        let bytes = bytes.collect::<Result<Vec<_>, _>>().map_err(|_| InvalidThumbprint)?;
        if digits.len() != 64 {
            return Err(InvalidThumbprint);
        }
        bytes.try_into().map(Self).map_err(|_| InvalidThumbprint)
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidThumbprint, Thumbprint};

    #[test]
    fn a_thumbprint_reads_what_it_writes_and_capitals() {
        let thumbprint = Thumbprint(std::array::from_fn(|at| u8::try_from(at * 8).expect("below 256")));
        let text = thumbprint.to_string();
        assert_eq!(text.len(), 64);
        assert_eq!(text.parse(), Ok(thumbprint));
        assert_eq!(text.to_uppercase().parse(), Ok(thumbprint));
        for wrong in ["", &text[1..], &text.replace('8', "g"), &format!("{text}0"), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Thumbprint>(), Err(InvalidThumbprint), "{wrong}");
        }
    }
}
