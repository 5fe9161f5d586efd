//! `[registration]`, `[qr]` and `[epass]`: the settings of one service each.

use std::path::PathBuf;

use entrypass_registration::{FrozenPaths, NotAmendable, Notice, NoticeError, ProofLimits};
use entrypass_token::Issuer;
use serde::Deserialize;
use time::Duration;

use super::{ConfigError, KeySource, Requests, text_of};

/// Settings of the registration service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// The file of the service's key ring, in place of the one in the data folder; relative to the configuration file.
    pub key_ring: KeySource,
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
    /// Paths of the form that no amendment changes once a checkpoint has found the registration good.
    pub frozen_after_verification: Vec<String>,
    /// Most companions of one holder, 1 to 31.
    pub companion_limit: u32,
    /// Most holders to whom one companion is bound and has agreed, 1 to 31.
    pub companion_holder_limit: u32,
    /// How many minutes the companion's side has to confirm a bond, 1 to 10080.
    pub confirmation_minutes: u16,
    /// How many holder proofs for one document, or confirmation codes of one registration, may fail within `failed_proofs_minutes`, 1 to 1000.
    pub failed_proofs_per_document: u32,
    /// How many of one caller may, whatever they are for, 1 to 1000000.
    pub failed_proofs_per_caller: u32,
    /// How many minutes failures count, 1 to 1440.
    pub failed_proofs_minutes: u16,
    /// How many days a change can be followed: at least `valid_days` and `entry_days_after` together. Without a number, that or 90, whichever
    /// is more.
    pub keep_changes_days: Option<u32>,
    /// How many days a registration is kept after its end, 1 to 36500.
    pub keep_registrations_days: u32,
}

/// Settings of the QR service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Qr {
    /// The file of the service's key ring, in place of the one in the data folder; relative to the configuration file.
    pub key_ring: KeySource,
    /// The issuer in each token: two of A-Z 0-9.
    pub issuer: String,
    /// How many minutes a displayed code counts, 1 to 1440.
    pub display_minutes: u16,
    /// How many minutes an offline bundle holds, 1 to 1440.
    pub bundle_minutes: u16,
    /// The algorithm of new signing keys: `EdDSA` or `ES256`.
    pub algorithm: String,
    /// How many days a key signs before the next one does, 0 to 3650; 0: until an operator ends it.
    pub rotate_days: u16,
    /// How many hours before it signs a key is published at least, 1 to 720 and less than `rotate_days`.
    pub publish_hours: u16,
    /// The folder of signing keys in place of the one in the data folder; relative to the configuration file.
    pub key_dir: Option<PathBuf>,
    /// Where the key-encryption keys are, under which signing keys are kept in the database instead; relative to the configuration file.
    pub key_encryption_keys: KeySource,
    /// The file of a first signing key that is kept by hand; relative to the configuration file.
    pub key_file: Option<PathBuf>,
    /// How many days the record of a verification is kept, 1 to 3650.
    pub keep_verifications_days: u16,
}

/// Settings of the epass service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Epass {
    /// The file of the service's key ring, in place of the one in the data folder; relative to the configuration file.
    pub key_ring: KeySource,
    /// The city's divisions, by the first four digits of GB/T 2260: 1 to 20.
    pub city_divisions: Vec<String>,
    /// How many days an electronic pass that is issued here is valid, at most 3650; 0 for good.
    pub pass_days: u16,
    /// How many days what happens to electronic passes stays in their change feed, 1 to 3650.
    pub keep_changes_days: u16,
    /// How many days quarantines and follow-ups are kept after they are over, 1 to 3650. The last follow-up of each person stays until the person is erased: without
    /// it a fever that was followed up would stand against its holder again.
    pub keep_circumstances_days: u16,
    /// How many minutes an application that a reviewer has claimed is theirs alone, 1 to 1440.
    pub claim_minutes: u16,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            key_ring: KeySource::Absent,
            notice: None,
            valid_days: 30,
            entry_days_before: 14,
            entry_days_after: 30,
            travel_history_days: 21,
            collect_health: false,
            accept_specimens: false,
            frozen_after_verification: ["entry", "travel_history", "health"].map(str::to_owned).to_vec(),
            companion_limit: 8,
            companion_holder_limit: 1,
            confirmation_minutes: 1440,
            failed_proofs_per_document: 5,
            failed_proofs_per_caller: 100,
            failed_proofs_minutes: 15,
            keep_changes_days: None,
            keep_registrations_days: 365,
        }
    }
}

