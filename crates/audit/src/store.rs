//! The tables of an audit chain: `audit_records`, `audit_chain` with a place for each, `audit_waiting` for those that have none yet, and the one row
//! of `audit_head`. Records and places are inserted and never touched again.

mod entity;
mod keys;
mod migration;

use std::collections::{HashMap, HashSet};

use entrypass_db::{
    Database,
    lists::{insertion, is_among},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait as _,
    FromQueryResult as _, QueryFilter as _, QueryOrder as _, QueryResult, QuerySelect as _, Statement, Value,
};
use sea_orm_migration::SchemaManager;
use uuid::Uuid;

use self::entity::{head, place, record, waiting};
use crate::{
    chain::{Head, Link},
    inspection::{Filed, Place},
    record::{Mac, Record, Signed},
};

pub use keys::{missing_key, rows_under_keys};
pub use migration::{create_tables, drop_tables};

/// Rows that one statement writes or reads at most; PostgreSQL takes 65 535 values, SQLite 32 766, and a record has twelve.
pub(crate) const AT_ONCE: usize = 1000;
/// All that the audit has.
const TABLES: [&str; 4] = ["audit_head", "audit_waiting", "audit_chain", "audit_records"];
/// The one row of `audit_head`.
const THE_HEAD: i32 = 1;

/// Whose records are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Those about this person.
    Subject(Uuid),
    /// Those about this resource, such as `registrations/{id}`.
    Resource(String),
}

/// Writes records down. Each waits for its place from then on.
pub(crate) async fn insert(connection: &impl ConnectionTrait, records: &[Signed]) -> Result<(), DbErr> {
    for some in records.chunks(AT_ONCE) {
        let insert = insertion(connection.get_database_backend(), some.iter().cloned().map(row))?;
        connection.execute(&insert).await?;
    }
    Ok(())
}

/// Writes records down that nothing else is written with, all or none, and commits them. As many as one statement takes need no transaction around
/// it, which would be two more round trips while callers wait.
pub(crate) async fn insert_all(database: &Database, records: &[Signed]) -> Result<(), DbErr> {
    if records.len() <= AT_ONCE {
        return insert(database.writer(), records).await;
    }
    let transaction = database.begin().await?;
    insert(&transaction, records).await?;
    transaction.commit().await
}

/// Those of the tables that are not there.
pub(crate) async fn missing_tables(database: &DatabaseConnection) -> Result<Vec<&'static str>, DbErr> {
    let schema = SchemaManager::new(database);
    let mut missing = Vec::new();
    for table in TABLES {
        if !schema.has_table(table).await? {
            missing.push(table);
        }
    }
    Ok(missing)
}

/// The head, held to the end of the transaction.
pub(crate) async fn hold_head(transaction: &impl ConnectionTrait) -> Result<Head, DbErr> {
    let row = head::Entity::find_by_id(THE_HEAD).lock_exclusive().one(transaction).await?;
    row.as_ref().and_then(read_head).ok_or_else(|| DbErr::Custom("no row of the audit head".to_owned()))
}

/// The head; `None` when its row is not there, or not readable.
pub(crate) async fn head(connection: &impl ConnectionTrait) -> Result<Option<Head>, DbErr> {
    let row = head::Entity::find_by_id(THE_HEAD).one(connection).await?;
    Ok(row.as_ref().and_then(read_head))
}

/// Whether a record waits for its place.
pub(crate) async fn some_wait(connection: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(waiting::Entity::find().limit(1).one(connection).await?.is_some())
}

/// The oldest of those that wait, each with its record, if that is still there.
pub(crate) async fn waiting(
    transaction: &impl ConnectionTrait,
) -> Result<Vec<(Uuid, Option<Signed>)>, DbErr> {
    // Cut before the join: PostgreSQL's numbers of this table are old at all times, and it would join all that waits.
    let query = format!(
        "SELECT w.record_id AS waits, r.* FROM \
         (SELECT record_id FROM audit_waiting ORDER BY record_id LIMIT {AT_ONCE}) AS w \
         LEFT JOIN audit_records AS r ON r.id = w.record_id ORDER BY w.record_id"
    );
    let with_record = |row: QueryResult| {
        let record = record::Model::from_query_result_optional(&row, "")?;
        Ok((row.try_get("", "waits")?, record.map(read)))
    };
    all(transaction, &query, None).await?.into_iter().map(with_record).collect()
}

