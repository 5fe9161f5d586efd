//! The states of applications that the release before does not know become what they are nearest to there; and what it wrote stays as it is.

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
const STEP: &str = "m0006_applications";
/// Each state, and what is read of it after the step was taken back.
const STATES: [(&str, &str); 11] = [
    ("DRAFT", "WITHDRAWN"),
    ("SUBMITTED", "UNDER_REVIEW"),
    ("IDENTITY_VERIFYING", "UNDER_REVIEW"),
    ("VERIFICATION_FAILED", "RETURNED_FOR_CORRECTION"),
    ("UNDER_REVIEW", "UNDER_REVIEW"),
    ("RETURNED_FOR_CORRECTION", "RETURNED_FOR_CORRECTION"),
    ("APPROVED", "APPROVED"),
    ("ISSUED", "APPROVED"),
    ("REJECTED", "REJECTED"),
    ("WITHDRAWN", "WITHDRAWN"),
    ("EXPIRED", "EXPIRED"),
];

/// One application of each state, each of another person, with what both releases know.
async fn write_all(database: &Database) {
    for (number, (state, _)) in (1..).zip(STATES) {
        let id = Uuid::from_u128(number);
        let insert = "INSERT INTO applications (id, traveller, registration, ordinal, state, submission_count, \
                      revision, create_time, update_time) VALUES ($1, $1, $1, 1, $2, 1, 1, 1, 1)";
        let backend = database.reader().get_database_backend();
        let insert = Statement::from_sql_and_values(backend, insert, [id.into(), state.into()]);
        let transaction = database.begin().await.expect("a transaction");
        transaction.execute_raw(insert).await.expect("written");
        transaction.commit().await.expect("committed");
    }
}

async fn states(database: &Database) -> Vec<String> {
    let query = "SELECT state FROM applications ORDER BY id";
    let query = Statement::from_string(database.reader().get_database_backend(), query);
    let rows = database.reader().query_all_raw(query).await.expect("rows");
    rows.iter().map(|row| row.try_get_by_index(0).expect("a word")).collect()
}

#[tokio::test]
async fn every_state_goes_back_to_one_that_the_release_before_knows_and_stays_there() {
    let (place, database) = present::<Migrator>("epass").await;
    write_all(&database).await;
    let names: Vec<_> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    let steps = names.iter().rev().position(|name| name == STEP).expect("the step") + 1;
    let steps = u32::try_from(steps).expect("few");
    drop(database);
    let sealer = TestDatabase::sealer();
    schema::down::<Migrator>(&place.url(), steps, &sealer).await.expect("taken back");
    schema::up::<Migrator>(&place.url(), &sealer).await.expect("made again");
    let database = Database::open::<Migrator>(&place.url(), 4, &sealer).await.expect("the present schema");
    assert_eq!(states(&database).await, STATES.map(|(_, before)| before.to_owned()));
}
