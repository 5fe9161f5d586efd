//! Registrations with those who travel along, and documents with the registration that counts: what callers ask for all day, each read with one
//! statement for many of them.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use entrypass_ambient::Clock;
use entrypass_db::{Coalesced, Database, lists::is_among, micros};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult as _, IdenStatic as _,
    Iterable as _, JoinType, QueryFilter as _, QueryResult, QueryTrait as _,
    sea_query::{Alias, Expr, ExprTrait as _, Order, Query, SelectStatement, UnionType},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Rows, convert,
    entity::{companion, data_key, document, registration, revision},
    facts::{StoredFacts, facts_of},
    nobody::nobody,
};
use crate::{
    bond::Companion,
    error::Error,
    registration::{Latest, Registration, StoredState},
};

/// A registration with its present revision and the key of its person.
pub(super) type Sealed = (registration::Model, Option<revision::Model>, Option<data_key::Model>);

/// A registration and everybody who was ever bound to it and not unbound, as they are stored.
pub(crate) struct StoredGroup {
    holder: Sealed,
    bonds: Vec<(companion::Model, Sealed)>,
}

/// Look-ups that callers share.
#[derive(Debug)]
pub(crate) struct LookUps {
    latest: Coalesced<Vec<u8>, registration::Model>,
    proofs: Coalesced<Vec<u8>, Arc<Sealed>>,
    groups: Coalesced<Uuid, Arc<StoredGroup>>,
    facts: Coalesced<Uuid, Arc<StoredFacts>>,
}

impl LookUps {
    /// Those of `database`; which bonds hold is seen by `clock`.
    pub(crate) fn new(database: &Database, clock: Arc<dyn Clock>) -> Self {
        let (of_documents, of_proofs) = (database.clone(), database.clone());
        let (of_groups, of_facts) = (database.clone(), database.clone());
        Self {
            latest: Coalesced::new(move |indexes| {
                let database = of_documents.clone();
                async move { latest_of(database.reader(), indexes).await }
            }),
            proofs: Coalesced::new(move |indexes| {
                let database = of_proofs.clone();
                async move { content_of_latest(database.reader(), indexes).await }
            }),
            groups: Coalesced::new(move |ids| {
                let database = of_groups.clone();
                async move { groups_of(database.reader(), ids).await }
            }),
            facts: Coalesced::new(move |ids| {
                let (database, now) = (of_facts.clone(), clock.now());
                async move { facts_of(database.reader(), ids, now).await }
            }),
        }
    }

    /// The registration that counts for the person whom `document_key` belongs to: the active one, or else the last; without what was declared. `rows` has
    /// the keys.
    pub(crate) async fn latest<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        document_key: &str,
    ) -> Result<Option<Latest>, Error> {
        // Whichever of them finds the document, it finds the same person.
        let found = self.latest.get_all(rows.indexes(document_key).collect()).await?;
        found.into_values().next().map(|row| convert::latest(&row)).transpose()
    }

    /// As [`Self::latest`], with what was declared; and with as much work where there is none: somebody made up is opened then. And whether there is one.
    pub(crate) async fn latest_or_nobody<C: ConnectionTrait>(
        &self,
        rows: &Rows<'_, C>,
        document_key: &str,
    ) -> Result<(Registration, bool), Error> {
        let nobody = nobody(rows.sealer);
        let found = self.proofs.get_all(rows.indexes(document_key).collect()).await?.into_values().next();
        let known = found.is_some();
        let content = found.map_or(nobody, |found| Sealed::clone(&found));
        Ok((convert::registration(rows.sealer, content)?, known))
    }

    /// Those of the registrations `ids` that there are, with their companions.
    pub(crate) async fn groups(&self, ids: Vec<Uuid>) -> Result<BTreeMap<Uuid, Arc<StoredGroup>>, DbErr> {
        self.groups.get_all(ids).await
    }

    /// Those of the registrations `ids` that there are, each with whether it has a guardian.
    pub(crate) async fn facts(&self, ids: Vec<Uuid>) -> Result<BTreeMap<Uuid, Arc<StoredFacts>>, DbErr> {
        self.facts.get_all(ids).await
    }
}

