//! The words for every way in which a text is not a token.

use crate::InvalidClaims;

/// The first reason for which a text is not a token of the one accepted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The text is longer than [`MAX_TEXT_LENGTH`](crate::MAX_TEXT_LENGTH).
    #[error("the text is longer than 189 characters")]
    TooLong,
    /// The text does not begin with [`PREFIX`](crate::PREFIX).
    #[error("the text does not begin with FSP1:")]
    WrongPrefix,
    /// What follows the prefix is not the Base45 (RFC 9285) of any bytes.
    #[error("the text after the prefix is not Base45")]
    NotBase45,
    /// The message, its protected header or its payload is not well-formed CBOR (RFC 8949).
    #[error("the content is not well-formed CBOR")]
    NotCbor,
    /// Something follows the message, or the map inside its protected header or payload.
    #[error("bytes follow the end of the content")]
    TrailingBytes,
    /// A header parameter or a claim occurs twice.
    #[error("a header parameter or a claim occurs twice")]
    DuplicateLabel,
    /// The message is not a `COSE_Sign1` with tag 18 (RFC 9052, section 4.2).
    #[error("the content is not a tagged COSE_Sign1")]
    NotCoseSign1,
    /// The protected header is not exactly an algorithm and an 8-byte key id, or the unprotected one not empty.
    #[error("the headers are not exactly a protected algorithm and an 8-byte key id")]
    WrongHeaders,
    /// The header names an algorithm that no key has.
    #[error("the algorithm is not supported")]
    UnknownAlgorithm,
    /// The payload is not exactly the claims `iss`, `exp`, `iat` and `cti`, each of its type.
    #[error("the claims are not exactly iss, exp, iat and cti")]
    WrongClaims,
    /// The claim `iss` is not an [`Issuer`](crate::Issuer).
    #[error("the issuer is not two characters out of A-Z and 0-9")]
    InvalidIssuer,
    /// The claim `cti` is not 18 bytes long.
    #[error("the claim cti is not 18 bytes long")]
    InvalidCti,
    /// The claims break a rule among themselves.
    #[error(transparent)]
    InvalidClaims(#[from] InvalidClaims),
    /// The signature is not 64 bytes long.
    #[error("the signature is not 64 bytes long")]
    SignatureLength,
    /// The same content has another spelling, the deterministic one of RFC 8949, section 4.2.1.
    #[error("the content is not in deterministic CBOR")]
    NotDeterministic,
}

impl Malformed {
    /// The stable `UPPER_SNAKE_CASE` word for machines.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "TOO_LONG",
            Self::WrongPrefix => "WRONG_PREFIX",
            Self::NotBase45 => "NOT_BASE45",
            Self::NotCbor => "NOT_CBOR",
            Self::TrailingBytes => "TRAILING_BYTES",
            Self::DuplicateLabel => "DUPLICATE_LABEL",
            Self::NotCoseSign1 => "NOT_COSE_SIGN1",
            Self::WrongHeaders => "WRONG_HEADERS",
            Self::UnknownAlgorithm => "UNKNOWN_ALGORITHM",
            Self::WrongClaims => "WRONG_CLAIMS",
            Self::InvalidIssuer => "INVALID_ISSUER",
            Self::InvalidCti => "INVALID_CTI",
            Self::InvalidClaims(InvalidClaims::Revision) => "INVALID_REVISION",
            Self::InvalidClaims(InvalidClaims::Instant) => "INVALID_INSTANT",
            Self::InvalidClaims(InvalidClaims::ExpiresBeforeIssued) => "EXPIRES_BEFORE_ISSUED",
            Self::SignatureLength => "INVALID_SIGNATURE_LENGTH",
            Self::NotDeterministic => "NOT_DETERMINISTIC",
        }
    }
}
