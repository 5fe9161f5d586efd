//! The table of first answers, step by step. A service's migrations call these in their own.

use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::{
    SchemaManager,
    prelude::Table,
    schema,
    sea_query::{Index, TableCreateStatement},
};

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
