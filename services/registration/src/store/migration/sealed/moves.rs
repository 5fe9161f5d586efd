//! The rows' way from the clear tables to the sealed ones, and back.

use entrypass_seal::Sealer;
use sea_orm::{QueryResult, Statement};
use sea_orm_migration::prelude::*;
use uuid::Uuid;

use crate::store::sealed::{Content, PersonalKey, Unreadable, document_id, document_indexes, wrapping_key};

/// Rows that are read and written by one statement each.
const AT_ONCE: u32 = 500;

/// Rows on their way from one table to another.
struct Move<'m> {
    manager: &'m SchemaManager<'m>,
    /// What is read: `SELECT ... WHERE` of all rows behind `$1` and so on, in the order of those.
    read: &'static str,
    into: &'static str,
    columns: &'static [&'static str],
}

/// What a row is in its new table, and where in the order of the old one it stood.
struct Moved<const N: usize> {
    position: [Value; N],
    values: Vec<Value>,
}

impl Move<'_> {
    /// Moves every row behind `start`.
    async fn run<const N: usize>(
        self,
        start: [Value; N],
        row: impl Fn(&QueryResult) -> Result<Moved<N>, DbErr>,
    ) -> Result<(), DbErr> {
        let connection = self.manager.get_connection();
        let read = format!("{} LIMIT {AT_ONCE}", self.read);
        let mut last = start;
        loop {
            let read = Statement::from_sql_and_values(connection.get_database_backend(), &read, last);
            let rows = connection.query_all_raw(read).await?;
            let mut moved = rows.iter().map(&row).collect::<Result<Vec<_>, _>>()?;
            let Some(end) = moved.last() else { return Ok(()) };
            last = end.position.clone();
            let columns = self.columns.iter().copied();
            let mut insert = Query::insert().into_table(self.into).columns(columns).to_owned();
            for Moved { values, .. } in moved.drain(..) {
                insert.values_panic(values.into_iter().map(Expr::value));
            }
            connection.execute(&insert).await?;
        }
    }
}

/// A key for everybody.
pub(super) async fn draw_keys(manager: &SchemaManager<'_>, sealer: &Sealer) -> Result<(), DbErr> {
    let travellers = Move {
        manager,
        read: "SELECT id, create_time FROM travellers WHERE id > $1 ORDER BY id",
        into: "data_keys",
        columns: &["traveller_id", "key_id", "wrapped", "create_time"],
    };
    let row = |row: &QueryResult| {
        let id: Uuid = row.try_get("", "id")?;
        let wrapped = PersonalKey::draw(sealer).wrapped(id);
        let key_id = wrapping_key(&wrapped);
        let values = vec![id.into(), key_id.into(), wrapped.into(), column::<i64>(row, "create_time")?];
        Ok(Moved { position: [id.into()], values })
    };
    travellers.run([Uuid::nil().into()], row).await
}

pub(super) async fn seal_documents(manager: &SchemaManager<'_>, sealer: &Sealer) -> Result<(), DbErr> {
    let documents = Move {
        manager,
        read: "SELECT document_key, documents.traveller_id, documents.create_time, wrapped \
               FROM documents JOIN data_keys ON data_keys.traveller_id = documents.traveller_id \
               WHERE document_key > $1 ORDER BY document_key",
        into: "sealed_documents",
        columns: &[
            "blind_index",
            "index_key_id",
            "document_id",
            "traveller_id",
            "sealed_document",
            "create_time",
        ],
    };
    let row = |row: &QueryResult| {
        let document_key: String = row.try_get("", "document_key")?;
        // Other index keys than the one in use get their rows when documents are written under them.
        let indexes = document_indexes(sealer, &document_key);
        let in_use =
            indexes.first().ok_or_else(|| DbErr::Migration("a key ring without an index key".to_owned()))?;
        let id = document_id(&indexes);
        let values = vec![
            in_use.digest.to_vec().into(),
            in_use.key_id.as_bytes().to_vec().into(),
            id.into(),
            column::<Uuid>(row, "traveller_id")?,
            key_of(row, sealer)?.seal_document(id, &document_key).into(),
            column::<i64>(row, "create_time")?,
        ];
        Ok(Moved { position: [document_key.into()], values })
    };
    documents.run([String::new().into()], row).await
}

