//! Look-ups of one kind that share a round trip.
//!
//! Owns what is made of the keys that wait, and who gets what of the answer. While one statement is under way the keys of those who come gather, and the
//! next statement answers all of them: so a thousand callers at once cost a database some tens of statements, and a single one waits for nobody. A key
//! is never added to a statement that is under way: whoever asks sees all that was committed before they asked.
//! Does not own the queue ([`Together`]), and what is looked up.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use sea_orm::{ConnAcquireErr, DbErr};

use crate::{Limits, Together};

/// Keys that callers wait for at most. More than these are told at once that the database cannot keep up.
const MOST_WAITING: usize = 10_000;
/// Keys that one statement looks up at most: behind these a statement takes longer without being cheaper for each.
const AT_ONCE: usize = 100;

type Found<K, V> = Result<BTreeMap<K, V>, DbErr>;

/// Looks things up by keys.
#[derive(Clone)]
pub struct Coalesced<K, V>(Arc<Together<Vec<K>, Found<K, V>>>);

impl<K, V> Coalesced<K, V>
where
    K: Ord + Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Look-ups by `look_up`, which is given different keys and gives what it finds for each of them, with one statement: at most 100 keys, and those of
    /// one caller always together.
    #[must_use]
    pub fn new<L>(look_up: impl Fn(Vec<K>) -> L + Send + Sync + 'static) -> Self
    where
        L: Future<Output = Found<K, V>> + Send + 'static,
    {
        let limits = Limits { weigh: Vec::len, at_once: AT_ONCE, waiting: MOST_WAITING, abandoned: false };
        Self(Together::new(limits, move |asked: Vec<Vec<K>>| {
            let keys: BTreeSet<_> = asked.iter().flatten().cloned().collect();
            let found = look_up(keys.into_iter().collect());
            async move { share(&found.await, asked) }
        }))
    }

    /// What there is for `key`.
    ///
    /// # Errors
    /// As [`Self::get_all`].
    pub async fn get(&self, key: K) -> Result<Option<V>, DbErr> {
        Ok(self.get_all(vec![key]).await?.into_values().next())
    }

    /// What there is for each of `keys`, as of one moment. Nothing is asked where there are none.
    ///
    /// # Errors
    /// What the look-up says, to each whom it was for; that the database is unavailable, when too many wait already.
    pub async fn get_all(&self, keys: Vec<K>) -> Found<K, V> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.0.ask(keys).await.unwrap_or(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)))
    }
}

/// What was found, to each who asked for some of it.
fn share<K: Ord, V: Clone>(found: &Found<K, V>, asked: Vec<Vec<K>>) -> Vec<Found<K, V>> {
    let own = |found: &BTreeMap<K, V>, keys: Vec<K>| {
        let own = keys.into_iter().filter_map(|key| Some((found.get(&key)?.clone(), key)));
        own.map(|(value, key)| (key, value)).collect()
    };
    let found = found.as_ref();
    asked.into_iter().map(|keys| found.map(|found| own(found, keys)).map_err(Clone::clone)).collect()
}

impl<K, V> fmt::Debug for Coalesced<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coalesced").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
