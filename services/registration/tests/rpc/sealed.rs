//! What an earlier release left in the clear, and what is left of it.

use entrypass_db::{Database, schema};
use entrypass_proto::registration::v1 as pb;
use entrypass_registration::Migrator;
use entrypass_testkit::TestDatabase;
use sea_orm::{ConnectionTrait as _, Statement};
use sea_orm_migration::MigratorTrait as _;

use crate::{
    harness::{App, binding, passport},
    travellers::replacement,
};

/// Migrations before the one that seals.
const IN_THE_CLEAR: u32 = 2;

/// What the service answers about the holder of the passport `number`.
async fn shown(app: &App, number: &str) -> pb::GetRegistrationResponse {
    let request = pb::GetRegistrationRequest {
        document: Some(passport(number)),
        holder_name: "Smith Anna Maria".to_owned(),
        ..Default::default()
    };
    app.client().get_registration(request).await.expect("registered").into_inner()
}

/// The texts in the first column of what `query` finds, in order.
async fn texts(database: &Database, query: &str) -> Vec<String> {
    let query = Statement::from_string(database.reader().get_database_backend(), query);
    let rows = database.reader().query_all_raw(query).await.expect("a query");
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

/// A holder with a replaced document and a companion.
async fn visited() -> App {
    let app = App::new().await;
    let first = app.register("X0000001").await;
    let second = app.replace(replacement(&first, "X0000001", "X0000002")).await.expect("replaced");
    app.register("X0000003").await;
    app.client().bind_companion(binding(&second, "X0000003")).await.expect("bound");
    app
}

#[tokio::test]
async fn what_lay_in_the_clear_is_sealed_and_read_as_before_and_comes_back_in_the_clear() {
    let app = visited().await;
    let (holder, companion) = (shown(&app, "X0000002").await, shown(&app, "X0000003").await);
    let database = app.database().await;
    app.stop();
    let steps = u32::try_from(Migrator::migrations().len()).expect("few") - IN_THE_CLEAR;
    schema::down::<Migrator>(&app.place(), steps, &TestDatabase::sealer()).await.expect("down");

    let documents = texts(&database, "SELECT document_key FROM documents ORDER BY 1").await;
    assert_eq!(
        documents,
        ["X0000001", "X0000002", "X0000003"].map(|number| format!("PASSPORT:GBR:{number}"))
    );
    let numbers = texts(&database, "SELECT document_number || issuing_state FROM revisions ORDER BY 1").await;
    assert_eq!(numbers, ["X0000001GBR", "X0000002GBR", "X0000003GBR"]);
    let forms = texts(&database, "SELECT form FROM revisions").await;
    assert!(forms.iter().all(|form| form.starts_with('{') && form.contains("+447700900001")));
    assert_eq!(texts(&database, "SELECT display_name FROM companions").await, ["Smith Anna Maria"]);

    schema::up::<Migrator>(&app.place(), &TestDatabase::sealer()).await.expect("up");
    let after = app.another().await;
    assert_eq!(shown(&after, "X0000002").await, holder);
    assert_eq!(shown(&after, "X0000003").await, companion);
    let traveller = holder.registration.expect("a registration").traveller;
    assert_eq!(after.resolve("X0000001").await, Ok(traveller), "the earlier document");
}

#[tokio::test]
async fn nothing_stays_in_the_files_of_sqlite_that_an_earlier_release_wrote_in_the_clear() {
    let app = visited().await;
    let place = app.place();
    let Some(file) = place.file() else { return };
    app.stop();
    let folder = file.parent().expect("a folder");
    let steps = u32::try_from(Migrator::migrations().len()).expect("few") - IN_THE_CLEAR;
    let sealer = TestDatabase::sealer();
    schema::down::<Migrator>(&place, steps, &sealer).await.expect("down");
    let in_files = || {
        let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
        let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file).expect("a file")).collect();
        // Numbers as they stood beside their state: the test's own names of requests have them too.
        ["GBR:X0000001", "X0000003GBR", "+447700900001", "Smith Anna Maria", "祖庙路"]
            .map(|text| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    assert_eq!(in_files(), [true; 5], "in the clear");
    schema::up::<Migrator>(&place, &sealer).await.expect("up");
    assert_eq!(in_files(), [false; 5], "sealed");
}