impl Default for Qr {
    fn default() -> Self {
        Self {
            key_ring: KeySource::Absent,
            issuer: "FS".to_owned(),
            display_minutes: 15,
            bundle_minutes: 15,
            algorithm: "EdDSA".to_owned(),
            rotate_days: 90,
            publish_hours: 24,
            key_dir: None,
            key_encryption_keys: KeySource::Absent,
            key_file: None,
            keep_verifications_days: 30,
        }
    }
}

impl Default for Epass {
    fn default() -> Self {
        Self {
            key_ring: KeySource::Absent,
            city_divisions: vec!["4406".to_owned()],
            claim_minutes: 30,
            pass_days: 0,
            keep_changes_days: 90,
            keep_circumstances_days: 180,
        }
    }
}

impl Registration {
    /// The service's own settings, with what is set for `requests` to all services.
    ///
    /// # Errors
    /// When a value is outside its range or the notice is not usable.
    pub fn service(&self, requests: &Requests) -> Result<entrypass_registration::Config, ConfigError> {
        let range = ConfigError::range;
        range("registration.valid_days", "15 to 3650", (15..=3650).contains(&self.valid_days))?;
        // An entry so long ago that its registration has ended already could be submitted and never shown.
        let still_counts = self.entry_days_before < self.valid_days;
        range("registration.entry_days_before", "less than valid_days", still_counts)?;
        let history = (1..=365).contains(&self.travel_history_days);
        range("registration.travel_history_days", "1 to 365", history)?;
        let kept = (1..=36_500).contains(&self.keep_registrations_days);
        range("registration.keep_registrations_days", "1 to 36500", kept)?;
        range("registration.companion_limit", "1 to 31", (1..=31).contains(&self.companion_limit))?;
        let holders = (1..=31).contains(&self.companion_holder_limit);
        range("registration.companion_holder_limit", "1 to 31", holders)?;
        let minutes = (1..=10_080).contains(&self.confirmation_minutes);
        range("registration.confirmation_minutes", "1 to 10080", minutes)?;
        Ok(entrypass_registration::Config {
            valid_for: Duration::days(self.valid_days.into()),
            entry_days_before: self.entry_days_before,
            entry_days_after: self.entry_days_after,
            travel_history_days: self.travel_history_days,
            collect_health: self.collect_health,
            accept_specimens: self.accept_specimens,
            frozen_after_verification: self.frozen()?,
            companion_limit: self.companion_limit,
            companion_holder_limit: self.companion_holder_limit,
            confirm_within: Duration::minutes(self.confirmation_minutes.into()),
            failed_proofs: self.failed_proofs()?,
            keep_answers: requests.keep()?,
            keep_changes: self.keep_changes()?,
            keep_registrations: Duration::days(self.keep_registrations_days.into()),
            ..entrypass_registration::Config::new(self.notice()?)
        })
    }

    /// How many holder proofs may fail.
    ///
    /// # Errors
    /// When a value is outside its range.
    fn failed_proofs(&self) -> Result<ProofLimits, ConfigError> {
        let (per_document, per_caller) = (self.failed_proofs_per_document, self.failed_proofs_per_caller);
        let range = ConfigError::range;
        range("registration.failed_proofs_per_document", "1 to 1000", (1..=1000).contains(&per_document))?;
        let usual = (1..=1_000_000).contains(&per_caller);
        range("registration.failed_proofs_per_caller", "1 to 1000000", usual)?;
        let minutes = self.failed_proofs_minutes;
        range("registration.failed_proofs_minutes", "1 to 1440", (1..=1440).contains(&minutes))?;
        Ok(ProofLimits { per_document, per_caller, window: Duration::minutes(minutes.into()) })
    }

