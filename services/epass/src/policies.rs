//! The policies of this service at work: which one applies at an instant, read from the database each time, and parsed once a copy.
//!
//! So all copies change over at the same instant, without being told. Nothing stands in for a policy that cannot be had: not the one before, and not the one that
//! the program brings along.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entrypass_ambient::Clock;
use entrypass_db::Database;
use entrypass_policy::{Digest, EvaluationError, Policy, PolicyErrors};
use entrypass_rpc::Probe;
use sea_orm::ConnectionTrait;
use thiserror::Error;
use time::OffsetDateTime;
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    error::Error,
    level::Timeline,
    store::{self, policies::Coming},
};

/// Documents that one copy remembers at most: far more than apply or are about to.
const REMEMBERED: usize = 32;
/// Documents that are read at once: reading a large one with its tests takes a processor for a while, and calls need them too.
const READ_AT_ONCE: usize = 2;

/// What became of reading a text; the same text comes out the same each time.
type Read = Result<Arc<Policy>, PolicyErrors>;

/// The policies of one copy of the service; cheap to clone, and all clones know what one has parsed.
#[derive(Clone)]
pub struct Policies {
    /// By digest. Whoever comes while a text is being read waits for that, and does not read it again.
    parsed: Arc<Mutex<HashMap<String, Arc<OnceCell<Read>>>>>,
    reading: Arc<Semaphore>,
}

impl Default for Policies {
    fn default() -> Self {
        Self { parsed: Arc::default(), reading: Arc::new(Semaphore::new(READ_AT_ONCE)) }
    }
}

/// Why no policy can be told for an instant. For operators: callers learn that it is so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Unavailable {
    #[error("no policy was made to apply at this instant")]
    NoneApplies,
    #[error("the policy {0} applies and is not effective at this instant")]
    NotEffective(String),
    #[error("the policy {0} is not in the database")]
    Missing(String),
    #[error("the text of the policy {0} is not the one that was added")]
    Changed(String),
    #[error("the policy {0} is none for this release: {1}")]
    Unreadable(String, PolicyErrors),
    #[error("a policy could not be read to its end")]
    Interrupted,
    #[error(transparent)]
    Undecided(EvaluationError),
}

impl Policies {
    /// Says whether the policy that applies now can be loaded: without it the service is of no use.
    pub fn probe(&self, database: &Database, clock: Arc<dyn Clock>) -> Probe {
        let (policies, database) = (self.clone(), database.clone());
        Probe::new(move || {
            let (policies, database, now) = (policies.clone(), database.clone(), clock.now());
            async move {
                match policies.at(database.reader(), now).await {
                    Ok(_) => Ok(()),
                    Err(Error::PolicyUnavailable(unavailable)) => Err(unavailable.to_string()),
                    Err(_) => Err("its policies cannot be read".to_owned()),
                }
            }
        })
    }

    /// The policy that applies at `as_of`.
    pub(crate) async fn at(
        &self,
        connection: &impl ConnectionTrait,
        as_of: OffsetDateTime,
    ) -> Result<Arc<Policy>, Error> {
        let applying = store::policies::applying(connection, as_of).await?;
        let (_, digest) = applying.ok_or(Unavailable::NoneApplies)?;
        self.covering(connection, &digest, as_of).await
    }

    /// The policy of the first of `coming`, which applies at `as_of`.
    pub(crate) async fn first_of(
        &self,
        connection: &impl ConnectionTrait,
        coming: &[Coming],
        as_of: OffsetDateTime,
    ) -> Result<Arc<Policy>, Error> {
        let applying = coming.first().ok_or(Unavailable::NoneApplies)?;
        self.covering(connection, &applying.digest, as_of).await
    }

    /// The policy with this digest, which is to apply at `as_of`.
    async fn covering(
        &self,
        connection: &impl ConnectionTrait,
        digest: &str,
        as_of: OffsetDateTime,
    ) -> Result<Arc<Policy>, Error> {
        let policy = self.load(connection, digest).await?;
        if policy.covers(as_of) {
            Ok(policy)
        } else {
            Err(Unavailable::NotEffective(digest.to_owned()).into())
        }
    }

    /// Reads what applies at `now` before a transaction does: nobody should wait for that while it holds what others want. Whether there is one it asks itself.
    pub(crate) async fn warm(&self, connection: &impl ConnectionTrait, now: OffsetDateTime) {
        let _ = self.at(connection, now).await;
    }

    /// The policies that apply from `now` on, with the ordinal of the activation that applies at first.
    pub(crate) async fn from(
        &self,
        connection: &impl ConnectionTrait,
        now: OffsetDateTime,
    ) -> Result<(i64, Timeline), Error> {
        let coming = store::policies::coming(connection, now).await?;
        self.timeline(connection, coming, now).await
    }

