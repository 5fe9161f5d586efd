//! What of a first answer lies in the database: nothing readable, nothing that could be put in another's place, and nothing after an erasure.

use entrypass_ambient::{SeededRandom, SystemRandom};
use entrypass_db::{
    Database, RowsUnder,
    answers::{self, AnswersError, Kept, RequestKey},
    schema,
};
use entrypass_seal::Purpose;
use entrypass_testkit::TestDatabase;
use sea_orm::{ConnectionTrait as _, DbErr, Statement};
use sea_orm_migration::prelude::{
    DynIden, IntoIden as _, MigrationName, MigrationTrait, MigratorTrait, SchemaManager,
    async_trait::async_trait,
};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::{fresh, number};

const NOW: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);
const PERSON: Uuid = Uuid::from_u128(7);

fn key(caller: &str, request_id: &str) -> RequestKey {
    RequestKey::new(caller, "Do", request_id, &"content".to_owned())
}

async fn kept(database: &Database, key: &RequestKey, kept: Kept<String>) -> Result<String, AnswersError> {
    key.once(database, NOW, async |_| Ok::<_, AnswersError>(kept)).await
}

async fn known(database: &Database, key: &RequestKey) -> Result<Option<String>, AnswersError> {
    key.first_answer(database).await
}

async fn executed(database: &Database, statement: &str) {
    let transaction = database.begin().await.expect("a transaction");
    transaction.execute_unprepared(statement).await.expect(statement);
    transaction.commit().await.expect("committed");
}

async fn bytes(database: &Database, query: &str) -> Vec<u8> {
    let statement = Statement::from_string(database.reader().get_database_backend(), query);
    let row = database.reader().query_one_raw(statement).await.expect("a query").expect("a row");
    row.try_get_by_index(0).expect("bytes")
}

#[tokio::test]
async fn nothing_of_an_answer_can_be_read() {
    let (_place, database) = fresh().await;
    kept(&database, &key("applet", "r-1"), Kept::of("ERIKSSON".repeat(9))).await.expect("kept");
    let sealed = bytes(&database, "SELECT sealed FROM answers").await;
    assert!(!sealed.windows(4).any(|part| b"ERIKSSON".windows(4).any(|word| word == part)));
}

#[tokio::test]
async fn an_answer_in_anothers_place_is_no_answer() {
    let (_place, database) = fresh().await;
    for caller in ["applet", "kiosk"] {
        kept(&database, &key(caller, "r-1"), Kept::of(caller.to_owned())).await.expect("kept");
    }
    executed(&database, "UPDATE answers SET sealed = (SELECT sealed FROM answers WHERE caller = 'applet')")
        .await;
    assert_eq!(known(&database, &key("applet", "r-1")).await.expect("its own").as_deref(), Some("applet"));
    let moved = known(&database, &key("kiosk", "r-1")).await;
    let Err(AnswersError::Database(error)) = moved else { panic!("{moved:?}") };
    assert!(error.to_string().contains("moved from another place"), "{error}");
}

#[tokio::test]
async fn after_an_erasure_a_repetition_is_told_so_and_others_are_answered() {
    let (_place, database) = fresh().await;
    let (theirs, anothers, nobodys) = (key("applet", "r-1"), key("applet", "r-2"), key("applet", "r-3"));
    for (key, what) in [
        (&theirs, Kept::about(PERSON, "theirs".to_owned())),
        (&anothers, Kept::about(Uuid::from_u128(8), "another's".to_owned())),
        (&nobodys, Kept::of("nobody's".to_owned())),
    ] {
        kept(&database, key, what).await.expect("kept");
    }
    let transaction = database.begin().await.expect("a transaction");
    answers::erase(&transaction, PERSON).await.expect("erased");
    transaction.commit().await.expect("committed");

    assert!(matches!(known(&database, &theirs).await, Err(AnswersError::Erased)));
    let again = kept(&database, &theirs, Kept::of("done anew".to_owned())).await;
    assert!(matches!(again, Err(AnswersError::Erased)), "{again:?}");
    for (key, answer) in [(&anothers, "another's"), (&nobodys, "nobody's")] {
        assert_eq!(known(&database, key).await.expect("known").as_deref(), Some(answer));
    }
    assert_eq!(number(database.reader(), "SELECT count(*) FROM answers WHERE sealed IS NULL").await, 1);
    assert_eq!(
        answers::forget(&database, NOW + time::Duration::SECOND).await,
        Ok(3),
        "it is forgotten like others"
    );
}

