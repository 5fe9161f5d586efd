//! The part of `[qr]` that is about signing keys: how they live, and where their private halves are.

use std::path::Path;

use entrypass_qr::{KeyEncryptionKeys, KeyRules, Vault, read_private};
use time::Duration;

use super::{ConfigError, KeySource, Qr};

/// The single signing key that earlier releases made in the data folder.
const FIRST_KEY: &str = "qr-signing-key.hex";
/// The folder of signing keys in the data folder.
const KEYS: &str = "signing-keys";
/// What a private half sealed in the database is opened with; the variable has the keys themselves.
pub(super) const KEY_ENCRYPTION_KEYS: &str = "ENTRYPASS_QR_KEY_ENCRYPTION_KEYS";

impl Qr {
    /// How signing keys live.
    ///
    /// # Errors
    /// When a value is outside its range.
    pub fn key_rules(&self) -> Result<KeyRules, ConfigError> {
        let range = ConfigError::range;
        let algorithm = self.algorithm.parse();
        let algorithm =
            algorithm.map_err(|_| ConfigError::Range { setting: "qr.algorithm", rule: "EdDSA or ES256" })?;
        range("qr.rotate_days", "0 to 3650", self.rotate_days <= 3650)?;
        range("qr.publish_hours", "1 to 720", (1..=720).contains(&self.publish_hours))?;
        let rotate_every = (self.rotate_days > 0).then(|| Duration::days(self.rotate_days.into()));
        let publish_for = Duration::hours(self.publish_hours.into());
        let in_time = rotate_every.is_none_or(|rotate_every| publish_for < rotate_every);
        range("qr.publish_hours", "less than rotate_days", in_time)?;
        Ok(KeyRules { algorithm, rotate_every, publish_for, display_for: self.display_for()? })
    }

    /// Where private halves are. `data_dir` is the folder of those that have no place of their own.
    ///
    /// # Errors
    /// When the key-encryption keys cannot be read.
    pub fn vault(&self, data_dir: &Path) -> Result<Vault, ConfigError> {
        let mut vault = Vault::default();
        if let Some(keys) = self.key_encryption()? {
            vault = vault.sealing(keys);
        }
        let first_key = data_dir.join(FIRST_KEY);
        vault = match &self.key_file {
            Some(path) => vault.file(path.clone()),
            // Only to take it over: a new one gets a file of its own.
            None if first_key.exists() => vault.file(first_key),
            None => vault,
        };
        Ok(match (&self.key_dir, &self.key_file) {
            (Some(folder), _) => vault.folder(folder.clone()),
            (None, None) => vault.folder(data_dir.join(KEYS)),
            // A key that is kept by hand is the only one, unless there is a place for others that all copies know.
            (None, Some(_)) => vault,
        })
    }

    /// Whether new private halves are kept in the data folder.
    #[must_use]
    pub fn keeps_keys_in_data_dir(&self) -> bool {
        self.key_dir.is_none() && self.key_file.is_none() && self.key_encryption_keys == KeySource::Absent
    }

    fn key_encryption(&self) -> Result<Option<KeyEncryptionKeys>, ConfigError> {
        let (place, text) = match &self.key_encryption_keys {
            KeySource::Absent => return Ok(None),
            KeySource::Environment(keys) => (KEY_ENCRYPTION_KEYS.to_owned(), keys.text().to_owned().into()),
            KeySource::File(path) => {
                let name = path.file_name().unwrap_or_default();
                // The key itself in the place of a path would be told with whatever goes wrong.
                let is_a_key = KeyEncryptionKeys::parse(&name.to_string_lossy()).is_ok();
                let rule = "the path of a file, and not a key";
                ConfigError::range("qr.key_encryption_keys", rule, !is_a_key)?;
                let place = format!("qr.key_encryption_keys {}", path.display());
                let text = read_private(path).map_err(ConfigError::Keys)?;
                (place.clone(), text.ok_or(ConfigError::NoKeyEncryptionKeys { place })?)
            }
        };
        let keys = KeyEncryptionKeys::parse(&text);
        Ok(Some(keys.map_err(|source| ConfigError::KeyEncryptionKeys { place, source })?))
    }
}