impl<C: ConnectionTrait> Rows<'_, C> {
    /// The registration of `group`, and its companions at `now` as [`Rows::companions`] gives them; none when it is not active itself.
    pub(crate) fn opened(
        &self,
        group: &StoredGroup,
        now: OffsetDateTime,
    ) -> Result<(Registration, Vec<Companion>), Error> {
        let holder = convert::registration(self.sealer, group.holder.clone())?;
        if !holder.is_active(now) {
            return Ok((holder, Vec::new()));
        }
        let open = |(bond, (row, current, key)): &(companion::Model, Sealed)| {
            convert::companion(self.sealer, (bond.clone(), Some(row.clone()), current.clone(), key.clone()))
        };
        let companions = group.bonds.iter().filter(|(bond, (row, ..))| holds(bond, row, now)).map(open);
        Ok((holder, companions.collect::<Result<_, _>>()?))
    }
}

/// Whether `bond` holds at `now`, of a companion whose registration is `row`.
fn holds(bond: &companion::Model, row: &registration::Model, now: OffsetDateTime) -> bool {
    let run_out = bond.confirmation_expire_time.is_some_and(|time| time <= micros(now));
    let active = row.state == convert::state_name(StoredState::Active) && row.expire_time > micros(now);
    active && !run_out
}

/// Of each of the documents with these blind indexes the registration that counts.
async fn latest_of(
    connection: &impl ConnectionTrait,
    indexes: Vec<Vec<u8>>,
) -> Result<BTreeMap<Vec<u8>, registration::Model>, DbErr> {
    let index = (document::Entity, document::Column::BlindIndex);
    let of_owner = Expr::col((registration::Entity, registration::Column::TravellerId))
        .equals((document::Entity, document::Column::TravellerId));
    let active = registration::Column::State.eq(convert::state_name(StoredState::Active));
    let mut select = Query::select();
    select
        .column(index)
        .from(document::Entity)
        .join(JoinType::InnerJoin, registration::Entity, of_owner)
        .and_where(is_among(connection.get_database_backend(), document::Column::BlindIndex, indexes)?)
        .order_by_expr(active, Order::Desc)
        .order_by((registration::Entity, registration::Column::CreateTime), Order::Desc);
    columns_of::<registration::Entity>(&mut select, "A_");
    let mut latest = BTreeMap::new();
    for row in connection.query_all(&select).await? {
        if let Entry::Vacant(first) = latest.entry(row.try_get("", "blind_index")?) {
            first.insert(registration::Model::from_query_result(&row, "A_")?);
        }
    }
    Ok(latest)
}

/// The same with what was declared. The others of a person, of whom some have many, are left out by the database.
async fn content_of_latest(
    connection: &impl ConnectionTrait,
    indexes: Vec<Vec<u8>>,
) -> Result<BTreeMap<Vec<u8>, Arc<Sealed>>, DbErr> {
    let index = (document::Entity, document::Column::BlindIndex);
    let of_owner = Expr::col((registration::Entity, registration::Column::TravellerId))
        .equals((document::Entity, document::Column::TravellerId));
    let mut select = registration::Entity::find()
        .find_also_related(revision::Entity)
        .find_also_related(data_key::Entity)
        .into_query();
    select
        .column(index)
        .join(JoinType::InnerJoin, document::Entity, of_owner)
        .and_where(is_among(connection.get_database_backend(), document::Column::BlindIndex, indexes)?)
        .and_where(Expr::exists(counts_more()).not());
    let mut latest = BTreeMap::new();
    for row in connection.query_all(&select).await? {
        latest.insert(row.try_get("", "blind_index")?, Arc::new(read_content(&row)?));
    }
    Ok(latest)
}

