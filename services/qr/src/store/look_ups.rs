//! What callers ask for all day: codes, each with the last suspension of its registration. Those who ask at once share a statement.

use std::collections::BTreeMap;

use entrypass_db::{Coalesced, Database, lists::is_among};
use sea_orm::{
    DbBackend, DbErr, EntityTrait as _, JoinType, QueryFilter as _, QuerySelect as _, Select, SelectTwo,
};
use uuid::Uuid;

use super::entity::{code, suspension};

/// A code, and the last suspension of its registration's codes.
pub(super) type WithSuspension = (code::Model, Option<suspension::Model>);

/// Look-ups that callers share.
#[derive(Debug, Clone)]
pub(super) struct LookUps {
    /// Codes by their ids.
    pub(super) codes: Coalesced<Uuid, WithSuspension>,
    /// All codes of registrations.
    pub(super) registrations: Coalesced<Uuid, Vec<WithSuspension>>,
}

impl LookUps {
    pub(super) fn new(database: &Database) -> Self {
        let (of_codes, of_registrations) = (database.clone(), database.clone());
        Self {
            codes: Coalesced::new(move |ids| {
                let database = of_codes.clone();
                async move {
                    let connection = database.reader();
                    let these = is_among(connection.get_database_backend(), code::Column::Id, ids)?;
                    let find = and_suspension(code::Entity::find().filter(these));
                    let found = find.all(connection).await?.into_iter();
                    Ok(found.map(|row| (row.0.id, row)).collect())
                }
            }),
            registrations: Coalesced::new(move |registrations| {
                let database = of_registrations.clone();
                async move {
                    let connection = database.reader();
                    let find = of_registrations_in(connection.get_database_backend(), registrations)?;
                    let found = find.all(connection).await?;
                    Ok::<_, DbErr>(by_registration(found))
                }
            }),
        }
    }
}

/// Every code of `registrations`, whatever its revision.
pub(super) fn of_registrations_in(
    backend: DbBackend,
    registrations: impl IntoIterator<Item = Uuid>,
) -> Result<SelectTwo<code::Entity, suspension::Entity>, DbErr> {
    let these = is_among(backend, code::Column::RegistrationId, registrations)?;
    Ok(and_suspension(code::Entity::find().filter(these)))
}

fn by_registration(found: Vec<WithSuspension>) -> BTreeMap<Uuid, Vec<WithSuspension>> {
    let mut registrations = BTreeMap::<_, Vec<_>>::new();
    for row in found {
        registrations.entry(row.0.registration_id).or_default().push(row);
    }
    registrations
}

fn and_suspension(codes: Select<code::Entity>) -> SelectTwo<code::Entity, suspension::Entity> {
    let suspended = code::Entity::belongs_to(suspension::Entity)
        .from(code::Column::RegistrationId)
        .to(suspension::Column::RegistrationId);
    codes.join(JoinType::LeftJoin, suspended.into()).select_also(suspension::Entity)
}