/// Those of `ids` that have a place in the chain.
pub(crate) async fn placed(connection: &impl ConnectionTrait, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
    let these = is_among(connection.get_database_backend(), place::Column::RecordId, ids.iter().copied())?;
    let found =
        place::Entity::find().select_only().column(place::Column::RecordId).filter(these).into_tuple();
    Ok(found.all(connection).await?.into_iter().collect())
}

/// The records of `ids` that there are, as they are stored.
pub(crate) async fn stored(
    connection: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Signed>, DbErr> {
    let these = is_among(connection.get_database_backend(), record::Column::Id, ids.iter().copied())?;
    let rows = record::Entity::find().filter(these).all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.id, read(row))).collect())
}

/// Those of `ids` that wait for their place.
pub(crate) async fn wait(connection: &impl ConnectionTrait, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
    let these = is_among(connection.get_database_backend(), waiting::Column::RecordId, ids.iter().copied())?;
    let found =
        waiting::Entity::find().select_only().column(waiting::Column::RecordId).filter(these).into_tuple();
    Ok(found.all(connection).await?.into_iter().collect())
}

/// Has records wait for their places that do not any more.
pub(crate) async fn wait_again(connection: &impl ConnectionTrait, ids: &[Uuid]) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows = ids.iter().map(|id| waiting::ActiveModel { record_id: Set(*id) });
    connection.execute(&insertion(connection.get_database_backend(), rows)?).await.map(drop)
}

/// Gives records their places and moves the head, which the transaction holds. Those of `settled` wait no longer.
pub(crate) async fn add_places(
    transaction: &impl ConnectionTrait,
    places: Vec<(i64, Uuid, Mac)>,
    settled: Vec<Uuid>,
    head: Head,
) -> Result<(), DbErr> {
    let backend = transaction.get_database_backend();
    if !places.is_empty() {
        let rows = places.into_iter().map(|(position, record, link)| place::ActiveModel {
            position: Set(position),
            record_id: Set(record),
            key_id: Set(link.key.to_vec()),
            link: Set(link.code.to_vec()),
        });
        transaction.execute(&insertion(backend, rows)?).await?;
        head::Entity::update_many()
            .col_expr(head::Column::Position, head.position.into())
            .col_expr(head::Column::Link, head.link.0.to_vec().into())
            .filter(head::Column::Id.eq(THE_HEAD))
            .exec(transaction)
            .await?;
    }
    let settled = is_among(backend, waiting::Column::RecordId, settled)?;
    let wait_no_longer = waiting::Entity::delete_many().filter(settled);
    wait_no_longer.exec(transaction).await.map(drop)
}

/// Makes the head of a chain without records.
pub(crate) async fn begin_chain(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let Head { position, link } = Head::EMPTY;
    let row = head::ActiveModel { id: Set(THE_HEAD), position: Set(position), link: Set(link.0.to_vec()) };
    head::Entity::insert(row).exec_without_returning(connection).await.map(drop)
}

/// The next records behind `after`, in the order of their ids, each with where it stands, all as of one moment.
pub(crate) async fn filed(
    connection: &impl ConnectionTrait,
    after: Option<Uuid>,
) -> Result<Vec<Filed>, DbErr> {
    let behind = if after.is_some() { "WHERE id > $1" } else { "" };
    let query = format!(
        "SELECT r.*, c.position AS place, w.record_id AS waits FROM \
         (SELECT * FROM audit_records {behind} ORDER BY id LIMIT {AT_ONCE}) AS r \
         LEFT JOIN audit_chain AS c ON c.record_id = r.id \
         LEFT JOIN audit_waiting AS w ON w.record_id = r.id ORDER BY r.id"
    );
    let file = |row: QueryResult| {
        let waits: Option<Uuid> = row.try_get("", "waits")?;
        Ok(Filed {
            signed: read(record::Model::from_query_result(&row, "")?),
            position: row.try_get("", "place")?,
            waits: waits.is_some(),
        })
    };
    all(connection, &query, after.map(Value::from)).await?.into_iter().map(file).collect()
}