/// What counts more than the registration that is read, of the same person: of two the active one, or else the later one.
fn counts_more() -> SelectStatement {
    let other = Alias::new("other");
    let of_other = |column| Expr::col((other.clone(), column));
    let of_this = |column| Expr::col((registration::Entity, column));
    let active = || convert::state_name(StoredState::Active);
    let rank = |state: Expr| Expr::expr(state.eq(active())).cast_as("integer");
    let (ours, theirs) =
        (rank(of_this(registration::Column::State)), rank(of_other(registration::Column::State)));
    let later = of_other(registration::Column::CreateTime).gt(of_this(registration::Column::CreateTime));
    Query::select()
        .expr(Expr::val(1))
        .from_as(registration::Entity, other.clone())
        .and_where(of_other(registration::Column::TravellerId).eq(of_this(registration::Column::TravellerId)))
        .and_where(theirs.clone().gt(ours.clone()).or(theirs.eq(ours).and(later)))
        .to_owned()
}

/// Those of the registrations `ids` that there are, with everybody who is bound to them.
async fn groups_of(
    connection: &impl ConnectionTrait,
    ids: Vec<Uuid>,
) -> Result<BTreeMap<Uuid, Arc<StoredGroup>>, DbErr> {
    let mut select = with_content(of_groups(connection.get_database_backend(), &ids)?);
    let ids: BTreeSet<_> = ids.into_iter().collect();
    // Of whom is looked at below: a list in this condition would be read from its text again for each row.
    let bond = Expr::col((companion::Entity, companion::Column::CompanionId))
        .equals((registration::Entity, registration::Column::Id));
    select
        .join(JoinType::LeftJoin, companion::Entity, bond)
        .order_by((companion::Entity, companion::Column::CreateTime), Order::Asc)
        .order_by((companion::Entity, companion::Column::Id), Order::Asc);
    columns_of::<companion::Entity>(&mut select, "D_");
    let (mut holders, mut bonds) = (BTreeMap::new(), BTreeMap::<Uuid, Vec<_>>::new());
    for row in connection.query_all(&select).await? {
        let content = read_content(&row)?;
        // Who is asked for can be somebody's companion, too.
        if ids.contains(&content.0.id) {
            holders.entry(content.0.id).or_insert_with(|| content.clone());
        }
        let bond = companion::Model::from_query_result_optional(&row, "D_")?;
        if let Some(bond) = bond.filter(|bond| ids.contains(&bond.holder_id)) {
            bonds.entry(bond.holder_id).or_default().push((bond, content));
        }
    }
    let group = |(id, holder)| {
        let bonds = bonds.remove(&id).unwrap_or_default();
        (id, Arc::new(StoredGroup { holder, bonds }))
    };
    Ok(holders.into_iter().map(group).collect())
}

/// The registrations `ids` and those bound to them. Two searches by an index: with an OR between them a database looks at every row.
fn of_groups(backend: DbBackend, ids: &[Uuid]) -> Result<SelectStatement, DbErr> {
    let bound = Query::select()
        .column(companion::Column::CompanionId)
        .from(companion::Entity)
        .and_where(is_among(backend, companion::Column::HolderId, ids.iter().copied())?)
        .to_owned();
    Ok(Query::select()
        .column(registration::Column::Id)
        .from(registration::Entity)
        .and_where(is_among(backend, registration::Column::Id, ids.iter().copied())?)
        .union(UnionType::All, bound)
        .to_owned())
}

/// The registrations whose ids `these` gives, with their content under `A_`, `B_` and `C_`.
pub(super) fn with_content(these: SelectStatement) -> SelectStatement {
    registration::Entity::find()
        .filter(registration::Column::Id.in_subquery(these))
        .find_also_related(revision::Entity)
        .find_also_related(data_key::Entity)
        .into_query()
}

/// What [`with_content`] selects.
pub(super) fn read_content(row: &QueryResult) -> Result<Sealed, DbErr> {
    let registration = registration::Model::from_query_result(row, "A_")?;
    let revision = revision::Model::from_query_result_optional(row, "B_")?;
    Ok((registration, revision, data_key::Model::from_query_result_optional(row, "C_")?))
}

/// Selects all columns of `E`, their names behind `prefix`.
fn columns_of<E: EntityTrait>(select: &mut SelectStatement, prefix: &str) {
    for column in E::Column::iter() {
        let name = Alias::new(format!("{prefix}{}", column.as_str()));
        select.expr_as(Expr::col((E::default(), column)), name);
    }
}
