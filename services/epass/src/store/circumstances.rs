//! Quarantines and follow-ups: rows to domain values and back, each write and each question.

use entrypass_db::{instant, micros};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    entity::{follow_up, quarantine},
    unreadable,
};
use crate::circumstances::{FollowUp, FollowUpOutcome, Quarantine};

/// Keeps a quarantine.
pub(crate) async fn insert_quarantine(
    connection: &impl ConnectionTrait,
    quarantine: &Quarantine,
) -> Result<(), DbErr> {
    let insert = quarantine::Entity::insert(row(quarantine));
    insert.exec_without_returning(connection).await.map(drop)
}

/// Puts the end of a quarantine down; its person is held.
pub(crate) async fn update_quarantine(
    connection: &impl ConnectionTrait,
    quarantine: &Quarantine,
) -> Result<(), DbErr> {
    let update = quarantine::Entity::update_many()
        .set(row(quarantine))
        .filter(quarantine::COLUMN.id.eq(quarantine.id));
    update.exec(connection).await.map(drop)
}

/// The quarantine `id`.
pub(crate) async fn quarantine(
    connection: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<Quarantine>, DbErr> {
    quarantine::Entity::find_by_id(id).one(connection).await?.as_ref().map(read_quarantine).transpose()
}

/// The quarantines of some persons, the last recorded first.
pub(crate) async fn quarantines_of(
    connection: &impl ConnectionTrait,
    travellers: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Quarantine>, DbErr> {
    let find = quarantine::Entity::find()
        .filter(quarantine::COLUMN.traveller.is_in(travellers))
        .order_by_desc(quarantine::Column::CreateTime)
        .order_by_desc(quarantine::Column::Id);
    find.all(connection).await?.iter().map(read_quarantine).collect()
}

/// Keeps a follow-up.
pub(crate) async fn insert_follow_up(
    connection: &impl ConnectionTrait,
    follow_up: &FollowUp,
) -> Result<(), DbErr> {
    let row = follow_up::ActiveModel {
        id: Set(follow_up.id),
        traveller: Set(follow_up.traveller),
        outcome: Set(follow_up.outcome.word().to_owned()),
        create_time: Set(micros(follow_up.time)),
    };
    follow_up::Entity::insert(row).exec_without_returning(connection).await.map(drop)
}

/// The follow-ups of some persons, the last first.
pub(crate) async fn follow_ups_of(
    connection: &impl ConnectionTrait,
    travellers: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<FollowUp>, DbErr> {
    let find = follow_up::Entity::find()
        .filter(follow_up::COLUMN.traveller.is_in(travellers))
        .order_by_desc(follow_up::Column::CreateTime)
        .order_by_desc(follow_up::Column::Id);
    find.all(connection).await?.iter().map(read_follow_up).collect()
}

/// Forgets some of what was over before `limit`, and says how many rows. Call it until that is none. The last follow-up of each person stays until the person is
/// erased: a fever that it found to be over would else be one that nobody has followed up.
pub(crate) async fn forget_circumstances(
    connection: &impl ConnectionTrait,
    limit: OffsetDateTime,
) -> Result<u64, DbErr> {
    let limit = micros(limit);
    let mut forgotten = 0;
    let later = "EXISTS (SELECT 1 FROM follow_ups later WHERE later.traveller = it.traveller \
                 AND (later.create_time, later.id) > (it.create_time, it.id))";
    for (table, old) in [
        ("quarantines", format!("until_time < {limit}")),
        ("follow_ups", format!("create_time < {limit} AND {later}")),
    ] {
        let statement = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} it WHERE {old} LIMIT {AT_ONCE})"
        );
        forgotten += connection.execute_unprepared(&statement).await?.rows_affected();
    }
    Ok(forgotten)
}

/// Rows that one statement removes at most.
const AT_ONCE: u32 = 1000;

/// Erases what is recorded of a person.
pub(super) async fn erase(connection: &impl ConnectionTrait, traveller: Uuid) -> Result<u64, DbErr> {
    let quarantines = quarantine::Entity::delete_many().filter(quarantine::COLUMN.traveller.eq(traveller));
    let erased = quarantines.exec(connection).await?.rows_affected;
    let follow_ups = follow_up::Entity::delete_many().filter(follow_up::COLUMN.traveller.eq(traveller));
    Ok(erased + follow_ups.exec(connection).await?.rows_affected)
}

fn row(quarantine: &Quarantine) -> quarantine::ActiveModel {
    quarantine::ActiveModel {
        id: Set(quarantine.id),
        traveller: Set(quarantine.traveller),
        from_time: Set(micros(quarantine.from)),
        until_time: Set(micros(quarantine.until)),
        end_time: Set(quarantine.end.map(micros)),
        create_time: Set(micros(quarantine.create_time)),
    }
}

pub(super) fn read_follow_up(row: &follow_up::Model) -> Result<FollowUp, DbErr> {
    Ok(FollowUp {
        id: row.id,
        traveller: row.traveller,
        outcome: FollowUpOutcome::from_word(&row.outcome).ok_or_else(|| unreadable("follow_ups.outcome"))?,
        time: instant(row.create_time)?,
    })
}

pub(super) fn read_quarantine(row: &quarantine::Model) -> Result<Quarantine, DbErr> {
    Ok(Quarantine {
        id: row.id,
        traveller: row.traveller,
        from: instant(row.from_time)?,
        until: instant(row.until_time)?,
        end: row.end_time.map(instant).transpose()?,
        create_time: instant(row.create_time)?,
    })
}
