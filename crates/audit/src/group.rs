//! Writing many things down with one statement, in groups.
//!
//! Owns how long that is waited for, and that it is logged when it fails. Does not own the queue ([`Together`]), what is written, and what follows
//! when it was not.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use entrypass_db::{Limits, Together};
use sea_orm::DbErr;

/// What waits at most, some of which nobody waits for any more: while the database is away, memory must not fill.
const MOST_WAITING: usize = 10_000;
/// What one statement writes at most.
const AT_ONCE: usize = 1000;

/// Writes things down.
pub struct Group<T>(Arc<Together<Vec<T>, bool>>);

impl<T: Send + 'static> Group<T> {
    /// A group that `write` writes, all that it is given or nothing. When it fails, `trouble` is logged as a warning, with the error: once,
    /// until it has worked again.
    #[must_use]
    pub fn new<W>(trouble: &'static str, write: impl Fn(Vec<T>) -> W + Send + Sync + 'static) -> Arc<Self>
    where
        W: Future<Output = Result<(), DbErr>> + Send + 'static,
    {
        let limits = Limits { weigh: Vec::len, at_once: AT_ONCE, waiting: MOST_WAITING, abandoned: true };
        let failing = Arc::new(AtomicBool::new(false));
        let together = Together::new(limits, move |entries: Vec<Vec<T>>| {
            let (count, failing) = (entries.len(), Arc::clone(&failing));
            let written = write(entries.into_iter().flatten().collect());
            async move {
                let written = written.await;
                let failed_before = failing.swap(written.is_err(), Relaxed);
                if let Err(error) = &written
                    && !failed_before
                {
                    tracing::warn!(%error, "{trouble}");
                }
                vec![written.is_ok(); count]
            }
        });
        Arc::new(Self(together))
    }

    /// Writes `things` down; `false` when that was not done within `patience`. It may still be done then.
    pub async fn keep(&self, things: Vec<T>, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.0.ask(things)).await.is_ok_and(|written| written == Some(true))
    }
}

impl<T> fmt::Debug for Group<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").finish_non_exhaustive()
    }
}
