//! The bytes of the COSE message: every field has one place and one width.
//!
//! Written by hand: a writer for any COSE message can fail and leaves the map order and the width of integers to
//! its caller, while this one form has neither to choose. `coset`, another implementation, reads in the tests what is
//! written here, and says what is wrong with everything else.

use crate::{Algorithm, Claims, KeyId};

pub(crate) const SIGNATURE_LENGTH: usize = 64;
pub(crate) const MESSAGE_LENGTH: usize = 122;

/// Where the parts stand in the `Sig_structure`: from the protected header's head on, from the payload's head on.
const PROTECTED_AT: usize = 12;
const PROTECTED_END: usize = 26;
const PAYLOAD_AT: usize = 27;

/// The `Sig_structure` of RFC 9052, section 4.4, without external data: what a signature covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body([u8; 66]);

impl Body {
    pub(crate) fn new(algorithm: Algorithm, key_id: KeyId, claims: &Claims) -> Self {
        let mut writer = Writer { bytes: [0; 66], written: 0 };
        writer.put(b"\x84\x6aSignature1");
        // The protected header: `{1: alg, 4: kid}` (RFC 9052, section 3.1).
        writer.put(b"\x4d\xa2\x01");
        writer.put(&[algorithm.cbor()]);
        writer.put(b"\x04\x48");
        writer.put(key_id.as_bytes());
        // No external data, then the payload: `{1: iss, 4: exp, 6: iat, 7: cti}` (RFC 8392, section 4), the code id
        // and the revision making up `cti`.
        writer.put(b"\x40\x58\x25\xa4\x01\x62");
        writer.put(&claims.issuer().bytes());
        writer.put(b"\x04\x1a");
        writer.put(&claims.expires_at().to_be_bytes());
        writer.put(b"\x06\x1a");
        writer.put(&claims.issued_at().to_be_bytes());
        writer.put(b"\x07\x52");
        writer.put(claims.code_id().as_bytes());
        writer.put(&claims.revision().get().to_be_bytes());
        Self(writer.bytes)
    }

    pub(crate) fn to_be_signed(&self) -> &[u8] {
        &self.0
    }

    /// The tagged `COSE_Sign1` of RFC 9052, section 4.2, with an empty unprotected header.
    pub(crate) fn message(&self, signature: &[u8; SIGNATURE_LENGTH]) -> [u8; MESSAGE_LENGTH] {
        let mut writer = Writer { bytes: [0; MESSAGE_LENGTH], written: 0 };
        writer.put(b"\xd2\x84");
        writer.put(&self.0[PROTECTED_AT..PROTECTED_END]);
        writer.put(b"\xa0");
        writer.put(&self.0[PAYLOAD_AT..]);
        writer.put(b"\x58\x40");
        writer.put(signature);
        writer.bytes
    }
}

/// What stands at the places where a message has its fields; whether the rest is as it must be, is not looked at.
pub(crate) struct Fields {
    pub(crate) algorithm: u8,
    pub(crate) key_id: [u8; 8],
    pub(crate) issuer: [u8; 2],
    pub(crate) expires_at: u32,
    pub(crate) issued_at: u32,
    pub(crate) code_id: [u8; 16],
    pub(crate) revision: u16,
    pub(crate) signature: [u8; SIGNATURE_LENGTH],
}

impl Fields {
    pub(crate) fn at_their_places(message: &[u8; MESSAGE_LENGTH]) -> Self {
        Self {
            algorithm: message[5],
            key_id: at(message, 8),
            issuer: at(message, 22),
            expires_at: u32::from_be_bytes(at(message, 26)),
            issued_at: u32::from_be_bytes(at(message, 32)),
            code_id: at(message, 38),
            revision: u16::from_be_bytes(at(message, 54)),
            signature: at(message, 58),
        }
    }
}

fn at<const N: usize>(message: &[u8; MESSAGE_LENGTH], place: usize) -> [u8; N] {
    std::array::from_fn(|offset| message[place + offset])
}

/// Fills an array from front to back.
struct Writer<const N: usize> {
    bytes: [u8; N],
    written: usize,
}

impl<const N: usize> Writer<N> {
    fn put(&mut self, part: &[u8]) {
        let end = self.written + part.len();
        self.bytes[self.written..end].copy_from_slice(part);
        self.written = end;
    }
}

#[cfg(test)]
mod tests {
    use coset::{CoseSign1, TaggedCborSerializable};

    use super::{Body, SIGNATURE_LENGTH};
    use crate::{Algorithm, Claims, CodeId, KeyId};

    #[test]
    fn another_implementation_would_sign_the_same_bytes() {
        let issuer = "FS".parse().expect("two capitals are an issuer");
        let claims = Claims::new(issuer, CodeId::from_bytes([0xc0; 16]), 258, 1_000_000, 1_000_300)
            .expect("the claims keep the rules");
        let body = Body::new(Algorithm::EdDsa, KeyId::from_bytes([0x1d; 8]), &claims);
        let message = body.message(&[0; SIGNATURE_LENGTH]);
        let read = CoseSign1::from_tagged_slice(&message).expect("the layout is a tagged COSE_Sign1");
        assert_eq!(body.to_be_signed(), read.tbs_data(b""));
    }
}
