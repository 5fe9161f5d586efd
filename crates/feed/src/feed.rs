//! The feed at work: it numbers what was committed, and gives it to those who follow.

use std::{sync::Arc, time::Duration};

use entrypass_ambient::{Clock, Random};
use entrypass_db::Database;
use futures_util::{Stream, stream};
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{Cursor, Extent, FeedError, Start, rows};

/// How long a change waits for its position at most.
const POLL: Duration = Duration::from_secs(1);
/// Most changes in one answer; with it the memory that a follower costs is bounded, however slowly it reads.
const BATCH: u64 = 100;

/// The feed of one copy of a service; cheap to clone.
#[derive(Clone)]
pub struct Feed {
    database: Database,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    channel: &'static str,
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

/// What a follower is told at once.
#[derive(Debug)]
pub struct Answer<C> {
    /// Changes in order, each with where to go on behind it; none when there was nothing to wait for any longer.
    pub changes: Vec<(Cursor, C)>,
    /// Where to go on.
    pub cursor: Cursor,
    /// Every change that was committed before lies behind the follower now; `None` while it has more to read.
    pub as_of: Option<OffsetDateTime>,
}

/// One follower's stream. Nothing is read ahead: the next batch is read when the transport has taken the last.
struct Watch<R> {
    feed: Feed,
    name: u64,
    known: watch::Receiver<Known>,
    position: u64,
    /// Wants the oldest change, and has not got one yet.
    from_oldest: bool,
    every: Duration,
    /// Where it begins, until the first answer.
    first: Option<Start>,
    read: R,
}

impl Feed {
    /// The feed in `database`. Copies tell each other on PostgreSQL's `channel` that positions were given.
    #[must_use]
    pub fn new(
        database: Database,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        channel: &'static str,
    ) -> Self {
        let known = Arc::new(watch::Sender::new(Known { head: 0, as_of: OffsetDateTime::UNIX_EPOCH }));
        Self { database, clock, random, channel, committed: Arc::default(), known }
    }

    /// Says that a change was committed.
    pub fn committed(&self) {
        self.committed.notify_one();
    }

    /// Numbers changes as they come, until `stopping`.
    pub async fn run(&self, stopping: CancellationToken) {
        let heed = self.database.heed(self.channel, || self.committed());
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
    ///
    /// # Errors
    /// When the database fails.
    pub async fn number(&self) -> Result<Extent, FeedError> {
        // Before the look at what there is: what is committed after it may be missed by the look.
        let as_of = self.clock.now();
        self.extent().await?;
        if rows::has_unnumbered(self.database.reader()).await? {
            while !self.number_some().await? {}
        }
        let extent = self.extent().await?;
        // Of several numberings at once the later may end first; the greatest of each holds for both.
        self.known.send_modify(|known| {
            *known = Known { head: known.head.max(extent.head), as_of: known.as_of.max(as_of) };
        });
        Ok(extent)
    }

    /// Forgets some of the changes that happened before `limit`, the oldest first, and says how many. Call it until that is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&self, limit: OffsetDateTime) -> Result<u64, FeedError> {
        self.number().await?;
        let transaction = self.database.begin().await?;
        let forgotten = rows::forget(&transaction, limit).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }

    /// Follows the feed from `start`, and says something at least once in `every`. `read` gives at most so many changes (its second argument) as lie
    /// behind a position (its first), in order and with their positions.
    ///
    /// What is forgotten before it is first read is not missed by whoever wants to begin with the oldest change.
    ///
    /// # Errors
    /// [`FeedError::Foreign`] and [`FeedError::OutOfRange`] for a cursor, the latter also in the stream, when the follower was so slow that what
    /// comes next is forgotten; those of the database.
    pub async fn watch<C, E, F, R>(
        &self,
        start: Start,
        every: Duration,
        read: R,
    ) -> Result<impl Stream<Item = Result<Answer<C>, E>> + use<C, E, F, R>, E>
    where
        E: From<FeedError>,
        F: Future<Output = Result<Vec<(u64, C)>, E>>,
        R: Fn(u64, u64) -> F,
    {
        let extent = self.number().await?;
        let position = match start {
            Start::Oldest => extent.tail,
            Start::Now => extent.head,
            Start::After(cursor) => {
                extent.check(cursor).map_err(FeedError::from)?;
                cursor.position
            }
        };
        let watch = Watch {
            feed: self.clone(),
            name: extent.feed,
            known: self.known.subscribe(),
            position,
            from_oldest: matches!(start, Start::Oldest),
            every,
            first: Some(start),
            read,
        };
        Ok(stream::try_unfold(watch, Watch::answer))
    }