    /// What no amendment changes once a checkpoint has seen it.
    ///
    /// # Errors
    /// When a path is none that an amendment takes.
    fn frozen(&self) -> Result<FrozenPaths, ConfigError> {
        let read = FrozenPaths::parse(self.frozen_after_verification.iter().cloned());
        read.map_err(|NotAmendable(position)| ConfigError::FrozenPath { position })
    }

    /// How long a change can be followed.
    ///
    /// # Errors
    /// When a follower that has lost its place could have missed a registration that still counts: it goes on from the oldest
    /// change that is kept.
    fn keep_changes(&self) -> Result<Duration, ConfigError> {
        let least = u32::from(self.valid_days) + u32::from(self.entry_days_after);
        let days = self.keep_changes_days.unwrap_or(least.max(90));
        let rule = "at least valid_days and entry_days_after together";
        ConfigError::range("registration.keep_changes_days", rule, days >= least)?;
        Ok(Duration::days(days.into()))
    }

    fn notice(&self) -> Result<Notice, ConfigError> {
        let built_in = PathBuf::from("the built-in notice");
        let (path, notice): (_, Result<_, NoticeError>) = match &self.notice {
            Some(path) => (path.clone(), Notice::parse(&text_of(path)?)),
            None => (built_in, Notice::built_in()),
        };
        notice.map_err(|source| ConfigError::Notice { path, source })
    }
}

impl Qr {
    /// The service's own settings, with what is set for `requests` to all services.
    ///
    /// # Errors
    /// When a value is outside its range.
    pub fn service(&self, requests: &Requests) -> Result<entrypass_qr::Config, ConfigError> {
        let issuer: Issuer = self
            .issuer
            .parse()
            .map_err(|_| ConfigError::Range { setting: "qr.issuer", rule: "two of A-Z 0-9" })?;
        let days = (1..=3650).contains(&self.keep_verifications_days);
        ConfigError::range("qr.keep_verifications_days", "1 to 3650", days)?;
        ConfigError::range("qr.bundle_minutes", "1 to 1440", (1..=1440).contains(&self.bundle_minutes))?;
        Ok(entrypass_qr::Config {
            issuer,
            display_for: self.display_for()?,
            bundle_for: Duration::minutes(self.bundle_minutes.into()),
            keep_answers: requests.keep()?,
            keep_verifications: Duration::days(self.keep_verifications_days.into()),
        })
    }

    /// How long a displayed code counts.
    pub(super) fn display_for(&self) -> Result<Duration, ConfigError> {
        ConfigError::range("qr.display_minutes", "1 to 1440", (1..=1440).contains(&self.display_minutes))?;
        Ok(Duration::minutes(self.display_minutes.into()))
    }
}

impl Epass {
    /// The service's own settings, with what is set for `requests` to all services.
    ///
    /// # Errors
    /// When a value is outside its range.
    pub fn service(&self, requests: &Requests) -> Result<entrypass_epass::Config, ConfigError> {
        let digits = |division: &String| division.len() == 4 && division.bytes().all(|b| b.is_ascii_digit());
        let divisions =
            (1..=20).contains(&self.city_divisions.len()) && self.city_divisions.iter().all(digits);
        ConfigError::range("epass.city_divisions", "1 to 20 of four digits each", divisions)?;
        ConfigError::range("epass.claim_minutes", "1 to 1440", (1..=1440).contains(&self.claim_minutes))?;
        ConfigError::range("epass.pass_days", "0 to 3650", self.pass_days <= 3650)?;
        let kept = |days: u16| (1..=3650).contains(&days);
        ConfigError::range("epass.keep_changes_days", "1 to 3650", kept(self.keep_changes_days))?;
        ConfigError::range("epass.keep_circumstances_days", "1 to 3650", kept(self.keep_circumstances_days))?;
        let days = |days: u16| Duration::days(days.into());
        Ok(entrypass_epass::Config {
            keep_answers: requests.keep()?,
            city_divisions: self.city_divisions.clone(),
            passes_valid_for: (self.pass_days > 0).then(|| days(self.pass_days)),
            keep_changes: days(self.keep_changes_days),
            keep_circumstances: days(self.keep_circumstances_days),
            claims_last: Duration::minutes(self.claim_minutes.into()),
        })
    }
}
