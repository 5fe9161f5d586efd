//! What can go wrong in the epass service, by what the caller can do about it.

use entrypass_db::answers::AnswersError;
use entrypass_feed::FeedError;
use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rpc::Problem;
use entrypass_rule::Violations;
use sea_orm::DbErr;
use thiserror::Error;
use tonic::Status;

use crate::{
    application::IllegalTransition, eligibility::Obstacle, pass::IllegalStep, policies::Unavailable, wire,
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
    #[error("the electronic pass is not offered")]
    NotOffered(Vec<Obstacle>),
    #[error("no such application")]
    ApplicationNotFound,
    #[error("the application changed since its etag was read")]
    EtagMismatch,
    #[error("the reviewer has not claimed the application, or no longer")]
    NotClaimed,
    #[error(transparent)]
    IllegalTransition(#[from] IllegalTransition),
    #[error("the person has an electronic pass")]
    PassExists,
    /// The channel's number stands for another person's pass: as much a conflict as a second pass, with another remedy.
    #[error("the pass number belongs to another person's pass")]
    PassNumberTaken,
    #[error("it cannot be told which policy applies: {0}")]
    PolicyUnavailable(Unavailable),
    #[error("name and version belong to another policy")]
    PolicyExists,
    #[error("no such policy")]
    PolicyNotFound,
    /// With the last activation's ordinal, where it is known.
    #[error("another policy was activated since")]
    ActivationStale(Option<i64>),
    #[error("the policy is not effective at that instant")]
    PolicyNotEffective,
    #[error("the policy cannot be made to apply: {0}")]
    PolicyUnreadable(Unavailable),
    #[error("there is no policy before the one that applies")]
    NoPolicyBefore,
    #[error("no such pass")]
    PassNotFound,
    #[error(transparent)]
    IllegalStep(#[from] IllegalStep),
    #[error("nobody has this name")]
    TravellerNotFound,
    #[error("no such quarantine")]
    QuarantineNotFound,
    #[error("the quarantine is over")]
    QuarantineOver,
    #[error("the changes behind this cursor are not there")]
    CursorOutOfRange,
    #[error("the registration service refused or failed")]
    Registration(Status),
    #[error("the registration service answered against its contract: {0}")]
    RegistrationContract(&'static str),
    #[error("the database failed")]
    Store(#[from] DbErr),
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<FeedError> for Error {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Foreign => Self::Invalid(entrypass_feed::bad_cursor()),
            FeedError::OutOfRange => Self::CursorOutOfRange,
            FeedError::Store(error) => Self::Store(error),
            FeedError::Corrupt(what) => Self::Store(DbErr::Type(what.to_owned())),
        }
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
            Error::NotOffered(obstacles) => Self::new(ErrorReason::ElectronicPassNotOffered)
                .with("reasons", wire::obstacle_words(&obstacles)),
            Error::ApplicationNotFound => Self::new(ErrorReason::ApplicationNotFound),
            Error::EtagMismatch => Self::new(ErrorReason::EtagMismatch),
            Error::NotClaimed => Self::new(ErrorReason::NotClaimed),
            Error::IllegalTransition(IllegalTransition(state)) => {
                Self::new(ErrorReason::IllegalTransition).with("state", state.word())
            }
            Error::PassExists => Self::new(ErrorReason::ElectronicPassExists).with("conflict", "TRAVELLER"),
            Error::PassNumberTaken => {
                Self::new(ErrorReason::ElectronicPassExists).with("conflict", "PASS_NUMBER")
            }
            Error::PolicyUnavailable(_) => Self::caused(ErrorReason::PolicyUnavailable, error),
            Error::PolicyExists => Self::new(ErrorReason::PolicyExists),
            Error::PolicyNotFound => Self::new(ErrorReason::PolicyNotFound),
            Error::ActivationStale(Some(last)) => {
                Self::new(ErrorReason::PolicyActivationStale).with("last_ordinal", last.to_string())
            }
            Error::ActivationStale(None) => Self::new(ErrorReason::PolicyActivationStale),
            Error::PolicyNotEffective => {
                Self::new(ErrorReason::PolicyNotActivatable).with("obstacle", "NOT_EFFECTIVE")
            }
            Error::PolicyUnreadable(_) => {
                Self::caused(ErrorReason::PolicyNotActivatable, error).with("obstacle", "UNREADABLE")
            }
            Error::NoPolicyBefore => {
                Self::new(ErrorReason::PolicyNotActivatable).with("obstacle", "NONE_BEFORE")
            }
            Error::PassNotFound => Self::new(ErrorReason::ElectronicPassNotFound),
            Error::IllegalStep(IllegalStep(state)) => {
                Self::new(ErrorReason::IllegalPassTransition).with("state", state.word())
            }
            Error::TravellerNotFound => Self::new(ErrorReason::TravellerNotFound),
            Error::QuarantineNotFound => Self::new(ErrorReason::QuarantineNotFound),
            Error::QuarantineOver => Self::new(ErrorReason::QuarantineOver),
            Error::CursorOutOfRange => Self::new(ErrorReason::CursorOutOfRange),
            Error::Registration(status) => Self::from_neighbour("registration", status),
            Error::RegistrationContract(_) => Self::caused(ErrorReason::Internal, error),
            Error::Store(error) if entrypass_db::is_unavailable(&error) => {
                Self::caused(ErrorReason::StoreUnavailable, error)
            }
            Error::Store(error) => Self::caused(ErrorReason::Internal, error),
        }
    }
}
