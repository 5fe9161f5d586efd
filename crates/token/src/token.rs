//! From claims to the text of a QR code, and back through one accepted form.

use coset::{
    Algorithm as CoseAlgorithm, CborSerializable as _, CoseError, CoseSign1, Header,
    TaggedCborSerializable as _,
    cwt::{ClaimsSet, Timestamp},
    iana,
};

use crate::{
    Algorithm, Claims, CodeId, KeyId, Malformed, VerificationKey,
    layout::{Body, Fields, SIGNATURE_LENGTH},
};

/// What every token begins with. The digit is the version of the format.
pub const PREFIX: &str = "FSP1:";

/// No token is longer, in characters: QR version 9 at level Q holds no more in alphanumeric mode (ISO/IEC 18004).
pub const MAX_TEXT_LENGTH: usize = 189;

/// A token before it is signed.
///
/// In these two steps the private key can stay in a hardware module; with the key at hand,
/// [`SigningKey::issue`](crate::SigningKey::issue) does the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    algorithm: Algorithm,
    body: Body,
}

impl Draft {
    /// Puts down these claims in the name of `key`, which decides the algorithm.
    #[must_use]
    pub fn new(claims: &Claims, key: &VerificationKey) -> Self {
        let algorithm = key.algorithm();
        Self { algorithm, body: Body::new(algorithm, key.key_id(), claims) }
    }

    /// What the private half of the key has to sign.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.body.to_be_signed()
    }

    /// The text of the QR code, given the algorithm's raw signature (RFC 9053, section 2).
    ///
    /// Of an ES256 signature either value for s will do; the lower one is written. Whether the signature is right is
    /// not looked at.
    #[must_use]
    pub fn finish(&self, signature: [u8; SIGNATURE_LENGTH]) -> String {
        let signature = self.algorithm.canonical(signature);
        let mut text = String::with_capacity(MAX_TEXT_LENGTH);
        text.push_str(PREFIX);
        text.push_str(&base45::encode(self.body.message(&signature)));
        text
    }
}

/// What a scanner read, without what it may have added: blanks in front, line ends and tabs on either side.
///
/// A blank behind the text stays: it is a character of Base45, and a token may end with one.
#[must_use]
pub fn without_additions(scanned: &str) -> &str {
    scanned.trim_start().trim_end_matches(['\r', '\n', '\t'])
}

/// A well-formed token that nobody has verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    algorithm: Algorithm,
    key_id: KeyId,
    claims: Claims,
    signature: [u8; SIGNATURE_LENGTH],
}

/// The signature was not made over this token by the key at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not belong to this token and key")]
pub struct BadSignature;

