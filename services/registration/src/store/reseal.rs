//! Bringing what is stored under the keys of the ring that are in use, in batches beside running copies.
//!
//! What is still to be done follows from the rows alone, so that it can be stopped and begun again. A data key is wrapped anew; what is
//! sealed with it stays as it is. A document gets a row for the index key in use; its other rows stay while their key is in the ring, because
//! copies that have the keys in another order write them still, and go when it is not.

use entrypass_db::{Database, RowsUnder};
use entrypass_seal::{KeyId, Keys, Purpose, Sealer};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, DatabaseTransaction, DbErr, EntityTrait as _, FromQueryResult,
    QueryFilter as _, QuerySelect as _, Statement,
    sea_query::{Alias, Expr, ExprTrait as _, OnConflict, Query, SelectStatement},
};
use thiserror::Error;

use super::{
    entity::{data_key, document},
    sealed::{PersonalKey, Unreadable, document_indexes, rewrapped, wrapping_key},
};

/// Why rows cannot be brought under another key.
#[derive(Debug, Error)]
pub enum ResealError {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] DbErr),
    /// A row does not open: its key has been taken out of the ring, or it was changed.
    #[error("a row cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
}

/// How many rows need which keys of the ring, and of any other ring: data keys that are wrapped with it; or documents that are found by it, and of
/// another index key than the one in use only those that nothing else finds. Answers to requests are counted elsewhere.
///
/// # Errors
/// When the database fails.
pub async fn rows_under_keys(database: &Database) -> Result<Vec<RowsUnder>, DbErr> {
    let in_use = database.sealer().keys().in_use(Purpose::Index).as_bytes().to_vec();
    let wrapped = "SELECT key_id, count(*) AS rows_under FROM data_keys GROUP BY key_id";
    let indexed = "SELECT index_key_id AS key_id, count(*) AS rows_under FROM documents \
                   WHERE index_key_id = $1 OR NOT EXISTS (SELECT 1 FROM documents AS other \
                   WHERE other.document_id = documents.document_id AND other.index_key_id = $1) \
                   GROUP BY index_key_id";
    let mut rows = counted(database, Purpose::Encryption, wrapped, []).await?;
    rows.extend(counted(database, Purpose::Index, indexed, [in_use.into()]).await?);
    Ok(rows)
}

#[derive(FromQueryResult)]
struct Counted {
    key_id: Vec<u8>,
    rows_under: i64,
}

async fn counted(
    database: &Database,
    purpose: Purpose,
    query: &str,
    values: impl IntoIterator<Item = sea_orm::Value>,
) -> Result<Vec<RowsUnder>, DbErr> {
    let connection = database.reader();
    let query = Statement::from_sql_and_values(connection.get_database_backend(), query, values);
    let rows = Counted::find_by_statement(query).all(connection).await?;
    let read = |Counted { key_id, rows_under }| {
        let key = key_id.first_chunk().copied().map(KeyId::from_bytes);
        let key = key.ok_or_else(|| DbErr::Type("a key id of another length".to_owned()))?;
        Ok(RowsUnder { purpose, key, rows: u64::try_from(rows_under).unwrap_or_default() })
    };
    rows.into_iter().map(read).collect()
}

/// How many rows of documents are left under each index key that is in the ring no more. Nothing is found by them.
///
/// # Errors
/// When the database fails.
pub async fn rows_left_over(database: &Database) -> Result<Vec<RowsUnder>, DbErr> {
    let keys = database.sealer().keys();
    let ring: Vec<_> = index_keys(&keys).collect();
    let marks: Vec<_> = (2..2 + ring.len()).map(|number| format!("${number}")).collect();
    let query = format!(
        "SELECT index_key_id AS key_id, count(*) AS rows_under FROM documents \
         WHERE index_key_id NOT IN ({}) AND EXISTS (SELECT 1 FROM documents AS other \
         WHERE other.document_id = documents.document_id AND other.index_key_id = $1) \
         GROUP BY index_key_id",
        marks.join(", ")
    );
    let in_use = std::iter::once(keys.in_use(Purpose::Index));
    let values = in_use.chain(ring).map(|key| key.as_bytes().to_vec().into());
    counted(database, Purpose::Index, &query, values.collect::<Vec<_>>()).await
}

/// Removes at most `at_once` of the rows that [`rows_left_over`] counts, in one transaction, and says how many: call it until that is none.
///
/// # Errors
/// When the database fails.
pub async fn remove_left_over(database: &Database, at_once: u64) -> Result<u64, ResealError> {
    let transaction = database.begin().await?;
    let batch = Batch { transaction: &transaction, sealer: database.sealer(), at_once };
    let done = batch.forget_indexes().await?;
    transaction.commit().await?;
    Ok(done)
}

/// Brings at most `at_once` rows under the keys in use, in one transaction, and says how many: call it until that is none.
///
/// # Errors
/// When the database fails, or a row does not open.
pub async fn reseal(database: &Database, at_once: u64) -> Result<u64, ResealError> {
    let transaction = database.begin().await?;
    let batch = Batch { transaction: &transaction, sealer: database.sealer(), at_once };
    let mut done = batch.rewrap().await?;
    if done == 0 {
        done = batch.index().await?;
    }
    if done == 0 {
        done = batch.forget_indexes().await?;
    }
    transaction.commit().await?;
    Ok(done)
}

