//! The three files, read together.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::TlsError;

/// Everybody on the machine. Owner and group may read: an orchestrator gives a mounted key to the group of the process.
const EVERYBODY: u32 = 0o007;

/// Where the identity of a process and its trust are, each a file in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The own certificate, and behind it those that lead to an authority, if any.
    pub certificate: PathBuf,
    /// Its private key (PKCS#8, SEC 1 or PKCS#1).
    pub key: PathBuf,
    /// The authorities whose certificates are believed, for callers and for services that are called.
    pub trust: PathBuf,
}

/// What stood in the files.
pub(crate) struct Contents {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Zeroizing<Vec<u8>>,
    pub(crate) trust: Vec<u8>,
}

impl Files {
    pub(crate) fn read(&self) -> Result<Contents, TlsError> {
        let of = |path: &Path| fs::read(path).map_err(|source| unreadable(path, source));
        let key = Zeroizing::new(of(&self.key)?);
        let mode =
            fs::metadata(&self.key).map_err(|source| unreadable(&self.key, source))?.permissions().mode();
        if mode & EVERYBODY != 0 {
            return Err(TlsError::Exposed { path: self.key.clone() });
        }
        Ok(Contents { certificate: of(&self.certificate)?, key, trust: of(&self.trust)? })
    }
}

impl Contents {
    /// By what other contents are told apart, without keeping the key.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let parts = [&self.certificate, &*self.key, &self.trust];
        parts
            .into_iter()
            .fold(Sha256::new(), |digest, part| digest.chain_update(Sha256::digest(part)))
            .finalize()
            .into()
    }
}

fn unreadable(path: &Path, source: io::Error) -> TlsError {
    TlsError::Read { path: path.to_owned(), source }
}
