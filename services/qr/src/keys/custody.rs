//! What changes which keys there are: the first one, the schedule, and an operator's word.
//!
//! Every change is one transaction that holds the table of keys and looks at it anew, so that copies, and commands beside them, never
//! make two keys where one was wanted.

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_db::{Database, hold};
use entrypass_token::{Algorithm, KeyId, VerificationKey};
use sea_orm::{DatabaseTransaction, DbErr};
use time::{Duration, OffsetDateTime};

use super::{
    error::KeysError,
    life::{KeyState, Life, Lives, Schedule},
    vault::{Kept, Vault},
};
use crate::store::keys::{self, SIGNING_KEYS, StoredKey};

/// How long ago a key that was taken over may have signed what still counts: the longest display time that can be configured.
const TAKEN_OVER_FROM: Duration = Duration::days(1);

/// What a city can set of its signing keys.
#[derive(Debug, Clone, Copy)]
pub struct KeyRules {
    /// The algorithm of new keys.
    pub algorithm: Algorithm,
    /// How long a key signs before the next one does; `None`: until an operator ends it.
    pub rotate_every: Option<Duration>,
    /// How long before it signs a key is published at least.
    pub publish_for: Duration,
    /// For how long this copy's codes count at most.
    pub display_for: Duration,
}

/// The signing keys of one system, as an operator changes them. Works beside running copies of the service.
pub struct Custody {
    database: Database,
    vault: Vault,
    rules: KeyRules,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// When the next key is to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// When it has been published for as long as is configured: now, if it was long ago.
    Published,
    /// Now. A key that was never published locks verifiers without a network out: they do not trust a bundle that it signs.
    AtOnce,
}

/// A signing key, as an operator is told of it.
#[derive(Debug)]
pub struct KeyReport {
    /// Its public half.
    pub key: VerificationKey,
    /// Where it is in its life.
    pub state: KeyState,
    /// From when on it signs.
    pub activate_time: OffsetDateTime,
    /// Until when it signs, where that is settled.
    pub retire_time: Option<OffsetDateTime>,
    /// Until when what it signed counts, where that is settled.
    pub verify_until_time: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoke_time: Option<OffsetDateTime>,
    /// Whether its private half can be used here; `None` once nobody needs it.
    pub usable: Option<Result<(), KeysError>>,
}

/// What became of a revocation.
#[derive(Debug)]
pub struct Revocation {
    /// The key that signs now, or will, in the revoked one's place; `None` when another did already.
    pub successor: Option<Result<KeyReport, KeysError>>,
    /// Whether its private half could be erased here.
    pub erased: Result<(), KeysError>,
}

impl Custody {
    /// The keys in `database`, whose private halves are in `vault`.
    #[must_use]
    pub fn new(
        database: Database,
        vault: Vault,
        rules: KeyRules,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { database, vault, rules, clock, random }
    }

