//! Which registrations checkpoints have first found good, until the registration service knows.

use std::collections::BTreeMap;

use entrypass_db::{instant, lists::insertion, micros};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
    sea_query::{Alias, Expr, ExprTrait as _, OnConflict},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, entity::first_verification as entity};
use crate::error::Error;

/// A registration, and when it was first found good.
pub(crate) type First = (Uuid, OffsetDateTime);

/// Notes when registrations were first found good. An earlier time stays. They come in the order of their ids, so that two that note the same ones never
/// wait for each other in a circle.
pub(super) async fn note(
    transaction: &DatabaseTransaction,
    first: BTreeMap<Uuid, OffsetDateTime>,
) -> Result<(), DbErr> {
    if first.is_empty() {
        return Ok(());
    }
    let rows = first.into_iter().map(|(registration, time)| entity::ActiveModel {
        registration_id: Set(registration),
        verified_time: Set(micros(time)),
    });
    let later = Expr::col((entity::Entity, entity::Column::VerifiedTime))
        .gt(Expr::col((Alias::new("excluded"), entity::Column::VerifiedTime)));
    let earliest = OnConflict::column(entity::Column::RegistrationId)
        .update_column(entity::Column::VerifiedTime)
        .action_and_where(later)
        .to_owned();
    let mut insert = insertion(transaction.get_database_backend(), rows)?;
    insert.on_conflict(earliest);
    transaction.execute(&insert).await.map(drop)
}

/// Forgets what is noted of `registration`.
pub(super) async fn erase(transaction: &DatabaseTransaction, registration: Uuid) -> Result<(), DbErr> {
    entity::Entity::delete_by_id(registration).exec(transaction).await.map(drop)
}

impl Store {
    /// At most `size` of those of which the registration service has not been told.
    pub(crate) async fn untold(&self, size: u64) -> Result<Vec<First>, Error> {
        let query = entity::Entity::find().order_by_asc(entity::Column::RegistrationId).limit(size);
        let rows = query.all(self.database.reader()).await?;
        let read = |row: entity::Model| Ok((row.registration_id, instant(row.verified_time)?));
        rows.into_iter().map(read).collect()
    }

    /// Forgets those of which it was told, unless an earlier time has been noted since.
    pub(crate) async fn forget_told(&self, told: &[First]) -> Result<(), DbErr> {
        // One by one, in the order of their ids as `note` has them: one statement would take them in the order in which it finds them.
        let told: BTreeMap<_, _> = told.iter().copied().collect();
        let transaction = self.database.begin().await?;
        for (registration, time) in told {
            entity::Entity::delete_by_id(registration)
                .filter(entity::Column::VerifiedTime.eq(micros(time)))
                .exec(&transaction)
                .await?;
        }
        transaction.commit().await
    }
}
