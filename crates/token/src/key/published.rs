//! The forms in which a public key is published: `COSE_Key`, JWK, thumbprint.
//!
//! Written by hand like the token itself: each has one form, which is also the only one that is read.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

use super::{Algorithm, InvalidKey};
use crate::KeyId;

/// The public key's coordinates. Whether they are a point of the curve is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coordinates {
    /// The encoded point of Ed25519 (RFC 8032, section 5.1.2).
    Ed25519 { x: [u8; 32] },
    /// Both coordinates of P-256, big-endian.
    P256 { x: [u8; 32], y: [u8; 32] },
}

impl Coordinates {
    pub(super) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519 { .. } => Algorithm::EdDsa,
            Self::P256 { .. } => Algorithm::Es256,
        }
    }

    /// The COSE Key Thumbprint (RFC 9679, section 3) with SHA-256.
    pub(super) fn thumbprint(&self) -> [u8; 32] {
        let head: &[u8] = match self {
            Self::Ed25519 { .. } => b"\xa3\x01\x01",
            Self::P256 { .. } => b"\xa4\x01\x02",
        };
        Sha256::new().chain_update(head).chain_update(self.curve_and_point()).finalize().into()
    }

    /// RFC 9052, section 7; RFC 9053, sections 7.1.1 and 7.2.
    pub(super) fn to_cose_key(self, kid: KeyId) -> Vec<u8> {
        let head: &[u8] = match self {
            Self::Ed25519 { .. } => b"\xa5\x01\x01\x02\x48",
            Self::P256 { .. } => b"\xa6\x01\x02\x02\x48",
        };
        [head, kid.as_bytes(), &[0x03, self.algorithm().cbor()], &self.curve_and_point()].concat()
    }

    /// The parameters that every form has in common, in their deterministic order.
    fn curve_and_point(&self) -> Vec<u8> {
        match self {
            Self::Ed25519 { x } => [b"\x20\x06\x21\x58\x20".as_slice(), x].concat(),
            Self::P256 { x, y } => [b"\x20\x01\x21\x58\x20".as_slice(), x, b"\x22\x58\x20", y].concat(),
        }
    }

    /// The coordinates and the `kid` of a `COSE_Key`, read from their places in the one form that is written here.
    pub(super) fn from_cose_key(bytes: &[u8]) -> Result<(Self, KeyId), InvalidKey> {
        let at = |place: usize| bytes.get(place..).and_then(<[u8]>::first_chunk::<32>).copied();
        let coordinates = match (at(20), at(55)) {
            (Some(x), None) => Self::Ed25519 { x },
            (Some(x), Some(y)) => Self::P256 { x, y },
            (None, _) => return Err(InvalidKey::CoseKey),
        };
        let kid = bytes.get(5..).and_then(<[u8]>::first_chunk::<8>).ok_or(InvalidKey::CoseKey)?;
        let kid = KeyId::from_bytes(*kid);
        // Every byte elsewhere is fixed: written anew, only this form is the same.
        if coordinates.to_cose_key(kid) != bytes {
            return Err(InvalidKey::CoseKey);
        }
        Ok((coordinates, kid))
    }

    /// RFC 7517, section 4; RFC 7518, section 6.2; RFC 8037, section 2.
    pub(super) fn to_jwk(self, kid: KeyId) -> String {
        let base64 = Base64UrlUnpadded::encode_string;
        let point = match self {
            Self::Ed25519 { x } => format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, base64(&x)),
            Self::P256 { x, y } => {
                format!(r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#, base64(&x), base64(&y))
            }
        };
        format!(r#"{{{point},"kid":"{kid}","alg":"{}","use":"sig"}}"#, self.algorithm().name())
    }
}
