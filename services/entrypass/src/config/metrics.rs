//! `[metrics]`: numbers about the process, for Prometheus.

use std::net::SocketAddr;

use serde::Deserialize;

use super::ConfigError;

/// Who is told how the process is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Where numbers are told to whoever asks; without an address nowhere.
    pub listen: Option<SocketAddr>,
    /// Whether the address may be one that other machines reach.
    pub allow_remote: bool,
}

impl Metrics {
    /// Where numbers are told.
    ///
    /// # Errors
    /// When other machines would reach the address, and that is not allowed.
    pub fn listen(&self) -> Result<Option<SocketAddr>, ConfigError> {
        let kept = self.allow_remote || self.listen.is_none_or(|address| address.ip().is_loopback());
        let rule = "a loopback address, unless metrics.allow_remote is set: whoever reaches it reads it";
        ConfigError::range("metrics.listen", rule, kept)?;
        Ok(self.listen)
    }
}
