//! The policies of this service at work: which one applies at an instant, read from the database each time, and parsed once.
//!
//! So all copies change over at the same instant, without being told. Nothing stands in for a policy that cannot be had: not the one before, and not the one that
//! the program brings along.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use entrypass_ambient::Clock;
use entrypass_db::Database;
use entrypass_policy::{Digest, EvaluationError, Policy, PolicyErrors};
use entrypass_rpc::Probe;
use sea_orm::ConnectionTrait;
use thiserror::Error;
use time::OffsetDateTime;

use crate::{error::Error, level::Timeline, store};

/// The policies of one copy of the service; cheap to clone, and all clones know what one has parsed.
#[derive(Clone, Default)]
pub struct Policies {
    parsed: Arc<Mutex<HashMap<String, Arc<Policy>>>>,
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
        let policy = self.load(connection, &digest).await?;
        if policy.covers(as_of) { Ok(policy) } else { Err(Unavailable::NotEffective(digest).into()) }
    }

    /// The policies that apply from `now` on, with the ordinal of the activation that applies at first.
    pub(crate) async fn from(
        &self,
        connection: &impl ConnectionTrait,
        now: OffsetDateTime,
    ) -> Result<(i64, Timeline), Error> {
        let applying = store::policies::applying(connection, now).await?;
        let (ordinal, _) = applying.ok_or(Unavailable::NoneApplies)?;
        let first = self.at(connection, now).await?;
        let mut later = Vec::new();
        for turn in store::policies::turns(connection, now).await? {
            let policy = match self.at(connection, turn).await {
                Ok(policy) => Some(policy),
                Err(Error::PolicyUnavailable(_)) => None,
                Err(error) => return Err(error),
            };
            later.push((turn, policy));
        }
        Ok((ordinal, Timeline::new(first, later)))
    }

    /// The policy with this digest, which was added.
    pub(crate) async fn load(
        &self,
        connection: &impl ConnectionTrait,
        digest: &str,
    ) -> Result<Arc<Policy>, Error> {
        if let Some(policy) = self.known(digest) {
            return Ok(policy);
        }
        let text = store::policies::text(connection, digest).await?;
        let text = text.ok_or_else(|| Unavailable::Missing(digest.to_owned()))?;
        if Digest::of(&text).to_string() != digest {
            return Err(Unavailable::Changed(digest.to_owned()).into());
        }
        let policy = parse(text).await?;
        let policy = policy.map_err(|mistakes| Unavailable::Unreadable(digest.to_owned(), mistakes))?;
        let policy = Arc::new(policy);
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        parsed.insert(digest.to_owned(), Arc::clone(&policy));
        Ok(policy)
    }

    fn known(&self, digest: &str) -> Option<Arc<Policy>> {
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }
}

/// Reads a document and runs its tests, beside the calls: a large one takes its time.
pub(crate) async fn parse(text: String) -> Result<Result<Policy, PolicyErrors>, Error> {
    let parsed = tokio::task::spawn_blocking(move || Policy::parse(&text)).await;
    parsed.map_err(|_| Unavailable::Interrupted.into())
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
