//! Every service's schema can be taken back and made again, and is the same then.

use entrypass_db::{Database, DatabaseUrl};
use sea_orm_migration::{
    MigratorTrait,
    sea_orm::{ConnectionTrait as _, DbBackend, Statement},
};

/// Kind, name and statement of everything in the schema but the migrations' own table.
async fn schema(database: &Database) -> Vec<(String, String, String)> {
    let query = "SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE tbl_name NOT LIKE '%_migrations' \
                 AND name NOT LIKE 'sqlite_%' ORDER BY type, name";
    let rows = database.reader().query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await;
    let column =
        |row: &sea_orm_migration::sea_orm::QueryResult, at| row.try_get_by_index(at).expect("a text");
    rows.expect("the schema").iter().map(|row| (column(row, 0), column(row, 1), column(row, 2))).collect()
}

/// Takes the schema of `M` back and makes it again; gives its tables.
async fn taken_back_and_made_again<M: MigratorTrait>() -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("schema.sqlite3");
    let database = Database::open::<M>(&DatabaseUrl::sqlite(&path), 4).await.expect("up");
    let first = schema(&database).await;

    let transaction = database.begin().await.expect("a transaction");
    M::down(&transaction, None).await.expect("down");
    transaction.commit().await.expect("committed");
    assert_eq!(schema(&database).await, [], "nothing is left");

    let transaction = database.begin().await.expect("a transaction");
    M::up(&transaction, None).await.expect("up again");
    transaction.commit().await.expect("committed");
    assert_eq!(schema(&database).await, first);

    let reopened = Database::open::<M>(&DatabaseUrl::sqlite(&path), 4).await.expect("nothing is left to do");
    assert_eq!(schema(&reopened).await, first);
    first.into_iter().filter(|(kind, ..)| kind == "table").map(|(_, name, _)| name).collect()
}

#[tokio::test]
async fn the_schema_of_registration_can_be_taken_back_and_made_again() {
    let tables = taken_back_and_made_again::<entrypass_registration::Migrator>().await;
    assert_eq!(
        tables,
        [
            "answers",
            "change_feed",
            "changes",
            "companions",
            "documents",
            "registrations",
            "revisions",
            "travellers",
        ]
    );
}

#[tokio::test]
async fn the_schema_of_qr_can_be_taken_back_and_made_again() {
    assert_eq!(taken_back_and_made_again::<entrypass_qr::Migrator>().await, ["codes", "positions"]);
}

#[tokio::test]
async fn the_schema_of_epass_can_be_taken_back_and_made_again() {
    let tables = taken_back_and_made_again::<entrypass_epass::Migrator>().await;
    assert_eq!(tables, ["answers", "applications", "ended_registrations", "passes", "positions"]);
}
