//! What can go wrong in the registration service, by what the caller can do about it.

use entrypass_db::answers::AnswersError;
use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rpc::Problem;
use entrypass_rule::Violations;
use sea_orm::DbErr;
use thiserror::Error;

use crate::registration::{ChangeRefused, REVISION_LIMIT};

/// Why a call is refused or failed.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("some fields break rules")]
    Invalid(Violations),
    #[error("the request_id belongs to another request")]
    RequestIdReused,
    #[error("no active registration for this document and name")]
    HolderNotFound,
    #[error("no such registration")]
    RegistrationNotFound,
    #[error("an active registration exists")]
    AlreadyRegistered,
    #[error("the acknowledged notice is not the current one")]
    NoticeStale { current: String },
    #[error("the registration does not take this change")]
    Change(ChangeRefused),
    #[error("the new document cannot be taken")]
    DocumentNotAvailable,
    #[error("the holder has the most companions allowed")]
    CompanionLimitReached { limit: u32 },
    #[error("nobody is their own companion")]
    CompanionIsHolder,
    #[error("this companion is bound already")]
    CompanionAlreadyBound,
    #[error("no such companion")]
    CompanionNotFound,
    #[error("the database failed")]
    Store(#[from] DbErr),
    #[error("a stored row is not readable: {0}")]
    Corrupt(&'static str),
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<ChangeRefused> for Error {
    fn from(refused: ChangeRefused) -> Self {
        Self::Change(refused)
    }
}

impl From<AnswersError> for Error {
    fn from(error: AnswersError) -> Self {
        match error {
            AnswersError::Reused => Self::RequestIdReused,
            AnswersError::Database(error) => Self::Store(error),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => Self::invalid(violations),
            Error::RequestIdReused => Self::new(ErrorReason::RequestIdReused),
            Error::HolderNotFound => Self::new(ErrorReason::HolderNotFound),
            Error::RegistrationNotFound => Self::new(ErrorReason::RegistrationNotFound),
            Error::AlreadyRegistered => Self::new(ErrorReason::AlreadyRegistered),
            Error::NoticeStale { current } => {
                Self::new(ErrorReason::NoticeStale).with("current_notice_version", current)
            }
            Error::Change(ChangeRefused::EtagMismatch) => Self::new(ErrorReason::EtagMismatch),
            Error::Change(ChangeRefused::NotActive) => Self::new(ErrorReason::RegistrationNotActive),
            Error::Change(ChangeRefused::RevisionLimit) => {
                Self::new(ErrorReason::RevisionLimitReached).with("limit", REVISION_LIMIT.to_string())
            }
            Error::DocumentNotAvailable => Self::new(ErrorReason::DocumentNotAvailable),
            Error::CompanionLimitReached { limit } => {
                Self::new(ErrorReason::CompanionLimitReached).with("limit", limit.to_string())
            }
            Error::CompanionIsHolder => Self::new(ErrorReason::CompanionIsHolder),
            Error::CompanionAlreadyBound => Self::new(ErrorReason::CompanionAlreadyBound),
            Error::CompanionNotFound => Self::new(ErrorReason::CompanionNotFound),
            Error::Store(error) if entrypass_db::is_unavailable(&error) => {
                Self::caused(ErrorReason::StoreUnavailable, error)
            }
            Error::Store(error) => Self::caused(ErrorReason::Internal, error),
            Error::Corrupt(_) => Self::caused(ErrorReason::Internal, error),
        }
    }
}
