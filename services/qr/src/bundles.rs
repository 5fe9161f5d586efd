//! The bundle at work: it is built and signed when somebody wants it, and those who watch it are woken when there is something new.
//!
//! Owns when a new version is noticed: at once after a commit of this copy, on PostgreSQL's notification after another's, and at the latest
//! after [`POLL`]. Notifications are for speed only.
//! Does not own the versions (`store/withdrawals.rs`), the format (`entrypass-verifier`) and the RPCs (`service/bundle.rs`).

use std::{sync::Arc, time::Duration};

use entrypass_ambient::{Clock, Random};
use entrypass_follow::AsOf;
use entrypass_token::Issuer;
use entrypass_verifier::{Contents, Draft, FeedId, TrustedKey, Withdrawal};
use time::OffsetDateTime;
use tokio::sync::{Mutex, Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    error::Error,
    keys::Keys,
    store::{CHANNEL, Extent, Pen, Store},
};

/// How long a new version is unnoticed at most.
const POLL: Duration = Duration::from_secs(1);

/// The bundles of one copy of the service; cheap to clone.
#[derive(Clone)]
pub(crate) struct Bundles(Arc<Inner>);

struct Inner {
    surroundings: Surroundings,
    committed: Notify,
    head: watch::Sender<u64>,
    /// The last snapshot and the last delta: those who watch in step are given the same.
    built: [Mutex<Option<Built>>; 2],
}

/// What bundles are made of.
pub(crate) struct Surroundings {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    /// Up to which hour the changes of registrations are followed.
    pub(crate) as_of: AsOf,
    pub(crate) issuer: Issuer,
    /// How long after that hour a bundle holds.
    pub(crate) holds_for: time::Duration,
}

/// A signed bundle, and what it says.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) feed: FeedId,
    pub(crate) version: u64,
    pub(crate) since: Option<u64>,
    pub(crate) as_of: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    pub(crate) keys: Arc<[TrustedKey]>,
    pub(crate) withdrawals: Arc<[Withdrawal]>,
}

impl Bundles {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        let built = [Mutex::default(), Mutex::default()];
        Self(Arc::new(Inner { surroundings, committed: Notify::new(), head: watch::Sender::new(0), built }))
    }

    /// Says that something was withdrawn.
    pub(crate) fn committed(&self) {
        self.0.committed.notify_one();
    }

    /// Wakes those who watch, until `stopping`.
    pub(crate) async fn run(&self, stopping: CancellationToken) {
        let Surroundings { store, as_of, .. } = &self.0.surroundings;
        let heed = store.database().heed(CHANNEL, || self.committed());
        let look = async {
            let (mut works, mut followed) = (true, as_of.subscribe());
            loop {
                let looked = self.look().await;
                if works && let Err(error) = &looked {
                    tracing::warn!(%error, "it cannot be seen for now what was withdrawn");
                }
                works = looked.is_ok();
                tokio::select! {
                    () = self.0.committed.notified() => {}
                    // What this copy does when it follows registrations is committed by then.
                    Ok(()) = followed.changed() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        };
        tokio::select! {
            () = stopping.cancelled() => {}
            () = heed => {}
            () = look => {}
        }
    }

    /// Sees which versions there are.
    pub(crate) async fn look(&self) -> Result<Extent, Error> {
        let Surroundings { store, clock, random, .. } = &self.0.surroundings;
        let pen = Pen { now: clock.now(), random: random.as_ref() };
        while store.tell_untold(&pen).await? > 0 {}
        let extent = store.extent(&pen).await?;
        self.0.head.send_if_modified(|head| {
            let moved = *head < extent.version;
            *head = extent.version.max(*head);
            moved
        });
        Ok(extent)
    }

    /// Waits until there is a later version than `version`.
    pub(crate) async fn later_than(&self, version: u64) {
        // The sender lives as long as this.
        let _ = self.0.head.subscribe().wait_for(|head| *head > version).await;
    }

    /// The present bundle: a snapshot, or the delta after the version `since`.
    ///
    /// `NotFollowed` when it would be too old already, `CursorOutOfRange` when there is no such version yet.
    pub(crate) async fn build(&self, since: Option<u64>) -> Result<Built, Error> {
        let Inner { surroundings, built, .. } = self.0.as_ref();
        let [snapshot, delta] = built;
        let mut last = if since.is_some() { delta.lock().await } else { snapshot.lock().await };
        // Before everything else is read: what is said to be known up to this hour must be in it.
        let as_of = surroundings.as_of.get().ok_or(Error::NotFollowed)?;
        let not_after = as_of + surroundings.holds_for;
        if not_after <= surroundings.clock.now() {
            return Err(Error::NotFollowed);
        }
        // Those who watch were woken by what this copy knows, and there can be many of them; a snapshot has what is committed.
        if since.is_some()
            && let Some(built) = last.as_ref().filter(|built| built.is(since, *self.0.head.borrow(), as_of))
        {
            return Ok(built.clone());
        }
        let extent = self.look().await?;
        if since.is_some_and(|since| since > extent.version) {
            return Err(Error::CursorOutOfRange);
        }
        if let Some(built) = last.as_ref().filter(|built| built.is(since, extent.version, as_of)) {
            return Ok(built.clone());
        }
        let built = surroundings.build(extent, since, as_of, not_after).await?;
        *last = Some(built.clone());
        Ok(built)
    }
}

impl Built {
    fn is(&self, since: Option<u64>, version: u64, as_of: OffsetDateTime) -> bool {
        (self.since, self.version, self.as_of) == (since, version, as_of)
    }
}

impl Surroundings {
    /// Reads what stands behind `extent`, which was read before, and signs it.
    async fn build(
        &self,
        extent: Extent,
        since: Option<u64>,
        as_of: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<Built, Error> {
        let now = self.clock.now();
        let withdrawals = self.store.withdrawals(since, now).await?;
        let keys = self.keys.trusted(now).await?;
        let (mut signer, mut key) = self.keys.active(now).await?;
        if keys.iter().all(|trusted| trusted.key != key) {
            // Revoked a moment ago, which this copy has not read yet.
            self.keys.reread().await?;
            (signer, key) = self.keys.active(now).await?;
        }
        let contents = Contents {
            issuer: self.issuer,
            feed: FeedId(*extent.feed.as_bytes()),
            version: extent.version,
            since,
            as_of: as_of.unix_timestamp(),
            not_after: not_after.unix_timestamp(),
            keys: keys.clone(),
            withdrawals: withdrawals.clone(),
        };
        let feed = contents.feed;
        let draft = Draft::new(contents, &key)?;
        let signature = signer.sign(draft.to_be_signed()).await?;
        Ok(Built {
            bytes: draft.finish(signature).into(),
            feed,
            version: extent.version,
            since,
            as_of,
            not_after,
            keys: keys.into(),
            withdrawals: withdrawals.into(),
        })
    }
}
