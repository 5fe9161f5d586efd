//! Public keys.

use p256::{
    ecdsa::signature::Verifier as _,
    elliptic_curve::{scalar::IsHigh as _, sec1::ToSec1Point as _},
};

use super::{Algorithm, InvalidKey, published::Coordinates};
use crate::{KeyId, layout::SIGNATURE_LENGTH};

/// A public key with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationKey {
    point: Point,
    coordinates: Coordinates,
    thumbprint: [u8; 32],
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Point {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
}

impl VerificationKey {
    /// Reads a `COSE_Key` of exactly the form that [`to_cose_key`](Self::to_cose_key) writes.
    pub fn from_cose_key(bytes: &[u8]) -> Result<Self, InvalidKey> {
        let (coordinates, key_id) = Coordinates::from_cose_key(bytes)?;
        let point = match &coordinates {
            Coordinates::Ed25519 { x } => Point::Ed25519(ed25519(x)?),
            Coordinates::P256 { x, y } => Point::P256(p256(x, y)?),
        };
        let key = Self { point, coordinates, thumbprint: coordinates.thumbprint() };
        if key.key_id() == key_id { Ok(key) } else { Err(InvalidKey::KeyId) }
    }

    pub(super) fn of_ed25519(key: ed25519_dalek::VerifyingKey) -> Self {
        let coordinates = Coordinates::Ed25519 { x: key.to_bytes() };
        Self { point: Point::Ed25519(key), coordinates, thumbprint: coordinates.thumbprint() }
    }

    pub(super) fn of_p256(key: p256::ecdsa::VerifyingKey) -> Result<Self, InvalidKey> {
        let encoded = key.as_affine().to_sec1_point(false);
        let (Some(x), Some(y)) = (encoded.x(), encoded.y()) else { return Err(InvalidKey::Point) };
        let coordinates = Coordinates::P256 { x: (*x).into(), y: (*y).into() };
        Ok(Self { point: Point::P256(key), coordinates, thumbprint: coordinates.thumbprint() })
    }

    /// The key alone, without id and algorithm: for `EdDSA` the 32 bytes of RFC 8032, section 5.1.2, for ES256 the 65 of
    /// the uncompressed point of SEC 1, section 2.3.3.
    #[must_use]
    pub fn public_key_bytes(&self) -> Vec<u8> {
        match &self.coordinates {
            Coordinates::Ed25519 { x } => x.to_vec(),
            Coordinates::P256 { x, y } => [b"\x04".as_slice(), x, y].concat(),
        }
    }

    /// The id under which a token names this key: the first 8 bytes of the thumbprint.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        KeyId::from_bytes(std::array::from_fn(|at| self.thumbprint[at]))
    }

    /// The algorithm of every signature by this key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.coordinates.algorithm()
    }

    /// The COSE Key Thumbprint with SHA-256 (RFC 9679, section 3): whoever knows it can recognise the key, wherever
    /// it comes from. The 8 bytes of the id are too few for that.
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        self.thumbprint
    }

    /// The key as a `COSE_Key` with its id and algorithm, for publication (RFC 9052, section 7; RFC 9053,
    /// section 7), in deterministic CBOR: `{1: 1, 2: kid, 3: -8, -1: 6, -2: x}` for `EdDSA`,
    /// `{1: 2, 2: kid, 3: -7, -1: 1, -2: x, -3: y}` for ES256.
    #[must_use]
    pub fn to_cose_key(&self) -> Vec<u8> {
        self.coordinates.to_cose_key(self.key_id())
    }

    /// The key as a JWK (RFC 7517; RFC 8037 for `EdDSA`) with `use`, `alg` and, as `kid`, the key id's text.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        self.coordinates.to_jwk(self.key_id())
    }

    /// Whether the key's private half made this raw signature (RFC 9053, section 2) over these bytes.
    ///
    /// A signature has one spelling. For `EdDSA` what RFC 8032 leaves open, and two verifiers could judge differently,
    /// is refused too (`verify_strict`). For ES256 (r, n - s) is as right as (r, s): only the lower value for s is.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; SIGNATURE_LENGTH]) -> bool {
        match &self.point {
            Point::Ed25519(key) => {
                key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
            }
            Point::P256(key) => p256::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
                !bool::from(signature.s().is_high()) && key.verify(message, &signature).is_ok()
            }),
        }
    }
}

fn ed25519(x: &[u8; 32]) -> Result<ed25519_dalek::VerifyingKey, InvalidKey> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(x).map_err(|_| InvalidKey::Point)?;
    // A coordinate of 2^255 - 19 and above is read modulo that: one key would have two ids.
    let one_spelling = key.to_edwards().compress().as_bytes() == x;
    if one_spelling && !key.is_weak() { Ok(key) } else { Err(InvalidKey::Point) }
}

/// The curve has no points of small order, and its coordinates no second spelling that SEC 1 would allow.
fn p256(x: &[u8; 32], y: &[u8; 32]) -> Result<p256::ecdsa::VerifyingKey, InvalidKey> {
    let point = p256::Sec1Point::from_affine_coordinates(x.into(), y.into(), false);
    p256::ecdsa::VerifyingKey::from_sec1_point(&point).map_err(|_| InvalidKey::Point)
}

