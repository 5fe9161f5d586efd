//! The key rings of a process: read at the start, made in the data folder with a new database, and read anew while the process runs.
//!
//! Owns: the files. Does not own: which keys there are and what they do (`entrypass-seal`), and the command that changes them (`keys.rs`).

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use entrypass_ambient::Random;
use entrypass_db::{Database, answers};
use entrypass_seal::{KeyId, KeyRing, Keys, KeysError, Purpose, Sealer};
use sea_orm_migration::sea_orm::DbErr;
use thiserror::Error;
use tokio::time::sleep;
use zeroize::Zeroizing;

use crate::{compose::Surroundings, config::RingPlace, role::Service};

/// How often a file is looked at. Whoever adds a key waits longer before it is used (`entrypass keys`).
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why a key ring cannot be used or written. Nothing of a key stands in it.
#[derive(Debug, Error)]
pub enum RingError {
    /// The file cannot be read or written.
    #[error("cannot use the key ring {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else can read the file.
    #[error("the key ring {path} has mode {mode:o}: only its owner may have rights to it (chmod 600)")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its present mode.
        mode: u32,
    },
    /// There is no file where the setting says. None is made there: two copies that start at once would make two.
    #[error(
        "the key ring {path} is missing: copy it there, or make one with `entrypass keys new --service {} PATH` if there never was one",
        .service.name()
    )]
    Missing {
        /// Whose.
        service: Service,
        /// The file.
        path: PathBuf,
    },
    /// The ring of a database that is there already is not.
    #[error(
        "the key ring {path} is missing, and what the {} database holds cannot be read without it: bring it back from its backup",
        .service.name()
    )]
    Lost {
        /// Whose.
        service: Service,
        /// The file.
        path: PathBuf,
    },
    /// Neither the ring nor the database has been made.
    #[error(
        "there is no key ring {path} yet, and no {} database: `entrypass serve` and `entrypass migrate up` make both",
        .service.name()
    )]
    NotYet {
        /// Whose.
        service: Service,
        /// The file.
        path: PathBuf,
    },
    /// It is not the ring under which the rows are.
    #[error(
        "{place} is not the key ring of this {} database: rows are under {}, and it lacks {}; bring the right one back from its backup",
        .service.name(), named(.missing), if .missing.len() == 1 { "it" } else { "them" }
    )]
    Wrong {
        /// Whose.
        service: Service,
        /// The file or the variable.
        place: String,
        /// The keys that rows are under and the ring lacks.
        missing: Vec<(Purpose, KeyId)>,
    },
    /// The database does not say which keys it needs.
    #[error("cannot find out which keys the {} database needs", .service.name())]
    Unasked {
        /// Whose.
        service: Service,
        /// What it says.
        source: DbErr,
    },
    /// A file is there already.
    #[error(
        "there is a file {path} already, and it is not overwritten: what was sealed under its keys would be lost"
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The ring is no file.
    #[error(
        "{variable} holds the key ring: change the text there and restart the copies, or keep the ring in a file"
    )]
    InEnvironment {
        /// The variable.
        variable: String,
    },
    /// The ring does not allow the change.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// It is no ring.
    #[error("{place} is no key ring")]
    Malformed {
        /// The file or the variable.
        place: String,
        /// What is wrong with it.
        source: KeysError,
    },
}

/// The key ring of one service, as it was read.
pub(crate) struct Ring {
    keys: KeyRing,
    place: RingPlace,
    text: Zeroizing<String>,
}

impl Ring {
    /// Reads the ring of `service` at `place`; `None` when it is one of the data folder and not there.
    pub(crate) fn read(service: Service, place: &RingPlace) -> Result<Option<Self>, RingError> {
        let Some(text) = text_at(place)? else {
            return match place {
                RingPlace::File(path) => Err(RingError::Missing { service, path: path.clone() }),
                RingPlace::DataDir(_) | RingPlace::Environment { .. } => Ok(None),
            };
        };
        let keys = KeyRing::new(parse(place, &text)?);
        Ok(Some(Self { keys, place: place.clone(), text }))
    }

    /// The ring of `service` at `place`, which is made when it is missing and `may_make`.
    pub(crate) fn read_or_make(
        service: Service,
        place: &RingPlace,
        may_make: bool,
        random: &dyn Random,
    ) -> Result<Self, RingError> {
        match (Self::read(service, place)?, place) {
            (Some(ring), _) => Ok(ring),
            (None, RingPlace::DataDir(path) | RingPlace::File(path)) if may_make => {
                let keys = Keys::generate(random);
                let text = keys.to_text();
                write(path, &text)?;
                Ok(Self { keys: KeyRing::new(keys), place: place.clone(), text })
            }
            (None, RingPlace::DataDir(path) | RingPlace::File(path)) => {
                Err(RingError::Lost { service, path: path.clone() })
            }
            // What the environment says is always there, or the place would be another.
            (None, RingPlace::Environment { variable, .. }) => {
                Err(RingError::Missing { service, path: variable.into() })
            }
        }
    }

    /// The present keys.
    pub(crate) fn keys(&self) -> Arc<Keys> {
        self.keys.keys()
    }

    /// Seals with the present keys of this ring.
    pub(crate) fn sealer(&self, surroundings: &Surroundings) -> Sealer {
        Sealer::new(self.keys.clone(), surroundings.random.clone())
    }

    /// Finds out whether this is the ring of `database`.
    pub(crate) async fn suits(&self, service: Service, database: &Database) -> Result<(), RingError> {
        suits(&self.keys(), &self.place, service, database).await
    }

