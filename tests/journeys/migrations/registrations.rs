//! What the steps since the sealing ones make of the rows of registrations: consent to bonds, corrections, and what checkpoints have seen.

use entrypass_db::{Database, schema};
use entrypass_testkit::TestDatabase;
use sea_orm_migration::sea_orm::{ConnectionTrait as _, Statement, TryGetable, Value};

use super::{
    back_before,
    first_release::{Row, are_there, id, row, write},
    one_step_up, present,
};

/// When every row was made.
const MADE: i64 = 1_000;
const DAY: i64 = 86_400_000_000;

/// The first column of what `query` finds.
async fn column<T: TryGetable>(database: &Database, query: &str) -> Vec<T> {
    let query = Statement::from_string(database.reader().get_database_backend(), query);
    let rows = database.reader().query_all_raw(query).await.expect("rows");
    rows.iter().map(|row| row.try_get_by_index(0).expect("a value")).collect()
}

async fn execute(database: &Database, statement: &str) {
    let transaction = database.begin().await.expect("a transaction");
    transaction.execute_unprepared(statement).await.expect("done");
    transaction.commit().await.expect("committed");
}

/// The present schema of the registration service, on rows that came from further back.
async fn up_again(place: &TestDatabase) {
    let sealer = TestDatabase::sealer();
    schema::up::<entrypass_registration::Migrator>(&place.url(), &sealer).await.expect("made again");
}

/// A person and their registration.
fn registered(number: u128) -> [Row; 2] {
    let traveller = row("travellers", [("id", id(1, number)), ("create_time", MADE.into())]);
    let registration = row(
        "registrations",
        [
            ("id", id(2, number)),
            ("traveller_id", id(1, number)),
            ("reference", format!("FS-{number}").into()),
            ("state", "ACTIVE".into()),
            ("revision", 1_i32.into()),
            ("notice_version", "2026-11".into()),
            ("create_time", MADE.into()),
            ("update_time", MADE.into()),
            ("expire_time", DAY.into()),
        ],
    );
    [traveller, registration]
}

/// A bond as the release before consent wrote it.
fn bond(number: u128, (holder, companion): (u128, u128), state: &str) -> Row {
    row(
        "companions",
        [
            ("id", id(3, number)),
            ("holder_id", id(2, holder)),
            ("companion_id", id(2, companion)),
            ("relationship", "RELATIVE".into()),
            ("state", state.into()),
            ("sealed_name", vec![7_u8; 40].into()),
            ("create_time", MADE.into()),
        ],
    )
}

