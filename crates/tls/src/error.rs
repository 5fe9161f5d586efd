//! Why certificates cannot be used.

use std::{io, path::PathBuf};

use rustls::pki_types::pem;
use thiserror::Error;

/// Why a process has no identity, or trusts nobody. It names the file, and nothing of what is in it.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A key can be read by everybody on the machine.
    #[error("{path} holds a private key and can be read by everybody: chmod 600")]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// A file is not in PEM.
    #[error("{path} is not PEM")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// A file without what it should hold.
    #[error("{path} has no {what} in PEM")]
    Missing {
        /// The file.
        path: PathBuf,
        /// What should be there.
        what: &'static str,
    },
    /// A certificate or key that cannot be used.
    #[error("{path} cannot be used")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// A certificate that is not well-formed.
    #[error("{path} has no well-formed certificate")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// Certificate and key do not belong together; also while only one of two files has been replaced.
    #[error("{key} is not the key of {certificate}")]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's.
        certificate: PathBuf,
    },
    /// The own certificate does not count now: nobody would take it.
    #[error("{path} counts from {begins} until {ends} only")]
    OutOfTime {
        /// The file.
        path: PathBuf,
        /// The first instant, RFC 3339.
        begins: String,
        /// The last.
        ends: String,
    },
}
