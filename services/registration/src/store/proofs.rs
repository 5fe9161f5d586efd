//! The tallies of failed holder proofs.
//!
//! A document and a caller stand here as blind indexes of their own, so that the table tells neither which persons are known nor who is
//! after them. Of several index keys the least is taken: copies that have them in another order count together.

use entrypass_db::{Database, hold, instant, micros};
use entrypass_seal::Sealer;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _, FromQueryResult as _,
    QueryFilter as _, QueryResult, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{LockBehavior, LockType, OnConflict},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Rows, entity::failed_proof};
use crate::{
    error::Error,
    proof::{Tallies, Tally},
};

/// Tallies that one statement forgets at most.
const AT_ONCE: u64 = 1000;

/// Whose failures are counted when a proof fails: those for what was tried, and those of who tries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subjects {
    tried: [u8; 32],
    caller: [u8; 32],
}

impl Subjects {
    /// The document `document_key`, and the caller of that name.
    pub(crate) fn of(sealer: &Sealer, document_key: &str, caller: &str) -> Self {
        Self::new(sealer, ("failed_proofs of a document", document_key.as_bytes()), caller)
    }

    /// The confirmation codes of the registration `companion`, and the caller of that name.
    pub(crate) fn of_codes(sealer: &Sealer, companion: Uuid, caller: &str) -> Self {
        Self::new(sealer, ("failed_proofs of confirmation codes", companion.as_bytes()), caller)
    }

    fn new(sealer: &Sealer, (label, value): (&str, &[u8]), caller: &str) -> Self {
        let index = |label, value| {
            let indexes = sealer.blind_indexes(label, value).into_iter();
            indexes.min_by_key(|(key, _)| *key).map(|(_, index)| index).unwrap_or_default()
        };
        Self { tried: index(label, value), caller: index("failed_proofs of a caller", caller.as_bytes()) }
    }

    /// Their tallies, with every failure that was judged before this.
    pub(crate) async fn tallies_in_turn(&self, database: &Database) -> Result<Tallies, Error> {
        let read = self.find().build(database.reader().get_database_backend());
        let rows = database.read_in_turn(id_of(&self.tried), read).await?;
        let row = |row: &QueryResult| failed_proof::Model::from_query_result(row, "");
        self.read(rows.iter().map(row).collect::<Result<_, _>>()?)
    }

    fn find(&self) -> Select<failed_proof::Entity> {
        let both = [self.tried.to_vec(), self.caller.to_vec()];
        failed_proof::Entity::find().filter(failed_proof::Column::Subject.is_in(both))
    }

    fn read(&self, rows: Vec<failed_proof::Model>) -> Result<Tallies, Error> {
        let mut tallies = Tallies::default();
        for row in rows {
            let failures = u32::try_from(row.failures).map_err(|_| Error::Corrupt("a tally out of range"))?;
            let tally = Some(Tally { failures, end_time: instant(row.end_time)? });
            let of_document = row.subject == self.tried;
            *(if of_document { &mut tallies.document } else { &mut tallies.caller }) = tally;
        }
        Ok(tallies)
    }

    /// Waits until no other transaction judges a proof of the same, and lets none do so to the end of this one.
    pub(crate) async fn hold_tried(&self, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        hold(transaction, [id_of(&self.tried)]).await
    }

    /// As [`Self::hold_tried`], for counting a failure of this caller.
    pub(crate) async fn hold_caller(&self, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        hold(transaction, [id_of(&self.caller)]).await
    }
}

/// An id for a lock.
fn id_of(subject: &[u8; 32]) -> Uuid {
    Uuid::from_bytes(subject.first_chunk().copied().unwrap_or_default())
}

impl<C: ConnectionTrait> Rows<'_, C> {
    /// The tallies of `subjects`, also those whose window has ended.
    pub(crate) async fn tallies(&self, subjects: &Subjects) -> Result<Tallies, Error> {
        subjects.read(subjects.find().all(self.connection).await?)
    }

    /// Writes the tallies of `subjects` down: `document` and `caller`. Both must be held.
    pub(crate) async fn set_tallies(
        &self,
        subjects: &Subjects,
        (document, caller): (Tally, Tally),
    ) -> Result<(), DbErr> {
        let row = |subject: &[u8; 32], tally: Tally| failed_proof::ActiveModel {
            subject: Set(subject.to_vec()),
            failures: Set(i32::try_from(tally.failures).unwrap_or(i32::MAX)),
            end_time: Set(micros(tally.end_time)),
        };
        let rows = [row(&subjects.tried, document), row(&subjects.caller, caller)];
        let update = OnConflict::column(failed_proof::Column::Subject)
            .update_columns([failed_proof::Column::Failures, failed_proof::Column::EndTime])
            .to_owned();
        let insert = failed_proof::Entity::insert_many(rows).on_conflict(update);
        insert.exec_without_returning(self.connection).await.map(drop)
    }

    /// Forgets some of the tallies whose window has ended, and says how many.
    pub(crate) async fn forget_tallies(&self, now: OffsetDateTime) -> Result<u64, DbErr> {
        let ended = failed_proof::Entity::find()
            .filter(failed_proof::Column::EndTime.lte(micros(now)))
            .limit(AT_ONCE)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let ended: Vec<_> = ended.all(self.connection).await?.into_iter().map(|row| row.subject).collect();
        if ended.is_empty() {
            return Ok(0);
        }
        let delete = failed_proof::Entity::delete_many().filter(failed_proof::Column::Subject.is_in(ended));
        Ok(delete.exec(self.connection).await?.rows_affected)
    }
}
