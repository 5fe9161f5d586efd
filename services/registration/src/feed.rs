//! The change feed at work: it numbers what was committed, and wakes those who follow.
//!
//! Owns when a committed change is numbered: at once after a commit of this copy, on PostgreSQL's notification after another's, and at
//! the latest after [`POLL`], when the copy that committed died before it numbered; and up to which hour all changes are known to be
//! numbered ([`Known`]). Notifications are for speed only.
//! Does not own the order (`store/changes.rs`) and the RPC (`service/watch.rs`).

use std::{sync::Arc, time::Duration};

use entrypass_ambient::{Clock, Random};
use entrypass_db::Database;
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
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
    known: Arc<watch::Sender<Known>>,
}

/// How far the feed is known to this copy.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// The last position that was given.
    head: u64,
    /// Every change that was committed before has a position up to `head`.
    as_of: OffsetDateTime,
}

/// What comes next in the feed.
pub(crate) struct Next {
    /// Changes with their positions; none when there was nothing to wait for any longer.
    pub(crate) changes: Vec<(u64, Change)>,
    /// Every change that was committed before lies behind the follower now; `None` while it has more to read.
    pub(crate) as_of: Option<OffsetDateTime>,
}

/// A place in the feed, and what comes after it.
pub(crate) struct Follower {
    feed: Feed,
    known: watch::Receiver<Known>,
    position: u64,
    /// Wants the oldest change, and has not got one yet.
    from_oldest: bool,
}

impl Feed {
    pub(crate) fn new(database: Database, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let known = Arc::new(watch::Sender::new(Known { head: 0, as_of: OffsetDateTime::UNIX_EPOCH }));
        Self { database, clock, random, committed: Arc::default(), known }
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
        // Before the look at what there is: what is committed after it may be missed by the look.
        let as_of = self.clock.now();
        self.extent().await?;
        if Rows::new(self.database.reader(), self.database.sealer()).has_unnumbered().await? {
            while !self.number_some().await? {}
        }
        let extent = self.extent().await?;
        // Of several numberings at once the later may end first; the greatest of each holds for both.
        self.known.send_modify(|known| {
            *known = Known { head: known.head.max(extent.head), as_of: known.as_of.max(as_of) };
        });
        Ok(extent)
    }

    async fn number_some(&self) -> Result<bool, Error> {
        let transaction = self.database.begin().await?;
        let all = Rows::new(&transaction, self.database.sealer()).number().await?;
        transaction.commit().await?;
        Ok(all)
    }

    /// Which changes there are. The first call ever names the feed.
    async fn extent(&self) -> Result<Extent, Error> {
        let rows = Rows::new(self.database.reader(), self.database.sealer());
        if let Some(extent) = rows.extent().await? {
            return Ok(extent);
        }
        let transaction = self.database.begin().await?;
        Rows::new(&transaction, self.database.sealer())
            .begin_feed(self.random.uuid_v7(self.clock.now()))
            .await?;
        transaction.commit().await?;
        rows.extent().await?.ok_or(Error::Corrupt("no row of the change feed"))
    }

    /// Follows the feed behind `position`, all of which must be there; what is forgotten before it is first read is not missed by whoever
    /// wants to begin with the oldest change.
    pub(crate) fn follow(&self, position: u64, from_oldest: bool) -> Follower {
        Follower { feed: self.clone(), known: self.known.subscribe(), position, from_oldest }
    }
}

impl Follower {
    /// The next changes, at most `size`; waits for some, but not longer than `patience`, after which there are none.
    ///
    /// `CursorOutOfRange` when the follower was so slow that what comes next is forgotten.
    pub(crate) async fn next(&mut self, size: u64, patience: Duration) -> Result<Next, Error> {
        let deadline = Instant::now() + patience;
        loop {
            let position = self.position;
            // Only the waiting is cut short, and what is there already is not waited for. The sender lives in `self`, so that waiting cannot fail.
            let more = tokio::time::timeout_at(deadline, self.known.wait_for(|known| known.head > position));
            if more.await.is_err() {
                return Ok(self.here());
            }
            // Before the reading: more may become known meanwhile, but what was known is behind whoever has read so far.
            let known = *self.known.borrow();
            let changes = Rows::new(self.feed.database.reader(), self.feed.database.sealer())
                .changes(position, size)
                .await?;
            if let (Some((first, _)), Some((last, _))) = (changes.first(), changes.last())
                // Positions have no gaps.
                && *first == position + 1
            {
                (self.position, self.from_oldest) = (*last, false);
                return Ok(Next { changes, as_of: self.as_of(known) });
            }
            if !self.from_oldest {
                return Err(Error::CursorOutOfRange);
            }
            // The oldest may be forgotten just as it is read.
            self.position = self.feed.extent().await?.tail;
        }
    }

    /// Where the follower stands, with nothing read.
    pub(crate) fn here(&self) -> Next {
        let known = *self.known.borrow();
        Next { changes: Vec::new(), as_of: self.as_of(known) }
    }

    fn as_of(&self, known: Known) -> Option<OffsetDateTime> {
        (self.position >= known.head).then_some(known.as_of)
    }

    /// The last change that was given.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }
}
