//! `[tls]`: who this process is, and whose certificates it believes.

use std::path::PathBuf;

use entrypass_tls::{Files, Minimum};
use serde::Deserialize;

use super::ConfigError;

/// Identity and trust of the process. With them it may listen on any address and calls its neighbours over mutual TLS; without, it is for
/// this machine only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The own certificate in PEM, with those behind it that lead to an authority.
    pub certificate: Option<PathBuf>,
    /// Its private key in PEM.
    pub key: Option<PathBuf>,
    /// The authorities that are believed, in PEM: for callers and for neighbours.
    pub trust: Option<PathBuf>,
    /// The oldest version of TLS that is spoken.
    pub minimum: Version,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// For callers that cannot do better.
    #[serde(rename = "1.2")]
    Tls12,
    /// The default.
    #[default]
    #[serde(rename = "1.3")]
    Tls13,
}

impl Tls {
    /// The settings by the names of their variables, `ENTRYPASS_TLS_...`.
    pub(super) fn variables(&mut self) -> [(&'static str, &mut Option<PathBuf>); 3] {
        let Self { certificate, key, trust, .. } = self;
        [
            ("ENTRYPASS_TLS_CERTIFICATE", certificate),
            ("ENTRYPASS_TLS_KEY", key),
            ("ENTRYPASS_TLS_TRUST", trust),
        ]
    }

    /// Where identity and trust are; `None` without TLS.
    ///
    /// # Errors
    /// When some of it is given only.
    pub fn files(&self) -> Result<Option<Files>, ConfigError> {
        let missing = |setting| ConfigError::Range {
            setting,
            rule: "given, as the other two of certificate, key and trust are",
        };
        let given = [&self.certificate, &self.key, &self.trust].into_iter().flatten().count();
        if given == 0 {
            return Ok(None);
        }
        Ok(Some(Files {
            certificate: self.certificate.clone().ok_or_else(|| missing("tls.certificate"))?,
            key: self.key.clone().ok_or_else(|| missing("tls.key"))?,
            trust: self.trust.clone().ok_or_else(|| missing("tls.trust"))?,
        }))
    }

    /// The oldest version that is spoken.
    #[must_use]
    pub fn minimum(&self) -> Minimum {
        match self.minimum {
            Version::Tls12 => Minimum::Tls12,
            Version::Tls13 => Minimum::Tls13,
        }
    }
}
