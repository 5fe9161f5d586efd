//! Registrations and persons that are known to have ended a short time ago.

use entrypass_db::micros;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{do_nothing, entity::ended_registration};

/// Remembers that `registration` has ended.
pub(crate) async fn note_end(
    connection: &impl ConnectionTrait,
    registration: Uuid,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let row = ended_registration::ActiveModel { id: Set(registration), create_time: Set(micros(now)) };
    let insert = ended_registration::Entity::insert(row).on_conflict(do_nothing());
    insert.exec_without_returning(connection).await.map(drop)
}

/// Whether it is remembered that `registration` has ended.
pub(crate) async fn has_ended(connection: &impl ConnectionTrait, registration: Uuid) -> Result<bool, DbErr> {
    Ok(ended_registration::Entity::find_by_id(registration).one(connection).await?.is_some())
}

/// Forgets which registrations ended, as far as that was learnt before `limit`.
pub(crate) async fn forget_ends(
    connection: &impl ConnectionTrait,
    limit: OffsetDateTime,
) -> Result<(), DbErr> {
    let old = ended_registration::Entity::delete_many()
        .filter(ended_registration::COLUMN.create_time.lt(micros(limit)));
    old.exec(connection).await.map(drop)
}