/// A revision, with what else it has.
fn revision(number: i32, kind: &str, more: Option<(&'static str, Value)>) -> Row {
    let columns = [
        ("registration_id", id(2, 1)),
        ("revision", number.into()),
        ("kind", kind.into()),
        ("changed_paths", "birth_date".into()),
        ("document_type", "PASSPORT".into()),
        ("form_version", 1_i32.into()),
        ("sealed", vec![8_u8; 40].into()),
        ("create_time", MADE.into()),
    ];
    Row { table: "revisions", columns: columns.into_iter().chain(more).collect() }
}

/// What the feed tells of a revision.
fn change(number: i32, kind: &str) -> Row {
    row(
        "changes",
        [
            ("registration_id", id(2, 1)),
            ("traveller_id", id(1, 1)),
            ("kind", kind.into()),
            ("revision", number.into()),
            ("state", "ACTIVE".into()),
            ("expire_time", DAY.into()),
            ("create_time", MADE.into()),
        ],
    )
}

#[tokio::test]
async fn a_bond_that_waits_since_before_there_were_codes_ends_a_day_after_it_was_made() {
    let (place, database) = present::<entrypass_registration::Migrator>("registration").await;
    back_before::<entrypass_registration::Migrator>(&place, "m0007_bonds").await;
    let people: Vec<_> = (1..=2).flat_map(registered).collect();
    let bonds = [bond(1, (1, 2), "PENDING"), bond(2, (2, 1), "CONFIRMED")];
    write(&database, &people).await;
    write(&database, &bonds).await;

    one_step_up::<entrypass_registration::Migrator>(&place).await;
    are_there(&database, &bonds).await;
    let ends = "SELECT confirmation_expire_time FROM companions ORDER BY id";
    assert_eq!(column::<Option<i64>>(&database, ends).await, [Some(MADE + DAY), None]);
    let declared = "SELECT guardian_declare_time FROM companions ORDER BY id";
    assert_eq!(column::<Option<i64>>(&database, declared).await, [None, None], "nobody declared anything");

    // With what this release writes, back and again.
    execute(&database, "UPDATE companions SET guardian_declare_time = 5, confirmation_expire_time = 9").await;
    back_before::<entrypass_registration::Migrator>(&place, "m0007_bonds").await;
    are_there(&database, &people).await;
    are_there(&database, &bonds).await;
    up_again(&place).await;
    assert_eq!(column::<Option<i64>>(&database, ends).await, [Some(MADE + DAY), None]);
    are_there(&database, &bonds).await;
}

#[tokio::test]
async fn what_was_corrected_is_an_amendment_to_the_release_before_and_stays_one() {
    let (place, database) = present::<entrypass_registration::Migrator>("registration").await;
    let reason = ("sealed_reason", vec![9_u8; 40].into());
    let correction = row(
        "corrections",
        [
            ("id", id(4, 1)),
            ("registration_id", id(2, 1)),
            ("state", "APPROVED".into()),
            ("changed_paths", "birth_date".into()),
            ("sealed", vec![6_u8; 40].into()),
            ("create_time", MADE.into()),
            ("end_time", MADE.into()),
            ("revision", 2_i32.into()),
        ],
    );
    write(&database, &registered(1)).await;
    write(&database, &[revision(1, "REGISTERED", None), revision(2, "CORRECTED", Some(reason))]).await;
    write(&database, &[change(1, "REGISTERED"), change(2, "CORRECTED"), correction]).await;

    back_before::<entrypass_registration::Migrator>(&place, "m0008_corrections").await;
    let known = [
        revision(1, "REGISTERED", None),
        revision(2, "AMENDED", None),
        change(1, "REGISTERED"),
        change(2, "AMENDED"),
    ];
    are_there(&database, &known).await;
    up_again(&place).await;
    are_there(&database, &known).await;
    let reasons = "SELECT sealed_reason FROM revisions ORDER BY revision";
    assert_eq!(column::<Option<Vec<u8>>>(&database, reasons).await, [None, None]);
    assert_eq!(column::<i64>(&database, "SELECT count(*) FROM corrections").await, [0]);
}

#[tokio::test]
async fn of_registrations_from_before_no_checkpoint_has_seen_anything() {
    let (place, database) = present::<entrypass_registration::Migrator>("registration").await;
    back_before::<entrypass_registration::Migrator>(&place, "m0009_verified").await;
    write(&database, &registered(1)).await;
    let seen = "SELECT verified_time FROM registrations";
    for _ in 0..2 {
        up_again(&place).await;
        assert_eq!(column::<Option<i64>>(&database, seen).await, [None]);
        execute(&database, "UPDATE registrations SET verified_time = 7").await;
        assert_eq!(column::<Option<i64>>(&database, seen).await, [Some(7)]);
        back_before::<entrypass_registration::Migrator>(&place, "m0009_verified").await;
        are_there(&database, &registered(1)).await;
    }
}

#[tokio::test]
async fn what_nobody_was_told_of_goes_with_its_table_and_codes_stay() {
    let (place, database) = present::<entrypass_qr::Migrator>("qr").await;
    let code = row(
        "codes",
        [
            ("id", id(5, 1)),
            ("registration_id", id(2, 1)),
            ("revision", 1_i32.into()),
            ("state", "ACTIVE".into()),
            ("create_time", MADE.into()),
        ],
    );
    let first = row("first_verifications", [("registration_id", id(2, 1)), ("verified_time", MADE.into())]);
    let rows = [code, first];
    write(&database, &rows).await;
    are_there(&database, &rows).await;
    back_before::<entrypass_qr::Migrator>(&place, "m0009_first_verifications").await;
    are_there(&database, &rows[..1]).await;
    one_step_up::<entrypass_qr::Migrator>(&place).await;
    are_there(&database, &rows[..1]).await;
    assert_eq!(column::<i64>(&database, "SELECT count(*) FROM first_verifications").await, [0]);
    write(&database, &rows[1..]).await;
}
