//! A write that is asked for again is answered as the first time, and done once.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use entrypass_db::{
    Database,
    answers::{AnswersError, Kept, RequestKey, forget},
};
use entrypass_testkit::TestDatabase;
use sea_orm::{ConnectionTrait as _, DbErr};
use time::{OffsetDateTime, macros::datetime};
use tokio::task::JoinSet;

use crate::{Migrator, act, deeds, fresh, number};

const NOW: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);

/// Why a deed is not done.
#[derive(Debug)]
enum Refusal {
    Reused,
    Database(DbErr),
    /// By a rule, after the deed was begun.
    Regretted,
}

impl From<AnswersError> for Refusal {
    fn from(error: AnswersError) -> Self {
        match error {
            AnswersError::Reused | AnswersError::Erased => Self::Reused,
            AnswersError::Database(error) => Self::Database(error),
        }
    }
}

fn key(rpc: &str, request_id: &str, content: &str) -> RequestKey {
    RequestKey::new("applet", rpc, request_id, &content.to_owned())
}

/// Does the deed `name` under `key`, and answers `answer`.
async fn done(database: &Database, key: &RequestKey, name: &str, answer: &str) -> Result<String, Refusal> {
    key.once(database, NOW, async |transaction| {
        act(transaction, name).await.map_err(Refusal::Database)?;
        Ok(Kept::of(answer.to_owned()))
    })
    .await
}

async fn answers(database: &Database) -> i64 {
    number(database.reader(), "SELECT count(*) FROM answers").await
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_and_is_not_done_again() {
    let (_place, database) = fresh().await;
    let key = key("Do", "r-1", "content");
    assert_eq!(key.first_answer::<String>(&database).await.expect("readable"), None);
    for later in ["first", "second", "third"] {
        assert_eq!(done(&database, &key, later, later).await.expect("answered"), "first");
    }
    let known = key.first_answer::<String>(&database).await.expect("readable");
    assert_eq!((known.as_deref(), deeds(&database).await), (Some("first"), 1));
}

#[tokio::test]
async fn a_request_id_belongs_to_one_rpc_and_one_content() {
    let (_place, database) = fresh().await;
    done(&database, &key("Do", "r-1", "content"), "deed", "done").await.expect("done");
    for other in [key("Do", "r-1", "another"), key("Undo", "r-1", "content"), key("Do", "r-1", "")] {
        let refused = done(&database, &other, "other", "other").await;
        assert!(matches!(refused, Err(Refusal::Reused)), "{refused:?}");
        let looked_up = other.first_answer::<String>(&database).await;
        assert!(matches!(looked_up, Err(AnswersError::Reused)), "{looked_up:?}");
    }
    let another = key("Do", "r-2", "content");
    assert_eq!(done(&database, &another, "another", "new").await.expect("done"), "new");
    assert_eq!(deeds(&database).await, 2);
}

#[tokio::test]
async fn a_refused_write_leaves_neither_row_nor_answer() {
    let (_place, database) = fresh().await;
    let key = key("Do", "r-1", "content");
    let refused = key.once(&database, NOW, async |transaction| {
        act(transaction, "deed").await.map_err(Refusal::Database)?;
        Err::<Kept<String>, _>(Refusal::Regretted)
    });
    assert!(matches!(refused.await, Err(Refusal::Regretted)));
    assert_eq!((deeds(&database).await, answers(&database).await), (0, 0));
    assert_eq!(done(&database, &key, "deed", "done at last").await.expect("free to try"), "done at last");
}

#[tokio::test]
async fn a_write_that_its_caller_gives_up_leaves_nothing_and_stands_in_nobodys_way() {
    let (_place, database) = fresh().await;
    let key = key("Do", "r-1", "content");
    let endless = key.once(&database, NOW, async |transaction| {
        act(transaction, "deed").await.map_err(Refusal::Database)?;
        std::future::pending::<Result<Kept<String>, Refusal>>().await
    });
    tokio::time::timeout(Duration::from_millis(20), endless).await.expect_err("given up");
    assert_eq!(done(&database, &key, "deed", "done").await.expect("done"), "done");
    assert_eq!(deeds(&database).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_at_once_one_is_done_and_all_get_its_answer() {
    static ACTS: AtomicUsize = AtomicUsize::new(0);
    let (_place, database) = fresh().await;
    let mut callers = JoinSet::new();
    for caller in 0..32 {
        let (database, key) = (database.clone(), key("Do", "r-1", "content"));
        callers.spawn(async move {
            key.once(&database, NOW, async |transaction| {
                ACTS.fetch_add(1, Ordering::SeqCst);
                act(transaction, "deed").await.map_err(Refusal::Database)?;
                Ok::<_, Refusal>(Kept::of(format!("done for {caller}")))
            })
            .await
        });
    }
    let mut answers: Vec<_> =
        callers.join_all().await.into_iter().map(|answer| answer.expect("an answer")).collect();
    answers.dedup();
    assert_eq!((answers.len(), ACTS.load(Ordering::SeqCst), deeds(&database).await), (1, 1, 1));
}

#[tokio::test]
async fn an_answer_survives_opening_the_database_again() {
    let (place, database) = fresh().await;
    let key = key("Do", "r-1", "content");
    done(&database, &key, "deed", "before").await.expect("done");
    drop(database);
    let reopened = Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer())
        .await
        .expect("the same database");
    assert_eq!(done(&reopened, &key, "deed", "after").await.expect("known"), "before");
}

#[tokio::test]
async fn what_another_caller_names_alike_is_another_request() {
    let (_place, database) = fresh().await;
    for (caller, deed) in [("applet", "first"), ("checkpoint", "second"), ("applet", "third")] {
        let key = RequestKey::new(caller, "Do", "r-1", &"content".to_owned());
        done(&database, &key, deed, caller).await.expect("done or known");
    }
    assert_eq!((deeds(&database).await, answers(&database).await), (2, 2));
}

#[tokio::test]
async fn a_request_id_that_no_engine_could_keep_has_no_answer() {
    let (_place, database) = fresh().await;
    let none = key("Do", "r\u{0}1", "content").first_answer::<String>(&database).await;
    assert_eq!(none.expect("looked for, or not at all"), None);
}

#[tokio::test]
async fn an_answer_is_forgotten_after_its_time_and_the_request_is_new_then() {
    let (_place, database) = fresh().await;
    let key = key("Do", "r-1", "content");
    done(&database, &key, "first", "first").await.expect("done");
    assert_eq!(forget(&database, NOW).await, Ok(0), "it was given at that time, not before");
    assert_eq!(done(&database, &key, "second", "second").await.expect("known"), "first");
    assert_eq!(forget(&database, NOW + time::Duration::SECOND).await, Ok(1));
    assert_eq!(done(&database, &key, "second", "second").await.expect("done"), "second");
    assert_eq!(deeds(&database).await, 2);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_a_fault_of_the_database() {
    let (_place, database) = fresh().await;
    let key = key("Do", "r-1", "content");
    done(&database, &key, "deed", "done").await.expect("done");
    let transaction = database.begin().await.expect("a transaction");
    transaction
        .execute_unprepared("UPDATE answers SET sealed = substr(sealed, 1, 40)")
        .await
        .expect("damaged");
    transaction.commit().await.expect("committed");
    let unreadable = done(&database, &key, "again", "again").await;
    let Err(Refusal::Database(error)) = unreadable else { panic!("{unreadable:?}") };
    assert!(error.to_string().contains("stored answer"), "{error}");
    assert_eq!(deeds(&database).await, 1);
}
