//! Where keys are that seal something: a file's path in the configuration, or the keys themselves in the environment.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Config, ConfigError, database::Secret};
use crate::role::Service;

/// The folder of key rings in the data folder.
const KEY_RINGS: &str = "key-rings";

/// Where keys are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "PathBuf")]
pub enum KeySource {
    /// Nothing is said of them.
    #[default]
    Absent,
    /// In a file that its owner alone can read.
    File(PathBuf),
    /// In the environment.
    Environment(Secret),
}

impl From<PathBuf> for KeySource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl KeySource {
    /// The path, if it is one.
    pub(super) fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Absent | Self::Environment(_) => None,
        }
    }
}

/// Where the key ring of a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RingPlace {
    /// In a file that somebody has to put there.
    File(PathBuf),
    /// In a file of the data folder, which is made with the database.
    DataDir(PathBuf),
    /// In the environment.
    Environment {
        /// The variable.
        variable: String,
        /// What it holds.
        text: Secret,
    },
}

impl Config {
    /// Where the key ring of `service` is; `data_dir` is the folder of one that has no place of its own.
    ///
    /// # Errors
    /// When nothing is said of it and the database is on a server: copies elsewhere would not find a ring that this one makes.
    pub fn key_ring(&self, service: Service, data_dir: &Path) -> Result<RingPlace, ConfigError> {
        match self.key_source(service) {
            KeySource::File(path) => {
                let word_is_a_key =
                    |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
                // The ring itself in the place of a path would be told with whatever goes wrong.
                if path.to_string_lossy().split(|c: char| !c.is_alphanumeric()).any(word_is_a_key) {
                    return Err(ConfigError::KeyRingIsNoPath { service });
                }
                Ok(RingPlace::File(path.clone()))
            }
            KeySource::Environment(text) => {
                Ok(RingPlace::Environment { variable: variable(service), text: text.clone() })
            }
            KeySource::Absent if self.database.url(service, data_dir)?.file().is_some() => {
                Ok(RingPlace::DataDir(data_dir.join(KEY_RINGS).join(service.name())))
            }
            KeySource::Absent => Err(ConfigError::NoKeyRing { service }),
        }
    }

    /// Whether anything of `service` lies in the data folder: its database or its key ring.
    #[must_use]
    pub fn is_in_data_dir(&self, service: Service) -> bool {
        let of_the_database = self.database.url(service, Path::new("")).is_ok_and(|url| url.file().is_some());
        self.database.is_in_data_dir(service)
            || of_the_database && *self.key_source(service) == KeySource::Absent
    }

    fn key_source(&self, service: Service) -> &KeySource {
        match service {
            Service::Registration => &self.registration.key_ring,
            Service::Qr => &self.qr.key_ring,
            Service::Epass => &self.epass.key_ring,
        }
    }

    pub(super) fn key_source_mut(&mut self, service: Service) -> &mut KeySource {
        match service {
            Service::Registration => &mut self.registration.key_ring,
            Service::Qr => &mut self.qr.key_ring,
            Service::Epass => &mut self.epass.key_ring,
        }
    }
}

fn variable(service: Service) -> String {
    format!("ENTRYPASS_{}_KEY_RING", service.name().to_uppercase())
}
