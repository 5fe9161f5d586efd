//! The change feed's rows, and why followers miss nothing and see no registration's changes out of order.
//!
//! A change is written in the transaction that makes it, and gets no position there: transactions commit in another order than they
//! begin, and a follower that has passed position 8 would never see a 7 that commits later. Positions are given afterwards, by
//! [`Rows::number`], to changes that are committed, by one transaction at a time, which holds the feed's row. So a position becomes
//! visible only after every smaller one, whatever transactions are still open, and there are no gaps.
//!
//! Within a batch, changes are numbered by `id`. A change is written only while its registration's row is locked by the same
//! transaction (an update of it, `lock`, or the insert that made it), and the id is drawn at that moment; so of one registration's
//! changes the earlier has the smaller id, and if a later one is visible, the earlier is too.
//!
//! Rejected: positions drawn in the writing transaction (misses late commits), a counter that each writer locks (one writer at a time for
//! the whole city), ordering by transaction id below the oldest running one (an id is drawn at a transaction's first write, which
//! can be long before it gets the registration's lock, so that one registration's changes come out of order; and any long transaction
//! in the cluster stops the feed).

use entrypass_db::micros;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, DbBackend, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::OnConflict,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Rows, convert,
    entity::{change, change_feed},
};
use crate::{
    change::{Change, Extent},
    error::Error,
};

/// The one row of `change_feed`.
const THE_FEED: i32 = 1;
/// Changes that one statement numbers or forgets at most: the feed's row is not held for long.
const AT_ONCE: u32 = 1000;
/// PostgreSQL's channel on which copies tell each other that positions were given.
pub(crate) const CHANNEL: &str = "registration_changes";

impl<C: ConnectionTrait> Rows<'_, C> {
    /// Writes a change down. The transaction must hold its registration's row; see the module.
    pub(super) async fn add_change(&self, new: Change) -> Result<(), DbErr> {
        let row = change::ActiveModel {
            id: NotSet,
            position: Set(None),
            registration_id: Set(new.registration),
            traveller_id: Set(new.traveller),
            kind: Set(convert::change_kind_name(new.kind).to_owned()),
            revision: Set(i32::from(new.revision)),
            state: Set(convert::state_name(new.state).to_owned()),
            companion_id: Set(new.companion),
            expire_time: Set(micros(new.expire_time)),
            create_time: Set(micros(new.create_time)),
        };
        change::Entity::insert(row).exec_without_returning(self.connection).await?;
        Ok(())
    }

    /// Makes the feed's row, if it has none, with `fresh` as its name.
    pub(crate) async fn begin_feed(&self, fresh: Uuid) -> Result<(), DbErr> {
        let row =
            change_feed::ActiveModel { id: Set(THE_FEED), feed_id: Set(fresh), head: Set(0), tail: Set(0) };
        let insert = change_feed::Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned());
        insert.exec_without_returning(self.connection).await?;
        Ok(())
    }

    /// Which changes the feed has; `None` before the feed has its row.
    pub(crate) async fn extent(&self) -> Result<Option<Extent>, Error> {
        let row = change_feed::Entity::find_by_id(THE_FEED).one(self.connection).await?;
        row.as_ref().map(convert::extent).transpose()
    }

    /// Whether a committed change waits for its position.
    pub(crate) async fn has_unnumbered(&self) -> Result<bool, DbErr> {
        let waiting = change::Entity::find().filter(change::Column::Position.is_null()).limit(1);
        Ok(waiting.one(self.connection).await?.is_some())
    }

    /// Gives positions to committed changes that have none, and says whether that was all of them: every change that was committed before
    /// the call has its position then. Call it in transactions of its own until it was.
    pub(crate) async fn number(&self) -> Result<bool, Error> {
        let Extent { head, .. } = self.hold_feed().await?;
        let number = format!(
            "UPDATE changes SET position = numbered.position FROM \
             (SELECT id, {head} + row_number() OVER (ORDER BY id) AS position FROM changes \
             WHERE position IS NULL ORDER BY id LIMIT {AT_ONCE}) AS numbered WHERE changes.id = numbered.id"
        );
        let numbered = self.connection.execute_unprepared(&number).await?.rows_affected();
        if numbered > 0 {
            let head = head + numbered;
            self.connection.execute_unprepared(&format!("UPDATE change_feed SET head = {head}")).await?;
            if self.connection.get_database_backend() == DbBackend::Postgres {
                self.connection.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await?;
            }
        }
        // A full batch may have left some. The statement sees what was committed before it began.
        Ok(numbered < AT_ONCE.into())
    }

    /// At most `size` changes behind `position`, in order.
    pub(crate) async fn changes(&self, position: u64, size: u64) -> Result<Vec<(u64, Change)>, Error> {
        let behind = i64::try_from(position).unwrap_or(i64::MAX);
        let query = change::Entity::find()
            .filter(change::Column::Position.gt(behind))
            .order_by_asc(change::Column::Position)
            .limit(size);
        query.all(self.connection).await?.iter().map(convert::change).collect()
    }

    /// Forgets some of the changes that happened before `limit`, the oldest first, and says how many.
    pub(crate) async fn forget_changes(&self, limit: OffsetDateTime) -> Result<u64, Error> {
        let Extent { tail, .. } = self.hold_feed().await?;
        // Nearly always there is nothing to forget, and one row tells.
        if self.changes(tail, 1).await?.first().is_none_or(|(_, oldest)| oldest.create_time >= limit) {
            return Ok(0);
        }
        let oldest = self.changes(tail, AT_ONCE.into()).await?;
        let last = oldest.iter().take_while(|(_, change)| change.create_time < limit).last();
        let Some((last, _)) = last else { return Ok(0) };
        let forgotten = change::Entity::delete_many()
            .filter(change::Column::Position.lte(i64::try_from(*last).unwrap_or(i64::MAX)))
            .exec(self.connection)
            .await?;
        self.connection.execute_unprepared(&format!("UPDATE change_feed SET tail = {last}")).await?;
        Ok(forgotten.rows_affected)
    }

    /// Holds the feed's row to the end of the transaction.
    async fn hold_feed(&self) -> Result<Extent, Error> {
        let row = change_feed::Entity::find_by_id(THE_FEED).lock_exclusive().one(self.connection).await?;
        convert::extent(&row.ok_or(Error::Corrupt("no row of the change feed"))?)
    }
}
