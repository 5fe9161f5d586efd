//! Writing down verifications, many with one statement.
//!
//! Owns the queue of what waits to be written, and its one writer. Those who verify at once would otherwise wait for each other's commits:
//! the writer takes all that waits, and while it commits the next ones gather.
//! Does not own whether a decision needs its record: it does not, and waits for it only for a moment.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{record::Record, store::Store};

/// Records that wait at most, some of which nobody waits for any more: while the database is away, memory must not fill.
const MOST_WAITING: usize = 10_000;
/// Records that one statement writes at most, which SQLite takes with six values each.
const AT_ONCE: usize = 1000;

/// Writes down what was verified.
#[derive(Debug)]
pub(crate) struct Recorder {
    store: Store,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Entry>,
    /// How many records that is.
    records: usize,
    /// Somebody writes, and looks here when that is done.
    writing: bool,
}

/// What one call has verified.
#[derive(Debug)]
struct Entry {
    records: Vec<Record>,
    kept: oneshot::Sender<()>,
}

impl Recorder {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, queue: Mutex::default() }
    }

    /// Writes `records` down; `false` when that was not done within `patience`. It may still be done then.
    pub(crate) async fn keep(self: &Arc<Self>, records: Vec<Record>, patience: Duration) -> bool {
        let (kept, done) = oneshot::channel();
        self.add(Entry { records, kept });
        tokio::time::timeout(patience, done).await.is_ok_and(|done| done.is_ok())
    }

    /// Queues `entry`, and begins to write if nobody does. The writer is a task of its own: a caller that goes away in the middle takes
    /// nobody's record along.
    fn add(self: &Arc<Self>, entry: Entry) {
        let mut queue = self.queue();
        if queue.records + entry.records.len() > MOST_WAITING {
            return;
        }
        queue.records += entry.records.len();
        queue.waiting.push(entry);
        if !std::mem::replace(&mut queue.writing, true) {
            tokio::spawn(Arc::clone(self).write());
        }
    }

    async fn write(self: Arc<Self>) {
        let mut works = true;
        while let Some(entries) = self.next() {
            let (records, waiting): (Vec<_>, Vec<_>) =
                entries.into_iter().map(|Entry { records, kept }| (records, kept)).unzip();
            let written = self.store.keep_verifications(records.into_iter().flatten()).await;
            match &written {
                // Whoever does not wait any more does not hear it.
                Ok(()) => waiting.into_iter().for_each(|kept| kept.send(()).unwrap_or_default()),
                Err(error) if works => tracing::warn!(%error, "verifications leave no record for now"),
                Err(_) => {}
            }
            works = written.is_ok();
        }
    }

    /// What is to be written next; `None` ends the writing.
    fn next(&self) -> Option<Vec<Entry>> {
        let mut queue = self.queue();
        let mut records = 0;
        let fits = |entry: &&Entry| {
            records += entry.records.len();
            records <= AT_ONCE
        };
        let count = queue.waiting.iter().take_while(fits).count();
        // A call has fewer records than one statement takes.
        let entries: Vec<_> = queue.waiting.drain(..count).collect();
        queue.records -= entries.iter().map(|entry| entry.records.len()).sum::<usize>();
        queue.writing = !entries.is_empty();
        queue.writing.then_some(entries)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