    /// The policies of `coming`, which apply from `now` on, with the ordinal of the activation that applies at first.
    pub(crate) async fn timeline(
        &self,
        connection: &impl ConnectionTrait,
        coming: Vec<Coming>,
        now: OffsetDateTime,
    ) -> Result<(i64, Timeline), Error> {
        let mut coming = coming.into_iter();
        let applying = coming.next().ok_or(Unavailable::NoneApplies)?;
        let first = self.covering(connection, &applying.digest, now).await?;
        let mut later = Vec::new();
        for Coming { digest, applies_from, .. } in coming {
            let policy = match self.load(connection, &digest).await {
                Ok(policy) => Some(policy),
                Err(Error::PolicyUnavailable(_)) => None,
                Err(error) => return Err(error),
            };
            later.push((applies_from, policy));
        }
        Ok((applying.ordinal, Timeline::new(first, later)))
    }

    /// The policy with this digest, which was added.
    pub(crate) async fn load(
        &self,
        connection: &impl ConnectionTrait,
        digest: &str,
    ) -> Result<Arc<Policy>, Error> {
        match self.known(digest) {
            Some(read) => usable(digest, read),
            None => self.load_anew(connection, digest).await,
        }
    }

    /// As [`Self::load`], with the text read from the database also where this copy remembers it: other copies have nothing else.
    pub(crate) async fn load_anew(
        &self,
        connection: &impl ConnectionTrait,
        digest: &str,
    ) -> Result<Arc<Policy>, Error> {
        let text = store::policies::text(connection, digest).await?;
        let text = text.ok_or_else(|| Unavailable::Missing(digest.to_owned()))?;
        if Digest::of(&text).to_string() != digest {
            return Err(Unavailable::Changed(digest.to_owned()).into());
        }
        let read = self.place(digest);
        usable(digest, read.get_or_try_init(|| self.parse(text)).await?.clone())
    }

    /// Reads a document and runs its tests, beside the calls.
    pub(crate) async fn parse(&self, text: String) -> Result<Read, Error> {
        let permit = Arc::clone(&self.reading).acquire_owned().await.map_err(|_| Unavailable::Interrupted)?;
        let reading = tokio::task::spawn_blocking(move || {
            // Kept to the end, also where the caller has gone away.
            let _permit = permit;
            Policy::parse(&text).map(Arc::new)
        });
        reading.await.map_err(|_| Unavailable::Interrupted.into())
    }

    fn known(&self, digest: &str) -> Option<Read> {
        self.lock().get(digest).and_then(|place| place.get().cloned())
    }

    /// Where the policy with this digest is remembered. One that is forgotten for it is read again when somebody asks for it.
    fn place(&self, digest: &str) -> Arc<OnceCell<Read>> {
        let mut parsed = self.lock();
        if parsed.len() >= REMEMBERED && !parsed.contains_key(digest) {
            let any = parsed.keys().next().cloned();
            any.and_then(|any| parsed.remove(&any));
        }
        Arc::clone(parsed.entry(digest.to_owned()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<OnceCell<Read>>>> {
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn usable(digest: &str, read: Read) -> Result<Arc<Policy>, Error> {
    read.map_err(|mistakes| Unavailable::Unreadable(digest.to_owned(), mistakes).into())
}

impl From<EvaluationError> for Error {
    fn from(error: EvaluationError) -> Self {
        Unavailable::Undecided(error).into()
    }
}

impl From<Unavailable> for Error {
    fn from(unavailable: Unavailable) -> Self {
        Self::PolicyUnavailable(unavailable)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use entrypass_policy::DEFAULT;

    use super::{Policies, REMEMBERED};

    #[tokio::test]
    async fn whoever_comes_together_reads_a_text_once() {
        let policies = Policies::default();
        let place = policies.place("a");
        let read = || async { place.get_or_try_init(|| policies.parse(DEFAULT.to_owned())).await.cloned() };
        let (one, other) = tokio::join!(read(), read());
        let both = [one, other].map(|read| read.expect("read").expect("a policy"));
        assert!(Arc::ptr_eq(&both[0], &both[1]));
    }

    #[tokio::test]
    async fn what_is_no_policy_is_remembered_as_such() {
        let policies = Policies::default();
        let place = policies.place("a");
        place.get_or_try_init(|| policies.parse("x".to_owned())).await.expect("read");
        assert!(policies.known("a").is_some_and(|read| read.is_err()));
        assert!(policies.known("b").is_none());
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let policies = Policies::default();
        for number in 0..2 * REMEMBERED {
            policies.place(&number.to_string());
            policies.place(&number.to_string());
            assert_eq!(policies.lock().len(), (number + 1).min(REMEMBERED));
        }
        assert!(policies.lock().contains_key(&(2 * REMEMBERED - 1).to_string()));
    }
}
