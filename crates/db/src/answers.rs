//! First answers: a write that is asked for again is answered as the first time, and done once.
//!
//! A service keeps the answer under its `request_id` in the same transaction as the write itself, so that a crash loses
//! both or neither. The request's content is kept as a digest only: enough to tell a repetition from a reuse.

use prost::Message;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _};
use sea_orm_migration::{prelude::Table, schema, sea_query::TableCreateStatement};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use time::OffsetDateTime;

use crate::{Database, PersonalBytes, micros};

/// A write as its caller identified it.
#[derive(Debug, Clone)]
pub struct RequestKey {
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
    /// Identifies the `request` to `rpc` that its caller named `request_id`.
    pub fn new(rpc: &str, request_id: &str, request: &impl Message) -> Self {
        let digest = Sha256::new().chain_update(rpc).chain_update([0]).chain_update(request.encode_to_vec());
        Self { request_id: request_id.to_owned(), digest: digest.finalize().to_vec() }
    }

    /// The answer that was given to this request before, if it was.
    ///
    /// Ask inside the writing transaction: outside, a repetition that is still being done is not seen.
    ///
    /// # Errors
    /// [`AnswersError::Reused`] when the `request_id` was used for something else.
    pub async fn first_answer<A: Message + Default>(
        &self,
        connection: &impl ConnectionTrait,
    ) -> Result<Option<A>, AnswersError> {
        match entity::Entity::find_by_id(self.request_id.as_str()).one(connection).await? {
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
        if let Some(first) = self.first_answer(&transaction).await? {
            return Ok(first);
        }
        let answer = act(&transaction).await?;
        self.keep(&transaction, &answer, now).await.map_err(AnswersError::Database)?;
        transaction.commit().await.map_err(AnswersError::Database)?;
        Ok(answer)
    }

    /// Keeps `answer` for repetitions of this request.
    async fn keep(
        &self,
        transaction: &impl ConnectionTrait,
        answer: &impl Message,
        now: OffsetDateTime,
    ) -> Result<(), DbErr> {
        let row = entity::ActiveModel {
            request_id: Set(self.request_id.clone()),
            digest: Set(self.digest.clone()),
            answer: Set(PersonalBytes(answer.encode_to_vec())),
            create_time: Set(micros(now)),
        };
        entity::Entity::insert(row).exec_without_returning(transaction).await?;
        Ok(())
    }
}

/// The statement with which a service's migration makes the table.
#[must_use]
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table("answers")
        .col(schema::string("request_id").primary_key())
        .col(schema::binary("digest"))
        .col(schema::binary("answer"))
        .col(schema::big_integer("create_time"))
        .to_owned()
}

mod entity {
    use sea_orm::entity::prelude::*;

    use crate::PersonalBytes;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "answers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        pub digest: Vec<u8>,
        pub answer: PersonalBytes,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
