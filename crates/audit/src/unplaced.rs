//! The records that this copy has committed and that have no place yet, as far as it knows.
//!
//! Between its commit and its place, which takes a second at most, nothing in the database tells that there was a record: whoever removes it then
//! breaks no chain. Writers that count their records would not tell either, since what is rolled back leaves gaps as well. But the copy that wrote it
//! still has it: it looks whether each of its records got a place, and writes one that is not there any more again. So a removal is told in the log and comes
//! to nothing, unless the copy ends within that second as well.

use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use entrypass_db::Database;
use sea_orm::DbErr;
use uuid::Uuid;

use crate::{record::Signed, store};

/// What is kept at most: while nothing is numbered, memory must not fill. What does not fit is numbered like all else, and not looked after.
const MOST: usize = 10_000;

/// Records without a place.
#[derive(Debug, Default)]
pub(crate) struct Unplaced(Mutex<Vec<Signed>>);

impl Unplaced {
    /// Looks after `records` from now on, which are committed.
    pub(crate) fn add(&self, records: Vec<Signed>) {
        let mut kept = self.kept();
        let room = MOST.saturating_sub(kept.len());
        kept.extend(records.into_iter().take(room));
    }

    /// Forgets those that got their place, and writes those again that were removed before.
    ///
    /// # Errors
    /// When the database fails: nothing is forgotten then.
    pub(crate) async fn look_after(&self, database: &Database) -> Result<(), DbErr> {
        let records = mem::take(&mut *self.kept());
        let done = settled(database, &records).await;
        let none = HashSet::new();
        let settled = done.as_ref().unwrap_or(&none);
        self.add(records.into_iter().filter(|signed| !settled.contains(&signed.record.id)).collect());
        done.map(drop)
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Signed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those of `records` that need no more care. Those that are not there any more are written again, and still need it.
async fn settled(database: &Database, records: &[Signed]) -> Result<HashSet<Uuid>, DbErr> {
    let mut settled = HashSet::new();
    for some in records.chunks(store::AT_ONCE) {
        let ids: Vec<_> = some.iter().map(|signed| signed.record.id).collect();
        let placed = store::placed(database.reader(), &ids).await?;
        let unplaced: Vec<_> = ids.into_iter().filter(|id| !placed.contains(id)).collect();
        settled.extend(placed);
        if unplaced.is_empty() {
            continue;
        }
        let there = store::there(database.reader(), &unplaced).await?;
        let wait = store::wait(database.reader(), &unplaced).await?;
        // What no numberer took for genuine is `audit verify`'s to tell.
        settled.extend(there.iter().filter(|id| !wait.contains(id)));
        if unplaced.iter().any(|id| !there.contains(id)) {
            write_again(database, some).await?;
        }
    }
    Ok(settled)
}

/// Writes those of `records` again that are neither there nor in the chain. Under the head, so that none gets a place meanwhile: two of them for
/// one record would stop the numbering.
async fn write_again(database: &Database, records: &[Signed]) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    store::hold_head(&transaction).await?;
    let ids: Vec<_> = records.iter().map(|signed| signed.record.id).collect();
    let mut known = store::placed(&transaction, &ids).await?;
    known.extend(store::there(&transaction, &ids).await?);
    let removed = records.iter().filter(|signed| !known.contains(&signed.record.id));
    let removed: Vec<_> = removed.cloned().collect();
    store::insert(&transaction, &removed).await?;
    transaction.commit().await?;
    for Signed { record, .. } in removed {
        tracing::error!(record = %record.id, "an audit record was removed before it had a place: it is written again");
    }
    Ok(())
}
