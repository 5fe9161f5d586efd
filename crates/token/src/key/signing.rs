//! Private keys.

use std::fmt;

use ed25519_dalek::Signer as _;

use super::{Algorithm, InvalidKey, VerificationKey};
use crate::{Claims, Draft, layout::SIGNATURE_LENGTH};

/// A private key. It is wiped from memory when dropped, never printed and never copied.
pub struct SigningKey {
    secret: Secret,
    public: VerificationKey,
}

enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
}

impl SigningKey {
    /// The key that belongs to 32 random bytes.
    ///
    /// For `EdDSA` they are what RFC 8032, section 5.1.5, calls the private key, and any will do. For ES256 they are the
    /// secret scalar, big-endian; of 2^32 random ones one is none, [`InvalidKey::Scalar`], and others have to be drawn.
    /// Wiping the bytes that were handed in is left to the caller.
    pub fn from_seed(algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self, InvalidKey> {
        match algorithm {
            Algorithm::EdDsa => {
                let secret = ed25519_dalek::SigningKey::from_bytes(seed);
                let public = VerificationKey::of_ed25519(secret.verifying_key());
                Ok(Self { secret: Secret::Ed25519(secret), public })
            }
            Algorithm::Es256 => {
                let secret = p256::ecdsa::SigningKey::from_slice(seed).map_err(|_| InvalidKey::Scalar)?;
                let public = VerificationKey::of_p256(*secret.verifying_key())?;
                Ok(Self { secret: Secret::P256(secret), public })
            }
        }
    }

    /// The public half, which can be published.
    #[must_use]
    pub fn verification_key(&self) -> VerificationKey {
        self.public.clone()
    }

    /// The key's raw signature over these bytes (RFC 9053, section 2), the same one each time.
    ///
    /// ES256 takes its nonce from key and message (RFC 6979), so that no weak random number can give the key away, and
    /// gives the lower value for s.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        match &self.secret {
            Secret::Ed25519(key) => key.sign(message).to_bytes(),
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.normalize_s().to_bytes().into()
            }
        }
    }

    /// The text of the QR code that makes these claims, signed with this key.
    #[must_use]
    pub fn issue(&self, claims: &Claims) -> String {
        let draft = Draft::new(claims, &self.public);
        let signature = self.sign(draft.to_be_signed());
        draft.finish(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, secret)", self.public.key_id())
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, InvalidKey, Secret, SigningKey};

    /// The order of P-256 (FIPS 186-5; SP 800-186, section 3.2.1.3).
    const ORDER: [u8; 32] = *b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\
        \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";

    #[test]
    fn a_scalar_of_es256_is_neither_zero_nor_beyond_the_order() {
        let mut greatest = ORDER;
        greatest[31] -= 1;
        assert!(SigningKey::from_seed(Algorithm::Es256, &greatest).is_ok());
        for seed in [[0; 32], ORDER, [0xff; 32]] {
            let refused = SigningKey::from_seed(Algorithm::Es256, &seed).err();
            assert_eq!(refused, Some(InvalidKey::Scalar), "{seed:?}");
            assert!(SigningKey::from_seed(Algorithm::EdDsa, &seed).is_ok());
        }
    }

    /// RFC 6979, appendix A.2.5, with SHA-256; s of "sample" is the greater one there, and comes out as n - s.
    #[test]
    fn the_nonce_of_es256_is_the_one_of_rfc_6979() {
        let seed = b"\xc9\xaf\xa9\xd8\x45\xba\x75\x16\x6b\x5c\x21\x57\x67\xb1\xd6\x93\
            \x4e\x50\xc3\xdb\x36\xe8\x9b\x12\x7b\x8a\x62\x2b\x12\x0f\x67\x21";
        let key = SigningKey::from_seed(Algorithm::Es256, seed).expect("the scalar is below the order");
        let of_test = *b"\xf1\xab\xb0\x23\x51\x83\x51\xcd\x71\xd8\x81\x56\x7b\x1e\xa6\x63\
            \xed\x3e\xfc\xf6\xc5\x13\x2b\x35\x4f\x28\xd3\xb0\xb7\xd3\x83\x67\
            \x01\x9f\x41\x13\x74\x2a\x2b\x14\xbd\x25\x92\x6b\x49\xc6\x49\x15\
            \x5f\x26\x7e\x60\xd3\x81\x4b\x4c\x0c\xc8\x42\x50\xe4\x6f\x00\x83";
        assert_eq!(key.sign(b"test"), of_test);
        let of_sample = *b"\xef\xd4\x8b\x2a\xac\xb6\xa8\xfd\x11\x40\xdd\x9c\xd4\x5e\x81\xd6\
            \x9d\x2c\x87\x7b\x56\xaa\xf9\x91\xc3\x4d\x0e\xa8\x4e\xaf\x37\x16\
            \x08\x34\xe3\x6a\xd2\x9a\x83\xbf\x2b\xc9\x38\x5e\x49\x1d\x60\x99\
            \xc8\xfd\xf9\xd1\xed\x67\xaa\x7e\xa5\xf5\x1f\x93\x78\x28\x57\xa9";
        assert_eq!(key.sign(b"sample"), of_sample);
    }

    #[test]
    fn the_secret_is_neither_printed_nor_left_in_memory() {
        fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let key = SigningKey::from_seed(algorithm, &[7; 32]).expect("the seed is a key");
            match &key.secret {
                Secret::Ed25519(secret) => wiped_on_drop(secret),
                Secret::P256(secret) => wiped_on_drop(secret),
            }
            assert_eq!(format!("{key:?}"), format!("SigningKey({}, secret)", key.public.key_id()));
        }
    }
}