pub(super) async fn open_documents(manager: &SchemaManager<'_>, sealer: &Sealer) -> Result<(), DbErr> {
    let documents = Move {
        manager,
        read: "SELECT document_id, documents.traveller_id, documents.create_time, sealed_document, wrapped \
               FROM documents JOIN data_keys ON data_keys.traveller_id = documents.traveller_id \
               WHERE document_id > $1 AND NOT EXISTS (SELECT 1 FROM documents AS other \
               WHERE other.document_id = documents.document_id AND other.index_key_id < documents.index_key_id) \
               ORDER BY document_id",
        into: "clear_documents",
        columns: &["document_key", "traveller_id", "create_time"],
    };
    let row = |row: &QueryResult| {
        let id: Uuid = row.try_get("", "document_id")?;
        let content: Vec<u8> = row.try_get("", "sealed_document")?;
        let document_key = key_of(row, sealer)?.open_document(id, &content).map_err(unreadable)?;
        let values = vec![
            document_key.as_str().into(),
            column::<Uuid>(row, "traveller_id")?,
            column::<i64>(row, "create_time")?,
        ];
        Ok(Moved { position: [id.into()], values })
    };
    documents.run([Uuid::nil().into()], row).await
}

pub(super) async fn seal_revisions(manager: &SchemaManager<'_>, sealer: &Sealer) -> Result<(), DbErr> {
    let revisions = Move {
        manager,
        read: "SELECT revisions.registration_id, revisions.revision, kind, changed_paths, document_type, \
               document_number, issuing_state, form_version, form, revisions.create_time, \
               data_keys.traveller_id, wrapped FROM revisions \
               JOIN registrations ON registrations.id = revisions.registration_id \
               JOIN data_keys ON data_keys.traveller_id = registrations.traveller_id \
               WHERE (revisions.registration_id, revisions.revision) > ($1, $2) \
               ORDER BY revisions.registration_id, revisions.revision",
        into: "sealed_revisions",
        columns: &[
            "registration_id",
            "revision",
            "kind",
            "changed_paths",
            "document_type",
            "form_version",
            "sealed",
            "create_time",
        ],
    };
    let row = |row: &QueryResult| {
        let id: Uuid = row.try_get("", "registration_id")?;
        let revision: i32 = row.try_get("", "revision")?;
        let document_number: String = row.try_get("", "document_number")?;
        let issuing_state: Option<String> = row.try_get("", "issuing_state")?;
        let form: String = row.try_get("", "form")?;
        let content = Content {
            document_number: &document_number,
            issuing_state: issuing_state.as_deref(),
            form: &form,
        };
        let values = vec![
            id.into(),
            revision.into(),
            column::<String>(row, "kind")?,
            column::<String>(row, "changed_paths")?,
            column::<String>(row, "document_type")?,
            column::<i32>(row, "form_version")?,
            key_of(row, sealer)?.seal_revision(id, revision, &content).into(),
            column::<i64>(row, "create_time")?,
        ];
        Ok(Moved { position: [id.into(), revision.into()], values })
    };
    revisions.run([Uuid::nil().into(), 0_i32.into()], row).await
}

pub(super) async fn open_revisions(manager: &SchemaManager<'_>, sealer: &Sealer) -> Result<(), DbErr> {
    let revisions = Move {
        manager,
        read: "SELECT revisions.registration_id, revisions.revision, kind, changed_paths, document_type, \
               form_version, sealed, revisions.create_time, data_keys.traveller_id, wrapped FROM revisions \
               JOIN registrations ON registrations.id = revisions.registration_id \
               JOIN data_keys ON data_keys.traveller_id = registrations.traveller_id \
               WHERE (revisions.registration_id, revisions.revision) > ($1, $2) \
               ORDER BY revisions.registration_id, revisions.revision",
        into: "clear_revisions",
        columns: &[
            "registration_id",
            "revision",
            "kind",
            "changed_paths",
            "document_type",
            "document_number",
            "issuing_state",
            "form_version",
            "form",
            "create_time",
        ],
    };
    let row = |row: &QueryResult| {
        let id: Uuid = row.try_get("", "registration_id")?;
        let revision: i32 = row.try_get("", "revision")?;
        let content: Vec<u8> = row.try_get("", "sealed")?;
        let opened = key_of(row, sealer)?.open_revision(id, revision, &content).map_err(unreadable)?;
        let content = Content::of(&opened).map_err(unreadable)?;
        let values = vec![
            id.into(),
            revision.into(),
            column::<String>(row, "kind")?,
            column::<String>(row, "changed_paths")?,
            column::<String>(row, "document_type")?,
            content.document_number.into(),
            content.issuing_state.map(str::to_owned).into(),
            column::<i32>(row, "form_version")?,
            content.form.into(),
            column::<i64>(row, "create_time")?,
        ];
        Ok(Moved { position: [id.into(), revision.into()], values })
    };
    revisions.run([Uuid::nil().into(), 0_i32.into()], row).await
}

