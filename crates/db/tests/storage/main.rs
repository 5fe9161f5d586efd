//! Connections, schemas, first answers and followers' positions: what must hold on either engine (`answers`, `conformance`), and what is a
//! SQLite file's own (`database`).

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod answers;
mod answers_at_rest;
mod conformance;
mod database;
mod lists;
mod retention;

use std::path::Path;

use entrypass_db::{Database, DatabaseUrl, OpenError};
use entrypass_testkit::TestDatabase;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::prelude::{
    MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait::async_trait,
};

/// A service's schema at its smallest: the first answers, and deeds that nobody may do twice.
pub(crate) struct Migrator;

pub(crate) struct First;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First)]
    }
}

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

#[async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(entrypass_db::answers::create_table()).await?;
        entrypass_db::answers::add_caller(manager).await?;
        entrypass_db::answers::seal(manager).await?;
        manager.create_table(entrypass_db::follower::create_table()).await?;
        manager.create_table(entrypass_db::retention::create_table()).await?;
        let deeds = "CREATE TABLE deeds (name TEXT NOT NULL UNIQUE)";
        manager.get_connection().execute_unprepared(deeds).await.map(drop)
    }
}

async fn open(path: &Path) -> Result<Database, OpenError> {
    Database::open::<Migrator>(&DatabaseUrl::sqlite(path), 4, &TestDatabase::sealer()).await
}

/// A fresh database on the engine of the test run.
async fn fresh() -> (TestDatabase, Database) {
    let place = TestDatabase::migrated::<Migrator>("storage").await;
    let database =
        Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await.expect("the database");
    (place, database)
}

/// Does the deed `name`.
async fn act(connection: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    connection.execute_unprepared(&format!("INSERT INTO deeds (name) VALUES ('{name}')")).await.map(drop)
}

/// The number that `sql` asks for.
async fn number(connection: &impl ConnectionTrait, sql: &str) -> i64 {
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
    row.expect("a query").expect("a row").try_get_by_index(0).expect("a number")
}

async fn deeds(database: &Database) -> i64 {
    number(database.reader(), "SELECT count(*) FROM deeds").await
}
