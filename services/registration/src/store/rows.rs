//! Travellers, documents, registrations and revisions.

use entrypass_db::{PersonalText, is_unique_violation, micros};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
    sea_query::{LockBehavior, LockType, OnConflict, Query},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    convert,
    entity::{document, registration, revision, traveller},
};
use crate::{
    change::{Change, ChangeKind},
    error::Error,
    registration::{Latest, Registration, Revision, RevisionKind, StoredState},
};

/// The rows that one connection or transaction sees.
pub(crate) struct Rows<'c, C>(pub(crate) &'c C);

impl<C: ConnectionTrait> Rows<'_, C> {
    /// The registration `id` in its present revision.
    pub(crate) async fn registration(&self, id: Uuid) -> Result<Option<Registration>, Error> {
        let query = registration::Entity::find_by_id(id).find_also_related(revision::Entity);
        query.one(self.0).await?.map(convert::registration).transpose()
    }

    /// Those of the registrations `ids` that there are, each in its present revision, in no order.
    pub(crate) async fn registrations(&self, ids: &[Uuid]) -> Result<Vec<Registration>, Error> {
        let query = registration::Entity::find()
            .filter(registration::Column::Id.is_in(ids.iter().copied()))
            .find_also_related(revision::Entity);
        query.all(self.0).await?.into_iter().map(convert::registration).collect()
    }

    /// The registration that counts for the person whom `document_key` belongs to: the active one, or else the last.
    pub(crate) async fn latest_of_document(&self, document_key: &str) -> Result<Option<Registration>, Error> {
        let query = counting(document_key).find_also_related(revision::Entity);
        query.one(self.0).await?.map(convert::registration).transpose()
    }

    /// As [`Self::latest_of_document`], without what was declared.
    pub(crate) async fn latest_state_of_document(&self, document_key: &str) -> Result<Option<Latest>, Error> {
        let row = counting(document_key).one(self.0).await?;
        row.map(|row| convert::latest(&row)).transpose()
    }

    /// The person whom `document_key` belongs to.
    pub(crate) async fn traveller_of_document(&self, document_key: &str) -> Result<Option<Uuid>, Error> {
        let key = PersonalText(document_key.to_owned());
        let row = document::Entity::find_by_id(key).one(self.0).await?;
        Ok(row.map(|row| row.traveller_id))
    }

    /// Makes a person known.
    pub(crate) async fn add_traveller(&self, id: Uuid, now: OffsetDateTime) -> Result<(), DbErr> {
        let row = traveller::ActiveModel { id: Set(id), create_time: Set(micros(now)) };
        traveller::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Forgets a person whom nothing belongs to.
    pub(crate) async fn remove_traveller(&self, id: Uuid) -> Result<(), DbErr> {
        traveller::Entity::delete_by_id(id).exec(self.0).await?;
        Ok(())
    }

    /// Gives a person a document; `false` when somebody has it. Waits for another transaction that is giving it away.
    pub(crate) async fn add_document(
        &self,
        document_key: &str,
        traveller: Uuid,
        now: OffsetDateTime,
    ) -> Result<bool, DbErr> {
        let row = document::ActiveModel {
            document_key: Set(PersonalText(document_key.to_owned())),
            traveller_id: Set(traveller),
            create_time: Set(micros(now)),
        };
        // A conflict is no error here: PostgreSQL would end the transaction with it.
        let insert = document::Entity::insert(row).on_conflict(OnConflict::new().do_nothing().to_owned());
        Ok(insert.exec_without_returning(self.0).await? == 1)
    }

    /// Writes down that the active registration of `traveller` has ended, if its time has: there is room for the next.
    pub(crate) async fn expire_of(&self, traveller: Uuid, now: OffsetDateTime) -> Result<(), Error> {
        let of_traveller = ended(now).filter(registration::Column::TravellerId.eq(traveller));
        self.expire(of_traveller.lock_exclusive().all(self.0).await?, now).await
    }

    /// Writes down that some active registrations have ended, and says how many. Those that another transaction is about to change
    /// are left for the next time.
    pub(crate) async fn expire_some(&self, at_once: u64, now: OffsetDateTime) -> Result<usize, Error> {
        let some = ended(now).limit(at_once).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let rows = some.all(self.0).await?;
        let expired = rows.len();
        self.expire(rows, now).await?;
        Ok(expired)
    }

    /// Marks registrations that are locked here as expired.
    async fn expire(&self, rows: Vec<registration::Model>, now: OffsetDateTime) -> Result<(), Error> {
        for row in rows {
            registration::Entity::update_many()
                .col_expr(registration::Column::State, convert::state_name(StoredState::Expired).into())
                .filter(registration::Column::Id.eq(row.id))
                .exec(self.0)
                .await?;
            self.add_change(convert::expiry(&row, now)?).await?;
        }
        Ok(())
    }

    /// Holds the registration `id` to the end of the transaction, so that nobody else changes it or its bonds meanwhile.
    pub(crate) async fn lock(&self, id: Uuid) -> Result<(), DbErr> {
        let row = registration::Entity::find_by_id(id).lock_exclusive();
        row.one(self.0).await.map(drop)
    }

    /// Adds a submitted registration with its first revision. `AlreadyRegistered` when the person has an active one.
    pub(crate) async fn add_registration(&self, new: &Registration) -> Result<(), Error> {
        let row = convert::registration_row(new);
        match registration::Entity::insert(row).exec_without_returning(self.0).await {
            Err(error) if is_unique_violation(&error) => return Err(Error::AlreadyRegistered),
            other => other?,
        };
        self.add_revision(new, RevisionKind::Registered, &[]).await?;
        Ok(self.add_change(Change::of(new, ChangeKind::Registered, None, new.create_time)).await?)
    }

    /// Saves `next`, the revision after the one that was read. `EtagMismatch` when another was saved in between.
    pub(crate) async fn save_revision(
        &self,
        next: &Registration,
        kind: RevisionKind,
        changed_paths: &[String],
    ) -> Result<(), Error> {
        let saved = registration::Entity::update_many()
            .set(convert::registration_row(next))
            .filter(registration::Column::Id.eq(next.id))
            .filter(registration::Column::Revision.eq(i32::from(next.revision) - 1))
            .exec(self.0)
            .await?;
        if saved.rows_affected == 0 {
            return Err(crate::registration::ChangeRefused::EtagMismatch.into());
        }
        self.add_revision(next, kind, changed_paths).await?;
        Ok(self.add_change(Change::of(next, kind.into(), None, next.update_time)).await?)
    }

    async fn add_revision(
        &self,
        of: &Registration,
        kind: RevisionKind,
        changed_paths: &[String],
    ) -> Result<(), Error> {
        let row = convert::revision_row(of, kind, changed_paths)?;
        revision::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// At most `size` revisions of the registration `id` that are older than `before`, newest first.
    pub(crate) async fn revisions(
        &self,
        id: Uuid,
        before: Option<u16>,
        size: u64,
    ) -> Result<Vec<Revision>, Error> {
        let mut query = revision::Entity::find()
            .filter(revision::Column::RegistrationId.eq(id))
            .order_by_desc(revision::Column::Revision)
            .limit(size);
        if let Some(before) = before {
            query = query.filter(revision::Column::Revision.lt(i32::from(before)));
        }
        query.all(self.0).await?.iter().map(convert::revision).collect()
    }
}

/// The registrations that count as active although their time has ended.
fn ended(now: OffsetDateTime) -> Select<registration::Entity> {
    registration::Entity::find()
        .filter(registration::Column::State.eq(convert::state_name(StoredState::Active)))
        .filter(registration::Column::ExpireTime.lte(micros(now)))
}

/// The registrations of the person whom `document_key` belongs to, the one that counts first.
fn counting(document_key: &str) -> Select<registration::Entity> {
    let owner = Query::select()
        .column(document::Column::TravellerId)
        .from(document::Entity)
        .and_where(document::Column::DocumentKey.eq(PersonalText(document_key.to_owned())))
        .to_owned();
    registration::Entity::find()
        .filter(registration::Column::TravellerId.in_subquery(owner))
        .order_by_desc(registration::Column::State.eq(convert::state_name(StoredState::Active)))
        .order_by_desc(registration::Column::CreateTime)
}
