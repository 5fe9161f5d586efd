//! The configuration file and what the environment says instead of it: every setting a city has, with its default. The only
//! place that reads either.

mod access;
mod database;
mod error;
mod key_source;
mod keys;
mod metrics;
mod neighbours;
mod process;
mod services;
mod tls;

use std::{env::VarError, fs, path::Path};

use entrypass_access::{AccessSettings, CallerSettings};
use serde::Deserialize;

pub use access::Limits;
pub use database::{Databases, Secret};
pub use error::ConfigError;
pub use key_source::{KeySource, RingPlace};
pub use metrics::Metrics;
pub use neighbours::Neighbours;
pub use process::{Drain, Requests};
pub use services::{Epass, Qr, Registration};
pub use tls::{Tls, Version};

use crate::role::{Role, Service};

/// The whole file. Every setting has a default, an unknown one is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the databases are.
    pub database: Databases,
    /// Where services are that do not run in this process.
    pub neighbours: Neighbours,
    /// Who the process is, and whose certificates it believes.
    pub tls: Tls,
    /// How the process ends.
    pub drain: Drain,
    /// Who is told how the process is doing.
    pub metrics: Metrics,
    /// What is kept of requests.
    pub requests: Requests,
    /// Settings of the registration service.
    pub registration: Registration,
    /// Settings of the QR service.
    pub qr: Qr,
    /// Settings of the epass service.
    pub epass: Epass,
    /// What is open to whom beside the services.
    pub access: AccessSettings,
    /// How much is taken from callers.
    pub limits: Limits,
    /// Who may call; whoever reaches the listener when nobody is listed.
    pub callers: Vec<CallerSettings>,
}

impl Config {
    /// Reads `file`, if there is one, and then what `variable` gives for a name of the environment, which goes before the file:
    /// `ENTRYPASS_QR_DATABASE`, `ENTRYPASS_QR_ADDRESS`, `ENTRYPASS_QR_KEY_RING` and the like for the other services,
    /// `ENTRYPASS_QR_KEY_ENCRYPTION_KEYS`, and the paths `ENTRYPASS_TLS_CERTIFICATE`, `ENTRYPASS_TLS_KEY` and `ENTRYPASS_TLS_TRUST`.
    ///
    /// Other names are not looked for: orchestrators set some of their own that begin with a service's name.
    ///
    /// # Errors
    /// When the file cannot be read, or a setting is unknown, of the wrong type or outside its range.
    pub fn load(
        file: Option<&Path>,
        variable: impl Fn(&str) -> Result<String, VarError>,
    ) -> Result<Self, ConfigError> {
        let mut config = file.map(Self::read).transpose()?.unwrap_or_default();
        let variable = |name: String| match variable(&name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(ConfigError::Variable { name }),
        };
        for service in Service::ALL {
            let of = |what| variable(format!("ENTRYPASS_{}_{what}", service.name().to_uppercase()));
            if let Some(url) = of("DATABASE")? {
                config.database.set(service, url);
            }
            if let Some(keys) = of("KEY_RING")? {
                *config.key_source_mut(service) = KeySource::Environment(keys.into());
            }
        }
        for role in Role::CALLED {
            let name = format!("ENTRYPASS_{}_ADDRESS", role.name().to_uppercase());
            if let Some(address) = variable(name)? {
                config.neighbours.set(role, address);
            }
        }
        if let Some(keys) = variable(keys::KEY_ENCRYPTION_KEYS.to_owned())? {
            config.qr.key_encryption_keys = KeySource::Environment(keys.into());
        }
        for (name, setting) in config.tls.variables() {
            if let Some(path) = variable(name.to_owned())? {
                *setting = Some(path.into());
            }
        }
        config.check()?;
        Ok(config)
    }

    /// Reads the text of a configuration, called `path` in errors and beside which its relative paths lie.
    ///
    /// # Errors
    /// When a setting is unknown or of the wrong type. Ranges are checked with [`Config::check`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self =
            toml::from_str(text).map_err(|error| ConfigError::format(path, text, &error))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        for service in Service::ALL {
            if let Some(path) = config.key_source_mut(service).path_mut() {
                *path = beside.join(&*path);
            }
        }
        let Qr { key_file, key_dir, key_encryption_keys, .. } = &mut config.qr;
        let optional = [&mut config.registration.notice, key_file, key_dir].into_iter();
        let tls = config.tls.variables().map(|(_, setting)| setting);
        for file in optional.chain(tls).flatten().chain(key_encryption_keys.path_mut()) {
            *file = beside.join(&*file);
        }
        Ok(config)
    }

    /// Whether every setting is in its range. Each part is asked again where it is used; a wrong one shall stop the program before
    /// anything has been started.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), ConfigError> {
        for service in Service::ALL {
            self.database.url(service, Path::new(""))?;
        }
        for role in Role::CALLED {
            self.neighbours.addresses(role, self.tls.files()?.is_some())?;
        }
        self.database.connections()?;
        self.drain.lame_duck()?;
        self.drain.limit()?;
        self.metrics.listen()?;
        self.registration.service(&self.requests)?;
        self.qr.service(&self.requests)?;
        self.qr.key_rules()?;
        self.epass.service(&self.requests)?;
        self.callers()?;
        // A certificate alone would have to open everything, or nothing.
        let is_listed = self.tls.files()?.is_none() || !self.callers.is_empty();
        ConfigError::range("callers", "at least one [[callers]] with TLS: who may call what", is_listed)
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&text_of(path)?, path)
    }
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
