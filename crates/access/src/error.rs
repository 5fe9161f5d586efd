//! Why a list of callers cannot be used.

use thiserror::Error;

/// Why a list of callers cannot be used: which setting of which, and what it may be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccessError {
    /// One of the callers.
    #[error("callers[{number}] ({name}): {fault}")]
    Caller {
        /// Its place in the file, from 1.
        number: usize,
        /// Its name, as far as it is one.
        name: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A purpose is not in the form of one, or stands twice.
    #[error("access.purposes must each be 1 to 64 of A-Z 0-9 _, and stand once")]
    Purposes,
    /// Somebody is named who is not in the list.
    #[error("access.{setting} names {name:?}, and no caller is called so")]
    UnknownCaller {
        /// "health" or "reflection".
        setting: &'static str,
        /// The name.
        name: String,
    },
}

/// What is wrong with one caller.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// Its name has not the form of one.
    #[error("name must be 1 to 64 of A-Z a-z 0-9 . _ -")]
    Name,
    /// Another caller has its name.
    #[error("another caller has this name")]
    NameTaken,
    /// Its identity is none.
    #[error("identity must be a SPIFFE id (spiffe://trust-domain/path) or a DNS name")]
    Identity,
    /// Another caller has its identity.
    #[error("another caller has this identity")]
    IdentityTaken,
    /// A rule has not the form of one.
    #[error(
        "rpcs: {0:?} is not package.Service/Method, with a * at the end or without, and a ! in front or without"
    )]
    Pattern(String),
    /// A rule is about nothing that there is.
    #[error("rpcs: {0:?} matches no RPC")]
    NoSuchRpc(String),
    /// A purpose does not stand in `access.purposes`.
    #[error("purposes: {0:?} does not stand in access.purposes")]
    UnknownPurpose(String),
    /// It must state a purpose, and may state none.
    #[error("must_state_purpose needs purposes that it may state")]
    NoPurpose,
    /// A limit is outside its range.
    #[error("{0} must be 1 to 1000000")]
    Limit(&'static str),
}
