//! First answers: a write that is asked for again is answered as the first time, and done once.
//!
//! A service keeps the answer under caller and `request_id` in the same transaction as the write itself, so that a crash loses
//! both or neither. The request's content is kept as a digest only: enough to tell a repetition from a reuse. Both are sealed together: the
//! answer has personal data, and a digest gives a document number away to whoever tries all of them. Of several copies that are
//! asked at once, the first to claim the `request_id` writes; the others wait for its end at the primary key.
//!
//! An answer is kept for a time that configuration sets, and then forgotten ([`forget`]). When the person is erased whom it is about, its content
//! goes at once ([`erase`]); that the request was answered stays known, so that a repetition does not register somebody anew.

mod migration;
mod resealing;

use std::collections::HashSet;

use entrypass_seal::{Place, Sealer, Unsealable};
use prost::Message;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnAcquireErr, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _,
    QueryFilter as _, QueryResult,
    sea_query::{OnConflict, Query},
};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Database, lists::insertion, micros};

pub use migration::{add_caller, create_table, remove_caller, seal, unseal};
pub use resealing::{missing_key, reseal, under_keys};

/// Answers that one statement forgets at most.
const FORGET_AT_ONCE: u32 = 1000;

/// Length of a request's digest, which stands in front of the answer.
const DIGEST: usize = 32;

/// A write as its caller identified it.
#[derive(Debug, Clone)]
pub struct RequestKey {
    caller: String,
    request_id: String,
    digest: [u8; DIGEST],
}

/// An answer that is to be kept, and whose erasure ends it.
#[derive(Debug, Clone)]
pub struct Kept<A> {
    answer: A,
    subject: Option<Uuid>,
}

impl<A> Kept<A> {
    /// An answer about `subject`: the id of a person, or of whatever else is given to [`erase`].
    pub fn about(subject: Uuid, answer: A) -> Self {
        Self { answer, subject: Some(subject) }
    }

    /// An answer about nobody.
    pub fn of(answer: A) -> Self {
        Self { answer, subject: None }
    }

    /// The answer.
    pub fn into_answer(self) -> A {
        self.answer
    }
}

/// Why a first answer could not be given.
#[derive(Debug, Error)]
pub enum AnswersError {
    /// The `request_id` belongs to a request with another content, or to another RPC.
    #[error("the request_id belongs to another request")]
    Reused,
    /// It was answered, and whom it was about has been erased since.
    #[error("whom the answer was about has been erased")]
    Erased,
    /// The database failed, or the stored answer is not readable.
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl RequestKey {
    /// Identifies the `request` to `rpc` that `caller` named `request_id`. What another caller names so is another write.
    pub fn new(caller: &str, rpc: &str, request_id: &str, request: &impl Message) -> Self {
        let digest = Sha256::new().chain_update(rpc).chain_update([0]).chain_update(request.encode_to_vec());
        Self {
            caller: caller.to_owned(),
            request_id: request_id.to_owned(),
            digest: digest.finalize().into(),
        }
    }

    /// The answer that was given to this request before, if it was.
    ///
    /// A repetition that is still being done is not seen: [`Self::once`] waits for it.
    ///
    /// # Errors
    /// [`AnswersError::Reused`] when the caller used the `request_id` for something else, [`AnswersError::Erased`] when nothing but the use is
    /// known any more.
    pub async fn first_answer<A: Message + Default>(
        &self,
        database: &Database,
    ) -> Result<Option<A>, AnswersError> {
        self.answer(database.reader(), database.sealer()).await
    }

    /// Whom the answer is about that was given to this `request_id`, if one was, and about somebody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subject(&self, database: &Database) -> Result<Option<Uuid>, DbErr> {
        let key = (self.caller.clone(), self.request_id.clone());
        let row = entity::Entity::find_by_id(key).one(database.reader()).await?;
        Ok(row.and_then(|row| row.subject))
    }

    async fn answer<A: Message + Default>(
        &self,
        connection: &impl ConnectionTrait,
        sealer: &Sealer,
    ) -> Result<Option<A>, AnswersError> {
        // Asked before the request is judged, and PostgreSQL has no text with a NUL in it.
        if self.request_id.contains('\0') {
            return Ok(None);
        }
        let key = (self.caller.clone(), self.request_id.clone());
        let Some(row) = entity::Entity::find_by_id(key).one(connection).await? else { return Ok(None) };
        let content = row.sealed.ok_or(AnswersError::Erased)?;
        let row = row_of(&self.caller, &self.request_id);
        let opened = sealer.open(&place(&row), &content).map_err(unreadable)?;
        let (digest, answer) = opened.split_first_chunk().ok_or_else(|| unreadable(Unsealable::Damaged))?;
        if *digest != self.digest {
            return Err(AnswersError::Reused);
        }
        Ok(A::decode(answer).map(Some).map_err(unreadable)?)
    }

    /// Does the write once: gives the first answer if there is one, or else lets `act` write in a transaction, keeps its answer there,
    /// and commits both together. Nothing stays of a write that is refused.
    ///
    /// # Errors
    /// Those of `act`, and those of [`Self::first_answer`].
    pub async fn once<A, E>(
        &self,
        database: &Database,
        now: OffsetDateTime,
        act: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Kept<A>, E>,
    ) -> Result<A, E>
    where
        A: Message + Default,
        E: From<AnswersError>,
    {
        let transaction = database.begin().await.map_err(AnswersError::Database)?;
        if !self.claim(&transaction, now).await.map_err(AnswersError::Database)? {
            let first = self.answer(&transaction, database.sealer()).await?;
            // Forgotten in this very moment: the caller's next try finds the way free.
            let forgotten = || DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
            return Ok(first.ok_or_else(|| AnswersError::Database(forgotten()))?);
        }
        let kept = act(&transaction).await?;
        self.keep(&transaction, database.sealer(), &kept).await.map_err(AnswersError::Database)?;
        transaction.commit().await.map_err(AnswersError::Database)?;
        Ok(kept.answer)
    }