struct Batch<'t> {
    transaction: &'t DatabaseTransaction,
    sealer: &'t Sealer,
    at_once: u64,
}

impl Batch<'_> {
    /// Wraps data keys with the key in use. Their rows are held: who erases one meanwhile waits, and a key that is gone does not come back.
    async fn rewrap(&self) -> Result<u64, ResealError> {
        let in_use = self.sealer.keys().in_use(Purpose::Encryption).as_bytes().to_vec();
        let column = data_key::Column::KeyId;
        // Two ranges, where `<>` would find no use for the index.
        let others = Condition::any().add(column.lt(in_use.clone())).add(column.gt(in_use));
        let query = data_key::Entity::find().filter(others).limit(self.at_once).lock_exclusive();
        let mut rows = Vec::new();
        for row in query.all(self.transaction).await? {
            let wrapped = rewrapped(self.sealer, row.traveller_id, &row.wrapped)?;
            rows.push(data_key::ActiveModel {
                traveller_id: Set(row.traveller_id),
                key_id: Set(wrapping_key(&wrapped)),
                wrapped: Set(wrapped),
                create_time: Set(row.create_time),
            });
        }
        let done = rows.len();
        if done > 0 {
            // All of them are there, and held: this only updates, in one statement.
            let update = OnConflict::column(data_key::Column::TravellerId)
                .update_columns([data_key::Column::KeyId, data_key::Column::Wrapped])
                .to_owned();
            let insert = data_key::Entity::insert_many(rows).on_conflict(update);
            insert.exec_without_returning(self.transaction).await?;
        }
        Ok(done as u64)
    }

    /// Gives documents that have none their row for the index key in use. The rows that they have are held, as in [`Self::rewrap`].
    async fn index(&self) -> Result<u64, ResealError> {
        let in_use = self.sealer.keys().in_use(Purpose::Index);
        let query = document::Entity::find()
            .filter(Expr::exists(same_document([in_use])).not())
            .find_both_related(data_key::Entity)
            .limit(self.at_once)
            .lock_exclusive();
        let found = query.all(self.transaction).await?;
        let mut rows = Vec::new();
        for (row, key) in &found {
            let key = PersonalKey::unwrap(self.sealer, row.traveller_id, &key.wrapped)?;
            let document_key = key.open_document(row.document_id, &row.sealed_document)?;
            let indexes = document_indexes(self.sealer, &document_key).into_iter();
            let indexes = indexes.filter(|index| index.key_id == in_use);
            rows.extend(indexes.map(|index| document::ActiveModel {
                blind_index: Set(index.digest.to_vec()),
                index_key_id: Set(index.key_id.as_bytes().to_vec()),
                document_id: Set(row.document_id),
                traveller_id: Set(row.traveller_id),
                sealed_document: Set(row.sealed_document.clone()),
                create_time: Set(row.create_time),
            }));
        }
        if !rows.is_empty() {
            // A document can have been found by rows of two other keys.
            let nothing = OnConflict::new().do_nothing().to_owned();
            let insert = document::Entity::insert_many(rows).on_conflict(nothing);
            insert.exec_without_returning(self.transaction).await?;
        }
        Ok(found.len() as u64)
    }

    /// Removes rows of index keys that are in the ring no more.
    async fn forget_indexes(&self) -> Result<u64, ResealError> {
        let keys = self.sealer.keys();
        let ring = index_keys(&keys).map(|key| key.as_bytes().to_vec());
        let forgotten = Query::select()
            .column(document::Column::BlindIndex)
            .from(document::Entity)
            .and_where(document::Column::IndexKeyId.is_not_in(ring))
            .and_where(Expr::exists(same_document([keys.in_use(Purpose::Index)])))
            .limit(self.at_once)
            .to_owned();
        let delete =
            document::Entity::delete_many().filter(document::Column::BlindIndex.in_subquery(forgotten));
        Ok(delete.exec(self.transaction).await?.rows_affected)
    }
}

/// The rows of the same document under one of the index keys `keys`.
pub(super) fn same_document(keys: impl IntoIterator<Item = KeyId>) -> SelectStatement {
    let (other, keys) = (Alias::new("other"), keys.into_iter().map(|key| key.as_bytes().to_vec()));
    Query::select()
        .expr(Expr::val(1))
        .from_as(document::Entity, other.clone())
        .and_where(
            Expr::col((other.clone(), document::Column::DocumentId))
                .equals((document::Entity, document::Column::DocumentId)),
        )
        .and_where(Expr::col((other, document::Column::IndexKeyId)).is_in(keys))
        .to_owned()
}

/// The index keys of a ring.
pub(super) fn index_keys(keys: &Keys) -> impl Iterator<Item = KeyId> {
    keys.list().filter(|key| key.purpose == Purpose::Index).map(|key| key.id)
}