impl Token {
    /// Reads the text of a QR code.
    ///
    /// Content that could be spelt in another way is refused: were two texts the same token, a list of texts
    /// already seen, or a filter before the verifier, could be passed with the other one.
    pub fn decode(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_TEXT_LENGTH {
            return Err(Malformed::TooLong);
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(Malformed::WrongPrefix)?;
        let message = base45::decode(encoded).map_err(|_| Malformed::NotBase45)?;
        // The decoder drops what a final pair of characters says beyond a byte.
        if base45::encode(&message) != encoded {
            return Err(Malformed::NotBase45);
        }
        Self::from_message(&message)
    }

    fn from_message(message: &[u8]) -> Result<Self, Malformed> {
        Self::from_places(message).ok_or_else(|| why_malformed(message))
    }

    /// What stands at the places of the fields, if the message written anew from it is the same.
    ///
    /// A general parser is several times slower, and leaves the same comparison to be made.
    fn from_places(message: &[u8]) -> Option<Self> {
        let fields = Fields::at_their_places(message.try_into().ok()?);
        let issuer = std::str::from_utf8(&fields.issuer).ok()?.parse().ok()?;
        let code_id = CodeId::from_bytes(fields.code_id);
        let [expires_at, issued_at] = [fields.expires_at, fields.issued_at].map(i64::from);
        let token = Self {
            algorithm: Algorithm::from_cbor(fields.algorithm)?,
            key_id: KeyId::from_bytes(fields.key_id),
            claims: Claims::new(issuer, code_id, fields.revision.into(), issued_at, expires_at).ok()?,
            signature: fields.signature,
        };
        (token.body().message(&token.signature) == message).then_some(token)
    }

    fn body(&self) -> Body {
        Body::new(self.algorithm, self.key_id, &self.claims)
    }

    /// The id of the key with which to verify this token.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The claims, if `key` is the one that the token names and has signed it.
    ///
    /// The hour is not looked at: see [`Claims::freshness_at`].
    pub fn verify(&self, key: &VerificationKey) -> Result<&Claims, BadSignature> {
        let named = self.key_id == key.key_id() && self.algorithm == key.algorithm();
        if named && key.verifies(self.body().to_be_signed(), &self.signature) {
            Ok(&self.claims)
        } else {
            Err(BadSignature)
        }
    }
}

/// Why a message is not the one form. Whoever is refused is told by `coset`, which knows every form that COSE allows.
fn why_malformed(message: &[u8]) -> Malformed {
    // A message without any other fault spells its content in another way.
    check(message).err().unwrap_or(Malformed::NotDeterministic)
}

/// Whether a message says what a token says, in whatever spelling.
fn check(message: &[u8]) -> Result<(), Malformed> {
    let sign1 = CoseSign1::from_tagged_slice(message)
        .map_err(|error| malformed(&error, Malformed::NotCoseSign1, Malformed::WrongHeaders))?;
    check_headers(&sign1)?;
    claims(sign1.payload.as_deref().ok_or(Malformed::WrongClaims)?)?;
    if sign1.signature.len() == SIGNATURE_LENGTH { Ok(()) } else { Err(Malformed::SignatureLength) }
}

fn check_headers(sign1: &CoseSign1) -> Result<(), Malformed> {
    let header = &sign1.protected.header;
    let only = Header { alg: header.alg.clone(), key_id: header.key_id.clone(), ..Header::default() };
    if *header != only || !sign1.unprotected.is_empty() || header.key_id.len() != size_of::<KeyId>() {
        return Err(Malformed::WrongHeaders);
    }
    match header.alg {
        Some(CoseAlgorithm::Assigned(iana::Algorithm::EdDSA | iana::Algorithm::ES256)) => Ok(()),
        Some(_) => Err(Malformed::UnknownAlgorithm),
        None => Err(Malformed::WrongHeaders),
    }
}

fn claims(payload: &[u8]) -> Result<Claims, Malformed> {
    let set = ClaimsSet::from_slice(payload)
        .map_err(|error| malformed(&error, Malformed::WrongClaims, Malformed::WrongClaims))?;
    let ClaimsSet {
        issuer: Some(issuer),
        subject: None,
        audience: None,
        expiration_time: Some(Timestamp::WholeSeconds(expires_at)),
        not_before: None,
        issued_at: Some(Timestamp::WholeSeconds(issued_at)),
        cwt_id: Some(cwt_id),
        rest,
    } = set
    else {
        return Err(Malformed::WrongClaims);
    };
    if !rest.is_empty() {
        return Err(Malformed::WrongClaims);
    }
    let issuer = issuer.parse().map_err(|_| Malformed::InvalidIssuer)?;
    let (code_id, revision) = cwt_id.split_first_chunk().ok_or(Malformed::InvalidCti)?;
    let revision = u16::from_be_bytes(revision.try_into().map_err(|_| Malformed::InvalidCti)?);
    Ok(Claims::new(issuer, CodeId::from_bytes(*code_id), revision.into(), issued_at, expires_at)?)
}

/// Names the error of a part that is to have one shape and only registered labels.
fn malformed(error: &CoseError, shape: Malformed, label: Malformed) -> Malformed {
    match error {
        CoseError::DecodeFailed(_) => Malformed::NotCbor,
        CoseError::ExtraneousData => Malformed::TrailingBytes,
        CoseError::DuplicateMapKey => Malformed::DuplicateLabel,
        CoseError::EncodeFailed | CoseError::UnexpectedItem(..) => shape,
        CoseError::OutOfRangeIntegerValue
        | CoseError::UnregisteredIanaValue
        | CoseError::UnregisteredIanaNonPrivateValue => label,
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, check};
    use crate::{Algorithm, Claims, CodeId, Malformed, SigningKey};

    fn message() -> Vec<u8> {
        let issuer = "FS".parse().expect("two capitals are an issuer");
        let claims = Claims::new(issuer, CodeId::from_bytes([0xc0; 16]), 258, 1_767_225_600, 1_767_225_900);
        let key = SigningKey::from_seed(Algorithm::EdDsa, &[7; 32]).expect("any seed is a key of EdDSA");
        let text = key.issue(&claims.expect("the claims keep the rules"));
        base45::decode(&text[5..]).expect("a token is Base45")
    }

    /// These are longer than a token can be, so that [`Token::decode`] never gets as far with them.
    #[test]
    fn a_longer_spelling_of_the_same_content_is_refused_whatever_the_length_limit() {
        let table: [(&str, &[u8], &[u8]); 6] = [
            ("tag", b"\xd2\x84", b"\xd8\x12\x84"),
            ("array", b"\xd2\x84", b"\xd2\x98\x04"),
            ("byte string", b"\x84\x4d\xa2", b"\x84\x58\x0d\xa2"),
            ("header's algorithm", b"\x4d\xa2\x01\x27", b"\x4e\xa2\x01\x38\x07"),
            ("claim's key", b"\x58\x25\xa4\x01", b"\x58\x26\xa4\x18\x01"),
            ("empty header", b"\xa0\x58\x25", b"\xbf\xff\x58\x25"),
        ];
        assert!(Token::from_message(&message()).is_ok());
        assert_eq!(check(&message()), Ok(()), "another implementation finds no fault with the one form");
        for (name, from, to) in table {
            let mut spelt = message();
            let at = spelt.windows(from.len()).position(|bytes| bytes == from).expect(name);
            let tail = spelt.split_off(at);
            spelt.extend_from_slice(to);
            spelt.extend_from_slice(&tail[from.len()..]);
            assert_eq!(Token::from_message(&spelt), Err(Malformed::NotDeterministic), "{name}");
        }
    }
}
