//! The bytes of the COSE message: every field has one place and one width.
//!
//! Written by hand: a writer for any COSE message can fail and leaves the map order and the width of integers to
//! its caller, while this one form has neither to choose. `coset`, another implementation, reads back what is
//! written here, each time that a token is decoded.

use crate::{Algorithm, Claims, KeyId};

pub(crate) const SIGNATURE_LENGTH: usize = 64;

/// What a signature covers: the protected header and the payload, each as the content of its byte string.
pub(crate) struct Body {
    protected: Vec<u8>,
    payload: Vec<u8>,
}

impl Body {
    pub(crate) fn new(algorithm: Algorithm, key_id: KeyId, claims: &Claims) -> Self {
        Self { protected: protected(algorithm, key_id), payload: payload(claims) }
    }

    /// The `Sig_structure` of RFC 9052, section 4.4, without external data.
    pub(crate) fn to_be_signed(&self) -> Vec<u8> {
        [b"\x84\x6aSignature1\x4d".as_slice(), &self.protected, b"\x40\x58\x25", &self.payload].concat()
    }

    /// The tagged `COSE_Sign1` of RFC 9052, section 4.2, with an empty unprotected header.
    pub(crate) fn message(&self, signature: &[u8; SIGNATURE_LENGTH]) -> Vec<u8> {
        [b"\xd2\x84\x4d".as_slice(), &self.protected, b"\xa0\x58\x25", &self.payload, b"\x58\x40", signature]
            .concat()
    }
}

/// `{1: alg, 4: kid}` (RFC 9052, section 3.1).
fn protected(algorithm: Algorithm, key_id: KeyId) -> Vec<u8> {
    [b"\xa2\x01".as_slice(), &[algorithm.cbor()], b"\x04\x48", key_id.as_bytes()].concat()
}

/// `{1: iss, 4: exp, 6: iat, 7: cti}` (RFC 8392, section 4), the code id and the revision making up `cti`.
fn payload(claims: &Claims) -> Vec<u8> {
    [
        b"\xa4\x01\x62".as_slice(),
        &claims.issuer().bytes(),
        b"\x04\x1a",
        &claims.expires_at().to_be_bytes(),
        b"\x06\x1a",
        &claims.issued_at().to_be_bytes(),
        b"\x07\x52",
        claims.code_id().as_bytes(),
        &claims.revision().get().to_be_bytes(),
    ]
    .concat()
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
