//! Names made of bytes: the code's and the key's. Both are written as lower-case hexadecimal.

use std::{fmt, str::FromStr};

/// The id of one QR code, 16 random bytes: what is revoked, superseded and looked up.
///
/// It stays the same while the displayed code is refreshed. Its text is 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeId([u8; 16]);

/// The id of a key (COSE `kid`): the first 8 bytes of its COSE Key Thumbprint (RFC 9679) with SHA-256.
///
/// Its text is 16 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 8]);

/// The text is no id: another length than wanted, or a character outside `0-9a-f`.
///
/// Upper case is refused, so that an id has one spelling wherever it is compared as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is {digits} lower-case hexadecimal digits")]
pub struct InvalidId {
    digits: usize,
}

macro_rules! hexadecimal_id {
    ($name:ident, $bytes:literal) => {
        impl $name {
            /// The id that these bytes are.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The bytes of the id.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_hexadecimal(text).map(Self).ok_or(InvalidId { digits: 2 * $bytes })
            }
        }
    };
}

hexadecimal_id!(CodeId, 16);
hexadecimal_id!(KeyId, 8);

fn parse_hexadecimal<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{CodeId, KeyId};

    #[test]
    fn an_id_reads_what_it_writes() {
        let code = CodeId::from_bytes(*b"\x00\x01\x0f\x10\x7f\x80\xab\xcd\xef\xfe\xff\x55\xaa\x99\x66\x33");
        assert_eq!(code.to_string(), "00010f107f80abcdeffeff55aa996633");
        assert_eq!(code.to_string().parse(), Ok(code));
        let key = KeyId::from_bytes([0xa0; 8]);
        assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn another_spelling_of_an_id_is_refused() {
        for text in [
            "",
            "0",
            "A0a0a0a0a0a0a0a0",
            "a0a0a0a0a0a0a0",
            "a0a0a0a0a0a0a0a00",
            "a0a0a0a0a0a0a0é",
            "+1+1+1+1+1+1+1+1",
        ] {
            assert!(text.parse::<KeyId>().is_err(), "{text:?}");
        }
        let error = "".parse::<CodeId>().expect_err("an empty text is no id");
        assert_eq!(error.to_string(), "an id is 32 lower-case hexadecimal digits");
    }
}
