//! Bonds between registrations.

use entrypass_db::{is_unique_violation, micros};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Rows, convert,
    entity::{companion, data_key, registration, revision},
};
use crate::{
    change::{Change, ChangeKind},
    error::Error,
    registration::{Companion, CompanionState, Registration, StoredState},
};

impl<C: ConnectionTrait> Rows<'_, C> {
    /// The companions of the holders' registrations whose own is active at `now`, in the order in which they were bound. A bond ends
    /// with the registration it belongs to.
    pub(crate) async fn companions(
        &self,
        holders: &[Uuid],
        now: OffsetDateTime,
    ) -> Result<Vec<Companion>, Error> {
        let query = companion::Entity::find()
            .filter(companion::Column::HolderId.is_in(holders.iter().copied()))
            .order_by_asc(companion::Column::CreateTime)
            .order_by_asc(companion::Column::Id)
            .find_also_related(registration::Entity)
            .find_also(registration::Entity, revision::Entity)
            .find_also(registration::Entity, data_key::Entity)
            .filter(active_at(now));
        let rows = query.all(self.connection).await?.into_iter();
        rows.map(|row| convert::companion(self.sealer, row)).collect()
    }

    /// The bond `id`, if the companion's registration is active at `now`.
    pub(crate) async fn companion(&self, id: Uuid, now: OffsetDateTime) -> Result<Option<Companion>, Error> {
        let query = companion::Entity::find_by_id(id)
            .find_also_related(registration::Entity)
            .find_also(registration::Entity, revision::Entity)
            .find_also(registration::Entity, data_key::Entity)
            .filter(active_at(now));
        let row = query.one(self.connection).await?;
        row.map(|row| convert::companion(self.sealer, row)).transpose()
    }

    /// The registration of the holder of the bond `id`.
    pub(crate) async fn holder_of(&self, id: Uuid) -> Result<Option<Uuid>, DbErr> {
        Ok(companion::Entity::find_by_id(id).one(self.connection).await?.map(|row| row.holder_id))
    }

    /// Adds a bond to `holder`, whose row is held. `CompanionAlreadyBound` when these two registrations have one.
    pub(crate) async fn add_companion(&self, holder: &Registration, new: &Companion) -> Result<(), Error> {
        // As everybody who writes: the registration, which the row holds by a foreign key, and then the key.
        self.lock(new.registration.id).await?;
        let key = self.key_of(new.registration.traveller).await?;
        let row = convert::companion_row(&key, new);
        match companion::Entity::insert(row).exec_without_returning(self.connection).await {
            Err(error) if is_unique_violation(&error) => return Err(Error::CompanionAlreadyBound),
            other => other?,
        };
        let change = Change::of(holder, ChangeKind::CompanionBound, Some(new.id), new.create_time);
        Ok(self.add_change(change).await?)
    }

    /// Marks the bond `id` of `holder`, whose row is held, as confirmed.
    pub(crate) async fn confirm_companion(
        &self,
        holder: &Registration,
        id: Uuid,
        now: OffsetDateTime,
    ) -> Result<(), DbErr> {
        companion::Entity::update_many()
            .col_expr(
                companion::Column::State,
                convert::companion_state_name(CompanionState::Confirmed).into(),
            )
            .filter(companion::Column::Id.eq(id))
            .exec(self.connection)
            .await?;
        self.add_change(Change::of(holder, ChangeKind::CompanionConfirmed, Some(id), now)).await
    }

    /// Ends the bond `id` of `holder`, whose row is held.
    pub(crate) async fn remove_companion(
        &self,
        holder: &Registration,
        id: Uuid,
        now: OffsetDateTime,
    ) -> Result<(), DbErr> {
        companion::Entity::delete_by_id(id).exec(self.connection).await?;
        self.add_change(Change::of(holder, ChangeKind::CompanionUnbound, Some(id), now)).await
    }
}

fn active_at(now: OffsetDateTime) -> Condition {
    Condition::all()
        .add(registration::Column::State.eq(convert::state_name(StoredState::Active)))
        .add(registration::Column::ExpireTime.gt(micros(now)))
}
