//! From the contents of a bundle to its signed bytes, and back through one accepted form.

use coset::{CborSerializable as _, CoseError, CoseSign1, TaggedCborSerializable as _};
use entrypass_token::{Algorithm, KeyId, VerificationKey};

use crate::{Contents, InvalidContents, layout};

/// No bundle is longer, in bytes: room for a million withdrawn codes.
///
/// It also bounds what a bundle of nothing but tiny values takes of memory before its signature is looked at: half a gigabyte.
pub const MAX_BUNDLE_LENGTH: usize = 16 * 1024 * 1024;

/// The media type of the contents, which keeps a bundle from ever being taken for a token: none has one.
pub const CONTENT_TYPE: &str = "application/fsp-bundle+cbor";

/// A bundle that lacks only its signature, for keys that others hold.
#[derive(Debug, Clone)]
pub struct Draft {
    algorithm: Algorithm,
    message: CoseSign1,
    to_be_signed: Vec<u8>,
}

impl Draft {
    /// Writes the contents down, to be signed by `signer`, one of their keys.
    ///
    /// The withdrawals may come as they happened, a code several times: of each code it keeps what is to be known, and rounds the drop
    /// time up to a quarter of an hour. What nobody needs to know any more is left out.
    pub fn new(mut contents: Contents, signer: &VerificationKey) -> Result<Self, InvalidContents> {
        contents.compact();
        contents.sort();
        contents.check(signer.key_id())?;
        let payload = layout::payload(&contents).ok_or(InvalidContents::TooLong)?;
        // The message's frame is below 200 bytes.
        if payload.len() > MAX_BUNDLE_LENGTH - 200 {
            return Err(InvalidContents::TooLong);
        }
        let message = layout::message(signer.algorithm(), signer.key_id(), payload);
        let to_be_signed = message.tbs_data(b"");
        Ok(Self { algorithm: signer.algorithm(), message, to_be_signed })
    }

    /// What the signature covers: the `Sig_structure` of RFC 9052, section 4.4.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// The bundle, given the algorithm's raw signature (RFC 9053, section 2) over [`Draft::to_be_signed`].
    ///
    /// Of an ES256 signature either value for s will do; the lower one is written. Whether the signature is right is
    /// not looked at.
    #[must_use]
    pub fn finish(self, signature: [u8; 64]) -> Vec<u8> {
        let signature = self.algorithm.canonical(signature).to_vec();
        layout::encode(CoseSign1 { signature, ..self.message })
    }
}

/// The first reason for which bytes are not a bundle of the one accepted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedBundle {
    /// More than [`MAX_BUNDLE_LENGTH`] bytes.
    #[error("the bundle is longer than 16777216 bytes")]
    TooLong,
    /// The message or its contents are not well-formed CBOR (RFC 8949).
    #[error("the bundle is not well-formed CBOR")]
    NotCbor,
    /// Something follows the message, or the contents in it.
    #[error("bytes follow the end of the bundle")]
    TrailingBytes,
    /// The message is not a `COSE_Sign1` with tag 18 (RFC 9052, section 4.2).
    #[error("the bundle is not a tagged COSE_Sign1")]
    NotCoseSign1,
    /// The protected header is not exactly algorithm, content type and 8-byte key id, or the unprotected one not empty.
    #[error(
        "the headers are not exactly a protected algorithm, the content type of a bundle and an 8-byte key id"
    )]
    WrongHeaders,
    /// The signature is not 64 bytes long.
    #[error("the signature is not 64 bytes long")]
    SignatureLength,
    /// The contents are of another format than 1.
    #[error("the bundle's format is not supported")]
    UnknownFormat,
    /// The contents are not exactly the fields of a bundle, each of its type.
    #[error("the contents are not exactly the fields of a bundle")]
    WrongContents,
    /// The field is not an [`Issuer`](entrypass_token::Issuer).
    #[error("the issuer is not two characters out of A-Z and 0-9")]
    InvalidIssuer,
    /// A key is not the `COSE_Key` of a usable key, in its one form.
    #[error("a key is not a usable COSE_Key")]
    InvalidKey,
    /// The contents break a rule.
    #[error(transparent)]
    InvalidContents(#[from] InvalidContents),
    /// The header names another algorithm than the key has.
    #[error("the algorithm is not that of the key")]
    WrongAlgorithm,
    /// The same content has another spelling, in the order and the deterministic CBOR of the specification.
    #[error("the bundle is not in the one order and the deterministic CBOR of its format")]
    NotDeterministic,
}

