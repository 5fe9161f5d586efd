//! What can be wrong with signing keys, and what an operator can do about it.

use std::{io, path::PathBuf, sync::Arc};

use entrypass_token::{InvalidKey, KeyId};
use sea_orm::DbErr;
use thiserror::Error;

/// Why signing keys cannot be used or changed. No text holds anything of a private key.
#[derive(Debug, Error)]
pub enum KeysError {
    /// A file or folder cannot be read or written.
    #[error("cannot use {path}, which keeps signing keys")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else can read a file.
    #[error(
        "the file {path}, which keeps a signing key, has mode {mode:o}: only its owner may have rights to it (chmod 600)"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its present mode.
        mode: u32,
    },
    /// A file does not hold a key.
    #[error("the signing key {path} is not 64 hexadecimal digits")]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// A file holds another key than its name says.
    #[error("{path} holds another key than {key_id}")]
    AnotherKey {
        /// The file.
        path: PathBuf,
        /// The key that should be in it.
        key_id: KeyId,
    },
    /// The file with the first key is not there. None is made in its place: two copies of the service that start at once would make two.
    #[error(
        "qr.key_file {path} is missing: copy the key there, or make one with `openssl rand -hex 32`, for its owner alone (chmod 600)"
    )]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// The private half is neither in the database nor in a file that this process knows.
    #[error(
        "the private half of the signing key {key_id} is not here: it is in the folder of another copy, so share that (qr.key_dir), or \
         keep keys in the database (qr.key_encryption_keys); `entrypass signing-keys rotate --at-once` makes a new one where that is set"
    )]
    NotHere {
        /// The key.
        key_id: KeyId,
    },
    /// The private half is sealed, and nothing is configured to open it.
    #[error(
        "the signing key {key_id} is sealed in the database: set qr.key_encryption_keys or ENTRYPASS_QR_KEY_ENCRYPTION_KEYS to the key that \
         sealed it"
    )]
    Sealed {
        /// The key.
        key_id: KeyId,
    },
    /// The private half is sealed under another key than those configured.
    #[error(
        "the signing key {key_id} is sealed in the database, and none of the {count} configured key-encryption keys opens it: the one that sealed \
         it is missing"
    )]
    Unopened {
        /// The key.
        key_id: KeyId,
        /// How many were tried.
        count: usize,
    },
    /// There is no place for a new private half.
    #[error(
        "there is no place to keep a new signing key: set qr.key_dir or qr.key_encryption_keys; qr.key_file alone is a single key, kept by hand"
    )]
    NoPlace,
    /// A new key could not be made or sealed.
    #[error("a signing key could not be made")]
    Make(#[from] InvalidKey),
    /// A private half could not be sealed.
    #[error("a signing key could not be sealed")]
    Seal,
    /// There is no such key.
    #[error("there is no signing key {key_id}: see `entrypass signing-keys list`")]
    Unknown {
        /// What was asked for.
        key_id: KeyId,
    },
    /// What is wrong with a private half that is needed now.
    #[error(transparent)]
    Unusable(Arc<KeysError>),
    /// The database failed, or a row is not readable.
    #[error("the database of signing keys failed")]
    Database(#[from] DbErr),
}
