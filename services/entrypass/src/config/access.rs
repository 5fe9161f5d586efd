//! `[access]`, `[[callers]]` and `[limits]`: who may call what, and how much.

use entrypass_access::{CallerLimits, Callers};
use entrypass_rpc::{Guard, Identification, rpc_names};
use serde::Deserialize;

use super::{Config, ConfigError};

/// How much is taken from callers. Health and reflection are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most unary calls that are not answered yet, of all callers together, 1 to 1000000.
    pub in_flight: u32,
    /// Most requests a second of a caller without a number of its own, 1 to 1000000.
    pub requests_per_second: u32,
    /// Most requests at once of such a caller, before they are counted by the second, 1 to 1000000.
    pub burst: u32,
    /// Most unary calls of such a caller that are not answered yet, 1 to 1000000.
    pub in_flight_per_caller: u32,
    /// Most open streams of such a caller, 1 to 1000000.
    pub streams_per_caller: u32,
    /// Most connections at once, of all callers together, 1 to 1000000.
    pub connections: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 1000,
            requests_per_second: 500,
            burst: 1000,
            in_flight_per_caller: 200,
            streams_per_caller: 16,
            connections: 10_000,
        }
    }
}

impl Limits {
    fn per_caller(&self) -> Result<CallerLimits, ConfigError> {
        let numbers = [
            ("limits.in_flight", self.in_flight),
            ("limits.requests_per_second", self.requests_per_second),
            ("limits.burst", self.burst),
            ("limits.in_flight_per_caller", self.in_flight_per_caller),
            ("limits.streams_per_caller", self.streams_per_caller),
            ("limits.connections", self.connections),
        ];
        for (setting, number) in numbers {
            ConfigError::range(setting, "1 to 1000000", (1..=1_000_000).contains(&number))?;
        }
        Ok(CallerLimits {
            requests_per_second: self.requests_per_second,
            burst: self.burst,
            in_flight: self.in_flight_per_caller,
            streams: self.streams_per_caller,
        })
    }
}

impl Config {
    /// The list of callers; `None` when nobody is listed, and whoever reaches the listener may call.
    ///
    /// # Errors
    /// When a setting of `[[callers]]`, `[access]` or `[limits]` cannot be used.
    pub fn callers(&self) -> Result<Option<Callers>, ConfigError> {
        let usual = self.limits.per_caller()?;
        let callers = Callers::new(&self.callers, &self.access, usual, rpc_names())?;
        Ok((!self.callers.is_empty()).then_some(callers))
    }

    /// What stands in front of a listener whose callers are known by `identification`.
    ///
    /// # Errors
    /// As [`Self::callers`].
    pub fn guard(&self, identification: Identification) -> Result<Guard, ConfigError> {
        let in_flight = self.limits.in_flight;
        Ok(match self.callers()? {
            Some(callers) => Guard::listing(callers, identification, in_flight),
            None => Guard::open(in_flight),
        })
    }
}
