//! The change feed's rows, which `entrypass-feed` puts in order: written while their registration is locked, and read behind a position.

use super::{Rows, convert, entity::change};
use crate::{change::Change, error::Error};
use entrypass_db::micros;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

/// PostgreSQL's channel on which copies tell each other that positions were given.
pub(crate) const CHANNEL: &str = "registration_changes";

impl<C: ConnectionTrait> Rows<'_, C> {
    /// Writes a change down. The transaction must hold its registration's row; `entrypass-feed` says why.
    pub(super) async fn add_change(&self, new: Change) -> Result<(), DbErr> {
        change::Entity::insert(row(new)).exec_without_returning(self.connection).await?;
        Ok(())
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
}

/// The row of a change that has no position yet.
pub(super) fn row(new: Change) -> change::ActiveModel {
    change::ActiveModel {
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
    }
}