#[cfg(test)]
mod tests {
    use coset::{Algorithm as CoseAlgorithm, CborSerializable as _, CoseKey, KeyType, Label, cbor, iana};
    use sha2::{Digest as _, Sha256};

    use super::{Algorithm, Coordinates, InvalidKey, VerificationKey};
    use crate::{KeyId, SigningKey};

    /// RFC 8032, section 7.1, test 1.
    const SEED: [u8; 32] = *b"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\
        \x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
    const PUBLIC: [u8; 32] = *b"\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\
        \x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";

    fn key(algorithm: Algorithm) -> VerificationKey {
        SigningKey::from_seed(algorithm, &SEED).expect("the seed is a key").verification_key()
    }

    fn keys() -> [VerificationKey; 2] {
        [key(Algorithm::EdDsa), key(Algorithm::Es256)]
    }

    /// The `COSE_Key` of these coordinates with the id that belongs to them.
    fn published(coordinates: Coordinates) -> Vec<u8> {
        let thumbprint = coordinates.thumbprint();
        coordinates.to_cose_key(KeyId::from_bytes(std::array::from_fn(|at| thumbprint[at])))
    }

    #[test]
    fn the_public_half_is_the_one_of_rfc_8032() {
        assert_eq!(key(Algorithm::EdDsa).public_key_bytes(), PUBLIC);
    }

    /// RFC 6979, appendix A.2.5.
    #[test]
    fn the_public_half_is_the_one_of_rfc_6979() {
        let seed = b"\xc9\xaf\xa9\xd8\x45\xba\x75\x16\x6b\x5c\x21\x57\x67\xb1\xd6\x93\
            \x4e\x50\xc3\xdb\x36\xe8\x9b\x12\x7b\x8a\x62\x2b\x12\x0f\x67\x21";
        let key = SigningKey::from_seed(Algorithm::Es256, seed).expect("the scalar is below the order");
        let public = b"\x04\x60\xfe\xd4\xba\x25\x5a\x9d\x31\xc9\x61\xeb\x74\xc6\x35\x6d\x68\
            \xc0\x49\xb8\x92\x3b\x61\xfa\x6c\xe6\x69\x62\x2e\x60\xf2\x9f\xb6\
            \x79\x03\xfe\x10\x08\xb8\xbc\x99\xa4\x1a\xe9\xe9\x56\x28\xbc\x64\
            \xf2\xf1\xb2\x0c\x2d\x7e\x9f\x51\x77\xa3\xc2\x94\xd4\x46\x22\x99";
        assert_eq!(key.verification_key().public_key_bytes(), public);
    }

    #[test]
    fn the_id_is_the_front_of_the_thumbprint() {
        // Computed with Python's hashlib and cbor2: sha256(dumps({1: 1, -1: 6, -2: x}, canonical=True)).
        assert_eq!(key(Algorithm::EdDsa).key_id().to_string(), "866eefbd6718c884");
        for key in keys() {
            let mut read = CoseKey::from_slice(&key.to_cose_key()).expect("the published form is a COSE_Key");
            read.key_id.clear();
            read.alg = None;
            let needed = read.to_vec().expect("the key can be written");
            assert_eq!(key.thumbprint(), <[u8; 32]>::from(Sha256::digest(needed)));
            assert_eq!(key.thumbprint()[..8], *key.key_id().as_bytes());
        }
    }

    #[test]
    fn the_published_form_is_a_cose_key_with_id_and_algorithm() {
        for key in keys() {
            let (kty, alg, curve) = match key.algorithm() {
                Algorithm::EdDsa => {
                    (iana::KeyType::OKP, iana::Algorithm::EdDSA, iana::EllipticCurve::Ed25519)
                }
                Algorithm::Es256 => (iana::KeyType::EC2, iana::Algorithm::ES256, iana::EllipticCurve::P_256),
            };
            let read = CoseKey::from_slice(&key.to_cose_key()).expect("the published form is a COSE_Key");
            assert_eq!(read.kty, KeyType::Assigned(kty));
            assert_eq!(read.key_id, key.key_id().as_bytes());
            assert_eq!(read.alg, Some(CoseAlgorithm::Assigned(alg)));
            let bytes = key.public_key_bytes();
            let point: Vec<&[u8]> = match key.algorithm() {
                Algorithm::EdDsa => vec![&bytes],
                Algorithm::Es256 => vec![&bytes[1..33], &bytes[33..]],
            };
            let mut params = vec![(Label::Int(-1), cbor::Value::from(curve as u64))];
            params.extend((-3..=-2).rev().map(Label::Int).zip(point.into_iter().map(cbor::Value::from)));
            assert_eq!(read.params, params);
            assert_eq!(read.to_vec().expect("the key can be written"), key.to_cose_key());
        }
    }

