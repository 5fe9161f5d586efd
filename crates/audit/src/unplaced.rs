//! The records that this copy has committed and that have no place yet, as far as it knows.
//!
//! Between its commit and its place, which takes a second at most, nothing in the database tells that there was a record: whoever removes it then
//! breaks no chain. Writers that count their records would not tell either, since what is rolled back leaves gaps as well. But the copy that wrote it
//! still has it: it looks whether each of its records got a place, writes one that is not there any more again, and has one wait again that does not. So a removal
//! is told in the log and comes to nothing, unless the copy ends before the record has its place after all.

use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use entrypass_db::Database;
use sea_orm::{ConnectionTrait, DbErr};
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

    /// Forgets those that got their place, and sees to it that the others can get one.
    ///
    /// # Errors
    /// When the database fails: nothing is forgotten then.
    pub(crate) async fn look_after(&self, database: &Database) -> Result<(), DbErr> {
        let records = mem::take(&mut *self.kept());
        let done = placed(database, &records).await;
        let none = HashSet::new();
        let placed = done.as_ref().unwrap_or(&none);
        self.add(records.into_iter().filter(|signed| !placed.contains(&signed.record.id)).collect());
        done.map(drop)
    }

    /// Forgets `placed`, which got their places by a transaction of this copy that is committed.
    pub(crate) fn forget(&self, placed: &HashSet<Uuid>) {
        self.kept().retain(|signed| !placed.contains(&signed.record.id));
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Signed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How records stand in the database.
struct Standing {
    placed: HashSet<Uuid>,
    /// They are not there.
    removed: Vec<Signed>,
    /// They are there, as they were written, and wait for nothing.
    forgotten: Vec<Uuid>,
}

impl Standing {
    async fn of(connection: &impl ConnectionTrait, records: &[Signed]) -> Result<Self, DbErr> {
        let ids: Vec<_> = records.iter().map(|signed| signed.record.id).collect();
        let mut standing = Self {
            placed: store::placed(connection, &ids).await?,
            removed: Vec::new(),
            forgotten: Vec::new(),
        };
        let unplaced: Vec<_> = ids.into_iter().filter(|id| !standing.placed.contains(id)).collect();
        if unplaced.is_empty() {
            return Ok(standing);
        }
        let wait = store::wait(connection, &unplaced).await?;
        let stored = store::stored(connection, &unplaced).await?;
        for signed in records.iter().filter(|signed| !standing.placed.contains(&signed.record.id)) {
            let id = signed.record.id;
            match stored.get(&id) {
                None => standing.removed.push(signed.clone()),
                Some(stored) if stored == signed && !wait.contains(&id) => standing.forgotten.push(id),
                // It waits; or it was changed, so that no numberer takes it: `audit verify` names it, and should it go, it is written again.
                Some(_) => {}
            }
        }
        Ok(standing)
    }

    fn is_wrong(&self) -> bool {
        !self.removed.is_empty() || !self.forgotten.is_empty()
    }
}

/// Those of `records` that have their places. The others are made to wait for theirs, if they do not.
async fn placed(database: &Database, records: &[Signed]) -> Result<HashSet<Uuid>, DbErr> {
    let mut placed = HashSet::new();
    for some in records.chunks(store::AT_ONCE) {
        let standing = Standing::of(database.reader(), some).await?;
        if standing.is_wrong() {
            restore(database, some).await?;
        }
        placed.extend(standing.placed);
    }
    Ok(placed)
}

/// Writes those of `records` again that are not there, and has those wait that do not. Under the head, so that none gets a place meanwhile: two
/// of them for one record would stop the numbering.
async fn restore(database: &Database, records: &[Signed]) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    store::hold_head(&transaction).await?;
    let Standing { removed, forgotten, .. } = Standing::of(&transaction, records).await?;
    store::insert(&transaction, &removed).await?;
    store::wait_again(&transaction, &forgotten).await?;
    transaction.commit().await?;
    for Signed { record, .. } in removed {
        tracing::error!(record = %record.id, "an audit record was removed before it had a place: it is written again");
    }
    for record in forgotten {
        tracing::error!(%record, "an audit record was kept from its place: it waits again");
    }
    Ok(())
}