    /// Takes up what changes in the file, for ever. A file that cannot be used, or lacks keys that rows of `database` are under, is told once, and
    /// the keys stay as they are. The environment of a process does not change.
    pub(crate) async fn follow(mut self, service: Service, database: Database) {
        let mut told = String::new();
        loop {
            sleep(LOOK_EVERY).await;
            match self.look(service, &database).await {
                Ok(()) => told.clear(),
                Err(error) => {
                    let error = error.to_string();
                    if told != error {
                        tracing::error!(%error, "the keys of before stay");
                        told = error;
                    }
                }
            }
        }
    }

    async fn look(&mut self, service: Service, database: &Database) -> Result<(), RingError> {
        let path = match &self.place {
            RingPlace::Environment { .. } => return Ok(()),
            RingPlace::File(path) | RingPlace::DataDir(path) => path.display(),
        };
        match text_at(&self.place)? {
            Some(text) if text != self.text => {
                let keys = parse(&self.place, &text)?;
                suits(&keys, &self.place, service, database).await?;
                self.keys.replace(keys);
                tracing::info!(%path, "the key ring has changed");
                self.text = text;
            }
            Some(_) => {}
            None => tracing::warn!(%path, "the key ring is missing"),
        }
        Ok(())
    }
}

fn parse(place: &RingPlace, text: &str) -> Result<Keys, RingError> {
    Keys::parse(text).map_err(|source| RingError::Malformed { place: shown(place), source })
}

fn shown(place: &RingPlace) -> String {
    match place {
        RingPlace::File(path) | RingPlace::DataDir(path) => path.display().to_string(),
        RingPlace::Environment { variable, .. } => variable.clone(),
    }
}

/// Finds out whether `keys` has what rows of `database` are under: with other keys the service would find nobody whom it knows.
async fn suits(
    keys: &Keys,
    place: &RingPlace,
    service: Service,
    database: &Database,
) -> Result<(), RingError> {
    let missing = missing(keys, service, database).await;
    let missing = missing.map_err(|source| RingError::Unasked { service, source })?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(RingError::Wrong { service, place: shown(place), missing })
}

async fn missing(keys: &Keys, service: Service, database: &Database) -> Result<Vec<(Purpose, KeyId)>, DbErr> {
    let mut missing = match service {
        Service::Registration => entrypass_registration::missing_keys(database, keys).await?,
        Service::Qr => Vec::new(),
        Service::Epass => entrypass_epass::missing_key(database, keys).await?.into_iter().collect(),
    };
    missing.extend(answers::missing_key(database, keys).await?);
    missing.extend(entrypass_audit::missing_key(database, keys).await?);
    missing.sort_unstable();
    missing.dedup();
    Ok(missing)
}

fn named(keys: &[(Purpose, KeyId)]) -> String {
    let names: Vec<_> = keys.iter().map(|(purpose, key)| format!("the {purpose} key {key}")).collect();
    names.join(" and ")
}

/// The text of a ring; `None` when there is no file.
fn text_at(place: &RingPlace) -> Result<Option<Zeroizing<String>>, RingError> {
    let path = match place {
        RingPlace::Environment { text, .. } => return Ok(Some(Zeroizing::new(text.text().to_owned()))),
        RingPlace::File(path) | RingPlace::DataDir(path) => path,
    };
    let failed = |source| RingError::Io { path: path.clone(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 { Ok(Some(text)) } else { Err(RingError::Exposed { path: path.clone(), mode }) }
}

/// Writes a ring where there is no file yet.
pub(crate) fn write_new(path: &Path, keys: &Keys) -> Result<(), RingError> {
    let _locked = lock(path)?;
    if path.exists() {
        return Err(RingError::Exists { path: path.to_owned() });
    }
    write(path, &keys.to_text())
}

/// Changes the ring of `service` at `place`, which nobody else changes meanwhile; gives what `change` gives beside the new keys.
pub(crate) fn change<T>(
    service: Service,
    place: &RingPlace,
    change: impl FnOnce(&Keys) -> Result<(Keys, T), KeysError>,
) -> Result<T, RingError> {
    let path = match place {
        RingPlace::File(path) | RingPlace::DataDir(path) => path,
        RingPlace::Environment { variable, .. } => {
            return Err(RingError::InEnvironment { variable: variable.clone() });
        }
    };
    let lost = || match place {
        RingPlace::File(_) => RingError::Missing { service, path: path.clone() },
        _ => RingError::Lost { service, path: path.clone() },
    };
    // Without a file there may be no folder either.
    let _locked = if path.exists() { lock(path)? } else { return Err(lost()) };
    let ring = Ring::read(service, place)?.ok_or_else(lost)?;
    let (keys, told) = change(&ring.keys())?;
    write(path, &keys.to_text())?;
    Ok(told)
}

/// Holds the folder of `path`, so that of two commands that change a ring at once none undoes the other's key.
fn lock(path: &Path) -> Result<File, RingError> {
    let locked = || {
        let folder = folder_of(path);
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let folder = File::open(folder)?;
        folder.lock()?;
        Ok(folder)
    };
    locked().map_err(|source| RingError::Io { path: path.to_owned(), source })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a ring beside its place and moves it there: a copy that reads meanwhile sees the old one or the new one.
fn write(path: &Path, text: &str) -> Result<(), RingError> {
    let written = || {
        let folder = folder_of(path);
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut half_written = path.as_os_str().to_owned();
        half_written.push(".new");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&half_written)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&half_written, path)?;
        // The new name must survive a power cut as well: what is sealed under the key will.
        File::open(folder)?.sync_all()
    };
    written().map_err(|source| RingError::Io { path: path.to_owned(), source })
}
