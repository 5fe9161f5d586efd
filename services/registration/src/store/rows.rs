//! Travellers, documents, registrations and revisions.

use std::collections::BTreeSet;

use entrypass_db::{is_unique_violation, micros};
use entrypass_seal::Sealer;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnAcquireErr, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select,
    sea_query::{LockBehavior, LockType, OnConflict, Query},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    convert,
    entity::{data_key, document, registration, revision, traveller},
    sealed::{PersonalKey, document_indexes},
};
use crate::{
    change::{Change, ChangeKind},
    correction::Remark,
    error::Error,
    registration::{Declared, Latest, Registration, Revision, RevisionKind, StoredState},
};

/// The rows that one connection or transaction sees, in the clear.
pub(crate) struct Rows<'c, C> {
    pub(super) connection: &'c C,
    pub(super) sealer: &'c Sealer,
}

impl<'c, C: ConnectionTrait> Rows<'c, C> {
    /// The rows that `connection` sees, sealed with the keys of `sealer`.
    pub(crate) fn new(connection: &'c C, sealer: &'c Sealer) -> Self {
        Self { connection, sealer }
    }

    /// The registration `id` in its present revision.
    pub(crate) async fn registration(&self, id: Uuid) -> Result<Option<Registration>, Error> {
        let query = registration::Entity::find_by_id(id)
            .find_also_related(revision::Entity)
            .find_also_related(data_key::Entity);
        let row = query.one(self.connection).await?;
        row.map(|row| convert::registration(self.sealer, row)).transpose()
    }

    /// Those of the registrations `ids` that there are, each in its present revision, in no order.
    pub(crate) async fn registrations(&self, ids: &[Uuid]) -> Result<Vec<Registration>, Error> {
        let query = registration::Entity::find()
            .filter(registration::Column::Id.is_in(ids.iter().copied()))
            .find_also_related(revision::Entity)
            .find_also_related(data_key::Entity);
        let rows = query.all(self.connection).await?.into_iter();
        rows.map(|row| convert::registration(self.sealer, row)).collect()
    }

    /// At most `size` persons behind the person `after`, in the order of their ids.
    pub(crate) async fn travellers(&self, after: Option<Uuid>, size: u64) -> Result<Vec<Uuid>, DbErr> {
        let mut find = traveller::Entity::find()
            .select_only()
            .column(traveller::Column::Id)
            .order_by_asc(traveller::Column::Id)
            .limit(size);
        if let Some(after) = after {
            find = find.filter(traveller::Column::Id.gt(after));
        }
        find.into_tuple().all(self.connection).await
    }

    /// Of each of `travellers` the registration that counts: the active one, or else the last.
    pub(crate) async fn counting_of(&self, travellers: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
        let rows = registration::Entity::find()
            .filter(registration::Column::TravellerId.is_in(travellers.iter().copied()))
            .order_by_desc(registration::Column::State.eq(convert::state_name(StoredState::Active)))
            .order_by_desc(registration::Column::CreateTime)
            .all(self.connection)
            .await?;
        let mut seen = BTreeSet::new();
        Ok(rows.into_iter().filter(|row| seen.insert(row.traveller_id)).map(|row| row.id).collect())
    }

    /// Since when the registration `id` has declared a fever without a break; `None` when it does not.
    pub(crate) async fn fever_since(&self, id: Uuid) -> Result<Option<OffsetDateTime>, Error> {
        self.since(id, Declared::declares_fever).await
    }

    /// Since when what is declared in the registration `id` `is_so` without a break; `None` when it is not.
    pub(crate) async fn since(
        &self,
        id: Uuid,
        is_so: impl Fn(&Declared) -> bool,
    ) -> Result<Option<OffsetDateTime>, Error> {
        // There can be many revisions, and nearly always one or two tell.
        const PAGE: u64 = 10;
        let (mut since, mut before) = (None, None);
        loop {
            let page = self.revisions(id, before, PAGE).await?;
            for revision in &page {
                if !is_so(&revision.declared) {
                    return Ok(since);
                }
                (since, before) = (Some(revision.create_time), Some(revision.number));
            }
            if page.is_empty() {
                return Ok(since);
            }
        }
    }

    /// The registration that counts for the person whom `document_key` belongs to: the active one, or else the last.
    pub(crate) async fn latest_of_document(&self, document_key: &str) -> Result<Option<Registration>, Error> {
        let query = self.counting(document_key).find_also_related(revision::Entity);
        let row = query.find_also_related(data_key::Entity).one(self.connection).await?;
        row.map(|row| convert::registration(self.sealer, row)).transpose()
    }

