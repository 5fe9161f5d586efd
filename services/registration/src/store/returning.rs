//! One person over many entries and documents.

use entrypass_db::micros;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Rows, convert,
    entity::{data_key, document, registration, revision},
};
use crate::{error::Error, registration::Registration};

impl<C: ConnectionTrait> Rows<'_, C> {
    /// At most `size` registrations of the person `traveller` that are older than `before`, the newest first.
    pub(crate) async fn entries(
        &self,
        traveller: Uuid,
        before: Option<Uuid>,
        size: u64,
    ) -> Result<Vec<Registration>, Error> {
        // An id begins with its time.
        let mut query = registration::Entity::find()
            .filter(registration::Column::TravellerId.eq(traveller))
            .order_by_desc(registration::Column::Id)
            .limit(size);
        if let Some(before) = before {
            query = query.filter(registration::Column::Id.lt(before));
        }
        let query =
            query.find_also_related(revision::Entity).find_also(registration::Entity, data_key::Entity);
        let rows = query.all(self.connection).await?.into_iter();
        rows.map(|row| convert::registration(self.sealer, row)).collect()
    }

    /// The document of this key is that of `traveller` no more, unless it was before `since`.
    pub(crate) async fn remove_document(
        &self,
        document_key: &str,
        traveller: Uuid,
        since: OffsetDateTime,
    ) -> Result<(), Error> {
        let indexed = document::Column::BlindIndex.is_in(self.indexes(document_key));
        let Some(found) = document::Entity::find().filter(indexed).one(self.connection).await? else {
            return Ok(());
        };
        // All rows of it, also those under index keys that are in the ring no more.
        document::Entity::delete_many()
            .filter(document::Column::DocumentId.eq(found.document_id))
            .filter(document::Column::TravellerId.eq(traveller))
            .filter(document::Column::CreateTime.gte(micros(since)))
            .exec(self.connection)
            .await?;
        Ok(())
    }
}