    #[test]
    fn a_published_key_is_read_back() {
        for key in keys() {
            assert_eq!(VerificationKey::from_cose_key(&key.to_cose_key()), Ok(key));
        }
    }

    #[test]
    fn another_spelling_of_a_published_key_is_refused() {
        let swapped = |form: &[u8], first: std::ops::Range<usize>, second: std::ops::Range<usize>| {
            [&form[..first.start], &form[second.clone()], &form[first], &form[second.end..]].concat()
        };
        for key in keys() {
            let good = key.to_cose_key();
            let without_kid = [&[good[0] - 1], &good[1..3], &good[13..]].concat();
            let spellings = [
                Vec::new(),
                good[..good.len() - 1].to_vec(),
                [good.as_slice(), b"\0"].concat(),
                swapped(&good, 1..3, 3..13),
                swapped(&good, 13..15, 15..17),
                without_kid,
                key.public_key_bytes(),
            ];
            for bytes in spellings {
                assert_eq!(VerificationKey::from_cose_key(&bytes), Err(InvalidKey::CoseKey), "{bytes:?}");
            }
        }
    }

    #[test]
    fn no_bit_of_a_published_key_can_be_changed() {
        for key in keys() {
            let good = key.to_cose_key();
            for bit in 0..good.len() * 8 {
                let mut bytes = good.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(VerificationKey::from_cose_key(&bytes).is_err(), "bit {bit}");
            }
            let mut named_otherwise = good;
            named_otherwise[5] ^= 1;
            assert_eq!(VerificationKey::from_cose_key(&named_otherwise), Err(InvalidKey::KeyId));
        }
    }

    #[test]
    fn bytes_under_which_a_signature_proves_nothing_are_no_key() {
        let little_endian = |low: u8, rest: u8, high: u8| -> [u8; 32] {
            std::array::from_fn(|at| match at {
                0 => low,
                31 => high,
                _ => rest,
            })
        };
        let order_8 = *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\
            \x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a";
        let table = [
            ("the neutral point", little_endian(1, 0, 0)),
            ("order 2", little_endian(0xec, 0xff, 0x7f)),
            ("order 4", little_endian(0, 0, 0)),
            ("order 8", order_8),
            ("off the curve", little_endian(2, 0, 0)),
            ("y = 3 as 3 + (2^255 - 19)", little_endian(0xf0, 0xff, 0x7f)),
        ];
        for (name, x) in table {
            let form = published(Coordinates::Ed25519 { x });
            assert_eq!(VerificationKey::from_cose_key(&form), Err(InvalidKey::Point), "{name}");
        }
        // The last one is a point when it is spelt in the one way.
        let one_spelling = published(Coordinates::Ed25519 { x: little_endian(3, 0, 0) });
        assert!(VerificationKey::from_cose_key(&one_spelling).is_ok());
    }

    #[test]
    fn coordinates_that_are_no_point_of_p256_are_no_key() {
        let bytes = key(Algorithm::Es256).public_key_bytes();
        let x: [u8; 32] = bytes[1..33].try_into().expect("a coordinate has 32 bytes");
        let y: [u8; 32] = bytes[33..].try_into().expect("a coordinate has 32 bytes");
        assert!(VerificationKey::from_cose_key(&published(Coordinates::P256 { x, y })).is_ok());
        let zero = [0; 32];
        for (x, y) in [(y, x), (x, zero), (zero, zero), ([0xff; 32], y), (x, [0xff; 32])] {
            let form = published(Coordinates::P256 { x, y });
            assert_eq!(VerificationKey::from_cose_key(&form), Err(InvalidKey::Point));
        }
    }

    /// RFC 8037, appendix A.2, has the same key and its `x`.
    #[test]
    fn a_jwk_is_the_key_of_rfc_8037_with_id_and_algorithm() {
        let jwk: serde_json::Value =
            serde_json::from_str(&key(Algorithm::EdDsa).to_jwk()).expect("a JWK is JSON");
        let wanted = serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kid": "866eefbd6718c884", "alg": "EdDSA", "use": "sig",
        });
        assert_eq!(jwk, wanted);
    }

    /// RFC 7515, appendix A.3.1, has this private key and its coordinates.
    #[test]
    fn a_jwk_is_the_key_of_rfc_7515_with_id_and_algorithm() {
        let seed = b"\x8e\x9b\x10\x9e\x71\x90\x98\xbf\x98\x04\x87\xdf\x1f\x5d\x77\xe9\
            \xcb\x29\x60\x6e\xbe\xd2\x26\x3b\x5f\x57\xc2\x13\xdf\x84\xf4\xb2";
        let key = SigningKey::from_seed(Algorithm::Es256, seed).expect("the scalar is below the order");
        let key = key.verification_key();
        let jwk: serde_json::Value = serde_json::from_str(&key.to_jwk()).expect("a JWK is JSON");
        let wanted = serde_json::json!({
            "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            "kid": key.key_id().to_string(), "alg": "ES256", "use": "sig",
        });
        assert_eq!(jwk, wanted);
    }
}
