//! What can go wrong in the QR service, by what the caller can do about it.

use std::sync::Arc;

use entrypass_db::answers::AnswersError;
use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rpc::Problem;
use entrypass_rule::Violations;
use entrypass_symbol::PngError;
use entrypass_verifier::InvalidContents;
use sea_orm::DbErr;
use thiserror::Error;

use crate::{
    keys::{KeysError, SignerError},
    standing::Final,
};

/// Why a call is refused or failed.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("some fields break rules")]
    Invalid(Violations),
    #[error("the request_id belongs to another request")]
    RequestIdReused,
    #[error("whom the request was about has been erased")]
    TravellerErased,
    #[error("no code with this id was recorded")]
    CodeNotFound,
    #[error(transparent)]
    Revoked(#[from] Final),
    #[error("the changes of registrations have not been followed for too long")]
    NotFollowed,
    #[error("the cursor is of a version that there is not")]
    CursorOutOfRange,
    #[error("a bundle cannot be made")]
    Bundle(#[from] InvalidContents),
    #[error("the registration service did not answer well")]
    Neighbour(Box<tonic::Status>),
    #[error("the registration service answered against its contract: {0}")]
    NeighbourContract(&'static str),
    #[error("the database failed")]
    Store(#[from] DbErr),
    #[error("a stored row is not readable: {0}")]
    Corrupt(&'static str),
    #[error("no key signs now")]
    NoSigningKey,
    #[error("the signing keys cannot be used")]
    SigningKey(#[source] Arc<KeysError>),
    #[error("the signing key cannot be reached")]
    Signer(#[from] SignerError),
    #[error("the image could not be drawn")]
    Image(#[from] PngError),
}

impl From<KeysError> for Error {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Database(error) => Self::Store(error),
            error => Self::SigningKey(Arc::new(error)),
        }
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<AnswersError> for Error {
    fn from(error: AnswersError) -> Self {
        match error {
            AnswersError::Reused => Self::RequestIdReused,
            AnswersError::Erased => Self::TravellerErased,
            AnswersError::Database(error) => Self::Store(error),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => Self::invalid(violations),
            Error::RequestIdReused => Self::new(ErrorReason::RequestIdReused),
            Error::TravellerErased => Self::new(ErrorReason::TravellerErased),
            Error::CodeNotFound => Self::new(ErrorReason::QrCodeNotFound),
            Error::Revoked(Final) => Self::new(ErrorReason::QrCodeRevoked),
            Error::NotFollowed => Self::neighbour_unavailable("registration"),
            Error::CursorOutOfRange => Self::new(ErrorReason::CursorOutOfRange),
            Error::Neighbour(status) => Self::from_neighbour("registration", *status),
            Error::Store(error) if entrypass_db::is_unavailable(&error) => {
                Self::caused(ErrorReason::StoreUnavailable, error)
            }
            Error::Signer(_) => Self::caused(ErrorReason::SigningKeyUnavailable, error),
            // The upkeep of keys has logged it, once and not at every call.
            Error::NoSigningKey | Error::SigningKey(_) => Self::new(ErrorReason::SigningKeyUnavailable),
            Error::NeighbourContract(_)
            | Error::Store(_)
            | Error::Corrupt(_)
            | Error::Image(_)
            | Error::Bundle(_) => Self::caused(ErrorReason::Internal, error),
        }
    }
}