    /// Every key that there ever was, in the order in which they sign.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self) -> Result<Vec<KeyReport>, KeysError> {
        let keys = self.all().await?;
        let (lives, now) = (lives(&keys), self.clock.now());
        Ok(keys.iter().map(|key| self.report(key, &lives, now)).collect())
    }

    /// Sees to it that another key signs, and says which. One that waits already is the next, and need not wait for its time. An `algorithm` that is
    /// not the waiting key's makes another.
    ///
    /// # Errors
    /// When the database fails, or a new key cannot be kept anywhere.
    pub async fn rotate(&self, when: Rotation, algorithm: Option<Algorithm>) -> Result<KeyReport, KeysError> {
        let (transaction, keys) = self.begin_change().await?;
        let now = self.clock.now();
        let next = self.bring_forward(&transaction, &keys, when, algorithm, now).await?;
        self.reported_after(transaction, next, now).await
    }

    /// Revokes the key `id` for good: nothing that it signed counts any more, as soon as the copies have read it, within seconds. Where it signed, or was
    /// to sign next, another does.
    ///
    /// # Errors
    /// When there is no such key or the database fails. That no successor can be made keeps nobody from revoking, and is told.
    pub async fn revoke(&self, id: KeyId) -> Result<Revocation, KeysError> {
        let (transaction, before) = self.begin_change().await?;
        let now = self.clock.now();
        let known = before.iter().find(|key| key.id() == id).ok_or(KeysError::Unknown { key_id: id })?;
        if known.life.revoke_time.is_none() {
            let signs = lives(&before).signing(now) == Some(&known.life);
            // What signs has signed, whatever this clock says of its beginning: the key before it is not to come back.
            let begun = known.life.activate_time.saturating_add(Duration::MICROSECOND);
            keys::revoke(&transaction, id, if signs { now.max(begun) } else { now }).await?;
            keys::erase(&transaction, id).await?;
        }
        let after = keys::all(&transaction).await?;
        let successor = match self.succeed(&transaction, known, &before, &after, now).await {
            Err(KeysError::Database(error)) => return Err(error.into()),
            successor => successor.transpose(),
        };
        let keys = keys::all(&transaction).await?;
        transaction.commit().await?;
        let report = |id| self.report_of(id, &keys, now);
        Ok(Revocation {
            successor: successor.map(|made| made.and_then(report)),
            erased: self.vault.erase(id),
        })
    }

    /// Makes the first key, unless there is one: the one that is given, or a new one that signs from now on; and the one that will follow it.
    pub(super) async fn begin(&self) -> Result<(), KeysError> {
        if !self.all().await?.is_empty() {
            return Ok(());
        }
        let (transaction, keys) = self.begin_change().await?;
        let now = self.clock.now();
        if !keys.is_empty() {
            return Ok(());
        }
        if let Some(given) = self.vault.given(self.random.as_ref())? {
            let from = now.saturating_sub(TAKEN_OVER_FROM);
            keys::insert(&transaction, &self.stored(given, from, now)).await?;
        } else {
            self.make(&transaction, None, now, now).await?;
        }
        if let Some(from) = lives(&keys::all(&transaction).await?).due(self.schedule(), now) {
            self.make(&transaction, None, from, now).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Makes the key that is due by the schedule or because none signs, if one is; `keys` is what the caller knows. Says whether
    /// it changed anything.
    pub(super) async fn follow_schedule(&self, keys: &[StoredKey]) -> Result<bool, KeysError> {
        let (schedule, now) = (self.schedule(), self.clock.now());
        if lives(keys).due(schedule, now).is_none() {
            return Ok(false);
        }
        let (transaction, keys) = self.begin_change().await?;
        let Some(from) = lives(&keys).due(schedule, now) else { return Ok(false) };
        self.make(&transaction, None, from, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes the display time of this copy with every key of `keys` that it may sign with. Says whether it changed anything.
    ///
    /// A copy does so before it signs: that a key has retired, and when all that it signed has run out, must not come out too early for what
    /// this copy signed in between.
    pub(super) async fn raise_displays(&self, keys: &[StoredKey]) -> Result<bool, KeysError> {
        let (now, longest) = (self.clock.now(), self.rules.display_for);
        if low(keys, longest, now).is_empty() {
            return Ok(false);
        }
        let (transaction, keys) = self.begin_change().await?;
        for id in low(&keys, longest, now) {
            keys::raise_display(&transaction, id, longest).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Erases the private half of `key`, which nobody signs with any more.
    pub(super) async fn erase(&self, key: &StoredKey) -> Result<(), KeysError> {
        if key.sealed.is_some() {
            let (transaction, _) = self.begin_change().await?;
            keys::erase(&transaction, key.id()).await?;
            transaction.commit().await?;
        }
        self.vault.erase(key.id())
    }

    pub(super) async fn all(&self) -> Result<Vec<StoredKey>, DbErr> {
        keys::all(self.database.reader()).await
    }

    /// Seals anew what another than the first key-encryption key has sealed, so that the other can be taken away.
    pub(super) async fn reseal(&self) -> Result<(), KeysError> {
        if !self.all().await?.iter().any(|key| self.resealed(key).is_some()) {
            return Ok(());
        }
        let (transaction, keys) = self.begin_change().await?;
        for key in keys {
            if let Some(sealed) = self.resealed(&key) {
                keys::reseal(&transaction, key.id(), sealed).await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.vault
    }

    fn resealed(&self, key: &StoredKey) -> Option<Vec<u8>> {
        self.vault.resealed(key, self.random.as_ref())
    }

    fn schedule(&self) -> Schedule {
        // A key that only this copy could sign with would silence the others: a single key, kept by hand, is also changed by hand.
        let rotate_every = self.rules.rotate_every.filter(|_| self.vault.has_room());
        Schedule { rotate_every, publish_for: self.rules.publish_for }
    }

    async fn begin_change(&self) -> Result<(DatabaseTransaction, Vec<StoredKey>), DbErr> {
        let transaction = self.database.begin().await?;
        hold(&transaction, [SIGNING_KEYS]).await?;
        let keys = keys::all(&transaction).await?;
        Ok((transaction, keys))
    }

    /// Lets the key that waits, or a new one, sign next.
    async fn bring_forward(
        &self,
        transaction: &DatabaseTransaction,
        keys: &[StoredKey],
        when: Rotation,
        algorithm: Option<Algorithm>,
        now: OffsetDateTime,
    ) -> Result<KeyId, KeysError> {
        let lives = lives(keys);
        let from = |made: OffsetDateTime| {
            let known = match when {
                Rotation::Published => now.max(made.saturating_add(self.rules.publish_for)),
                Rotation::AtOnce => now,
            };
            // After the present one also where that was made by a clock ahead of this.
            lives.free(lives.signing(now).map_or(known, |signing| known.max(signing.activate_time)))
        };
        // Published already: that verifiers know it is worth more than a fresh one. But what signs at once must be at hand.
        let usable = |key: &&StoredKey| when == Rotation::Published || self.vault.find(key).is_ok();
        match waiting(keys, algorithm, now).filter(usable) {
            Some(waiting) => {
                let from = from(waiting.create_time).min(waiting.life.activate_time);
                keys::activate(transaction, waiting.id(), from).await?;
                Ok(waiting.id())
            }
            None => self.make(transaction, algorithm, from(now), now).await,
        }
    }

    /// Puts another key in the place of `revoked`, if it has left one empty.
    async fn succeed(
        &self,
        transaction: &DatabaseTransaction,
        revoked: &StoredKey,
        before: &[StoredKey],
        after: &[StoredKey],
        now: OffsetDateTime,
    ) -> Result<Option<KeyId>, KeysError> {
        let (was, is) = (lives(before), lives(after));
        if is.signing(now).is_none() {
            // Those that another clock has made to sign later than now are behind it.
            let now = now.max(was.signing(now).map_or(now, |signing| signing.activate_time));
            return self.bring_forward(transaction, after, Rotation::AtOnce, None, now).await.map(Some);
        }
        if was.first_pending(now) == Some(&revoked.life) && is.first_pending(now).is_none() {
            // At the same hour: verifiers have been told that the present key ends then.
            let from = is.free(revoked.life.activate_time.saturating_add(Duration::MICROSECOND));
            return self.make(transaction, Some(revoked.key.algorithm()), from, now).await.map(Some);
        }
        Ok(None)
    }

    /// Makes a key that signs from `from` on. Its private half is kept before its row is: a file without a row hurts nobody, and a row
    /// without a private half would be a key that cannot sign.
    async fn make(
        &self,
        transaction: &DatabaseTransaction,
        algorithm: Option<Algorithm>,
        from: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<KeyId, KeysError> {
        let algorithm = algorithm.unwrap_or(self.rules.algorithm);
        let kept = self.vault.make(algorithm, self.random.as_ref())?;
        let id = kept.key.key_id();
        keys::insert(transaction, &self.stored(kept, from, now)).await?;
        Ok(id)
    }

    fn stored(&self, kept: Kept, activate_time: OffsetDateTime, now: OffsetDateTime) -> StoredKey {
        let Kept { key, sealed } = kept;
        let life = Life { activate_time, revoke_time: None, longest_display: self.rules.display_for };
        StoredKey { key, life, create_time: now, sealed }
    }

    /// Commits, and tells of the key `id` as it is then.
    async fn reported_after(
        &self,
        transaction: DatabaseTransaction,
        id: KeyId,
        now: OffsetDateTime,
    ) -> Result<KeyReport, KeysError> {
        let keys = keys::all(&transaction).await?;
        transaction.commit().await?;
        self.report_of(id, &keys, now)
    }

    fn report_of(&self, id: KeyId, keys: &[StoredKey], now: OffsetDateTime) -> Result<KeyReport, KeysError> {
        let key = keys.iter().find(|key| key.id() == id).ok_or(KeysError::Unknown { key_id: id })?;
        Ok(self.report(key, &lives(keys), now))
    }

    fn report(&self, key: &StoredKey, lives: &Lives, now: OffsetDateTime) -> KeyReport {
        let needed = !lives.is_done_signing(&key.life, now);
        KeyReport {
            key: key.key.clone(),
            state: lives.state(&key.life, now),
            activate_time: key.life.activate_time,
            retire_time: lives.signs_until(&key.life),
            verify_until_time: lives.verifies_until(&key.life),
            revoke_time: key.life.revoke_time,
            usable: needed.then(|| self.vault.find(key).map(drop)),
        }
    }
}

pub(super) fn lives(keys: &[StoredKey]) -> Lives {
    Lives::new(keys.iter().map(|key| key.life).collect())
}

/// The next key, if it is of the `algorithm` that is wanted.
fn waiting(keys: &[StoredKey], algorithm: Option<Algorithm>, now: OffsetDateTime) -> Option<&StoredKey> {
    let lives = lives(keys);
    let next = lives.first_pending(now)?;
    let key = keys.iter().find(|key| key.life == *next)?;
    algorithm.is_none_or(|wanted| wanted == key.key.algorithm()).then_some(key)
}

/// The keys that may sign and do not know of so long a display time.
fn low(keys: &[StoredKey], longest: Duration, now: OffsetDateTime) -> Vec<KeyId> {
    let lives = lives(keys);
    let may_sign = |key: &&StoredKey| !lives.is_done_signing(&key.life, now);
    keys.iter().filter(may_sign).filter(|key| key.life.longest_display < longest).map(StoredKey::id).collect()
}
