//! Writing many things down with one statement, in groups.
//!
//! Owns a queue of what waits to be written, and its one writer. Those who write at once would otherwise wait for each other's commits: the
//! writer takes all that waits, and while it commits the next ones gather.
//! Does not own what is written, and what follows when it was not.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::DbErr;
use tokio::sync::oneshot;

/// What waits at most, some of which nobody waits for any more: while the database is away, memory must not fill.
const MOST_WAITING: usize = 10_000;
/// What one transaction writes at most.
const AT_ONCE: usize = 1000;

type Written = std::pin::Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send>>;

/// Writes things down.
pub struct Group<T> {
    write: Box<dyn Fn(Vec<T>) -> Written + Send + Sync>,
    trouble: &'static str,
    queue: Mutex<Queue<T>>,
}

struct Queue<T> {
    waiting: Vec<Entry<T>>,
    /// How many things that is.
    things: usize,
    /// Somebody writes, and looks here when that is done.
    writing: bool,
    /// The last thing was not written, which was logged.
    failing: bool,
}

/// What one call wants to be written.
struct Entry<T> {
    things: Vec<T>,
    kept: oneshot::Sender<()>,
}

impl<T: Send + 'static> Group<T> {
    /// A group that `write` writes, all that it is given or nothing. When it fails, `trouble` is logged as a warning, with the error: once,
    /// until it has worked again.
    #[must_use]
    pub fn new<W>(trouble: &'static str, write: impl Fn(Vec<T>) -> W + Send + Sync + 'static) -> Arc<Self>
    where
        W: Future<Output = Result<(), DbErr>> + Send + 'static,
    {
        let queue = Queue { waiting: Vec::new(), things: 0, writing: false, failing: false };
        Arc::new(Self {
            write: Box::new(move |things| Box::pin(write(things))),
            trouble,
            queue: Mutex::new(queue),
        })
    }

    /// Writes `things` down; `false` when that was not done within `patience`. It may still be done then.
    pub async fn keep(self: &Arc<Self>, things: Vec<T>, patience: Duration) -> bool {
        let (kept, done) = oneshot::channel();
        self.add(Entry { things, kept });
        tokio::time::timeout(patience, done).await.is_ok_and(|done| done.is_ok())
    }

    /// Queues `entry`, and begins to write if nobody does. The writer is a task of its own: a caller that goes away in the middle takes
    /// nothing of the others along.
    fn add(self: &Arc<Self>, entry: Entry<T>) {
        let mut queue = self.queue();
        if queue.things + entry.things.len() > MOST_WAITING {
            return;
        }
        queue.things += entry.things.len();
        queue.waiting.push(entry);
        if !std::mem::replace(&mut queue.writing, true) {
            tokio::spawn(Arc::clone(self).write());
        }
    }

    async fn write(self: Arc<Self>) {
        while let Some(entries) = self.next() {
            let (things, waiting): (Vec<_>, Vec<_>) =
                entries.into_iter().map(|Entry { things, kept }| (things, kept)).unzip();
            let written = (self.write)(things.into_iter().flatten().collect()).await;
            let failed_before = std::mem::replace(&mut self.queue().failing, written.is_err());
            match written {
                // Whoever does not wait any more does not hear it.
                Ok(()) => waiting.into_iter().for_each(|kept| kept.send(()).unwrap_or_default()),
                Err(error) if !failed_before => tracing::warn!(%error, "{}", self.trouble),
                Err(_) => {}
            }
        }
    }

    /// What is to be written next; `None` ends the writing.
    fn next(&self) -> Option<Vec<Entry<T>>> {
        let mut queue = self.queue();
        let mut things = 0;
        let fits = |entry: &&Entry<T>| {
            things += entry.things.len();
            things <= AT_ONCE
        };
        // One that is too big for a group is a group.
        let count = queue.waiting.iter().take_while(fits).count().max(1).min(queue.waiting.len());
        let entries: Vec<_> = queue.waiting.drain(..count).collect();
        queue.things -= entries.iter().map(|entry| entry.things.len()).sum::<usize>();
        queue.writing = !entries.is_empty();
        queue.writing.then_some(entries)
    }

    fn queue(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Group<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").finish_non_exhaustive()
    }
}