pub(super) async fn seal_companions(manager: &SchemaManager<'_>, sealer: &Sealer) -> Result<(), DbErr> {
    let companions = Move {
        manager,
        read: "SELECT companions.id, holder_id, companion_id, relationship, companions.state, display_name, \
               companions.create_time, data_keys.traveller_id, wrapped FROM companions \
               JOIN registrations ON registrations.id = companions.companion_id \
               JOIN data_keys ON data_keys.traveller_id = registrations.traveller_id \
               WHERE companions.id > $1 ORDER BY companions.id",
        into: "sealed_companions",
        columns: &["id", "holder_id", "companion_id", "relationship", "state", "sealed_name", "create_time"],
    };
    let row = |row: &QueryResult| {
        let name: String = row.try_get("", "display_name")?;
        bond(row, |id| Ok(key_of(row, sealer)?.seal_name(id, &name).into()))
    };
    companions.run([Uuid::nil().into()], row).await
}

pub(super) async fn open_companions(manager: &SchemaManager<'_>, sealer: &Sealer) -> Result<(), DbErr> {
    let companions = Move {
        manager,
        read: "SELECT companions.id, holder_id, companion_id, relationship, companions.state, sealed_name, \
               companions.create_time, data_keys.traveller_id, wrapped FROM companions \
               JOIN registrations ON registrations.id = companions.companion_id \
               JOIN data_keys ON data_keys.traveller_id = registrations.traveller_id \
               WHERE companions.id > $1 ORDER BY companions.id",
        into: "clear_companions",
        columns: &["id", "holder_id", "companion_id", "relationship", "state", "display_name", "create_time"],
    };
    let row = |row: &QueryResult| {
        let content: Vec<u8> = row.try_get("", "sealed_name")?;
        bond(row, |id| {
            let name = key_of(row, sealer)?.open_name(id, &content).map_err(unreadable)?;
            Ok(name.as_str().into())
        })
    };
    companions.run([Uuid::nil().into()], row).await
}

/// A bond with its `name`, sealed or not.
fn bond(row: &QueryResult, name: impl Fn(Uuid) -> Result<Value, DbErr>) -> Result<Moved<1>, DbErr> {
    let id: Uuid = row.try_get("", "id")?;
    let values = vec![
        id.into(),
        column::<Uuid>(row, "holder_id")?,
        column::<Uuid>(row, "companion_id")?,
        column::<String>(row, "relationship")?,
        column::<String>(row, "state")?,
        name(id)?,
        column::<i64>(row, "create_time")?,
    ];
    Ok(Moved { position: [id.into()], values })
}

/// The key of the person whom `row` tells of.
fn key_of<'s>(row: &QueryResult, sealer: &'s Sealer) -> Result<PersonalKey<'s>, DbErr> {
    let wrapped: Vec<u8> = row.try_get("", "wrapped")?;
    PersonalKey::unwrap(sealer, row.try_get("", "traveller_id")?, &wrapped).map_err(unreadable)
}

/// A column as it is.
fn column<T: sea_orm::TryGetable + Into<Value>>(row: &QueryResult, name: &str) -> Result<Value, DbErr> {
    row.try_get::<T>("", name).map(Into::into)
}

fn unreadable(unreadable: Unreadable) -> DbErr {
    DbErr::Migration(unreadable.to_string())
}
