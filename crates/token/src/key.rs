//! The keys that sign and verify, and the algorithm that each of them decides.

mod published;
mod signing;
mod verification;

use std::str::FromStr;

pub use signing::SigningKey;
pub use verification::VerificationKey;

use crate::layout::SIGNATURE_LENGTH;

/// A signature algorithm of the IANA registry "COSE Algorithms".
///
/// A key has exactly one, and a token's header must name the one of its key. Both have 64-byte signatures and a
/// one-byte identifier, on which the token's length rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `EdDSA` (-8) with Ed25519 (RFC 9053, section 2.2).
    EdDsa,
    /// `ES256` (-7): ECDSA on P-256 with SHA-256 (RFC 9053, section 2.1), here with the lower one of both values for s.
    Es256,
}

/// The text names no algorithm of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an algorithm is EdDSA or ES256")]
pub struct UnknownAlgorithm;

impl Algorithm {
    /// The algorithm's name in the registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    /// A raw signature in its one spelling: that of ES256 with the lower value for s.
    ///
    /// Bytes that cannot be a signature stay as they are: they will not verify.
    #[must_use]
    pub fn canonical(self, signature: [u8; SIGNATURE_LENGTH]) -> [u8; SIGNATURE_LENGTH] {
        match self {
            Self::EdDsa => signature,
            Self::Es256 => p256::ecdsa::Signature::from_slice(&signature)
                .map_or(signature, |signature| signature.normalize_s().to_bytes().into()),
        }
    }

    /// The algorithm's identifier in CBOR.
    pub(crate) const fn cbor(self) -> u8 {
        match self {
            Self::EdDsa => 0x27,
            Self::Es256 => 0x26,
        }
    }

    pub(crate) fn from_cbor(identifier: u8) -> Option<Self> {
        [Self::EdDsa, Self::Es256].into_iter().find(|it| it.cbor() == identifier)
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        [Self::EdDsa, Self::Es256].into_iter().find(|it| it.name() == name).ok_or(UnknownAlgorithm)
    }
}

/// Why bytes are no usable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The private key of ES256 is zero or not below the order of P-256.
    #[error("the private key of ES256 is not from 1 to the order of P-256 less 1")]
    Scalar,
    /// The bytes are not a `COSE_Key` of Ed25519 or P-256 as [`VerificationKey::to_cose_key`] writes it.
    #[error("the bytes are no COSE_Key of EdDSA or ES256 in deterministic CBOR with kid and alg")]
    CoseKey,
    /// The coordinates are no point of the curve, a second spelling of one, or one of small order, under which a
    /// signature proves nothing.
    #[error("the coordinates are no usable point of the key's curve")]
    Point,
    /// The `kid` in the `COSE_Key` is not the front of the key's thumbprint.
    #[error("the key id is not the front of the key's thumbprint")]
    KeyId,
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, UnknownAlgorithm};

    #[test]
    fn an_algorithm_has_the_name_of_the_registry() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
        for name in ["", "eddsa", "ES384", "EdDSA "] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm), "{name:?}");
        }
    }
}
