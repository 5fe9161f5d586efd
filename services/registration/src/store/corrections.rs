//! Corrections.

use entrypass_db::micros;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select, SelectThree, TopologyStar,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Rows, convert,
    entity::{correction, data_key, registration},
};
use crate::{
    correction::{Correction, CorrectionState},
    error::Error,
    registration::StoredState,
};

/// Which corrections are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CorrectionFilter {
    pub(crate) state: Option<CorrectionState>,
    pub(crate) registration: Option<Uuid>,
}

impl<C: ConnectionTrait> Rows<'_, C> {
    /// The correction `id`, as it stands at `now`.
    pub(crate) async fn correction(
        &self,
        id: Uuid,
        now: OffsetDateTime,
    ) -> Result<Option<Correction>, Error> {
        let row = with_key(correction::Entity::find_by_id(id)).one(self.connection).await?;
        row.map(|row| convert::correction(self.sealer, row, now)).transpose()
    }

    /// Whose registration the correction `id` is of.
    pub(crate) async fn registration_of_correction(&self, id: Uuid) -> Result<Option<Uuid>, Error> {
        let row = correction::Entity::find_by_id(id).one(self.connection).await?;
        Ok(row.map(|row| row.registration_id))
    }

    /// At most `size` corrections behind `after`, in the order in which they were asked for, as they stand at `now`.
    pub(crate) async fn corrections(
        &self,
        filter: &CorrectionFilter,
        after: Option<Uuid>,
        size: u64,
        now: OffsetDateTime,
    ) -> Result<Vec<Correction>, Error> {
        let CorrectionFilter { state, registration } = *filter;
        let condition = Condition::all()
            .add_option(state.map(|state| in_state(state, now)))
            .add_option(registration.map(|id| correction::Column::RegistrationId.eq(id)))
            .add_option(after.map(|after| correction::Column::Id.gt(after)));
        let query = correction::Entity::find().order_by_asc(correction::Column::Id).limit(size);
        let rows = with_key(query).filter(condition).all(self.connection).await?;
        rows.into_iter().map(|row| convert::correction(self.sealer, row, now)).collect()
    }

    /// How many corrections of `registration` were asked for.
    pub(crate) async fn count_corrections(&self, registration: Uuid) -> Result<u64, Error> {
        let of = correction::Entity::find().filter(correction::Column::RegistrationId.eq(registration));
        Ok(of.count(self.connection).await?)
    }

    /// Adds a correction, whose registration is held and has none that waits.
    pub(crate) async fn add_correction(&self, new: &Correction) -> Result<(), Error> {
        let key = self.key_of(new.traveller).await?;
        let row = convert::correction_row(&key, new)?;
        correction::Entity::insert(row).exec_without_returning(self.connection).await?;
        Ok(())
    }

    /// Saves a correction that has taken a step, and whose registration is held.
    pub(crate) async fn save_ended_correction(&self, ended: &Correction) -> Result<(), Error> {
        let key = self.key_of(ended.traveller).await?;
        correction::Entity::update(convert::correction_row(&key, ended)?).exec(self.connection).await?;
        Ok(())
    }
}

fn with_key(
    query: Select<correction::Entity>,
) -> SelectThree<correction::Entity, registration::Entity, data_key::Entity, TopologyStar> {
    query.find_also_related(registration::Entity).find_also(registration::Entity, data_key::Entity)
}

/// Those that stand so at `now`: one that waits has lapsed when its registration has ended.
fn in_state(state: CorrectionState, now: OffsetDateTime) -> Condition {
    let stored = |state| correction::Column::State.eq(convert::correction_state_name(state));
    let active = || {
        Condition::all()
            .add(registration::Column::State.eq(convert::state_name(StoredState::Active)))
            .add(registration::Column::ExpireTime.gt(micros(now)))
    };
    match state {
        CorrectionState::Pending => Condition::all().add(stored(state)).add(active()),
        CorrectionState::Lapsed => Condition::all().add(stored(CorrectionState::Pending)).add(active().not()),
        CorrectionState::Approved | CorrectionState::Rejected | CorrectionState::Withdrawn => {
            Condition::all().add(stored(state))
        }
    }
}
