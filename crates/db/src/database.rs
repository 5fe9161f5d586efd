//! Connections to one service's database.

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use sea_orm::{
    ConnectOptions, Database as SeaOrm, DatabaseConnection, DatabaseTransaction, DbErr, SqlErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _, sqlx::sqlite,
};
use sea_orm_migration::MigratorTrait;
use thiserror::Error;

/// Connections for reading: SQLite in WAL mode reads beside its one writer.
const READERS: u32 = 4;
/// How long a statement waits for another process's lock before it is refused as busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// One service's database.
///
/// Reads and writes take different connections: SQLite has one writer at a time, and a queue in front of a single
/// connection is fair and cheap where several connections would poll for its lock.
#[derive(Debug, Clone)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
}

/// Why a database could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file cannot be made.
    #[error("cannot make the database {path}")]
    Create {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// No connection: a wrong path, a missing right, a file that is no database.
    #[error("cannot open the database {path}")]
    Connect {
        /// The file.
        path: String,
        /// What the driver says.
        source: DbErr,
    },
    /// The schema could not be brought up to date.
    #[error("cannot migrate the database {path}")]
    Migrate {
        /// The file.
        path: String,
        /// What the driver says.
        source: DbErr,
    },
}

impl Database {
    /// Opens the SQLite file `path`, makes it when missing, and applies the migrations of `M`.
    ///
    /// WAL journal, `synchronous=FULL` (what is acknowledged survives a power cut), foreign keys on.
    ///
    /// # Errors
    /// When the file cannot be opened or migrated.
    pub async fn open_sqlite<M: MigratorTrait>(path: &Path) -> Result<Self, OpenError> {
        let shown = path.display().to_string();
        let connect = |source| OpenError::Connect { path: shown.clone(), source };
        make_private(path).map_err(|source| OpenError::Create { path: shown.clone(), source })?;
        let writer = SeaOrm::connect(options(path, 1)).await.map_err(connect)?;
        let migrated = M::up(&writer, None).await;
        migrated.map_err(|source| OpenError::Migrate { path: shown.clone(), source })?;
        let reader = SeaOrm::connect(options(path, READERS)).await.map_err(connect)?;
        Ok(Self { reader, writer })
    }

    /// The connections for statements that only read.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Begins a transaction that may write. It holds the write lock from its first moment (`BEGIN IMMEDIATE`), so that
    /// what it reads cannot change before it writes.
    ///
    /// # Errors
    /// When the lock cannot be had in time.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await
    }
}

/// Makes the file before SQLite would, which asks nobody who may read it. Its journals get the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).map(drop)
}

fn options(path: &Path, connections: u32) -> ConnectOptions {
    let file = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(BUSY_TIMEOUT)
        // Statements would be logged with what they bind only at a debug level of sqlx; no level shall do that.
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                // The path is set here and not in a URL, so that any character may stand in it.
                .filename(&file)
                .journal_mode(sqlite::SqliteJournalMode::Wal)
                .synchronous(sqlite::SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true)
                .statement_cache_capacity(256)
        });
    options
}

/// Whether `error` says that a unique constraint or index refused the row.
#[must_use]
pub fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether `error` says that the database cannot be reached or is busy, so that trying again later can help.
#[must_use]
pub fn is_unavailable(error: &DbErr) -> bool {
    // SQLITE_BUSY and SQLITE_LOCKED reach us as text only: "database is locked", "database table is locked".
    matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) || error.to_string().contains("is locked")
}
