//! `[drain]` and `[requests]`: how a process ends, and what all services keep of requests.

use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;

/// How the process ends when it is told to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drain {
    /// How many seconds calls are still taken after health says that the process ends, 0 to 300.
    pub lame_duck_seconds: u16,
    /// How many seconds calls may then take to end, 1 to 600.
    pub limit_seconds: u16,
}

/// What is kept of requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Requests {
    /// How many hours a repeated request is given its first answer, 24 to 8760.
    pub keep_hours: u16,
}

impl Default for Drain {
    fn default() -> Self {
        Self { lame_duck_seconds: 3, limit_seconds: 30 }
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self { keep_hours: 168 }
    }
}

impl Drain {
    /// How long calls are still taken after health says that the process ends.
    ///
    /// # Errors
    /// When the time is outside its range.
    pub fn lame_duck(&self) -> Result<Duration, ConfigError> {
        ConfigError::range("drain.lame_duck_seconds", "0 to 300", self.lame_duck_seconds <= 300)?;
        Ok(Duration::from_secs(self.lame_duck_seconds.into()))
    }

    /// How long calls may then take to end.
    ///
    /// # Errors
    /// When the time is outside its range.
    pub fn limit(&self) -> Result<Duration, ConfigError> {
        ConfigError::range("drain.limit_seconds", "1 to 600", (1..=600).contains(&self.limit_seconds))?;
        Ok(Duration::from_secs(self.limit_seconds.into()))
    }
}

impl Requests {
    /// How long a repeated request is given its first answer.
    ///
    /// # Errors
    /// When the time is outside its range.
    pub fn keep(&self) -> Result<time::Duration, ConfigError> {
        // Below a day, a caller that was down over night would register somebody twice; above a year it is an archive.
        ConfigError::range("requests.keep_hours", "24 to 8760", (24..=8760).contains(&self.keep_hours))?;
        Ok(time::Duration::hours(self.keep_hours.into()))
    }
}
