//! The keys that sign and verify, their ids, and the algorithm that each of them decides.

use std::fmt;

use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};

use crate::{Claims, KeyId, layout::SIGNATURE_LENGTH, token::encode};

/// A signature algorithm of the IANA registry "COSE Algorithms".
///
/// A key has exactly one, and a token's header must name the one of its key. All have 64-byte signatures and a
/// one-byte identifier, on which the token's length rests; ES256 would be the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `EdDSA` (-8) with Ed25519 (RFC 9053, section 2.2).
    EdDsa,
}

impl Algorithm {
    /// The algorithm's name in the registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm's identifier in CBOR.
    pub(crate) const fn cbor(self) -> u8 {
        match self {
            Self::EdDsa => 0x27,
        }
    }
}

/// An Ed25519 private key. It is wiped from memory when dropped, never printed and never copied.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key that belongs to the 32 random bytes which RFC 8032, section 5.1.5, calls the private key.
    ///
    /// Wiping the bytes that were handed in is left to the caller.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half, which can be published.
    #[must_use]
    pub fn verification_key(&self) -> VerificationKey {
        VerificationKey::of(self.0.verifying_key())
    }

    /// The text of the QR code that makes these claims, signed with this key.
    #[must_use]
    pub fn issue(&self, claims: &Claims) -> String {
        let sign = |message: &[u8]| Ok::<_, std::convert::Infallible>(self.0.sign(message).to_bytes());
        let Ok(text) = encode(claims, &self.verification_key(), sign);
        text
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, secret)", self.verification_key().key_id())
    }
}

/// An Ed25519 public key with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationKey {
    key: ed25519_dalek::VerifyingKey,
    id: KeyId,
}

/// The bytes are no usable Ed25519 public key: no point of the curve, or one of small order, under which a
/// signature proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no usable Ed25519 public key")]
pub struct InvalidKey;

impl VerificationKey {
    /// The key that these 32 bytes encode (RFC 8032, section 5.1.2).
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| InvalidKey)?;
        if key.is_weak() {
            return Err(InvalidKey);
        }
        Ok(Self::of(key))
    }

    fn of(key: ed25519_dalek::VerifyingKey) -> Self {
        let id = key_id(key.as_bytes());
        Self { key, id }
    }

    /// The key's 32 bytes (RFC 8032, section 5.1.2).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The id under which a token names this key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// The algorithm of every signature by this key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        Algorithm::EdDsa
    }

    /// The key as a `COSE_Key` with its id and algorithm, for publication (RFC 9052, section 7; RFC 9053,
    /// section 7.2), in deterministic CBOR: `{1: 1, 2: kid, 3: alg, -1: 6, -2: x}`.
    #[must_use]
    pub fn to_cose_key(&self) -> Vec<u8> {
        [
            b"\xa5\x01\x01\x02\x48".as_slice(),
            self.id.as_bytes(),
            &[0x03, self.algorithm().cbor()],
            b"\x20\x06\x21\x58\x20",
            self.as_bytes(),
        ]
        .concat()
    }

    /// Also refuses what RFC 8032 leaves open and two verifiers could judge differently (`verify_strict`).
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; SIGNATURE_LENGTH]) -> bool {
        self.key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

/// The front of the COSE Key Thumbprint (RFC 9679, section 3): SHA-256 of `{1: 1, -1: 6, -2: x}`.
fn key_id(public_key: &[u8; 32]) -> KeyId {
    let thumbprint: [u8; 32] = Sha256::new()
        .chain_update(b"\xa3\x01\x01\x20\x06\x21\x58\x20")
        .chain_update(public_key)
        .finalize()
        .into();
    KeyId::from_bytes(std::array::from_fn(|at| thumbprint[at]))
}

#[cfg(test)]
mod tests {
    use coset::{Algorithm as CoseAlgorithm, CborSerializable as _, CoseKey, KeyType, Label, iana};

    use super::{SigningKey, VerificationKey};

    /// RFC 8032, section 7.1, test 1.
    const SEED: [u8; 32] = *b"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\
        \x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
    const PUBLIC: [u8; 32] = *b"\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\
        \x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";

    fn key() -> VerificationKey {
        SigningKey::from_seed(&SEED).verification_key()
    }

    #[test]
    fn the_public_half_is_the_one_of_rfc_8032() {
        assert_eq!(key().as_bytes(), &PUBLIC);
        assert_eq!(VerificationKey::from_bytes(&PUBLIC), Ok(key()));
    }

    #[test]
    fn the_id_is_the_front_of_the_thumbprint() {
        // Computed with Python's hashlib and cbor2: sha256(dumps({1: 1, -1: 6, -2: x}, canonical=True)).
        assert_eq!(key().key_id().to_string(), "866eefbd6718c884");
    }

    #[test]
    fn the_published_form_is_a_cose_key_with_id_and_algorithm() {
        let read = CoseKey::from_slice(&key().to_cose_key()).expect("the published form is a COSE_Key");
        assert_eq!(read.kty, KeyType::Assigned(iana::KeyType::OKP));
        assert_eq!(read.key_id, key().key_id().as_bytes());
        assert_eq!(read.alg, Some(CoseAlgorithm::Assigned(iana::Algorithm::EdDSA)));
        let parameter = |label: iana::OkpKeyParameter| {
            read.params.iter().find(|(found, _)| *found == Label::Int(label as i64)).map(|(_, value)| value)
        };
        let curve = iana::EllipticCurve::Ed25519 as u64;
        assert_eq!(parameter(iana::OkpKeyParameter::Crv), Some(&curve.into()));
        assert_eq!(parameter(iana::OkpKeyParameter::X), Some(&PUBLIC.to_vec().into()));
        assert_eq!(read.params.len(), 2);
        assert_eq!(read.to_vec().expect("the key can be written"), key().to_cose_key());
    }

    #[test]
    fn bytes_under_which_a_signature_proves_nothing_are_no_key() {
        let neutral = std::array::from_fn(|at| u8::from(at == 0));
        let of_small_order = [0; 32];
        let off_the_curve = std::array::from_fn(|at| if at == 0 { 2 } else { 0 });
        for bytes in [neutral, of_small_order, off_the_curve] {
            assert!(VerificationKey::from_bytes(&bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn the_secret_is_neither_printed_nor_left_in_memory() {
        fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let key = SigningKey::from_seed(&SEED);
        wiped_on_drop(&key.0);
        assert_eq!(format!("{key:?}"), "SigningKey(866eefbd6718c884, secret)");
    }
}
