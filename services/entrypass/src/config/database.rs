//! `[database]`: where each service keeps its tables.

use std::{fmt, path::Path};

use entrypass_db::DatabaseUrl;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::ConfigError;
use crate::role::Service;

/// Where the databases are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Databases {
    /// Most connections of one service to PostgreSQL, 2 to 100: one may listen for notifications. SQLite has its own number.
    pub connections: u32,
    /// URL of the registration service's database; without one, a SQLite file in the data folder.
    pub registration: Option<Secret>,
    /// URL of the QR service's database; without one, a SQLite file in the data folder.
    pub qr: Option<Secret>,
    /// URL of the epass service's database; without one, a SQLite file in the data folder.
    pub epass: Option<Secret>,
}

/// A text that may hold a password or a key. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Default for Databases {
    fn default() -> Self {
        Self { connections: 8, registration: None, qr: None, epass: None }
    }
}

impl Databases {
    /// Puts the database of `service` at `url`.
    pub fn set(&mut self, service: Service, url: String) {
        let setting = match service {
            Service::Registration => &mut self.registration,
            Service::Qr => &mut self.qr,
            Service::Epass => &mut self.epass,
        };
        *setting = Some(url.into());
    }

    /// Where the database of `service` is; `data_dir` is the folder of those that have no URL.
    ///
    /// # Errors
    /// When its URL is none.
    pub fn url(&self, service: Service, data_dir: &Path) -> Result<DatabaseUrl, ConfigError> {
        let Some(Secret(url)) = self.setting(service) else {
            return Ok(DatabaseUrl::sqlite(&data_dir.join(format!("{}.sqlite3", service.name()))));
        };
        url.parse().map_err(|source| ConfigError::Database { service, source })
    }

    /// Whether the database of `service` lies in the data folder.
    #[must_use]
    pub fn is_in_data_dir(&self, service: Service) -> bool {
        self.setting(service).is_none()
    }

    /// Most connections of one service.
    ///
    /// # Errors
    /// When the number is outside its range.
    pub fn connections(&self) -> Result<u32, ConfigError> {
        let kept = (2..=100).contains(&self.connections);
        ConfigError::range("database.connections", "2 to 100", kept)?;
        Ok(self.connections)
    }

    fn setting(&self, service: Service) -> Option<&Secret> {
        match service {
            Service::Registration => self.registration.as_ref(),
            Service::Qr => self.qr.as_ref(),
            Service::Epass => self.epass.as_ref(),
        }
    }
}