    /// As [`Self::latest_of_document`], without what was declared.
    pub(crate) async fn latest_state_of_document(&self, document_key: &str) -> Result<Option<Latest>, Error> {
        let row = self.counting(document_key).one(self.connection).await?;
        row.map(|row| convert::latest(&row)).transpose()
    }

    /// The person whom `document_key` belongs to.
    pub(crate) async fn traveller_of_document(&self, document_key: &str) -> Result<Option<Uuid>, Error> {
        let query =
            document::Entity::find().filter(document::Column::BlindIndex.is_in(self.indexes(document_key)));
        Ok(query.one(self.connection).await?.map(|row| row.traveller_id))
    }

    /// Makes a person known, with their first document; `false` when somebody has it. Waits for another transaction that is giving it
    /// away.
    pub(crate) async fn add_traveller(
        &self,
        id: Uuid,
        document_key: &str,
        now: OffsetDateTime,
    ) -> Result<bool, DbErr> {
        let row = traveller::ActiveModel { id: Set(id), create_time: Set(micros(now)) };
        traveller::Entity::insert(row).exec_without_returning(self.connection).await?;
        let key = PersonalKey::draw(self.sealer);
        let row = convert::data_key_row(&key, id, now);
        data_key::Entity::insert(row).exec_without_returning(self.connection).await?;
        if self.add_document_with(&key, document_key, id, now).await? {
            return Ok(true);
        }
        // Under one of several index keys it may have been free.
        let documents = document::Entity::delete_many().filter(document::Column::TravellerId.eq(id));
        documents.exec(self.connection).await?;
        data_key::Entity::delete_by_id(id).exec(self.connection).await?;
        traveller::Entity::delete_by_id(id).exec(self.connection).await?;
        Ok(false)
    }

    /// Gives a person another document; `false` when somebody has it, and then the transaction must not go on unless that is `traveller`. Waits for
    /// another transaction that is giving it away.
    pub(crate) async fn add_document(
        &self,
        document_key: &str,
        traveller: Uuid,
        now: OffsetDateTime,
    ) -> Result<bool, Error> {
        let key = self.key_of(traveller).await?;
        Ok(self.add_document_with(&key, document_key, traveller, now).await?)
    }

    async fn add_document_with(
        &self,
        key: &PersonalKey<'_>,
        document_key: &str,
        traveller: Uuid,
        now: OffsetDateTime,
    ) -> Result<bool, DbErr> {
        let rows = convert::document_rows(self.sealer, key, document_key, traveller, now);
        let all = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        // A conflict is no error here: PostgreSQL would end the transaction with it.
        let nothing = OnConflict::new().do_nothing().to_owned();
        let insert = document::Entity::insert_many(rows).on_conflict(nothing);
        Ok(insert.exec_without_returning(self.connection).await? == all)
    }

