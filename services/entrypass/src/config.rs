//! The configuration file: every setting a city has, with its default. The only place that reads it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use entrypass_registration::{Notice, NoticeError};
use entrypass_token::Issuer;
use serde::Deserialize;
use thiserror::Error;
use time::Duration;

/// The whole file. Every setting has a default, an unknown one is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Settings of the registration service.
    pub registration: Registration,
    /// Settings of the QR service.
    pub qr: Qr,
}

/// Settings of the registration service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// A notice in place of the built-in one; relative to the configuration file.
    pub notice: Option<PathBuf>,
    /// How many days a registration counts, from the beginning of the entry date: 15 to 3650.
    pub valid_days: u16,
    /// How many days ago the entry may have been: less than `valid_days`.
    pub entry_days_before: u16,
    /// How many days ahead the entry may be.
    pub entry_days_after: u16,
    /// How many days before entry the travel history covers, 1 to 365.
    pub travel_history_days: u16,
    /// Whether the form has its health block.
    pub collect_health: bool,
    /// Whether passports of the ICAO specimen state `UTO` are taken: for demonstrations only.
    pub accept_specimens: bool,
    /// Most companions of one holder, 1 to 31.
    pub companion_limit: u32,
}

/// Settings of the QR service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Qr {
    /// The issuer in each token: two of A-Z 0-9.
    pub issuer: String,
    /// How many minutes a displayed code counts, 1 to 1440.
    pub display_minutes: u16,
}

/// Why a configuration cannot be used.
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
    #[error("{path} is not a configuration")]
    Format {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
    /// The notice's file is no notice.
    #[error("{path} is not a notice")]
    Notice {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: NoticeError,
    },
    /// A value is outside its range.
    #[error("{setting} must be {rule}")]
    Range {
        /// The setting.
        setting: &'static str,
        /// What it may be.
        rule: &'static str,
    },
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            notice: None,
            valid_days: 30,
            entry_days_before: 14,
            entry_days_after: 30,
            travel_history_days: 21,
            collect_health: false,
            accept_specimens: false,
            companion_limit: 8,
        }
    }
}

impl Default for Qr {
    fn default() -> Self {
        Self { issuer: "FS".to_owned(), display_minutes: 15 }
    }
}

impl Config {
    /// Reads the file `path`.
    ///
    /// # Errors
    /// When it cannot be read, or has a setting that is unknown, of the wrong type or outside its range.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(&read(path)?)
            .map_err(|source| ConfigError::Format { path: path.to_owned(), source })?;
        let beside = path.parent().unwrap_or(Path::new(""));
        config.registration.notice = config.registration.notice.map(|notice| beside.join(notice));
        // Each service asks for its settings when it starts; a wrong one shall stop the program before the first does.
        config.registration.service()?;
        config.qr.service()?;
        Ok(config)
    }
}

impl Registration {
    /// The service's own settings.
    ///
    /// # Errors
    /// When a value is outside its range or the notice is not usable.
    pub fn service(&self) -> Result<entrypass_registration::Config, ConfigError> {
        let range =
            |setting, rule, kept| if kept { Ok(()) } else { Err(ConfigError::Range { setting, rule }) };
        range("registration.valid_days", "15 to 3650", (15..=3650).contains(&self.valid_days))?;
        // An entry so long ago that its registration has ended already could be submitted and never shown.
        let still_counts = self.entry_days_before < self.valid_days;
        range("registration.entry_days_before", "less than valid_days", still_counts)?;
        let history = (1..=365).contains(&self.travel_history_days);
        range("registration.travel_history_days", "1 to 365", history)?;
        range("registration.companion_limit", "1 to 31", (1..=31).contains(&self.companion_limit))?;
        Ok(entrypass_registration::Config {
            notice: self.notice()?,
            valid_for: Duration::days(self.valid_days.into()),
            entry_days_before: self.entry_days_before,
            entry_days_after: self.entry_days_after,
            travel_history_days: self.travel_history_days,
            collect_health: self.collect_health,
            accept_specimens: self.accept_specimens,
            companion_limit: self.companion_limit,
        })
    }

    fn notice(&self) -> Result<Notice, ConfigError> {
        let built_in = PathBuf::from("the built-in notice");
        let (path, notice) = match &self.notice {
            Some(path) => (path.clone(), Notice::parse(&read(path)?)),
            None => (built_in, Notice::built_in()),
        };
        notice.map_err(|source| ConfigError::Notice { path, source })
    }
}

impl Qr {
    /// The service's own settings.
    ///
    /// # Errors
    /// When a value is outside its range.
    pub fn service(&self) -> Result<entrypass_qr::Config, ConfigError> {
        let issuer: Issuer = self
            .issuer
            .parse()
            .map_err(|_| ConfigError::Range { setting: "qr.issuer", rule: "two of A-Z 0-9" })?;
        if !(1..=1440).contains(&self.display_minutes) {
            return Err(ConfigError::Range { setting: "qr.display_minutes", rule: "1 to 1440" });
        }
        Ok(entrypass_qr::Config { issuer, display_for: Duration::minutes(self.display_minutes.into()) })
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn the_documented_file_holds_the_defaults() {
        let documented = include_str!("../../../deploy/entrypass.toml");
        assert_eq!(toml::from_str::<Config>(documented).expect("a configuration"), Config::default());
        // Every setting is in it, if only as a comment.
        for setting in ["notice", "companion_limit", "display_minutes", "collect_health"] {
            assert!(documented.contains(setting), "{setting}");
        }
    }

    #[test]
    fn an_unknown_setting_and_a_value_out_of_range_are_errors() {
        assert!(toml::from_str::<Config>("[registration]\nvalid_dais = 3").is_err());
        assert!(toml::from_str::<Config>("[qr]\ndisplay_minutes = '5'").is_err());
        for bad in
            ["valid_days = 14", "companion_limit = 0", "travel_history_days = 0", "entry_days_before = 30"]
        {
            let config: Config = toml::from_str(&format!("[registration]\n{bad}")).expect("well-formed");
            assert!(config.registration.service().is_err(), "{bad}");
        }
        for bad in ["issuer = 'Foshan'", "issuer = 'fs'", "display_minutes = 0"] {
            let config: Config = toml::from_str(&format!("[qr]\n{bad}")).expect("well-formed");
            assert!(config.qr.service().is_err(), "{bad}");
        }
    }
}