    async fn number_some(&self) -> Result<bool, FeedError> {
        let transaction = self.database.begin().await?;
        let all = rows::number(&transaction, self.channel).await?;
        transaction.commit().await?;
        Ok(all)
    }

    /// Which changes there are. The first call ever names the feed.
    async fn extent(&self) -> Result<Extent, FeedError> {
        if let Some(extent) = rows::extent(self.database.reader()).await? {
            return Ok(extent);
        }
        let transaction = self.database.begin().await?;
        rows::begin(&transaction, self.random.uuid_v7(self.clock.now())).await?;
        transaction.commit().await?;
        rows::extent(self.database.reader()).await?.ok_or(FeedError::Corrupt("no row of the change feed"))
    }
}

impl<R> Watch<R> {
    async fn answer<C, E, F>(mut self) -> Result<Option<(Answer<C>, Self)>, E>
    where
        E: From<FeedError>,
        F: Future<Output = Result<Vec<(u64, C)>, E>>,
        R: Fn(u64, u64) -> F,
    {
        let patience = match self.first.take() {
            // Whoever begins now must learn where that is, whatever has happened since.
            Some(Start::Now) => {
                let known = *self.known.borrow();
                let answer = self.told(Vec::new(), known);
                return Ok(Some((answer, self)));
            }
            // Whoever takes a stream up wants to know how far it is behind, and not only when something happens.
            Some(Start::Oldest | Start::After(_)) => Duration::ZERO,
            None => self.every,
        };
        let answer = self.next(patience).await?;
        Ok(Some((answer, self)))
    }

    /// The next changes; waits for some, but not longer than `patience`, after which there are none.
    async fn next<C, E, F>(&mut self, patience: Duration) -> Result<Answer<C>, E>
    where
        E: From<FeedError>,
        F: Future<Output = Result<Vec<(u64, C)>, E>>,
        R: Fn(u64, u64) -> F,
    {
        let deadline = Instant::now() + patience;
        loop {
            let position = self.position;
            // Only the waiting is cut short, and what is there already is not waited for. The sender lives in `self`, so that waiting cannot fail.
            let more = tokio::time::timeout_at(deadline, self.known.wait_for(|known| known.head > position));
            if more.await.is_err() {
                let known = *self.known.borrow();
                return Ok(self.told(Vec::new(), known));
            }
            // Before the reading: more may become known meanwhile, but what was known is behind whoever has read so far.
            let known = *self.known.borrow();
            let changes = (self.read)(position, BATCH).await?;
            if let (Some((first, _)), Some((last, _))) = (changes.first(), changes.last())
                // Positions have no gaps.
                && *first == position + 1
            {
                (self.position, self.from_oldest) = (*last, false);
                return Ok(self.told(changes, known));
            }
            if !self.from_oldest {
                return Err(FeedError::OutOfRange.into());
            }
            // The oldest may be forgotten just as it is read.
            self.position = self.feed.extent().await?.tail;
        }
    }

    fn told<C>(&self, changes: Vec<(u64, C)>, known: Known) -> Answer<C> {
        let cursor = |position| Cursor { feed: self.name, position };
        Answer {
            changes: changes.into_iter().map(|(position, change)| (cursor(position), change)).collect(),
            cursor: cursor(self.position),
            as_of: (self.position >= known.head).then_some(known.as_of),
        }
    }
}
