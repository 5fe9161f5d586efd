//! The levels that were told last, and when each is to be decided anew.

use entrypass_db::{instant, micros};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Statement, Value,
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
    /// With it, when it changes by itself.
    pub(crate) until: Option<OffsetDateTime>,
    /// Moves with whatever bears on the level.
    pub(crate) revision: i32,
}

/// Has the levels of some persons decided anew at `now`. Who never had a pass is not told of; a pass that the release before issued counts.
pub(crate) async fn levels_due(
    connection: &impl ConnectionTrait,
    travellers: &[Uuid],
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let places: Vec<_> = (2..).take(travellers.len()).map(|place| format!("${place}")).collect();
    let due = format!(
        "INSERT INTO levels (traveller, level, due_time, revision) \
         SELECT DISTINCT traveller, 'NONE', CAST($1 AS BIGINT), 1 FROM passes WHERE traveller IN ({}) \
         ON CONFLICT (traveller) DO UPDATE SET due_time = excluded.due_time, revision = levels.revision + 1",
        places.join(", ")
    );
    let values = std::iter::once(Value::from(micros(now))).chain(travellers.iter().map(|id| (*id).into()));
    let due = Statement::from_sql_and_values(connection.get_database_backend(), due, values);
    connection.execute_raw(due).await.map(drop)
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
    due.all(connection).await?.iter().map(read).collect()
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
    before.all(connection).await?.iter().map(read).collect()
}

fn read(row: &level::Model) -> Result<Due, DbErr> {
    let level = level_from_word(&row.level).ok_or_else(|| unreadable("levels.level"))?;
    let until = row.until_time.map(instant).transpose()?;
    Ok(Due { traveller: row.traveller, level, until, revision: row.revision })
}

/// Writes down what came of `due` by the activation `ordinal` of a policy: `level` to `until`, when it is to be decided anew; `false` when something that
/// bears on it happened meanwhile, or another copy was first.
pub(crate) async fn settle_level(
    connection: &impl ConnectionTrait,
    due: &Due,
    (level, ordinal): (Level, i64),
    until: Option<OffsetDateTime>,
) -> Result<bool, DbErr> {
    let settled = level::Entity::update_many()
        .col_expr(level::Column::Level, level.as_str().into())
        .col_expr(level::Column::UntilTime, until.map(micros).into())
        .col_expr(level::Column::DueTime, until.map(micros).into())
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
