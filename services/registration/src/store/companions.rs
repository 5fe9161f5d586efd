//! Bonds between registrations.
//!
//! Whoever makes, confirms or ends a bond holds both registrations, in the order of their ids ([`Rows::lock_all`]): so no two of them exceed a
//! limit of either side together, and none waits for the other in a circle. A bond whose code has run out counts as gone for everybody from that moment
//! on, whether its row is still there or not.

use std::collections::BTreeSet;

use entrypass_db::{is_unique_violation, micros};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, Query},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Rows, convert,
    entity::{companion, data_key, registration, revision},
    sealed::confirmation_indexes,
};
use crate::{
    bond::{Companion, CompanionState},
    change::{Change, ChangeKind},
    error::Error,
    registration::{Registration, StoredState},
};

impl<C: ConnectionTrait> Rows<'_, C> {
    /// The companions of the holders' registrations whose own is active at `now`, in the order in which they were bound. A bond ends
    /// with the registration it belongs to.
    pub(crate) async fn companions(
        &self,
        holders: &[Uuid],
        now: OffsetDateTime,
    ) -> Result<Vec<Companion>, Error> {
        let bonds = companion::Entity::find()
            .filter(companion::Column::HolderId.is_in(holders.iter().copied()))
            .order_by_asc(companion::Column::CreateTime)
            .order_by_asc(companion::Column::Id);
        self.with_companions(bonds, now).await
    }

    /// The bond `id`, if the companion's registration is active at `now`.
    pub(crate) async fn companion(&self, id: Uuid, now: OffsetDateTime) -> Result<Option<Companion>, Error> {
        Ok(self.with_companions(companion::Entity::find_by_id(id), now).await?.pop())
    }

    /// At most `size` bonds in which the registration `companion` is the companion, if it is active at `now`, newest first and behind the bond
    /// `before`; each with the holder's registration, which is active too.
    pub(crate) async fn holders(
        &self,
        companion: Uuid,
        before: Option<Uuid>,
        size: u64,
        now: OffsetDateTime,
    ) -> Result<Vec<(Companion, Registration)>, Error> {
        let mut bonds = of_companion(companion, now).order_by_desc(companion::Column::Id).limit(size);
        if let Some(before) = before {
            bonds = bonds.filter(companion::Column::Id.lt(before));
        }
        let bonds = self.with_companions(bonds, now).await?;
        let ids: Vec<_> = bonds.iter().map(|bond| bond.holder).collect();
        let holders = self.registrations(&ids).await?;
        let holder = |bond: Companion| {
            let holder = holders.iter().find(|holder| holder.id == bond.holder)?.clone();
            Some((bond, holder))
        };
        Ok(bonds.into_iter().filter_map(holder).collect())
    }

    /// To how many holders the registration `companion` is bound at `now` and has agreed.
    pub(crate) async fn confirmed_holders(&self, companion: Uuid, now: OffsetDateTime) -> Result<u64, DbErr> {
        let confirmed = companion::Column::State.eq(convert::companion_state_name(CompanionState::Confirmed));
        of_companion(companion, now).filter(confirmed).count(self.connection).await
    }

    /// The bond in which the registration `companion` waits for `code` at `now`.
    pub(crate) async fn waiting_for(
        &self,
        companion: Uuid,
        code: &str,
        now: OffsetDateTime,
    ) -> Result<Option<Uuid>, DbErr> {
        let indexes = confirmation_indexes(self.sealer, companion, code);
        let waiting =
            of_companion(companion, now).filter(companion::Column::ConfirmationIndex.is_in(indexes));
        Ok(waiting.one(self.connection).await?.map(|row| row.id))
    }

    /// The registrations of the bond `id`: the holder's, and the companion's.
    pub(crate) async fn sides_of(&self, id: Uuid) -> Result<Option<(Uuid, Uuid)>, DbErr> {
        let row = companion::Entity::find_by_id(id).one(self.connection).await?;
        Ok(row.map(|row| (row.holder_id, row.companion_id)))
    }

    /// Holds these registrations to the end of the transaction, as [`Self::lock`] does, one after the other in the order of their ids.
    pub(crate) async fn lock_all(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<(), DbErr> {
        for id in ids.into_iter().collect::<BTreeSet<_>>() {
            self.lock(id).await?;
        }
        Ok(())
    }

    /// Adds a bond to `holder`, with the `code` by which it is confirmed if it waits. Both registrations are held. `CompanionAlreadyBound` when
    /// these two have one.
    pub(crate) async fn add_companion(
        &self,
        holder: &Registration,
        new: &Companion,
        code: Option<&str>,
    ) -> Result<(), Error> {
        // As everybody who writes: the registration first, and then the key.
        let key = self.key_of(new.registration.traveller).await?;
        let row = convert::companion_row(self.sealer, &key, new, code);
        match companion::Entity::insert(row).exec_without_returning(self.connection).await {
            Err(error) if is_unique_violation(&error) => return Err(Error::CompanionAlreadyBound),
            other => other?,
        };
        let change = Change::of(holder, ChangeKind::CompanionBound, Some(new.id), new.create_time);
        Ok(self.add_change(change).await?)
    }

    /// Gives the bond `id` of `holder`, whose row is held, the `state` of one that does not wait. Its code is used up.
    pub(crate) async fn confirm_companion(
        &self,
        holder: &Registration,
        id: Uuid,
        state: CompanionState,
        now: OffsetDateTime,
    ) -> Result<(), DbErr> {
        companion::Entity::update_many()
            .col_expr(companion::Column::State, convert::companion_state_name(state).into())
            .col_expr(companion::Column::ConfirmationIndex, Option::<Vec<u8>>::None.into())
            .col_expr(companion::Column::ConfirmationExpireTime, Option::<i64>::None.into())
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

    /// Removes the bonds of `holder`, whose row is held, that nobody has confirmed in time.
    pub(crate) async fn remove_run_out_of(
        &self,
        holder: &Registration,
        now: OffsetDateTime,
    ) -> Result<u64, DbErr> {
        self.remove_run_out(Change::of(holder, ChangeKind::CompanionUnbound, None, now)).await
    }

    /// Removes bonds of some holders that nobody has confirmed in time, and says how many. Those of a holder with whom another transaction is
    /// dealing are left for the next time.
    pub(crate) async fn forget_run_out(&self, at_once: u64, now: OffsetDateTime) -> Result<u64, Error> {
        let some = companion::Entity::find().filter(run_out(now)).limit(at_once);
        let holders = some.all(self.connection).await?.into_iter().map(|row| row.holder_id);
        let holders = registration::Entity::find()
            .filter(registration::Column::Id.is_in(holders.collect::<BTreeSet<_>>()))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut removed = 0;
        for holder in holders.all(self.connection).await? {
            removed += self.remove_run_out(convert::unbinding(&holder, now)?).await?;
        }
        Ok(removed)
    }

    /// Removes the bonds that have run out of the registration that `change` is of, which is held; `change` is told of each that had not ended with a
    /// registration. A bond that goes at this very moment with the companion's erasure is left to that, which may be waiting for this transaction.
    async fn remove_run_out(&self, change: Change) -> Result<u64, DbErr> {
        let bonds = companion::Entity::find()
            .filter(companion::Column::HolderId.eq(change.registration))
            .filter(run_out(change.create_time))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let bonds = bonds.all(self.connection).await?;
        let companions = bonds.iter().map(|bond| bond.companion_id).collect();
        let active = self.active_among(companions, change.create_time).await?;
        for bond in &bonds {
            companion::Entity::delete_by_id(bond.id).exec(self.connection).await?;
            if change.state == StoredState::Active && active.contains(&bond.companion_id) {
                self.add_change(Change { companion: Some(bond.id), ..change }).await?;
            }
        }
        Ok(bonds.len() as u64)
    }

    /// Those of the registrations `ids` that are active at `now`.
    async fn active_among(&self, ids: Vec<Uuid>, now: OffsetDateTime) -> Result<BTreeSet<Uuid>, DbErr> {
        let active =
            registration::Entity::find().filter(registration::Column::Id.is_in(ids)).filter(active_at(now));
        Ok(active.all(self.connection).await?.into_iter().map(|row| row.id).collect())
    }

    /// Reads `bonds` with the registrations of the companions, if those are active at `now`.
    async fn with_companions(
        &self,
        bonds: Select<companion::Entity>,
        now: OffsetDateTime,
    ) -> Result<Vec<Companion>, Error> {
        let query = bonds
            .filter(Condition::not(run_out(now)))
            .find_also_related(registration::Entity)
            .find_also(registration::Entity, revision::Entity)
            .find_also(registration::Entity, data_key::Entity)
            .filter(active_at(now));
        let rows = query.all(self.connection).await?.into_iter();
        rows.map(|row| convert::companion(self.sealer, row)).collect()
    }
}

/// The bonds in which the registration `companion` is the companion, if both registrations are active at `now`.
fn of_companion(companion: Uuid, now: OffsetDateTime) -> Select<companion::Entity> {
    companion::Entity::find()
        .filter(companion::Column::CompanionId.eq(companion))
        .filter(is_active(companion::Column::CompanionId, now))
        .filter(is_active(companion::Column::HolderId, now))
        .filter(Condition::not(run_out(now)))
}

/// The bonds whose code has run out.
fn run_out(now: OffsetDateTime) -> Condition {
    Condition::all()
        .add(companion::Column::ConfirmationExpireTime.is_not_null())
        .add(companion::Column::ConfirmationExpireTime.lte(micros(now)))
}

/// Whether the registration in the column `side` of a bond is active at `now`. Asked of each bond: SQLite would make a list of all that are, for
/// an `IN`.
pub(super) fn is_active(side: companion::Column, now: OffsetDateTime) -> Expr {
    let this = Expr::col((registration::Entity, registration::Column::Id)).equals((companion::Entity, side));
    Expr::exists(
        Query::select()
            .expr(Expr::val(1))
            .from(registration::Entity)
            .and_where(this)
            .cond_where(active_at(now))
            .to_owned(),
    )
}

fn active_at(now: OffsetDateTime) -> Condition {
    Condition::all()
        .add(registration::Column::State.eq(convert::state_name(StoredState::Active)))
        .add(registration::Column::ExpireTime.gt(micros(now)))
}