#[tokio::test]
async fn answers_come_under_the_next_key_in_batches_and_stay_readable() {
    let (_place, database) = fresh().await;
    let ring = database.sealer().ring();
    let old = ring.keys().in_use(Purpose::Encryption);
    for request in 0..7 {
        let what =
            if request == 6 { Kept::about(PERSON, "6".to_owned()) } else { Kept::of(request.to_string()) };
        kept(&database, &key("applet", &request.to_string()), what).await.expect("kept");
    }
    let transaction = database.begin().await.expect("a transaction");
    answers::erase(&transaction, PERSON).await.expect("erased");
    transaction.commit().await.expect("committed");
    assert_eq!(answers::reseal(&database, 4).await, Ok(0), "all are under the key in use");

    let (keys, new) = ring.keys().with_new(Purpose::Encryption, &SeededRandom::new(1));
    ring.replace(keys.with_newest_in_use(Purpose::Encryption));
    let under = |key, rows| RowsUnder { purpose: Purpose::Encryption, key, rows };
    assert_eq!(answers::under_keys(&database).await, Ok(vec![under(old, 6)]));
    assert_eq!(answers::reseal(&database, 4).await, Ok(4));
    let mut halfway = answers::under_keys(&database).await.expect("counted");
    halfway.sort_by_key(|under| under.rows);
    assert_eq!(halfway, [under(old, 2), under(new, 4)]);
    assert_eq!((answers::reseal(&database, 4).await, answers::reseal(&database, 4).await), (Ok(2), Ok(0)));

    ring.replace(ring.keys().without(Purpose::Encryption, old).expect("it is not in use"));
    for request in 0..6 {
        let text = request.to_string();
        assert_eq!(known(&database, &key("applet", &text)).await.expect("readable"), Some(text));
    }
}

#[tokio::test]
async fn without_its_key_an_answer_says_which_is_missing() {
    let (_place, database) = fresh().await;
    kept(&database, &key("applet", "r-1"), Kept::of("answer".to_owned())).await.expect("kept");
    let old = database.sealer().keys().in_use(Purpose::Encryption);
    database.sealer().ring().replace(entrypass_seal::Keys::generate(&SystemRandom));
    let unreadable = known(&database, &key("applet", "r-1")).await;
    let Err(AnswersError::Database(error)) = unreadable else { panic!("{unreadable:?}") };
    assert!(error.to_string().contains(&old.to_string()), "{error}");
}

/// The answers in their second shape, and then in their third.
struct Sealing;
struct InClear;
struct Sealed;

#[async_trait]
impl MigratorTrait for Sealing {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(InClear), Box::new(Sealed)]
    }

    fn migration_table_name() -> DynIden {
        "sealing_migrations".into_iden()
    }
}

impl MigrationName for InClear {
    fn name(&self) -> &'static str {
        "m0001_in_clear"
    }
}

impl MigrationName for Sealed {
    fn name(&self) -> &'static str {
        "m0002_sealed"
    }
}

#[async_trait]
impl MigrationTrait for InClear {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(answers::create_table()).await?;
        answers::add_caller(manager).await
    }
}

#[async_trait]
impl MigrationTrait for Sealed {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        answers::seal(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        answers::unseal(manager).await
    }
}

/// More than are sealed at once, with names that differ in their parts alone.
#[tokio::test]
async fn what_was_kept_in_the_clear_is_sealed_and_can_be_taken_back() {
    let place = TestDatabase::migrated::<Sealing>("sealing").await;
    let sealer = TestDatabase::sealer();
    let database = Database::open::<Sealing>(&place.url(), 2, &sealer).await.expect("the schema");
    for request in 0..1203 {
        let key = key(["a", "ab", "b"][request % 3], &format!("b{}", request / 3));
        kept(&database, &key, Kept::of(request.to_string())).await.expect("kept");
    }
    let erased = key("gone", "gone");
    kept(&database, &erased, Kept::about(PERSON, "gone".to_owned())).await.expect("kept");
    let transaction = database.begin().await.expect("a transaction");
    answers::erase(&transaction, PERSON).await.expect("erased");
    transaction.commit().await.expect("committed");

    schema::down::<Sealing>(&place.url(), 1, &sealer).await.expect("down");
    let clear =
        "SELECT count(*) FROM answers WHERE length(digest) = 32 AND length(answer) > 0 AND create_time > 0";
    assert_eq!(number(database.reader(), clear).await, 1203);
    assert_eq!(
        number(database.reader(), "SELECT count(*) FROM answers").await,
        1203,
        "there is no place for the erased"
    );
    let one = "SELECT answer FROM answers WHERE caller = 'ab' AND request_id = 'b1'";
    assert_eq!(bytes(&database, one).await, prost::Message::encode_to_vec(&"4".to_owned()));

    schema::up::<Sealing>(&place.url(), &sealer).await.expect("up");
    for request in 0..1203 {
        let key = key(["a", "ab", "b"][request % 3], &format!("b{}", request / 3));
        assert_eq!(known(&database, &key).await.expect("readable"), Some(request.to_string()));
    }
    assert_eq!(known(&database, &erased).await.expect("readable"), None);
}

#[tokio::test]
async fn a_migration_that_seals_wants_keys() {
    let place = TestDatabase::new("sealing").await;
    let sealer = TestDatabase::sealer();
    schema::up::<Sealing>(&place.url(), &sealer).await.expect("up");
    let database = Database::open::<Sealing>(&place.url(), 2, &sealer).await.expect("the schema");
    let transaction = database.begin().await.expect("a transaction");
    let alone = Sealing::down(&transaction, Some(1)).await.expect_err("no keys");
    assert!(alone.to_string().contains("no keys to seal with"), "{alone}");
}
