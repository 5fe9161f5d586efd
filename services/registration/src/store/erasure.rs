//! Everything that is kept of one person: erased, or read for an export.
//!
//! Whoever writes something personal holds the person's data key while they do (`Rows::key_of`). An erasure takes the key first, and so waits for them
//! and sees what they have written; whoever comes later finds no key. Rows go with the key, though nothing could be read from them any more: what is
//! not there need not be trusted to be unreadable. The change feed keeps ids and times, until it forgets them.

use entrypass_db::{answers, instant, micros};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Rows, convert,
    entity::{companion, correction, data_key, document, registration, revision, traveller},
};
use crate::{
    change::Change,
    error::Error,
    registration::{Registration, StoredState},
};

/// A person, beside their registrations.
pub(crate) struct Person {
    /// Since when they are known.
    pub(crate) create_time: OffsetDateTime,
    /// Their documents in the spelling of their keys.
    pub(crate) documents: Vec<String>,
}

impl<C: ConnectionTrait> Rows<'_, C> {
    /// Erases the person `traveller`, and gives the registrations that went with them, oldest first.
    ///
    /// # Errors
    /// [`Error::TravellerNotFound`] when nobody, or nobody any more, has this id.
    pub(crate) async fn erase(&self, traveller: Uuid, now: OffsetDateTime) -> Result<Vec<Uuid>, Error> {
        // In the order of everybody who writes: registrations first. Their changes stay in order so.
        of_traveller(traveller).lock_exclusive().all(self.connection).await?;
        let key = data_key::Entity::delete_by_id(traveller).exec(self.connection).await?;
        if key.rows_affected == 0 {
            return Err(Error::TravellerNotFound);
        }
        let rows = of_traveller(traveller).lock_exclusive().all(self.connection).await?;
        for row in &rows {
            self.add_change(convert::erasure(row, now)?).await?;
        }
        if rows.is_empty() {
            self.add_change(Change::erased_without_registration(traveller, now)).await?;
        }
        let registrations: Vec<_> = rows.iter().map(|row| row.id).collect();
        self.remove_registrations(&registrations).await?;
        let documents = document::Entity::delete_many().filter(document::Column::TravellerId.eq(traveller));
        documents.exec(self.connection).await?;
        traveller::Entity::delete_by_id(traveller).exec(self.connection).await?;
        answers::erase(self.connection, traveller).await?;
        Ok(registrations)
    }

    /// Removes registrations that are held here, with their revisions, corrections and bonds.
    async fn remove_registrations(&self, ids: &[Uuid]) -> Result<(), Error> {
        let ids = || ids.iter().copied();
        let bonds = Condition::any()
            .add(companion::Column::HolderId.is_in(ids()))
            .add(companion::Column::CompanionId.is_in(ids()));
        companion::Entity::delete_many().filter(bonds).exec(self.connection).await?;
        let corrections = correction::Entity::delete_many();
        let corrections = corrections.filter(correction::Column::RegistrationId.is_in(ids()));
        corrections.exec(self.connection).await?;
        let revisions = revision::Entity::delete_many().filter(revision::Column::RegistrationId.is_in(ids()));
        revisions.exec(self.connection).await?;
        let registrations = registration::Entity::delete_many().filter(registration::Column::Id.is_in(ids()));
        registrations.exec(self.connection).await?;
        Ok(())
    }

    /// Removes some registrations that ended before `limit`, at most `at_once`, and says how many. Who has no other is erased with the last one. Those
    /// that another transaction is about to change are left for the next time.
    pub(crate) async fn forget_registrations(
        &self,
        limit: OffsetDateTime,
        at_once: u64,
        now: OffsetDateTime,
    ) -> Result<usize, Error> {
        let expired = Condition::all()
            .add(registration::Column::State.eq(convert::state_name(StoredState::Expired)))
            .add(registration::Column::ExpireTime.lt(micros(limit)));
        let cancelled = Condition::all()
            .add(registration::Column::State.eq(convert::state_name(StoredState::Cancelled)))
            .add(registration::Column::UpdateTime.lt(micros(limit)));
        let ended = registration::Entity::find().filter(Condition::any().add(expired).add(cancelled));
        let some = ended.limit(at_once).all(self.connection).await?;
        for row in &some {
            // Who is erased here may have had several of them.
            let left = of_traveller(row.traveller_id).lock_exclusive().all(self.connection).await?;
            match left.as_slice() {
                [] => {}
                [last] if last.id == row.id => drop(self.erase(row.traveller_id, now).await?),
                several if several.iter().any(|other| other.id == row.id) => {
                    self.remove_registrations(&[row.id]).await?;
                }
                _ => {}
            }
        }
        Ok(some.len())
    }

    /// The person whom the registration `id` is of.
    pub(crate) async fn traveller_of_registration(&self, id: Uuid) -> Result<Option<Uuid>, Error> {
        let row = registration::Entity::find_by_id(id).one(self.connection).await?;
        Ok(row.map(|row| row.traveller_id))
    }

    /// The person `traveller`.
    pub(crate) async fn person(&self, traveller: Uuid) -> Result<Option<Person>, Error> {
        let query = traveller::Entity::find_by_id(traveller).find_also_related(data_key::Entity);
        let Some((row, key)) = query.one(self.connection).await? else { return Ok(None) };
        let key = convert::personal_key(self.sealer, key)?;
        let rows = document::Entity::find()
            .filter(document::Column::TravellerId.eq(traveller))
            .order_by_asc(document::Column::CreateTime)
            .all(self.connection)
            .await?;
        let mut documents = Vec::new();
        for row in rows {
            let text = key.open_document(row.document_id, &row.sealed_document)?.to_string();
            // One has a row for each index key.
            if !documents.contains(&text) {
                documents.push(text);
            }
        }
        Ok(Some(Person { create_time: instant(row.create_time)?, documents }))
    }

    /// All registrations of the person `traveller`, oldest first.
    pub(crate) async fn registrations_of(&self, traveller: Uuid) -> Result<Vec<Registration>, Error> {
        let query = of_traveller(traveller)
            .find_also_related(revision::Entity)
            .find_also(registration::Entity, data_key::Entity);
        let rows = query.all(self.connection).await?.into_iter();
        rows.map(|row| convert::registration(self.sealer, row)).collect()
    }
}

fn of_traveller(traveller: Uuid) -> Select<registration::Entity> {
    registration::Entity::find()
        .filter(registration::Column::TravellerId.eq(traveller))
        .order_by_asc(registration::Column::CreateTime)
        .order_by_asc(registration::Column::Id)
}