    /// Takes the `request_id` for this transaction; `false` when its answer is known. Waits while another transaction has it.
    async fn claim(&self, transaction: &impl ConnectionTrait, now: OffsetDateTime) -> Result<bool, DbErr> {
        let row = entity::ActiveModel {
            caller: Set(self.caller.clone()),
            request_id: Set(self.request_id.clone()),
            // Seen by nobody: the answer is set before the transaction ends.
            sealed: Set(None),
            subject: Set(None),
            create_time: Set(micros(now)),
        };
        let insert = entity::Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned());
        Ok(insert.exec_without_returning(transaction).await? == 1)
    }

    /// Keeps an answer for repetitions of this request.
    async fn keep<A: Message>(
        &self,
        transaction: &impl ConnectionTrait,
        sealer: &Sealer,
        kept: &Kept<A>,
    ) -> Result<(), DbErr> {
        entity::Entity::update_many()
            .col_expr(entity::Column::Sealed, self.seal(sealer, &kept.answer).into())
            .col_expr(entity::Column::Subject, kept.subject.into())
            .filter(entity::Column::Caller.eq(self.caller.as_str()))
            .filter(entity::Column::RequestId.eq(self.request_id.as_str()))
            .exec(transaction)
            .await?;
        Ok(())
    }

    /// The request's digest with its `answer`, as they are kept.
    fn seal(&self, sealer: &Sealer, answer: &impl Message) -> Vec<u8> {
        let content = Zeroizing::new([self.digest.as_slice(), &answer.encode_to_vec()].concat());
        sealer.seal(&place(&row_of(&self.caller, &self.request_id)), &content)
    }

    /// Whether this is the same request under the same name, or another one under it.
    #[must_use]
    pub fn has_name_of(&self, other: &Self) -> bool {
        (&self.caller, &self.request_id) == (&other.caller, &other.request_id)
    }
}

/// Takes the `request_id`s of several writes for this transaction and keeps the answers that they will have, each with the time of its request. Says of
/// each whether it was free: a write whose was not must not be done here. Waits while other transactions have one of them; all who do this take them in
/// one order.
///
/// No two of `answers` may have the same name ([`RequestKey::has_name_of`]).
///
/// # Errors
/// When the database fails.
pub async fn keep_first<A: Message>(
    transaction: &impl ConnectionTrait,
    sealer: &Sealer,
    answers: &[(&RequestKey, OffsetDateTime, &Kept<A>)],
) -> Result<Vec<bool>, DbErr> {
    let name = |key: &RequestKey| (key.caller.clone(), key.request_id.clone());
    let mut sorted: Vec<_> = answers.iter().collect();
    sorted.sort_unstable_by_key(|(key, ..)| name(key));
    let rows = sorted.into_iter().map(|(key, time, kept)| entity::ActiveModel {
        caller: Set(key.caller.clone()),
        request_id: Set(key.request_id.clone()),
        sealed: Set(Some(key.seal(sealer, &kept.answer))),
        subject: Set(kept.subject),
        create_time: Set(micros(*time)),
    });
    let mut insert = insertion(transaction.get_database_backend(), rows)?;
    insert.on_conflict(OnConflict::new().do_nothing().to_owned());
    insert.returning(Query::returning().columns([entity::Column::Caller, entity::Column::RequestId]));
    let read = |row: QueryResult| Ok((row.try_get("", "caller")?, row.try_get("", "request_id")?));
    let taken = transaction.query_all(&insert).await?.into_iter().map(read);
    let taken: HashSet<(String, String)> = taken.collect::<Result<_, DbErr>>()?;
    Ok(answers.iter().map(|(key, ..)| taken.contains(&name(key))).collect())
}

/// The row of an answer, to which its content is bound.
fn row_of(caller: &str, request_id: &str) -> Vec<u8> {
    Place::row_of(&[caller.as_bytes(), request_id.as_bytes()])
}

fn place(row: &[u8]) -> Place<'_> {
    Place { table: "answers", column: "sealed", row }
}

fn unreadable(error: impl std::error::Error) -> DbErr {
    DbErr::Custom(format!("stored answer: {error}"))
}

/// Takes the content of all answers about `subject` away, in the transaction that erases what they tell of.
///
/// # Errors
/// When the database fails.
pub async fn erase(transaction: &impl ConnectionTrait, subject: Uuid) -> Result<(), DbErr> {
    entity::Entity::update_many()
        .col_expr(entity::Column::Sealed, Option::<Vec<u8>>::None.into())
        .filter(entity::Column::Subject.eq(subject))
        .exec(transaction)
        .await
        .map(drop)
}

/// Forgets some of the answers that were given before `limit`, oldest or not, and says how many: call it until that is none. The same
/// `request_id` is then a new request.
///
/// # Errors
/// When the database fails.
pub async fn forget(database: &Database, limit: OffsetDateTime) -> Result<u64, DbErr> {
    let statement = format!(
        "DELETE FROM answers WHERE (caller, request_id) IN \
         (SELECT caller, request_id FROM answers WHERE create_time < {} LIMIT {FORGET_AT_ONCE})",
        micros(limit)
    );
    let transaction = database.begin().await?;
    let forgotten = transaction.execute_unprepared(&statement).await?.rows_affected();
    transaction.commit().await?;
    Ok(forgotten)
}

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "answers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub caller: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        /// The request's digest and its answer; nothing once whom it was about is erased.
        pub sealed: Option<Vec<u8>>,
        pub subject: Option<Uuid>,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