    /// The key of a person's data, to write with: held to the end of the transaction, so that an erasure waits and finds what is written.
    pub(super) async fn key_of(&self, traveller: Uuid) -> Result<PersonalKey<'c>, Error> {
        let row = data_key::Entity::find_by_id(traveller).lock_shared().one(self.connection).await?;
        let row = Some(row.ok_or_else(erased_meanwhile)?);
        convert::personal_key(self.sealer, row)
    }

    /// Writes down that the active registration of `traveller` has ended, if its time has: there is room for the next.
    pub(crate) async fn expire_of(&self, traveller: Uuid, now: OffsetDateTime) -> Result<(), Error> {
        let of_traveller = ended(now).filter(registration::Column::TravellerId.eq(traveller));
        self.expire(of_traveller.lock_exclusive().all(self.connection).await?, now).await
    }

    /// Writes down that some active registrations have ended, and says how many. Those that another transaction is about to change
    /// are left for the next time.
    pub(crate) async fn expire_some(&self, at_once: u64, now: OffsetDateTime) -> Result<usize, Error> {
        let some = ended(now).limit(at_once).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let rows = some.all(self.connection).await?;
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
                .exec(self.connection)
                .await?;
            self.add_change(convert::expiry(&row, now)?).await?;
        }
        Ok(())
    }

    /// Holds the registration `id` to the end of the transaction, so that nobody else changes it or its bonds meanwhile.
    pub(crate) async fn lock(&self, id: Uuid) -> Result<(), DbErr> {
        let row = registration::Entity::find_by_id(id).lock_exclusive();
        row.one(self.connection).await.map(drop)
    }

    /// Adds a submitted registration with its first revision. `AlreadyRegistered` when the person has an active one.
    pub(crate) async fn add_registration(&self, new: &Registration) -> Result<(), Error> {
        // Before the row, which holds its person (a foreign key): an erasure takes both in this order.
        let key = self.key_of(new.traveller).await?;
        let row = convert::registration_row(new);
        match registration::Entity::insert(row).exec_without_returning(self.connection).await {
            Err(error) if is_unique_violation(&error) => return Err(Error::AlreadyRegistered),
            other => other?,
        };
        let row = convert::revision_row(&key, new, RevisionKind::Registered, &[], None)?;
        self.add_revision(row).await?;
        Ok(self.add_change(Change::of(new, ChangeKind::Registered, None, new.create_time)).await?)
    }

    /// Saves `next`, the revision after the one that was read. `EtagMismatch` when another was saved in between.
    pub(crate) async fn save_revision(
        &self,
        next: &Registration,
        kind: RevisionKind,
        changed_paths: &[String],
    ) -> Result<(), Error> {
        self.save(next, kind, changed_paths, None).await
    }

    /// As [`Self::save_revision`], of a correction that was asked for because of `reason`.
    pub(crate) async fn save_correction(
        &self,
        next: &Registration,
        changed_paths: &[String],
        reason: &Remark,
    ) -> Result<(), Error> {
        self.save(next, RevisionKind::Corrected, changed_paths, Some(reason)).await
    }

    async fn save(
        &self,
        next: &Registration,
        kind: RevisionKind,
        changed_paths: &[String],
        reason: Option<&Remark>,
    ) -> Result<(), Error> {
        let saved = registration::Entity::update_many()
            .set(convert::registration_row(next))
            .filter(registration::Column::Id.eq(next.id))
            .filter(registration::Column::Revision.eq(i32::from(next.revision) - 1))
            .exec(self.connection)
            .await?;
        if saved.rows_affected == 0 {
            return Err(crate::registration::ChangeRefused::EtagMismatch.into());
        }
        let key = self.key_of(next.traveller).await?;
        self.add_revision(convert::revision_row(&key, next, kind, changed_paths, reason)?).await?;
        Ok(self.add_change(Change::of(next, kind.into(), None, next.update_time)).await?)
    }

    async fn add_revision(&self, row: revision::ActiveModel) -> Result<(), Error> {
        revision::Entity::insert(row).exec_without_returning(self.connection).await?;
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
        let query = query.find_also_related(registration::Entity);
        let rows = query.find_also(registration::Entity, data_key::Entity).all(self.connection).await?;
        rows.into_iter().map(|row| convert::revision(self.sealer, row)).collect()
    }

    /// The registrations of the person whom `document_key` belongs to, the one that counts first.
    fn counting(&self, document_key: &str) -> Select<registration::Entity> {
        let owner = Query::select()
            .column(document::Column::TravellerId)
            .from(document::Entity)
            .and_where(document::Column::BlindIndex.is_in(self.indexes(document_key)))
            .to_owned();
        registration::Entity::find()
            .filter(registration::Column::TravellerId.in_subquery(owner))
            .order_by_desc(registration::Column::State.eq(convert::state_name(StoredState::Active)))
            .order_by_desc(registration::Column::CreateTime)
    }

    /// The blind indexes of `document_key`: under whichever index key it was written, one of them finds it.
    pub(super) fn indexes(&self, document_key: &str) -> impl Iterator<Item = Vec<u8>> + use<C> {
        document_indexes(self.sealer, document_key).into_iter().map(|index| index.digest.to_vec())
    }
}

/// Somebody was erased, or what was read has changed, in this very moment: the caller's next try finds it as it is then.
pub(crate) fn erased_meanwhile() -> Error {
    DbErr::ConnectionAcquire(ConnAcquireErr::Timeout).into()
}

/// The registrations that count as active although their time has ended.
fn ended(now: OffsetDateTime) -> Select<registration::Entity> {
    registration::Entity::find()
        .filter(registration::Column::State.eq(convert::state_name(StoredState::Active)))
        .filter(registration::Column::ExpireTime.lte(micros(now)))
}