/// The next places behind `after` up to `to`, in their order.
pub(crate) async fn places(
    connection: &impl ConnectionTrait,
    after: Option<i64>,
    to: i64,
) -> Result<Vec<Place>, DbErr> {
    let behind = after.map_or_else(String::new, |after| format!("position > {after} AND"));
    let query = format!(
        "SELECT c.*, r.key_id AS record_key_id, r.mac FROM \
         (SELECT * FROM audit_chain WHERE {behind} position <= {to} ORDER BY position LIMIT {AT_ONCE}) AS c \
         LEFT JOIN audit_records AS r ON r.id = c.record_id ORDER BY c.position"
    );
    let read = |row: QueryResult| {
        let place::Model { position, record_id, key_id, link } = place::Model::from_query_result(&row, "")?;
        let key: Option<Vec<u8>> = row.try_get("", "record_key_id")?;
        let code: Option<Vec<u8>> = row.try_get("", "mac")?;
        let of_record = key.zip(code).map(|(key, code)| mac(&key, &code));
        Ok(Place { position, link: mac(&key_id, &link), record: record_id, mac: of_record })
    };
    all(connection, &query, None).await?.into_iter().map(read).collect()
}

/// The first position behind the head, of which there is none.
pub(crate) async fn beyond_head(connection: &impl ConnectionTrait) -> Result<Option<i64>, DbErr> {
    let query = "SELECT c.position FROM audit_chain AS c, audit_head AS h \
                 WHERE c.position > h.position ORDER BY c.position LIMIT 1";
    let rows = all(connection, query, None).await?;
    rows.first().map(|row| row.try_get("", "position")).transpose()
}

/// At most `size` records about something that are older than the record `before`, newest first.
pub(crate) async fn about(
    connection: &impl ConnectionTrait,
    about: &About,
    before: Option<Uuid>,
    size: u64,
) -> Result<Vec<Record>, DbErr> {
    let query = record::Entity::find().filter(match about {
        About::Subject(subject) => record::Column::Subject.eq(*subject),
        About::Resource(resource) => record::Column::Resource.eq(resource.as_str()),
    });
    let query = match before {
        Some(before) => query.filter(record::Column::Id.lt(before)),
        None => query,
    };
    let rows = query.order_by_desc(record::Column::Id).limit(size).all(connection).await?;
    Ok(rows.into_iter().map(|row| read(row).record).collect())
}

async fn all(
    connection: &impl ConnectionTrait,
    query: &str,
    value: Option<Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), query, value);
    connection.query_all_raw(statement).await
}

fn row(Signed { record, mac }: Signed) -> record::ActiveModel {
    let Record { id, time, caller, peer, rpc, purpose, resource, subject, outcome, trace_id } = record;
    record::ActiveModel {
        id: Set(id),
        time: Set(time),
        caller: Set(caller),
        peer: Set(peer),
        rpc: Set(rpc),
        purpose: Set(purpose),
        resource: Set(resource),
        subject: Set(subject),
        outcome: Set(outcome),
        trace_id: Set(trace_id),
        key_id: Set(mac.map_or_else(Vec::new, |mac| mac.key.to_vec())),
        mac: Set(mac.map_or_else(Vec::new, |mac| mac.code.to_vec())),
    }
}

fn read(row: record::Model) -> Signed {
    let mac = mac(&row.key_id, &row.mac);
    let record::Model { id, time, caller, peer, rpc, purpose, resource, subject, outcome, trace_id, .. } =
        row;
    let record = Record { id, time, caller, peer, rpc, purpose, resource, subject, outcome, trace_id };
    Signed { record, mac }
}

fn read_head(row: &head::Model) -> Option<Head> {
    let link = row.link.as_slice().try_into().ok()?;
    Some(Head { position: row.position, link: Link(link) })
}

fn mac(key: &[u8], code: &[u8]) -> Option<Mac> {
    Some(Mac { key: key.try_into().ok()?, code: code.try_into().ok()? })
}