impl MalformedBundle {
    /// The stable `UPPER_SNAKE_CASE` word for machines.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "TOO_LONG",
            Self::NotCbor => "NOT_CBOR",
            Self::TrailingBytes => "TRAILING_BYTES",
            Self::NotCoseSign1 => "NOT_COSE_SIGN1",
            Self::WrongHeaders => "WRONG_HEADERS",
            Self::SignatureLength => "INVALID_SIGNATURE_LENGTH",
            Self::UnknownFormat => "UNKNOWN_FORMAT",
            Self::WrongContents => "WRONG_CONTENTS",
            Self::InvalidIssuer => "INVALID_ISSUER",
            Self::InvalidKey => "INVALID_KEY",
            Self::InvalidContents(broken) => broken.reason(),
            Self::WrongAlgorithm => "WRONG_ALGORITHM",
            Self::NotDeterministic => "NOT_DETERMINISTIC",
        }
    }
}

/// A well-formed bundle that nobody has verified yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    contents: Contents,
    signer: VerificationKey,
    to_be_signed: Vec<u8>,
    signature: [u8; 64],
}

impl Bundle {
    /// Reads a bundle. Another spelling of the same contents is refused.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedBundle> {
        if bytes.len() > MAX_BUNDLE_LENGTH {
            return Err(MalformedBundle::TooLong);
        }
        let message = CoseSign1::from_tagged_slice(bytes)
            .map_err(|error| malformed(&error, MalformedBundle::NotCoseSign1))?;
        let (algorithm, signer) = layout::headers(&message).ok_or(MalformedBundle::WrongHeaders)?;
        let signature =
            message.signature.as_slice().try_into().map_err(|_| MalformedBundle::SignatureLength)?;
        let payload = message.payload.as_deref().ok_or(MalformedBundle::WrongContents)?;
        let mut contents = read(payload)?;
        contents.sort();
        contents.check(signer)?;
        let rewritten = rewrite(&contents, algorithm, signer, signature);
        if rewritten.as_deref() != Some(bytes) {
            return Err(MalformedBundle::NotDeterministic);
        }
        Self::of(contents, &message, algorithm, signer, signature)
    }

    fn of(
        contents: Contents,
        message: &CoseSign1,
        algorithm: Algorithm,
        signer: KeyId,
        signature: [u8; 64],
    ) -> Result<Self, MalformedBundle> {
        let signer = contents.key(signer).ok_or(InvalidContents::SignerNotListed).map(|it| it.key.clone())?;
        if signer.algorithm() != algorithm {
            return Err(MalformedBundle::WrongAlgorithm);
        }
        Ok(Self { contents, signer, to_be_signed: message.tbs_data(b""), signature })
    }

    /// What it says. It is nothing to rely on before a [`Verifier`](crate::Verifier) has accepted the bundle.
    #[must_use]
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The key that it says has signed it, one of its keys.
    #[must_use]
    pub fn signer(&self) -> &VerificationKey {
        &self.signer
    }

    /// Whether that key signed it. Whether the key is to be trusted is another question.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.signer.verifies(&self.to_be_signed, &self.signature)
    }
}

fn read(payload: &[u8]) -> Result<Contents, MalformedBundle> {
    let value = coset::cbor::Value::from_slice(payload)
        .map_err(|error| malformed(&error, MalformedBundle::WrongContents))?;
    layout::contents(value)
}

fn rewrite(contents: &Contents, algorithm: Algorithm, signer: KeyId, signature: [u8; 64]) -> Option<Vec<u8>> {
    let message = layout::message(algorithm, signer, layout::payload(contents)?);
    Some(layout::encode(CoseSign1 { signature: signature.to_vec(), ..message }))
}

fn malformed(error: &CoseError, shape: MalformedBundle) -> MalformedBundle {
    match error {
        CoseError::DecodeFailed(_) => MalformedBundle::NotCbor,
        CoseError::ExtraneousData => MalformedBundle::TrailingBytes,
        CoseError::UnexpectedItem(..) | CoseError::EncodeFailed => shape,
        CoseError::DuplicateMapKey
        | CoseError::OutOfRangeIntegerValue
        | CoseError::UnregisteredIanaValue
        | CoseError::UnregisteredIanaNonPrivateValue => MalformedBundle::WrongHeaders,
    }
}
