//! The table of first answers, step by step. A service's migrations call these in their own.

use entrypass_seal::Unsealable;
use sea_orm::{ConnectionTrait as _, DbErr, ExprTrait as _, QueryResult};
use sea_orm_migration::{
    SchemaManager,
    prelude::Table,
    schema,
    sea_query::{Alias, Expr, Index, Order, Query, SelectStatement, TableCreateStatement},
};

use super::{DIGEST, place, row_of, unreadable};
use crate::migrating_sealer;

/// Answers that are read at once while they are sealed or opened.
const AT_ONCE: u64 = 500;

/// The statement that makes the table in its first shape: one answer for each `request_id`.
#[must_use]
pub fn create_table() -> TableCreateStatement {
    columns("answers").col(schema::string("request_id").primary_key()).to_owned()
}

/// The second shape: one answer for each caller and `request_id`, found by age when it is to be forgotten.
///
/// Made beside the first and put in its place, since SQLite cannot change a primary key. A program that knows the first shape works on
/// this one: its rows become those of the caller who is not known.
///
/// # Errors
/// When a statement fails.
pub async fn add_caller(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = columns("answers_of_callers")
        .col(schema::string("caller").default("anonymous"))
        .col(schema::string("request_id"))
        .primary_key(Index::create().col("caller").col("request_id"))
        .to_owned();
    manager.create_table(table).await?;
    let copy = "INSERT INTO answers_of_callers (request_id, digest, answer, create_time) \
                SELECT request_id, digest, answer, create_time FROM answers";
    manager.get_connection().execute_unprepared(copy).await?;
    replace(manager, "answers_of_callers").await?;
    let by_age = "CREATE INDEX answers_by_age ON answers (create_time)";
    manager.get_connection().execute_unprepared(by_age).await.map(drop)
}

/// Takes [`add_caller`] back. The answers of callers who are known are forgotten: the first shape has no place for them.
///
/// # Errors
/// When a statement fails.
pub async fn remove_caller(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = columns("answers_of_all").col(schema::string("request_id").primary_key()).to_owned();
    manager.create_table(table).await?;
    let copy = "INSERT INTO answers_of_all (request_id, digest, answer, create_time) \
                SELECT request_id, digest, answer, create_time FROM answers WHERE caller = 'anonymous'";
    manager.get_connection().execute_unprepared(copy).await?;
    replace(manager, "answers_of_all").await
}

/// The third shape: digest and answer sealed together, and whom the answer is about. What is kept already is sealed; whom it is about is not known,
/// so that an erasure does not reach it before it is forgotten.
///
/// # Errors
/// When a statement fails, or this is not run by [`crate::schema`], which has the keys.
pub async fn seal(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let sealer = migrating_sealer()?;
    let table = Table::create()
        .table("answers_sealed")
        .col(schema::string("caller"))
        .col(schema::string("request_id"))
        .col(schema::binary_null("sealed"))
        .col(schema::uuid_null("subject"))
        .col(schema::big_integer("create_time"))
        .primary_key(Index::create().col("caller").col("request_id"))
        .to_owned();
    manager.create_table(table).await?;
    let mut after = None;
    while let Some(rows) = some_after(manager, &["digest", "answer"], after.as_ref()).await? {
        let mut insert = Query::insert();
        insert
            .into_table("answers_sealed")
            .columns(["caller", "request_id", "sealed", "create_time"].map(Alias::new));
        for row in &rows {
            let (caller, request_id) = key_of(row)?;
            let (digest, answer): (Vec<u8>, Vec<u8>) =
                (row.try_get("", "digest")?, row.try_get("", "answer")?);
            let content = sealer.seal(&place(&row_of(&caller, &request_id)), &[digest, answer].concat());
            let create_time: i64 = row.try_get("", "create_time")?;
            insert.values_panic([
                caller.clone().into(),
                request_id.clone().into(),
                content.into(),
                create_time.into(),
            ]);
            after = Some((caller, request_id));
        }
        manager.get_connection().execute(&insert).await?;
    }
    replace(manager, "answers_sealed").await?;
    for index in [
        "CREATE INDEX answers_by_age ON answers (create_time)",
        "CREATE INDEX answers_by_subject ON answers (subject)",
    ] {
        manager.get_connection().execute_unprepared(index).await?;
    }
    Ok(())
}

/// Takes [`seal`] back. Answers about those who were erased are forgotten: the second shape has no place for what is not there.
///
/// # Errors
/// As [`seal`].
pub async fn unseal(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let sealer = migrating_sealer()?;
    let table = columns("answers_in_clear")
        .col(schema::string("caller").default("anonymous"))
        .col(schema::string("request_id"))
        .primary_key(Index::create().col("caller").col("request_id"))
        .to_owned();
    manager.create_table(table).await?;
    let mut after = None;
    while let Some(rows) = some_after(manager, &["sealed"], after.as_ref()).await? {
        for row in &rows {
            let (caller, request_id) = key_of(row)?;
            if let Some(sealed) = row.try_get::<Option<Vec<u8>>>("", "sealed")? {
                let opened =
                    sealer.open(&place(&row_of(&caller, &request_id)), &sealed).map_err(unreadable)?;
                let parts = opened.split_at_checked(DIGEST).ok_or_else(|| unreadable(Unsealable::Damaged))?;
                let create_time: i64 = row.try_get("", "create_time")?;
                let mut insert = Query::insert();
                insert
                    .into_table("answers_in_clear")
                    .columns(["caller", "request_id", "digest", "answer", "create_time"].map(Alias::new))
                    .values_panic([
                        caller.clone().into(),
                        request_id.clone().into(),
                        parts.0.into(),
                        parts.1.into(),
                        create_time.into(),
                    ]);
                manager.get_connection().execute(&insert).await?;
            }
            after = Some((caller, request_id));
        }
    }
    replace(manager, "answers_in_clear").await?;
    let by_age = "CREATE INDEX answers_by_age ON answers (create_time)";
    manager.get_connection().execute_unprepared(by_age).await.map(drop)
}

/// The next answers in the order of their keys, with `columns` of them; `None` when there are no more.
async fn some_after(
    manager: &SchemaManager<'_>,
    columns: &[&'static str],
    after: Option<&(String, String)>,
) -> Result<Option<Vec<QueryResult>>, DbErr> {
    let mut select: SelectStatement = Query::select();
    select.columns(["caller", "request_id", "create_time"].map(Alias::new));
    select.columns(columns.iter().map(|column| Alias::new(*column))).from("answers");
    select.order_by("caller", Order::Asc).order_by("request_id", Order::Asc).limit(AT_ONCE);
    if let Some((caller, request_id)) = after {
        let key = Expr::tuple([Expr::col("caller"), Expr::col("request_id")]);
        select.and_where(key.gt(Expr::tuple([Expr::val(caller.as_str()), Expr::val(request_id.as_str())])));
    }
    let rows = manager.get_connection().query_all(&select).await?;
    Ok(Some(rows).filter(|rows| !rows.is_empty()))
}

fn key_of(row: &QueryResult) -> Result<(String, String), DbErr> {
    Ok((row.try_get("", "caller")?, row.try_get("", "request_id")?))
}

/// Puts `table` in the place of the present one.
async fn replace(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table("answers").to_owned()).await?;
    manager.rename_table(Table::rename().table(table, "answers").to_owned()).await
}

fn columns(table: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(schema::binary("digest"))
        .col(schema::binary("answer"))
        .col(schema::big_integer("create_time"))
        .to_owned()
}
