//! How a database file is made, opened and protected, and what its errors mean.

use std::{error::Error as _, fs, os::unix::fs::PermissionsExt as _, path::Path};

use entrypass_db::{Database, OpenError, is_unavailable, is_unique_violation};
use sea_orm::{
    ConnAcquireErr, ConnectOptions, ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, RuntimeErr,
    Statement, TransactionTrait as _,
};

use crate::{act, deeds, number, open};

/// Connections for reading that a [`Database`] has.
const READERS: usize = 4;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// A connection as another process has it, that waits for no lock.
async fn another_process(path: &Path) -> DatabaseConnection {
    let mut options = ConnectOptions::new(format!("sqlite:{}", path.display()));
    let connection = sea_orm::Database::connect(options.max_connections(1).to_owned());
    let connection = connection.await.expect("a connection");
    connection.execute_unprepared("PRAGMA busy_timeout = 0").await.expect("set");
    connection
}

#[tokio::test]
async fn nobody_but_its_owner_reads_the_file_or_its_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let _database = open(&folder.path().join("private.sqlite3")).await.expect("a fresh database");
    for name in ["private.sqlite3", "private.sqlite3-wal", "private.sqlite3-shm"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn every_connection_is_durable_and_keeps_foreign_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = open(&folder.path().join("settings.sqlite3")).await.expect("a fresh database");
    let mut connections = vec![database.begin().await.expect("the writer")];
    for _ in 0..READERS {
        connections.push(database.reader().begin().await.expect("a reader"));
    }
    for connection in &connections {
        let journal = Statement::from_string(DbBackend::Sqlite, "PRAGMA journal_mode");
        let journal = connection.query_one_raw(journal).await.expect("a pragma").expect("a row");
        assert_eq!(journal.try_get_by_index::<String>(0).expect("a text"), "wal");
        for (pragma, expected) in [("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)] {
            assert_eq!(number(connection, &format!("PRAGMA {pragma}")).await, expected, "{pragma}");
        }
    }
}

#[tokio::test]
async fn a_path_may_have_any_character() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("入境 登记?mode=ro&x=%20#1.sqlite3");
    let database = open(&path).await.expect("a fresh database");
    let transaction = database.begin().await.expect("a transaction");
    act(&transaction, "deed").await.expect("done");
    transaction.commit().await.expect("committed");
    assert!(path.is_file());
    drop(database);
    let reopened = open(&path).await.expect("the same database");
    assert_eq!(deeds(&reopened).await, 1);
    let beside = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").path());
    for file in beside {
        assert!(file.to_string_lossy().starts_with(&*path.to_string_lossy()), "{}", file.display());
    }
}

#[tokio::test]
async fn what_is_no_database_is_told_with_its_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.txt");
    fs::write(&text, "These are notes, and no database at all. ".repeat(200)).expect("written");
    let error = open(&text).await.expect_err("notes");
    assert!(
        matches!(&error, OpenError::Connect { place, .. } if place.to_string().ends_with("notes.txt")),
        "{error:?}"
    );
    assert!(error.source().is_some(), "it says why");
    let untouched = fs::read_to_string(&text).expect("still there");
    assert!(untouched.starts_with("These are notes"));

    for wrong in [folder.path().to_owned(), folder.path().join("missing/entry.sqlite3")] {
        let error = open(&wrong).await.expect_err("no place for a file");
        assert!(matches!(error, OpenError::Create { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_reader_sees_what_was_committed_beside_an_open_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = open(&folder.path().join("beside.sqlite3")).await.expect("a fresh database");
    let transaction = database.begin().await.expect("a transaction");
    act(&transaction, "deed").await.expect("done");
    assert_eq!(deeds(&database).await, 0);
    transaction.commit().await.expect("committed");
    assert_eq!(deeds(&database).await, 1);
}

#[tokio::test]
async fn a_lock_that_is_held_and_a_connection_that_is_missing_are_unavailability() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("locked.sqlite3");
    let database: Database = open(&path).await.expect("a fresh database");
    let _held = database.begin().await.expect("the lock");
    let busy = another_process(&path).await.execute_unprepared("BEGIN IMMEDIATE").await.expect_err("locked");
    let missing = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
    let closed = DbErr::Conn(RuntimeErr::Internal("closed".to_owned()));
    for error in [busy, missing, closed] {
        assert!(is_unavailable(&error) && !is_unique_violation(&error), "{error:?}");
    }
}

#[tokio::test]
async fn after_sqlite_has_ended_a_transaction_by_itself_the_next_is_one_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ended.sqlite3");
    let database = open(&path).await.expect("a fresh database");
    let transaction = database.begin().await.expect("a transaction");
    // As after an I/O error: the driver still counts a transaction that SQLite has ended, and its own ROLLBACK fails.
    transaction.execute_unprepared("ROLLBACK").await.expect("ended");
    drop(transaction);

    let next = database.begin().await.expect("a transaction");
    let another_process = another_process(&path).await;
    another_process
        .execute_unprepared("BEGIN IMMEDIATE")
        .await
        .expect_err("no savepoint, which would hold no lock");
    act(&next, "deed").await.expect("done");
    next.commit().await.expect("committed");
    assert_eq!(deeds(&database).await, 1);
}
