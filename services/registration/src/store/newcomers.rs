//! Registrations of several persons in one transaction, with one statement a table however many they are: what [`Rows`] does for one, without the cases in
//! which anything must be said to anybody.

use std::collections::HashMap;

use entrypass_db::{
    lists::{insertion, is_among},
    micros,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ConnectionTrait, DbErr, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    RelationDef,
    sea_query::{Expr, ExprTrait as _, IntoCondition as _, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{
    Rows, changes, convert,
    entity::{change, data_key, document, registration, revision, traveller},
    rows::erased_meanwhile,
    sealed::PersonalKey,
};
use crate::{
    change::{Change, ChangeKind},
    error::Error,
    registration::{Registration, RevisionKind, StoredState},
};

/// How a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody's.
    Unknown,
    /// Of this person, who has no active registration.
    Free(Uuid),
    /// Of somebody with an active registration, though its time may have ended.
    Taken,
}

/// A first revision to be added.
pub(crate) struct Newcomer<'r> {
    pub(crate) registration: &'r Registration,
    /// The person becomes known with it, by the document that is registered.
    pub(crate) unknown: bool,
}

impl<C: ConnectionTrait> Rows<'_, C> {
    /// How each of the documents `document_keys` stands, in their order.
    pub(crate) async fn standing(&self, document_keys: &[String]) -> Result<Vec<Standing>, Error> {
        let indexes: Vec<Vec<_>> = document_keys.iter().map(|key| self.indexes(key).collect()).collect();
        let backend = self.connection.get_database_backend();
        let rows = document::Entity::find()
            .select_only()
            .columns([document::Column::BlindIndex, document::Column::TravellerId])
            .column(registration::Column::Id)
            .join(JoinType::LeftJoin, active())
            .filter(is_among(backend, document::Column::BlindIndex, indexes.iter().flatten().cloned())?)
            .into_tuple::<(Vec<u8>, Uuid, Option<Uuid>)>()
            .all(self.connection)
            .await?;
        let rows: HashMap<_, _> = rows.into_iter().map(|(index, of, active)| (index, (of, active))).collect();
        let standing = |indexes: &Vec<_>| match indexes.iter().find_map(|index| rows.get(index)) {
            None => Standing::Unknown,
            Some((traveller, None)) => Standing::Free(*traveller),
            Some((_, Some(_))) => Standing::Taken,
        };
        Ok(indexes.iter().map(standing).collect())
    }

    /// Adds registrations that nothing stands in the way of, each with its first revision. No two are of one person.
    ///
    /// # Errors
    /// When something does after all: the transaction must not go on then.
    pub(crate) async fn add_newcomers(&self, mut newcomers: Vec<Newcomer<'_>>) -> Result<(), Error> {
        // Everybody in one order: two who add the same persons never wait for each other.
        newcomers.sort_unstable_by_key(|newcomer| newcomer.registration.traveller);
        let mut keys = self.keys_of_known(&newcomers).await?;
        self.add_unknown(&newcomers, &mut keys).await?;
        self.insert(registration_rows(&newcomers)).await?;
        self.insert(revision_rows(&newcomers, &keys)?).await?;
        Ok(self.insert(change_rows(&newcomers)).await?)
    }

    /// The keys of those who are known, held to the end of the transaction as [`Self::key_of`] does. Whoever somebody else holds is not waited for,
    /// since all others would wait too.
    async fn keys_of_known(
        &self,
        newcomers: &[Newcomer<'_>],
    ) -> Result<HashMap<Uuid, PersonalKey<'_>>, Error> {
        let known = newcomers.iter().filter(|newcomer| !newcomer.unknown);
        let known: Vec<_> = known.map(|newcomer| newcomer.registration.traveller).collect();
        if known.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = data_key::Entity::find()
            .filter(is_among(self.connection.get_database_backend(), data_key::Column::TravellerId, known)?)
            .order_by_asc(data_key::Column::TravellerId)
            .lock_with_behavior(LockType::Share, LockBehavior::SkipLocked)
            .all(self.connection)
            .await?;
        let key =
            |row: data_key::Model| Ok((row.traveller_id, convert::personal_key(self.sealer, Some(row))?));
        rows.into_iter().map(key).collect()
    }

    /// Makes those known who are not, each with a key, which is put to `keys`.
    async fn add_unknown<'k>(
        &'k self,
        newcomers: &[Newcomer<'_>],
        keys: &mut HashMap<Uuid, PersonalKey<'k>>,
    ) -> Result<(), DbErr> {
        let (mut travellers, mut data_keys, mut documents) = (Vec::new(), Vec::new(), Vec::new());
        for Newcomer { registration, .. } in newcomers.iter().filter(|newcomer| newcomer.unknown) {
            let (id, now) = (registration.traveller, registration.create_time);
            let key = PersonalKey::draw(self.sealer);
            travellers.push(traveller::ActiveModel { id: Set(id), create_time: Set(micros(now)) });
            data_keys.push(convert::data_key_row(&key, id, now));
            let document_key = registration.declared.document.key();
            documents.extend(convert::document_rows(self.sealer, &key, &document_key, id, now));
            keys.insert(id, key);
        }
        // As the persons above: in one order.
        documents
            .sort_unstable_by(|one, other| one.blind_index.try_as_ref().cmp(&other.blind_index.try_as_ref()));
        self.insert(travellers).await?;
        self.insert(data_keys).await?;
        self.insert(documents).await
    }

    /// One statement, or none for no row. The widest table has ten columns, so that a group stays far below what an engine takes at once (SQLite 32 766
    /// values).
    async fn insert<A: ActiveModelTrait>(&self, rows: Vec<A>) -> Result<(), DbErr> {
        if rows.is_empty() {
            return Ok(());
        }
        let insert = insertion(self.connection.get_database_backend(), rows)?;
        self.connection.execute(&insert).await.map(drop)
    }
}

/// From a document to the active registration of its person.
fn active() -> RelationDef {
    document::Entity::belongs_to(registration::Entity)
        .from(document::Column::TravellerId)
        .to(registration::Column::TravellerId)
        .on_condition(|_, registrations| {
            let state = Expr::col((registrations, registration::Column::State));
            state.eq(convert::state_name(StoredState::Active)).into_condition()
        })
        .into()
}

fn registration_rows(newcomers: &[Newcomer<'_>]) -> Vec<registration::ActiveModel> {
    newcomers.iter().map(|newcomer| convert::registration_row(newcomer.registration)).collect()
}

fn revision_rows(
    newcomers: &[Newcomer<'_>],
    keys: &HashMap<Uuid, PersonalKey<'_>>,
) -> Result<Vec<revision::ActiveModel>, Error> {
    let row = |Newcomer { registration, .. }: &Newcomer<'_>| {
        let key = keys.get(&registration.traveller).ok_or_else(erased_meanwhile)?;
        convert::revision_row(key, registration, RevisionKind::Registered, &[], None)
    };
    newcomers.iter().map(row).collect()
}

fn change_rows(newcomers: &[Newcomer<'_>]) -> Vec<change::ActiveModel> {
    let row = |Newcomer { registration, .. }: &Newcomer<'_>| {
        changes::row(Change::of(registration, ChangeKind::Registered, None, registration.create_time))
    };
    newcomers.iter().map(row).collect()
}
