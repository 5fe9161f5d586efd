//! What a service may rely on, whichever the engine.

use std::time::Duration;

use entrypass_db::{
    Database, DatabaseUrl, OpenError, SchemaError, follower, hold, is_unavailable, is_unique_violation,
    schema::{self, Migration},
};
use entrypass_testkit::TestDatabase;
use sea_orm::{ConnectionTrait as _, DbErr};
use sea_orm_migration::prelude::{
    DynIden, IntoIden as _, MigrationName, MigrationTrait, MigratorTrait, SchemaManager,
    async_trait::async_trait,
};
use uuid::Uuid;

use crate::{First, Migrator, act, deeds, fresh};

/// The next release's schema.
struct Newer;

struct Second;

/// Another service's schema.
struct Other;

#[async_trait]
impl MigratorTrait for Newer {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First), Box::new(Second)]
    }
}

#[async_trait]
impl MigratorTrait for Other {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First)]
    }

    fn migration_table_name() -> DynIden {
        "other_migrations".into_iden()
    }
}

impl MigrationName for Second {
    fn name(&self) -> &'static str {
        "m0002_second"
    }
}

#[async_trait]
impl MigrationTrait for Second {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("ALTER TABLE deeds ADD COLUMN place TEXT").await?;
        connection.execute_unprepared("CREATE TABLE wishes (name TEXT)").await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP TABLE wishes").await?;
        connection.execute_unprepared("ALTER TABLE deeds DROP COLUMN place").await.map(drop)
    }
}

async fn open<M: MigratorTrait>(place: &DatabaseUrl) -> Result<Database, OpenError> {
    Database::open::<M>(place, 2, &TestDatabase::sealer()).await
}

/// What opening is refused with, in words.
async fn refused<M: MigratorTrait>(place: &DatabaseUrl) -> String {
    match open::<M>(place).await {
        Err(OpenError::Schema { source, .. }) => source.to_string(),
        other => panic!("{other:?}"),
    }
}

fn step(name: &str, applied: bool) -> Migration {
    Migration { name: name.to_owned(), applied }
}

#[tokio::test]
async fn a_schema_that_is_behind_or_ahead_is_refused_with_what_to_do() {
    let (place, _database) = fresh().await;
    let place = place.url();
    assert!(refused::<Newer>(&place).await.contains("m0002_second is missing): run `entrypass migrate up`"));
    assert_eq!(
        schema::status::<Newer>(&place).await.expect("readable"),
        [step("m0001_first", true), step("m0002_second", false)]
    );
    assert_eq!(schema::up::<Newer>(&place, &TestDatabase::sealer()).await.expect("up"), ["m0002_second"]);
    assert_eq!(schema::up::<Newer>(&place, &TestDatabase::sealer()).await.expect("nothing to do"), [""; 0]);
    open::<Newer>(&place).await.expect("the present schema");

    let ahead = refused::<Migrator>(&place).await;
    assert!(ahead.contains("m0002_second is not known here"), "{ahead}");
    assert!(matches!(
        schema::up::<Migrator>(&place, &TestDatabase::sealer()).await,
        Err(OpenError::Schema { source: SchemaError::Ahead { .. }, .. })
    ));
    assert_eq!(
        schema::down::<Newer>(&place, 1, &TestDatabase::sealer()).await.expect("down"),
        ["m0002_second"]
    );
    open::<Migrator>(&place).await.expect("the earlier schema");
}

