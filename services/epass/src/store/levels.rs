//! The levels that were told last, and when each is to be decided anew.

use entrypass_db::micros;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{entity::level, unreadable};
use crate::level::Level;

/// A level that is to be decided anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// The person.
    pub(crate) traveller: Uuid,
    /// What was told last.
    pub(crate) level: Level,
    /// Moves with whatever bears on the level.
    pub(crate) revision: i32,
}

/// Has the level of a person who gets a pass decided from `now` on.
pub(crate) async fn begin_level(
    connection: &impl ConnectionTrait,
    traveller: Uuid,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let row = level::ActiveModel {
        traveller: Set(traveller),
        level: Set(Level::None.as_str().to_owned()),
        due_time: Set(Some(micros(now))),
        revision: Set(1),
        policy_ordinal: Set(0),
    };
    let moved = OnConflict::column(level::Column::Traveller)
        .update_column(level::Column::DueTime)
        .value(level::Column::Revision, Expr::cust("levels.revision + 1"))
        .to_owned();
    level::Entity::insert(row).on_conflict(moved).exec_without_returning(connection).await.map(drop)
}

/// Has the levels of some persons decided anew at `now`, of whom they are told at all.
pub(crate) async fn levels_due(
    connection: &impl ConnectionTrait,
    travellers: impl IntoIterator<Item = Uuid>,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let due = level::Entity::update_many()
        .col_expr(level::Column::DueTime, micros(now).into())
        .col_expr(level::Column::Revision, Expr::col(level::Column::Revision).add(1))
        .filter(level::COLUMN.traveller.is_in(travellers));
    due.exec(connection).await.map(drop)
}

/// Some of the levels that are due at `now`, the oldest first.
pub(crate) async fn due_levels(
    connection: &impl ConnectionTrait,
    now: OffsetDateTime,
    at_once: u64,
) -> Result<Vec<Due>, DbErr> {
    let due = level::Entity::find()
        .filter(level::Column::DueTime.lte(micros(now)))
        .order_by_asc(level::Column::DueTime)
        .limit(at_once);
    due.all(connection).await?.into_iter().map(read).collect()
}

/// Some of the levels that were decided before the activation `ordinal` of a policy.
pub(crate) async fn levels_before(
    connection: &impl ConnectionTrait,
    ordinal: i64,
    at_once: u64,
) -> Result<Vec<Due>, DbErr> {
    let before = level::Entity::find()
        .filter(level::COLUMN.policy_ordinal.lt(ordinal))
        .order_by_asc(level::COLUMN.policy_ordinal)
        .limit(at_once);
    before.all(connection).await?.into_iter().map(read).collect()
}

fn read(row: level::Model) -> Result<Due, DbErr> {
    let level = level_from_word(&row.level).ok_or_else(|| unreadable("levels.level"))?;
    Ok(Due { traveller: row.traveller, level, revision: row.revision })
}

/// Writes down what came of `due` by the activation `ordinal` of a policy: `level`, to be decided anew at `next`; `false` when something that bears on it happened meanwhile, or another copy
/// was first.
pub(crate) async fn settle_level(
    connection: &impl ConnectionTrait,
    due: &Due,
    (level, ordinal): (Level, i64),
    next: Option<OffsetDateTime>,
) -> Result<bool, DbErr> {
    let settled = level::Entity::update_many()
        .col_expr(level::Column::Level, level.as_str().into())
        .col_expr(level::Column::DueTime, next.map(micros).into())
        .col_expr(level::Column::PolicyOrdinal, ordinal.into())
        .col_expr(level::Column::Revision, (due.revision + 1).into())
        .filter(level::COLUMN.traveller.eq(due.traveller))
        .filter(level::COLUMN.revision.eq(due.revision));
    Ok(settled.exec(connection).await?.rows_affected == 1)
}

/// Forgets the level of a person.
pub(super) async fn erase(connection: &impl ConnectionTrait, traveller: Uuid) -> Result<(), DbErr> {
    level::Entity::delete_by_id(traveller).exec(connection).await.map(drop)
}

/// Reads a level as it stands in the database: the published enum's value without its prefix.
pub(super) fn level_from_word(word: &str) -> Option<Level> {
    Level::ALL.iter().copied().find(|level| level.as_str() == word)
}
