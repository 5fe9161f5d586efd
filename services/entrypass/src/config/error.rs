//! Why a configuration cannot be used: which setting, where, and what it may be.

use std::{
    io,
    path::{Path, PathBuf},
};

use entrypass_access::AccessError;
use entrypass_db::UrlError;
use entrypass_qr::{KeyEncryptionKeysError, KeysError};
use entrypass_registration::NoticeError;
use thiserror::Error;

use crate::role::{Role, Service};

/// Why a configuration cannot be used. It never repeats a value, which may hold a password.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no configuration.
    #[error("{path} line {line}: {fault}")]
    Format {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        fault: String,
    },
    /// A variable of the environment is no text.
    #[error("{name} is not UTF-8")]
    Variable {
        /// The variable.
        name: String,
    },
    /// The notice's file is no notice.
    #[error("{path} is not a notice")]
    Notice {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: NoticeError,
    },
    /// The list of callers cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A value is outside its range.
    #[error("{setting} must be {rule}")]
    Range {
        /// The setting.
        setting: &'static str,
        /// What it may be.
        rule: &'static str,
    },
    /// A database's URL is none.
    #[error("database.{} or ENTRYPASS_{}_DATABASE cannot be used", .service.name(), .service.name().to_uppercase())]
    Database {
        /// Whose.
        service: Service,
        /// What is wrong with it.
        source: UrlError,
    },
    /// An address is none, or not one that may be used.
    #[error("neighbours.{} or ENTRYPASS_{}_ADDRESS must be {rule}", .role.name(), .role.name().to_uppercase())]
    Address {
        /// Whose.
        role: Role,
        /// What it may be.
        rule: &'static str,
    },
    /// The file of key-encryption keys is not there.
    #[error("{place} is missing: `openssl rand -hex 32` makes one, for its owner alone (chmod 600)")]
    NoKeyEncryptionKeys {
        /// The setting and the file.
        place: String,
    },
    /// What should be key-encryption keys is none.
    #[error("{place} cannot be used")]
    KeyEncryptionKeys {
        /// The setting and its file, or the variable.
        place: String,
        /// What is wrong with it.
        source: KeyEncryptionKeysError,
    },
    /// A file of keys cannot be used.
    #[error(transparent)]
    Keys(KeysError),
    /// A service has a database on a server and no key ring.
    #[error(
        "{name} needs a key ring that all its copies have: make one with `entrypass keys new --service {name} PATH` and set {name}.key_ring, or \
         put its text into ENTRYPASS_{}_KEY_RING",
        .service.name().to_uppercase(), name = .service.name()
    )]
    NoKeyRing {
        /// Whose.
        service: Service,
    },
    /// A key stands where a path should.
    #[error("{}.key_ring must be the path of a file, and not a key", .service.name())]
    KeyRingIsNoPath {
        /// Whose.
        service: Service,
    },
    /// A service is needed that neither runs in this process nor has an address.
    #[error(
        "the role {} needs {name}, which does not run in this process: set neighbours.{name} or ENTRYPASS_{}_ADDRESS",
        .role.name(), .service.name().to_uppercase(), name = .service.name()
    )]
    NoAddress {
        /// Who needs it.
        role: Role,
        /// What is needed.
        service: Service,
    },
}

impl ConfigError {
    /// What `error` says of `text`, in one line and without the line of the file that the parser would show.
    pub(super) fn format(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        // A value of the wrong type is repeated in the message, and one in the wrong place may be a URL with a password.
        let repeats_a_url = error.message().contains("://");
        let fault = if repeats_a_url { "no URL belongs here" } else { error.message() };
        Self::Format { path: path.to_owned(), line, fault: fault.replace('\n', " ") }
    }

    /// That `setting` keeps `rule`.
    pub(super) fn range(setting: &'static str, rule: &'static str, kept: bool) -> Result<(), Self> {
        if kept { Ok(()) } else { Err(Self::Range { setting, rule }) }
    }
}
