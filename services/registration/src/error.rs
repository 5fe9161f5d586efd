//! What can go wrong in the registration service, by what the caller can do about it.

use std::time::Duration;

use entrypass_db::answers::AnswersError;
use entrypass_feed::FeedError;
use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rpc::Problem;
use entrypass_rule::Violations;
use sea_orm::DbErr;
use thiserror::Error;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    correction::{CORRECTION_LIMIT, StepRefused},
    registration::{ChangeRefused, REVISION_LIMIT},
    store::Unreadable,
    wire,
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
    #[error("nobody has this name")]
    TravellerNotFound,
    #[error("no active registration for this document and name")]
    HolderNotFound,
    #[error("too many proofs for this document, or by this caller, have failed")]
    TooManyFailedProofs { closed_for: Duration },
    #[error("no such registration")]
    RegistrationNotFound,
    #[error("an active registration exists")]
    AlreadyRegistered,
    #[error("the acknowledged notice is not the current one")]
    NoticeStale { current: String },
    #[error("the registration does not take this change")]
    Change(ChangeRefused),
    #[error("no such correction")]
    CorrectionNotFound,
    #[error("another correction waits")]
    CorrectionPending { correction: Uuid },
    #[error(transparent)]
    Correction(#[from] StepRefused),
    #[error("the registration had too many corrections")]
    CorrectionLimitReached,
    #[error("a checkpoint has seen what is to change")]
    Frozen { paths: String },
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
    #[error("no bond of this companion waits for this code")]
    ConfirmationCodeWrong,
    #[error("the companion is bound to the most holders allowed")]
    CompanionHolderLimitReached { limit: u32 },
    #[error("the caller is shown personal data masked")]
    PersonalDataMasked { caller: String },
    #[error("the changes behind this cursor are not there")]
    CursorOutOfRange,
    #[error("the identity service refused or failed")]
    Identity(Box<Status>),
    #[error("the identity service answered against its contract: {0}")]
    IdentityContract(&'static str),
    #[error("the database failed: {0}")]
    Store(#[from] DbErr),
    #[error("a stored row is not readable: {0}")]
    Corrupt(&'static str),
    #[error("a stored row is not readable: {0}")]
    Unreadable(#[from] Unreadable),
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

impl From<FeedError> for Error {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Foreign => Self::Invalid(entrypass_feed::bad_cursor()),
            FeedError::OutOfRange => Self::CursorOutOfRange,
            FeedError::Store(error) => Self::Store(error),
            FeedError::Corrupt(what) => Self::Corrupt(what),
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
            Error::TravellerNotFound => Self::new(ErrorReason::TravellerNotFound),
            Error::HolderNotFound => Self::new(ErrorReason::HolderNotFound),
            Error::TooManyFailedProofs { closed_for } => {
                Self::new(ErrorReason::TooManyFailedProofs).retry_in(closed_for)
            }
            Error::RegistrationNotFound => Self::new(ErrorReason::RegistrationNotFound),
            Error::AlreadyRegistered => Self::new(ErrorReason::AlreadyRegistered),
            Error::NoticeStale { current } => {
                Self::new(ErrorReason::NoticeStale).with("current_notice_version", current)
            }
            Error::Change(ChangeRefused::EtagMismatch) | Error::Correction(StepRefused::EtagMismatch) => {
                Self::new(ErrorReason::EtagMismatch)
            }
            Error::Change(ChangeRefused::NotActive) => Self::new(ErrorReason::RegistrationNotActive),
            Error::Change(ChangeRefused::RevisionLimit) => {
                Self::new(ErrorReason::RevisionLimitReached).with("limit", REVISION_LIMIT.to_string())
            }
            Error::CorrectionNotFound => Self::new(ErrorReason::CorrectionNotFound),
            Error::CorrectionPending { correction } => Self::new(ErrorReason::CorrectionPending)
                .with("correction", wire::correction_name(correction)),
            Error::Correction(StepRefused::NotPending(state)) => {
                Self::new(ErrorReason::CorrectionNotPending).with("state", wire::correction_state_word(state))
            }
            Error::CorrectionLimitReached => {
                Self::new(ErrorReason::CorrectionLimitReached).with("limit", CORRECTION_LIMIT.to_string())
            }
            Error::Frozen { paths } => Self::new(ErrorReason::FrozenAfterVerification).with("paths", paths),
            Error::DocumentNotAvailable => Self::new(ErrorReason::DocumentNotAvailable),
            Error::CompanionLimitReached { limit } => {
                Self::new(ErrorReason::CompanionLimitReached).with("limit", limit.to_string())
            }
            Error::CompanionIsHolder => Self::new(ErrorReason::CompanionIsHolder),
            Error::CompanionAlreadyBound => Self::new(ErrorReason::CompanionAlreadyBound),
            Error::CompanionNotFound => Self::new(ErrorReason::CompanionNotFound),
            Error::ConfirmationCodeWrong => Self::new(ErrorReason::ConfirmationCodeWrong),
            Error::CompanionHolderLimitReached { limit } => {
                Self::new(ErrorReason::CompanionHolderLimitReached).with("limit", limit.to_string())
            }
            Error::PersonalDataMasked { caller } => {
                Self::new(ErrorReason::PersonalDataMasked).with("caller", caller)
            }
            Error::CursorOutOfRange => Self::new(ErrorReason::CursorOutOfRange),
            // A city's own service need not know the catalogue: where it says that it is asked too much, later may help.
            Error::Identity(status) if status.code() == Code::ResourceExhausted => {
                Self::neighbour_unavailable("identity")
            }
            Error::Identity(status) => Self::from_neighbour("identity", *status),
            Error::Store(error) if entrypass_db::is_unavailable(&error) => {
                Self::caused(ErrorReason::StoreUnavailable, error)
            }
            Error::Store(error) => Self::caused(ErrorReason::Internal, error),
            Error::IdentityContract(_) | Error::Corrupt(_) | Error::Unreadable(_) => {
                Self::caused(ErrorReason::Internal, error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use entrypass_rpc::{Call, Problem};
    use entrypass_rule::{Rule, Text, Violation};
    use sea_orm::{ConnAcquireErr, DbErr};
    use tonic::{Code, Request};
    use tonic_types::StatusExt as _;
    use uuid::Uuid;

    use super::{Error, StepRefused, StepRefused::NotPending};
    use crate::{
        correction::CorrectionState,
        registration::ChangeRefused::{EtagMismatch, NotActive, RevisionLimit},
        store::Unreadable,
    };

    /// Code, reason and facts that a caller is told.
    fn told(error: Error) -> (Code, String, Vec<(String, String)>) {
        let status = Problem::from(error).to_status(&Call::of(&Request::new(())));
        let info = status.get_details_error_info().expect("an ErrorInfo");
        (status.code(), info.reason, info.metadata.into_iter().filter(|(key, _)| key != "trace_id").collect())
    }

    #[test]
    fn every_error_is_told_with_its_code_and_reason() {
        let rule = Rule::new("REQUIRED", Text::new("必填", "required"));
        let broken = Violation { field: "etag".to_owned(), rule };
        let unavailable = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
        let table = [
            (Error::Invalid(broken.into()), Code::InvalidArgument, "INVALID_FIELDS"),
            (Error::RequestIdReused, Code::InvalidArgument, "REQUEST_ID_REUSED"),
            (Error::TravellerErased, Code::FailedPrecondition, "TRAVELLER_ERASED"),
            (Error::TravellerNotFound, Code::NotFound, "TRAVELLER_NOT_FOUND"),
            (Error::HolderNotFound, Code::NotFound, "HOLDER_NOT_FOUND"),
            (
                Error::TooManyFailedProofs { closed_for: Duration::from_secs(1) },
                Code::ResourceExhausted,
                "TOO_MANY_FAILED_PROOFS",
            ),
            (Error::RegistrationNotFound, Code::NotFound, "REGISTRATION_NOT_FOUND"),
            (Error::AlreadyRegistered, Code::AlreadyExists, "ALREADY_REGISTERED"),
            (Error::Change(EtagMismatch), Code::Aborted, "ETAG_MISMATCH"),
            (Error::Change(NotActive), Code::FailedPrecondition, "REGISTRATION_NOT_ACTIVE"),
            (Error::DocumentNotAvailable, Code::FailedPrecondition, "DOCUMENT_NOT_AVAILABLE"),
            (Error::CompanionIsHolder, Code::FailedPrecondition, "COMPANION_IS_HOLDER"),
            (Error::CompanionAlreadyBound, Code::AlreadyExists, "COMPANION_ALREADY_BOUND"),
            (Error::CompanionNotFound, Code::NotFound, "COMPANION_NOT_FOUND"),
            (Error::ConfirmationCodeWrong, Code::NotFound, "CONFIRMATION_CODE_WRONG"),
            (Error::CorrectionNotFound, Code::NotFound, "CORRECTION_NOT_FOUND"),
            (StepRefused::EtagMismatch.into(), Code::Aborted, "ETAG_MISMATCH"),
            (Error::CursorOutOfRange, Code::OutOfRange, "CURSOR_OUT_OF_RANGE"),
            (Error::Store(unavailable), Code::Unavailable, "STORE_UNAVAILABLE"),
            (Error::Store(DbErr::RecordNotInserted), Code::Internal, "INTERNAL"),
            (Error::Corrupt("a row"), Code::Internal, "INTERNAL"),
            (Error::Unreadable(Unreadable::Shape("a form")), Code::Internal, "INTERNAL"),
        ];
        for (error, code, reason) in table {
            assert_eq!(told(error), (code, reason.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn what_a_caller_needs_to_go_on_is_told_as_a_fact() {
        let fact = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
        let pending = told(Error::CorrectionPending { correction: Uuid::from_u128(7) });
        let name = "corrections/00000000-0000-0000-0000-000000000007";
        let facts = fact("correction", name);
        assert_eq!(pending, (Code::AlreadyExists, "CORRECTION_PENDING".to_owned(), facts));
        let stale = Error::NoticeStale { current: "2027-01-01".to_owned() };
        let frozen = Error::Frozen { paths: "entry.seat,health".to_owned() };
        let table = [
            (Error::CorrectionLimitReached, "CORRECTION_LIMIT_REACHED", fact("limit", "50")),
            (
                NotPending(CorrectionState::Rejected).into(),
                "CORRECTION_NOT_PENDING",
                fact("state", "REJECTED"),
            ),
            (frozen, "FROZEN_AFTER_VERIFICATION", fact("paths", "entry.seat,health")),
            (stale, "NOTICE_STALE", fact("current_notice_version", "2027-01-01")),
            (Error::Change(RevisionLimit), "REVISION_LIMIT_REACHED", fact("limit", "1000")),
            (Error::CompanionLimitReached { limit: 8 }, "COMPANION_LIMIT_REACHED", fact("limit", "8")),
            (
                Error::CompanionHolderLimitReached { limit: 1 },
                "COMPANION_HOLDER_LIMIT_REACHED",
                fact("limit", "1"),
            ),
        ];
        for (error, reason, facts) in table {
            assert_eq!(told(error), (Code::FailedPrecondition, reason.to_owned(), facts));
        }
    }
}
