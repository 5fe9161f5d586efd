//! What one copy of the service knows of the keys. It reads the table anew every few seconds, and at once for a key that it does not know:
//! another copy may have begun to sign with it a moment ago.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use entrypass_token::{KeyId, VerificationKey};
use entrypass_verifier::TrustedKey;
use time::OffsetDateTime;
use tokio::sync::Mutex as Turn;

use super::{
    custody::{Custody, lives},
    error::KeysError,
    life::{KeyState, Lives},
    signer::Signer,
};
use crate::{error::Error, store::keys::StoredKey};

/// How long at least between two readings that unknown keys bring about: whoever shows made-up codes must not keep the database busy, nor
/// hold up those in whose batch they stand.
const BETWEEN_READINGS: Duration = Duration::from_millis(100);
/// What is older is read anew before it is relied on: this copy was held up, or its database was away.
const OLDEST: Duration = Duration::from_secs(10);
/// Key ids remembered as nobody's, so that they bring about no reading again.
const STRANGERS: usize = 1024;

/// The signing keys, as a copy of the service knows them. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    custody: Custody,
    ring: RwLock<Arc<Ring>>,
    reading: Turn<Reading>,
    strangers: Mutex<HashSet<KeyId>>,
}

/// When the table was read.
struct Reading {
    /// When the last try that a call brought about began.
    called_for: Option<Instant>,
    /// When the last one that came to its end began.
    done: Option<Instant>,
}

/// The keys at one reading.
#[derive(Debug)]
struct Ring {
    keys: Vec<Known>,
    lives: Lives,
    read: Option<Instant>,
}

/// One key at one reading.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) stored: StoredKey,
    /// What signs with it, if it is still to sign.
    signer: Option<Result<Arc<dyn Signer>, Arc<KeysError>>>,
}

/// What is known of a key id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The key is ours. What it signed may have run out.
    Trusted(Box<TrustedKey>),
    /// The key was revoked.
    Revoked,
    /// No key of ours has this id.
    Unknown,
}

/// A key, as verifiers are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: VerificationKey,
    pub(crate) state: KeyState,
    pub(crate) activate_time: OffsetDateTime,
    pub(crate) retire_time: Option<OffsetDateTime>,
    pub(crate) verify_until_time: Option<OffsetDateTime>,
    pub(crate) revoke_time: Option<OffsetDateTime>,
}

impl Keys {
    /// Reads the keys, and makes the first one where there is none.
    ///
    /// # Errors
    /// When the database fails, or the private half of the key that signs now or next is there and cannot be used. That it is not there
    /// is no error: this copy verifies, refuses to issue, and says so in its log.
    pub async fn open(custody: Custody) -> Result<Self, KeysError> {
        custody.begin().await?;
        custody.reseal().await?;
        let ring = Ring { keys: Vec::new(), lives: lives(&[]), read: None };
        let keys = Self(Arc::new(Inner {
            custody,
            ring: RwLock::new(Arc::new(ring)),
            reading: Turn::new(Reading { called_for: None, done: None }),
            strangers: Mutex::default(),
        }));
        keys.read().await?;
        let ring = keys.ring();
        let broken = ring.keys.iter().find_map(|key| match &key.signer {
            Some(Err(error)) if !matches!(**error, KeysError::NotHere { .. }) => Some(Arc::clone(error)),
            _ => None,
        });
        drop(ring);
        broken.map_or(Ok(keys), |error| Err(KeysError::Unusable(error)))
    }

    /// The key that signs `now`, and what signs with it. The table has been read within the last seconds.
    pub(crate) async fn active(
        &self,
        now: OffsetDateTime,
    ) -> Result<(Arc<dyn Signer>, VerificationKey), Error> {
        let ring = self.fresh().await?;
        let signing =
            ring.lives.signing(now).and_then(|life| ring.keys.iter().find(|key| key.stored.life == *life));
        let signing = signing.ok_or(Error::NoSigningKey)?;
        match &signing.signer {
            Some(Ok(signer)) => Ok((Arc::clone(signer), signing.stored.key.clone())),
            Some(Err(error)) => Err(Error::SigningKey(Arc::clone(error))),
            None => Err(Error::NoSigningKey),
        }
    }

    /// The keys with these ids in their order, also those of which all that they signed has run out. Asks the database, once, when one is not
    /// known here: a key is in the table before it signs anything.
    pub(crate) async fn find(&self, ids: &[KeyId]) -> Result<Vec<Found>, Error> {
        let asked = Instant::now();
        let ring = self.fresh().await?;
        let found: Vec<_> = ids.iter().map(|id| ring.find(*id)).collect();
        if !self.has_new(ids, &found) {
            return Ok(found);
        }
        self.read_since(asked).await?;
        let ring = self.ring();
        let found: Vec<_> = ids.iter().map(|id| ring.find(*id)).collect();
        let mut strangers = self.strangers();
        if strangers.len() >= STRANGERS {
            strangers.clear();
        }
        strangers
            .extend(ids.iter().zip(&found).filter(|(_, found)| **found == Found::Unknown).map(|(id, _)| *id));
        Ok(found)
    }

    /// Whether one of these ids is neither that of a key nor remembered as nobody's.
    fn has_new(&self, ids: &[KeyId], found: &[Found]) -> bool {
        let strangers = self.strangers();
        ids.iter().zip(found).any(|(id, found)| *found == Found::Unknown && !strangers.contains(id))
    }

