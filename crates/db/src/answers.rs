//! First answers: a write that is asked for again is answered as the first time, and done once.
//!
//! A service keeps the answer under caller and `request_id` in the same transaction as the write itself, so that a crash loses
//! both or neither. The request's content is kept as a digest only: enough to tell a repetition from a reuse. Of several copies that are
//! asked at once, the first to claim the `request_id` writes; the others wait for its end at the primary key.
//!
//! An answer is kept for a time that configuration sets, and then forgotten ([`forget`]).

mod migration;

use prost::Message;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnAcquireErr, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait as _, QueryFilter as _, sea_query::OnConflict,
};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use time::OffsetDateTime;

use crate::{Database, PersonalBytes, micros};

pub use migration::{add_caller, create_table, remove_caller};

/// Answers that one statement forgets at most.
const FORGET_AT_ONCE: u32 = 1000;

/// A write as its caller identified it.
#[derive(Debug, Clone)]
pub struct RequestKey {
    caller: String,
    request_id: String,
    digest: Vec<u8>,
}

/// Why a first answer could not be given.
#[derive(Debug, Error)]
pub enum AnswersError {
    /// The `request_id` belongs to a request with another content, or to another RPC.
    #[error("the request_id belongs to another request")]
    Reused,
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
            digest: digest.finalize().to_vec(),
        }
    }

    /// The answer that was given to this request before, if it was.
    ///
    /// A repetition that is still being done is not seen: [`Self::once`] waits for it.
    ///
    /// # Errors
    /// [`AnswersError::Reused`] when the caller used the `request_id` for something else.
    pub async fn first_answer<A: Message + Default>(
        &self,
        connection: &impl ConnectionTrait,
    ) -> Result<Option<A>, AnswersError> {
        // Asked before the request is judged, and PostgreSQL has no text with a NUL in it.
        if self.request_id.contains('\0') {
            return Ok(None);
        }
        let key = (self.caller.clone(), self.request_id.clone());
        match entity::Entity::find_by_id(key).one(connection).await? {
            None => Ok(None),
            Some(row) if row.digest != self.digest => Err(AnswersError::Reused),
            Some(row) => A::decode(row.answer.0.as_slice())
                .map(Some)
                .map_err(|error| AnswersError::Database(DbErr::Custom(format!("stored answer: {error}")))),
        }
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
        act: impl AsyncFnOnce(&DatabaseTransaction) -> Result<A, E>,
    ) -> Result<A, E>
    where
        A: Message + Default,
        E: From<AnswersError>,
    {
        let transaction = database.begin().await.map_err(AnswersError::Database)?;
        if !self.claim(&transaction, now).await.map_err(AnswersError::Database)? {
            let first = self.first_answer(&transaction).await?;
            // Forgotten in this very moment: the caller's next try finds the way free.
            let forgotten = || DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
            return Ok(first.ok_or_else(|| AnswersError::Database(forgotten()))?);
        }
        let answer = act(&transaction).await?;
        self.keep(&transaction, &answer).await.map_err(AnswersError::Database)?;
        transaction.commit().await.map_err(AnswersError::Database)?;
        Ok(answer)
    }

    /// Takes the `request_id` for this transaction; `false` when its answer is known. Waits while another transaction has it.
    async fn claim(&self, transaction: &impl ConnectionTrait, now: OffsetDateTime) -> Result<bool, DbErr> {
        let row = entity::ActiveModel {
            caller: Set(self.caller.clone()),
            request_id: Set(self.request_id.clone()),
            digest: Set(self.digest.clone()),
            // Seen by nobody: the answer is set before the transaction ends.
            answer: Set(PersonalBytes(Vec::new())),
            create_time: Set(micros(now)),
        };
        let insert = entity::Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned());
        Ok(insert.exec_without_returning(transaction).await? == 1)
    }

    /// Keeps `answer` for repetitions of this request.
    async fn keep(&self, transaction: &impl ConnectionTrait, answer: &impl Message) -> Result<(), DbErr> {
        entity::Entity::update_many()
            .col_expr(entity::Column::Answer, PersonalBytes(answer.encode_to_vec()).into())
            .filter(entity::Column::Caller.eq(self.caller.as_str()))
            .filter(entity::Column::RequestId.eq(self.request_id.as_str()))
            .exec(transaction)
            .await?;
        Ok(())
    }
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

    use crate::PersonalBytes;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "answers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub caller: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        pub digest: Vec<u8>,
        pub answer: PersonalBytes,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
