//! The feed's rows, and why followers miss nothing and see no thing's changes out of order.
//!
//! A change is written in the transaction that makes it, and gets no position there: transactions commit in another order than they
//! begin, and a follower that has passed position 8 would never see a 7 that commits later. Positions are given afterwards, by
//! [`number`], to changes that are committed, by one transaction at a time, which holds the feed's row. So a position becomes
//! visible only after every smaller one, whatever transactions are still open, and there are no gaps.
//!
//! Within a batch, changes are numbered by `id`. A service writes a change only while the thing that changes (a registration, a person) is
//! locked by the same transaction, and the id is drawn at that moment; so of one thing's changes the earlier has the smaller id, and if a
//! later one is visible, the earlier is too.
//!
//! Rejected: positions drawn in the writing transaction (misses late commits), a counter that each writer locks (one writer at a time for
//! the whole city), ordering by transaction id below the oldest running one (an id is drawn at a transaction's first write, which
//! can be long before it gets the lock of the thing, so that one thing's changes come out of order; and any long transaction in the
//! cluster stops the feed).

use entrypass_db::micros;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{OnConflict, TableCreateStatement},
};
use sea_orm_migration::{prelude::Table, schema};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Extent, FeedError};

/// The one row of `change_feed`.
const THE_FEED: i32 = 1;
/// Changes that one statement numbers or forgets at most: the feed's row is not held for long.
const AT_ONCE: u32 = 1000;

/// What the service's own table `changes` needs for its feed. It has `id` (`BIGINT`, drawn by the database), `position` (`BIGINT`, null at
/// first) and `create_time` (Unix microseconds), and whatever else a change says.
pub const INDEXES: [&str; 2] = [
    "CREATE UNIQUE INDEX changes_by_position ON changes (position)",
    "CREATE INDEX changes_without_position ON changes (id) WHERE position IS NULL",
];

/// The statement that makes `change_feed`, which says how far the feed goes.
#[must_use]
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table("change_feed")
        .col(schema::integer("id").primary_key())
        .col(schema::uuid("feed_id"))
        .col(schema::big_integer("head"))
        .col(schema::big_integer("tail"))
        .to_owned()
}

/// Makes the feed's row, if it has none, with `fresh` as its name.
pub(crate) async fn begin(transaction: &DatabaseTransaction, fresh: Uuid) -> Result<(), DbErr> {
    let row = change_feed::ActiveModel { id: Set(THE_FEED), feed_id: Set(fresh), head: Set(0), tail: Set(0) };
    let insert = change_feed::Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned());
    insert.exec_without_returning(transaction).await.map(drop)
}

/// Which changes the feed has; `None` before the feed has its row.
pub(crate) async fn extent(connection: &impl ConnectionTrait) -> Result<Option<Extent>, FeedError> {
    let row = change_feed::Entity::find_by_id(THE_FEED).one(connection).await?;
    row.as_ref().map(read).transpose()
}

/// Whether a committed change waits for its position.
pub(crate) async fn has_unnumbered(connection: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let waiting = change::Entity::find().filter(change::Column::Position.is_null()).limit(1);
    Ok(waiting.one(connection).await?.is_some())
}

/// Gives positions to committed changes that have none, and says whether that was all of them: every change that was committed before
/// the call has its position then. Call it in transactions of its own until it was. Other copies are told on `channel`.
pub(crate) async fn number(transaction: &DatabaseTransaction, channel: &str) -> Result<bool, FeedError> {
    let Extent { head, .. } = hold(transaction).await?;
    let number = format!(
        "UPDATE changes SET position = numbered.position FROM \
         (SELECT id, {head} + row_number() OVER (ORDER BY id) AS position FROM changes \
         WHERE position IS NULL ORDER BY id LIMIT {AT_ONCE}) AS numbered WHERE changes.id = numbered.id"
    );
    let numbered = transaction.execute_unprepared(&number).await?.rows_affected();
    if numbered > 0 {
        let head = head + numbered;
        transaction.execute_unprepared(&format!("UPDATE change_feed SET head = {head}")).await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            transaction.execute_unprepared(&format!("NOTIFY {channel}")).await?;
        }
    }
    // A full batch may have left some. The statement sees what was committed before it began.
    Ok(numbered < AT_ONCE.into())
}

/// Forgets some of the changes that happened before `limit`, the oldest first, and says how many.
pub(crate) async fn forget(
    transaction: &DatabaseTransaction,
    limit: OffsetDateTime,
) -> Result<u64, FeedError> {
    let Extent { tail, .. } = hold(transaction).await?;
    let limit = micros(limit);
    // Nearly always there is nothing to forget, and one row tells.
    if oldest(transaction, tail, 1).await?.first().is_none_or(|oldest| oldest.create_time >= limit) {
        return Ok(0);
    }
    let oldest = oldest(transaction, tail, AT_ONCE.into()).await?;
    let last = oldest.iter().take_while(|change| change.create_time < limit).last();
    let Some(last) = last.and_then(|change| change.position) else { return Ok(0) };
    let forgotten =
        change::Entity::delete_many().filter(change::Column::Position.lte(last)).exec(transaction).await?;
    transaction.execute_unprepared(&format!("UPDATE change_feed SET tail = {last}")).await?;
    Ok(forgotten.rows_affected)
}

async fn oldest(
    transaction: &DatabaseTransaction,
    behind: u64,
    size: u64,
) -> Result<Vec<change::Model>, DbErr> {
    let oldest = change::Entity::find()
        .filter(change::Column::Position.gt(i64::try_from(behind).unwrap_or(i64::MAX)))
        .order_by_asc(change::Column::Position)
        .limit(size);
    oldest.all(transaction).await
}

/// Holds the feed's row to the end of the transaction.
async fn hold(transaction: &DatabaseTransaction) -> Result<Extent, FeedError> {
    let row = change_feed::Entity::find_by_id(THE_FEED).lock_exclusive().one(transaction).await?;
    read(&row.ok_or(FeedError::Corrupt("no row of the change feed"))?)
}

fn read(row: &change_feed::Model) -> Result<Extent, FeedError> {
    let position = |stored| u64::try_from(stored).map_err(|_| FeedError::Corrupt("a position out of range"));
    // The random half of the id.
    let (_, feed) = row.feed_id.as_u64_pair();
    Ok(Extent { feed, head: position(row.head)?, tail: position(row.tail)? })
}

mod change {
    use sea_orm::entity::prelude::*;

    /// What the feed needs of a change.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "changes")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Given after the commit.
        pub position: Option<i64>,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod change_feed {
    use sea_orm::entity::prelude::*;

    /// The feed as a whole: one row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "change_feed")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub feed_id: Uuid,
        pub head: i64,
        pub tail: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
