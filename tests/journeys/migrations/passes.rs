//! Passes that have ended do not come to life where the release before, which knows no states, takes over again; and those that count go on counting.

use entrypass_db::{Database, schema};
use entrypass_epass::Migrator;
use entrypass_testkit::TestDatabase;
use sea_orm_migration::{
    MigratorTrait as _,
    sea_orm::{ConnectionTrait as _, Statement},
};
use uuid::Uuid;

use super::present;

/// The step that brought the states.
const STEP: &str = "m0007_passes";

/// The last second of the year 2999, in microseconds.
const FAR: i64 = 32_503_679_999_000_000;
/// Passes of five persons: one has a pass that counts after one that was revoked, one a suspended pass, one nothing but a pass that was given up, one a
/// pass whose time is over though nobody wrote it down, and one a pass whose time is not.
const PASSES: [(u128, u128, &str, Option<i64>); 6] = [
    (1, 1, "REVOKED", None),
    (2, 1, "ACTIVE", None),
    (3, 2, "SUSPENDED", None),
    (4, 3, "CANCELLED", None),
    (5, 4, "ACTIVE", Some(1)),
    (6, 5, "ACTIVE", Some(FAR)),
];

async fn execute(database: &Database, statement: &str, values: [sea_orm_migration::sea_orm::Value; 5]) {
    let backend = database.reader().get_database_backend();
    let statement = Statement::from_sql_and_values(backend, statement, values);
    let transaction = database.begin().await.expect("a transaction");
    transaction.execute_raw(statement).await.expect("written");
    transaction.commit().await.expect("committed");
}

async fn read(database: &Database) -> Vec<(Uuid, String)> {
    let query = "SELECT id, state FROM passes ORDER BY id";
    let query = Statement::from_string(database.reader().get_database_backend(), query);
    let rows = database.reader().query_all_raw(query).await.expect("rows");
    let read = |row: &sea_orm_migration::sea_orm::QueryResult| {
        (row.try_get_by_index(0).expect("an id"), row.try_get_by_index(1).expect("a word"))
    };
    rows.iter().map(read).collect()
}

#[tokio::test]
async fn what_has_ended_goes_and_what_counts_stays() {
    let (place, database) = present::<Migrator>("epass").await;
    for (id, person, state, end) in PASSES {
        let insert = "INSERT INTO passes \
                      (id, traveller, pass_number, issuer, issue_time, create_time, state, expire_time) \
                      VALUES ($1, $2, $3, '', 1, 1, $4, $5)";
        let (id, person) = (Uuid::from_u128(id), Uuid::from_u128(person));
        let number = id.to_string();
        execute(&database, insert, [id.into(), person.into(), number.into(), state.into(), end.into()]).await;
    }
    let names: Vec<_> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    let steps = names.iter().rev().position(|name| name == STEP).expect("the step") + 1;
    drop(database);
    let sealer = TestDatabase::sealer();
    let steps = u32::try_from(steps).expect("few");
    schema::down::<Migrator>(&place.url(), steps, &sealer).await.expect("taken back");
    schema::up::<Migrator>(&place.url(), &sealer).await.expect("made again");
    let database = Database::open::<Migrator>(&place.url(), 4, &sealer).await.expect("the present schema");
    let expected = [2, 3, 6].map(|id| (Uuid::from_u128(id), "ACTIVE".to_owned()));
    assert_eq!(read(&database).await, expected);
    // Their levels are told as soon as the service runs.
    let query = "SELECT count(*) FROM levels WHERE due_time = 0";
    let query = Statement::from_string(database.reader().get_database_backend(), query);
    let row = database.reader().query_one_raw(query).await.expect("a count").expect("a row");
    assert_eq!(row.try_get_by_index::<i64>(0).expect("a number"), 3);
}
