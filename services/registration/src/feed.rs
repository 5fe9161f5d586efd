//! The change feed at work: it numbers what was committed, and wakes those who follow.
//!
//! Owns when a committed change is numbered: at once after a commit of this copy, on PostgreSQL's notification after another's, and at
//! the latest after [`POLL`], when the copy that committed died before it numbered. Notifications are for speed only.
//! Does not own the order (`store/changes.rs`) and the RPC (`service/watch.rs`).

use std::{sync::Arc, time::Duration};

use entrypass_ambient::{Clock, Random};
use entrypass_db::Database;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    change::{Change, Extent},
    error::Error,
    store::{self, Rows},
};

/// How long a change waits for its position at most.
const POLL: Duration = Duration::from_secs(1);

/// The feed of one copy of the service; cheap to clone.
#[derive(Clone)]
pub(crate) struct Feed {
    database: Database,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    committed: Arc<Notify>,
    head: Arc<watch::Sender<u64>>,
}

/// A place in the feed, and what comes after it.
pub(crate) struct Follower {
    feed: Feed,
    head: watch::Receiver<u64>,
    position: u64,
    /// Wants the oldest change, and has not got one yet.
    from_oldest: bool,
}

impl Feed {
    pub(crate) fn new(database: Database, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let head = Arc::new(watch::Sender::new(0));
        Self { database, clock, random, committed: Arc::default(), head }
    }

    /// Says that a change was committed.
    pub(crate) fn committed(&self) {
        self.committed.notify_one();
    }

    /// Numbers changes as they come, until `stopping`.
    pub(crate) async fn run(&self, stopping: CancellationToken) {
        let heed = self.database.heed(store::CHANNEL, || self.committed());
        let number = async {
            let mut works = true;
            loop {
                let numbered = self.number().await;
                if works && let Err(error) = &numbered {
                    tracing::warn!(%error, "changes get no position for now");
                }
                works = numbered.is_ok();
                let _ = tokio::time::timeout(POLL, self.committed.notified()).await;
            }
        };
        tokio::select! {
            () = stopping.cancelled() => {}
            () = heed => {}
            () = number => {}
        }
    }

    /// Gives every committed change its position; says which changes there are then.
    pub(crate) async fn number(&self) -> Result<Extent, Error> {
        self.extent().await?;
        if Rows(self.database.reader()).has_unnumbered().await? {
            while self.number_some().await? > 0 {}
        }
        let extent = self.extent().await?;
        self.head.send_if_modified(|head| {
            let moved = *head < extent.head;
            *head = extent.head.max(*head);
            moved
        });
        Ok(extent)
    }

    async fn number_some(&self) -> Result<u64, Error> {
        let transaction = self.database.begin().await?;
        let numbered = Rows(&transaction).number().await?;
        transaction.commit().await?;
        Ok(numbered)
    }

    /// Which changes there are. The first call ever names the feed.
    async fn extent(&self) -> Result<Extent, Error> {
        let rows = Rows(self.database.reader());
        if let Some(extent) = rows.extent().await? {
            return Ok(extent);
        }
        let transaction = self.database.begin().await?;
        Rows(&transaction).begin_feed(self.random.uuid_v7(self.clock.now())).await?;
        transaction.commit().await?;
        rows.extent().await?.ok_or(Error::Corrupt("no row of the change feed"))
    }

    /// Follows the feed behind `position`, all of which must be there; what is forgotten before it is first read is not missed by whoever
    /// wants to begin with the oldest change.
    pub(crate) fn follow(&self, position: u64, from_oldest: bool) -> Follower {
        Follower { feed: self.clone(), head: self.head.subscribe(), position, from_oldest }
    }
}

impl Follower {
    /// The next changes with their positions, at most `size`; waits until there are some.
    ///
    /// `CursorOutOfRange` when the follower was so slow that what comes next is forgotten.
    pub(crate) async fn next(&mut self, size: u64) -> Result<Vec<(u64, Change)>, Error> {
        loop {
            let position = self.position;
            // The sender lives in `self`, so that waiting cannot fail.
            let _ = self.head.wait_for(|head| *head > position).await;
            let changes = Rows(self.feed.database.reader()).changes(position, size).await?;
            if let (Some((first, _)), Some((last, _))) = (changes.first(), changes.last())
                // Positions have no gaps.
                && *first == position + 1
            {
                (self.position, self.from_oldest) = (*last, false);
                return Ok(changes);
            }
            if !self.from_oldest {
                return Err(Error::CursorOutOfRange);
            }
            // The oldest may be forgotten just as it is read.
            self.position = self.feed.extent().await?.tail;
        }
    }

    /// The last change that was given.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }
}
