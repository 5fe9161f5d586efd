//! What checkpoints have found of registrations.

use entrypass_db::micros;
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Rows, entity::registration};

impl<C: ConnectionTrait> Rows<'_, C> {
    /// Notes that a checkpoint found the code of the registration `id` good at `time`, unless it is known to have been earlier. Where there is no such
    /// registration nothing is noted.
    pub(crate) async fn note_verification(&self, id: Uuid, time: OffsetDateTime) -> Result<(), DbErr> {
        let column = registration::Column::VerifiedTime;
        let later = Condition::any().add(column.is_null()).add(column.gt(micros(time)));
        registration::Entity::update_many()
            .col_expr(column, micros(time).into())
            .filter(registration::Column::Id.eq(id))
            .filter(later)
            .exec(self.connection)
            .await
            .map(drop)
    }
}
