//! What neighbours are told of registrations: their content, with what other rows say of them, in one statement for however many they are; and since
//! when those of them declare a fever that do, in another.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use entrypass_db::lists::is_among;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QueryResult,
    sea_query::{Expr, ExprTrait as _, Query, SelectStatement},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Rows,
    companions::is_active,
    convert,
    entity::{companion, data_key, registration, revision},
    groups::{Sealed, read_content, with_content},
};
use crate::{bond::CompanionState, error::Error, registration::Registration};

/// Revisions of each registration that are looked at together. There can be many, and nearly always one or two tell.
const TOGETHER: i32 = 10;

/// A registration as it is stored, and whether a guardian has declared to be responsible for its person.
pub(super) type StoredFacts = (Sealed, bool);

/// Those of the registrations `ids` that there are; the guardians' bonds are those that hold at `now`.
pub(super) async fn facts_of(
    connection: &impl ConnectionTrait,
    ids: Vec<Uuid>,
    now: OffsetDateTime,
) -> Result<BTreeMap<Uuid, Arc<StoredFacts>>, DbErr> {
    let these = Query::select()
        .column(registration::Column::Id)
        .from(registration::Entity)
        .and_where(is_among(connection.get_database_backend(), registration::Column::Id, ids)?)
        .to_owned();
    let mut select = with_content(these);
    select.expr_as(Expr::exists(guardian(now)), "guarded");
    let read = |row: QueryResult| {
        let content = read_content(&row)?;
        Ok((content.0.id, Arc::new((content, row.try_get("", "guarded")?))))
    };
    connection.query_all(&select).await?.into_iter().map(read).collect()
}

impl<C: ConnectionTrait> Rows<'_, C> {
    /// What was declared to `stored`, and whether a guardian has declared to be responsible.
    pub(crate) fn with_guardian(&self, stored: &StoredFacts) -> Result<(Registration, bool), Error> {
        let (content, guarded) = stored;
        Ok((convert::registration(self.sealer, content.clone())?, *guarded))
    }

    /// Since when each of `registrations` that declares a fever has done so without a break.
    pub(crate) async fn fevers_since(
        &self,
        registrations: impl IntoIterator<Item = &Registration>,
    ) -> Result<HashMap<Uuid, OffsetDateTime>, Error> {
        let declare = registrations.into_iter().filter(|one| one.declared.declares_fever());
        let (mut since, mut amended) = (HashMap::new(), Vec::new());
        for one in declare {
            since.insert(one.id, one.create_time);
            amended.extend((one.revision > 1).then_some(one.id));
        }
        for (id, last) in self.last_fevers(amended).await? {
            // So many in a row hardly ever declare one, and then each is looked at alone.
            let whole = if last.whole { Some(last.since) } else { self.fever_since(id).await? };
            since.extend(whole.map(|time| (id, time)));
        }
        Ok(since)
    }

    /// What the last revisions of those of `registrations` say whose present one declares a fever.
    async fn last_fevers(&self, registrations: Vec<Uuid>) -> Result<HashMap<Uuid, Fever>, Error> {
        let mut fevers: HashMap<Uuid, Fever> = HashMap::new();
        if registrations.is_empty() {
            return Ok(fevers);
        }
        let present = Expr::col((registration::Entity, registration::Column::Revision));
        let last = Expr::col((revision::Entity, revision::Column::Revision)).gt(present.sub(TOGETHER));
        let rows = revision::Entity::find()
            .filter(revision::Column::RegistrationId.is_in(registrations))
            .filter(last)
            .order_by_desc(revision::Column::Revision)
            .find_also_related(registration::Entity)
            .find_also(registration::Entity, data_key::Entity)
            .all(self.connection)
            .await?;
        for row in rows {
            let id = row.0.registration_id;
            if fevers.get(&id).is_some_and(|fever| fever.whole) {
                continue;
            }
            let revision = convert::revision(self.sealer, row)?;
            if revision.declared.declares_fever() {
                fevers.insert(id, Fever { since: revision.create_time, whole: revision.number == 1 });
            } else if let Some(fever) = fevers.get_mut(&id) {
                fever.whole = true;
            }
        }
        Ok(fevers)
    }
}

/// A fever that is declared.
struct Fever {
    /// Since when, as far as was looked.
    since: OffsetDateTime,
    /// Whether nothing before can be of it.
    whole: bool,
}

/// The bonds of the registration that is read in which a guardian has declared to be responsible for its person, and which hold at `now`.
fn guardian(now: OffsetDateTime) -> SelectStatement {
    let confirmed = companion::Column::State.eq(convert::companion_state_name(CompanionState::Confirmed));
    let of_this = Expr::col((companion::Entity, companion::Column::CompanionId))
        .equals((registration::Entity, registration::Column::Id));
    Query::select()
        .expr(Expr::val(1))
        .from(companion::Entity)
        .and_where(of_this)
        .and_where(companion::Column::GuardianDeclareTime.is_not_null())
        .and_where(confirmed)
        .and_where(is_active(companion::Column::CompanionId, now))
        .and_where(is_active(companion::Column::HolderId, now))
        .to_owned()
}