#[tokio::test]
async fn a_database_of_another_service_is_refused() {
    let (place, _database) = fresh().await;
    let place = place.url();
    for refused in [
        refused::<Other>(&place).await,
        schema::up::<Other>(&place, &TestDatabase::sealer())
            .await
            .map_err(|error| format!("{error:?}"))
            .expect_err("refused"),
    ] {
        assert!(refused.contains("seaql_migrations"), "{refused}");
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_schema_as_it_was() {
    let (place, database) = fresh().await;
    let place = place.url();
    let transaction = database.begin().await.expect("a transaction");
    transaction.execute_unprepared("CREATE TABLE wishes (name TEXT)").await.expect("made");
    transaction.commit().await.expect("committed");
    schema::up::<Newer>(&place, &TestDatabase::sealer()).await.expect_err("the table is there");
    assert_eq!(schema::status::<Newer>(&place).await.expect("readable")[1], step("m0002_second", false));
    let place_column = database.reader().execute_unprepared("SELECT place FROM deeds").await;
    place_column.expect_err("the first half was undone too");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_migrate_at_once_one_does_it() {
    let (place, _database) = fresh().await;
    let place = place.url();
    let sealer = TestDatabase::sealer();
    let (one, other) =
        tokio::join!(schema::up::<Newer>(&place, &sealer), schema::up::<Newer>(&place, &sealer));
    let done = [one.expect("up"), other.expect("up")].concat();
    assert_eq!(done, ["m0002_second"]);
    open::<Newer>(&place).await.expect("the present schema");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_take_a_step_back_at_once_never_take_back_two() {
    let (place, _database) = fresh().await;
    let place = place.url();
    schema::up::<Newer>(&place, &TestDatabase::sealer()).await.expect("up");
    // Both have looked when the first begins: each means the last step.
    let sealer = TestDatabase::sealer();
    let (one, other) =
        tokio::join!(schema::down::<Newer>(&place, 1, &sealer), schema::down::<Newer>(&place, 1, &sealer));
    let (done, refused): (Vec<_>, Vec<_>) = [one, other].into_iter().partition(Result::is_ok);
    let done: Vec<_> = done.into_iter().flatten().flatten().collect();
    let steps = schema::status::<Newer>(&place).await.expect("readable");
    let left = steps.iter().filter(|step| step.applied).count();
    // Unless the second looked after the first was done, and meant what it did.
    let one_after_the_other = done == ["m0002_second", "m0001_first"];
    assert!(
        one_after_the_other || (done == ["m0002_second"] && left == 1 && refused.len() == 1),
        "{done:?} {steps:?}"
    );
}

#[tokio::test]
async fn a_second_row_that_must_be_unique_is_a_violation_and_nothing_to_try_again() {
    let (_place, database) = fresh().await;
    let transaction = database.begin().await.expect("a transaction");
    act(&transaction, "deed").await.expect("done");
    let twice = act(&transaction, "deed").await.expect_err("done already");
    assert!(is_unique_violation(&twice) && !is_unavailable(&twice), "{twice:?}");
    let fresh_one = database.reader().execute_unprepared("INSERT INTO nothing VALUES (1)").await;
    let wrong = fresh_one.expect_err("no table");
    assert!(!is_unique_violation(&wrong) && !is_unavailable(&wrong), "{wrong:?}");
}

#[tokio::test]
async fn nothing_stays_of_a_transaction_that_is_dropped() {
    let (_place, database) = fresh().await;
    let transaction = database.begin().await.expect("a transaction");
    act(&transaction, "deed").await.expect("done");
    assert_eq!(deeds(&database).await, 0, "not seen before it is committed");
    drop(transaction);
    let transaction = database.begin().await.expect("a transaction");
    act(&transaction, "deed").await.expect("nothing in the way");
    transaction.commit().await.expect("committed");
    assert_eq!(deeds(&database).await, 1);
}

#[tokio::test]
async fn what_one_transaction_holds_another_waits_for() {
    let (_place, database) = fresh().await;
    let ids = [Uuid::from_u128(2), Uuid::from_u128(1)];
    let first = database.begin().await.expect("a transaction");
    hold(&first, ids).await.expect("free");
    let second = async {
        let second = database.begin().await.expect("a transaction");
        hold(&second, [ids[1]]).await.expect("free at last");
    };
    tokio::pin!(second);
    let waited = tokio::time::timeout(Duration::from_millis(50), &mut second).await;
    waited.expect_err("the first has it");
    first.commit().await.expect("committed");
    second.await;
}

#[tokio::test]
async fn a_position_moves_only_from_where_it_is() {
    let (_place, database) = fresh().await;
    let transaction = database.begin().await.expect("a transaction");
    assert_eq!(follower::position(&transaction, "changes").await, Ok(None));
    for (from, to, moved) in [
        (Some("1"), "2", false),
        (None, "1", true),
        (None, "2", false),
        (Some("1"), "2", true),
        (Some("1"), "3", false),
    ] {
        assert_eq!(follower::advance(&transaction, "changes", from, to).await, Ok(moved), "{from:?} to {to}");
    }
    assert_eq!(follower::position(&transaction, "changes").await, Ok(Some("2".to_owned())));
    assert_eq!(follower::position(&transaction, "others").await, Ok(None));
}