    /// Every key whose signature may count `now` or later, in the order in which they sign: what a bundle must list. As the table is at this
    /// moment, and not seconds ago: a bundle has every change up to its version.
    pub(crate) async fn trusted(&self, now: OffsetDateTime) -> Result<Vec<TrustedKey>, Error> {
        let keys = self.custody().all().await?;
        let lives = lives(&keys);
        let counts =
            |key: &&StoredKey| !matches!(lives.state(&key.life, now), KeyState::Expired | KeyState::Revoked);
        Ok(keys.iter().filter(counts).map(|key| trusted(key, &lives)).collect())
    }

    /// Reads the table, unless that was done within the last second; then it waits for the next one.
    pub(crate) async fn reread(&self) -> Result<(), Error> {
        self.read_since(Instant::now()).await
    }

    /// Every key that verifiers are told of `now`; of a revoked one, that it is.
    pub(crate) fn listed(&self, now: OffsetDateTime) -> Vec<Listed> {
        let ring = self.ring();
        let keys = ring.keys.iter().map(|key| &key.stored);
        let listed = keys.filter(|key| ring.lives.is_listed(&key.life, now)).map(|key| Listed {
            key: key.key.clone(),
            state: ring.lives.state(&key.life, now),
            activate_time: key.life.activate_time,
            retire_time: ring.lives.signs_until(&key.life),
            verify_until_time: ring.lives.verifies_until(&key.life),
            revoke_time: key.life.revoke_time,
        });
        listed.collect()
    }

    /// Reads the table, now.
    pub(super) async fn read(&self) -> Result<(), KeysError> {
        let mut reading = self.0.reading.lock().await;
        self.read_in_turn(&mut reading).await
    }

    pub(super) fn custody(&self) -> &Custody {
        &self.0.custody
    }

    /// The keys with their private halves that are of no use any more.
    pub(super) fn done_signing(&self) -> Vec<StoredKey> {
        let (ring, now) = (self.ring(), self.custody().now());
        let done = ring.keys.iter().filter(|key| ring.lives.is_done_signing(&key.stored.life, now));
        done.map(|key| key.stored.clone()).collect()
    }

    /// The keys that this copy is to sign with and cannot: their state, id, and what is wrong.
    pub(super) fn unusable(&self) -> Vec<(KeyState, KeyId, Arc<KeysError>)> {
        let (ring, now) = (self.ring(), self.custody().now());
        let unusable = ring.keys.iter().filter_map(|key| {
            let Some(Err(error)) = &key.signer else { return None };
            Some((ring.lives.state(&key.stored.life, now), key.stored.id(), Arc::clone(error)))
        });
        unusable.collect()
    }

    pub(super) fn stored(&self) -> Vec<StoredKey> {
        self.ring().keys.iter().map(|key| key.stored.clone()).collect()
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.0.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn strangers(&self) -> std::sync::MutexGuard<'_, HashSet<KeyId>> {
        self.0.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ring, of the last seconds.
    async fn fresh(&self) -> Result<Arc<Ring>, Error> {
        let ring = self.ring();
        if ring.read.is_some_and(|read| read.elapsed() < OLDEST) {
            return Ok(ring);
        }
        self.read_since(Instant::now()).await?;
        Ok(self.ring())
    }

    /// Makes sure that the table was read after `asked`. Of many who ask at once one reads, and not more often than ten times a second.
    async fn read_since(&self, asked: Instant) -> Result<(), Error> {
        let mut reading = self.0.reading.lock().await;
        if reading.done.is_some_and(|done| done >= asked) {
            return Ok(());
        }
        if let Some(last) = reading.called_for {
            tokio::time::sleep_until((last + BETWEEN_READINGS).into()).await;
        }
        reading.called_for = Some(Instant::now());
        self.read_in_turn(&mut reading).await.map_err(Error::from)
    }

    async fn read_in_turn(&self, reading: &mut Reading) -> Result<(), KeysError> {
        let begun = Instant::now();
        let mut keys = self.0.custody.all().await?;
        if self.0.custody.raise_displays(&keys).await? {
            keys = self.0.custody.all().await?;
        }
        let before = self.ring();
        let after = Ring::new(keys, &before, &self.0.custody, begun);
        *self.0.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
        reading.done = Some(begun);
        Ok(())
    }
}

impl Ring {
    /// Private halves that were found stay in memory while they are of use, and are wiped from it then.
    fn new(keys: Vec<StoredKey>, before: &Self, custody: &Custody, read: Instant) -> Self {
        let (lives, now) = (lives(&keys), custody.now());
        let signer = |key: &StoredKey| {
            let known = before.keys.iter().find(|known| known.stored.key == key.key);
            match known.and_then(|known| known.signer.as_ref()) {
                Some(Ok(signer)) => Ok(Arc::clone(signer)),
                _ => custody.vault().find(key).map_err(Arc::new),
            }
        };
        let known = keys.into_iter().map(|stored| {
            let signer = (!lives.is_done_signing(&stored.life, now)).then(|| signer(&stored));
            Known { stored, signer }
        });
        Self { keys: known.collect(), lives, read: Some(read) }
    }

    fn find(&self, id: KeyId) -> Found {
        match self.keys.iter().find(|key| key.stored.id() == id) {
            Some(known) if known.stored.life.revoke_time.is_some() => Found::Revoked,
            Some(known) => Found::Trusted(Box::new(trusted(&known.stored, &self.lives))),
            None => Found::Unknown,
        }
    }
}

fn trusted(key: &StoredKey, lives: &Lives) -> TrustedKey {
    let seconds = |instant: Option<OffsetDateTime>| instant.map(OffsetDateTime::unix_timestamp);
    TrustedKey {
        key: key.key.clone(),
        signs_from: key.life.activate_time.unix_timestamp(),
        signs_until: seconds(lives.signs_until(&key.life)),
        verifies_until: seconds(lives.verifies_until(&key.life)),
    }
}
