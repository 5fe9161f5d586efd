//! Connections to one service's database.

use std::{
    fmt, fs::OpenOptions, io, os::unix::fs::OpenOptionsExt as _, path::Path, sync::Arc, time::Duration,
};

use entrypass_seal::Sealer;
use sea_orm::{
    ConnAcquireErr, ConnectOptions, ConnectionTrait as _, Database as SeaOrm, DatabaseConnection,
    DatabaseTransaction, DbBackend, DbErr, QueryResult, RuntimeErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait as _,
    sqlx::{
        self, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, postgres::PgConnectOptions,
        sqlite,
    },
};
use sea_orm_migration::MigratorTrait;
use thiserror::Error;
use uuid::Uuid;

use crate::{
    DatabaseUrl,
    schema::{self, SchemaError},
    url::Place,
};

/// Connections for reading: SQLite in WAL mode reads beside its one writer.
const SQLITE_READERS: u32 = 4;
/// How long SQLite's one writer or another process's lock is waited for before the database counts as busy.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection to PostgreSQL is waited for before it counts as unavailable. A server that is down refuses at once, and is asked again for
/// so long; a caller must still be told in time.
const POSTGRES_PATIENCE: Duration = Duration::from_secs(2);
/// A connection that has rested longer is tried before it is used: the server may have been restarted since.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// What every session on PostgreSQL is told. A copy that was stopped in the middle of a transaction must not hold its locks for ever,
/// and no statement of ours has a reason to run longer than the longest call.
const SESSION: [(&str, &str); 4] = [
    ("idle_in_transaction_session_timeout", "10s"),
    ("lock_timeout", "5s"),
    ("statement_timeout", "60s"),
    // A statement has one text, or a few, whatever its lists hold (`lists.rs`), and one plan for each: left alone, the server plans a statement of arrays anew each time
    // it finds that cheaper than the list of unknown length that the one plan is for.
    ("plan_cache_mode", "force_generic_plan"),
];

/// One service's database, and the keys under which it keeps personal data.
#[derive(Debug, Clone)]
pub struct Database {
    connections: Connections,
    sealer: Sealer,
}

/// Connections to a database, whatever is in it.
///
/// On SQLite reads and writes take different ones: it has one writer at a time, and a queue in front of a single
/// connection is fair and cheap where several connections would poll for its lock. PostgreSQL has one pool for both.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    watch: Option<Watch>,
}

/// Is told the SQL of each statement.
#[derive(Clone)]
struct Watch(Arc<dyn Fn(&str) + Send + Sync>);

/// Why a database could not be opened. Prints where, without the password.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file cannot be made.
    #[error("cannot make the database {place}")]
    Create {
        /// The database.
        place: DatabaseUrl,
        /// What the system says.
        source: io::Error,
    },
    /// There is no such file.
    #[error("there is no database {place}")]
    Missing {
        /// The database.
        place: DatabaseUrl,
    },
    /// No connection: a wrong address, password or path, a missing right, a file that is no database.
    #[error("cannot open the database {place}")]
    Connect {
        /// The database.
        place: DatabaseUrl,
        /// What the driver says.
        source: DbErr,
    },
    /// The schema is not the one that this program works on.
    #[error("cannot use the database {place}")]
    Schema {
        /// The database.
        place: DatabaseUrl,
        /// What is wrong with it.
        source: SchemaError,
    },
}

impl Database {
    /// Opens the database at `place` for the service whose schema is `M`, on PostgreSQL with at most `connections`. What stands sealed in it is
    /// sealed and opened with `sealer`.
    ///
    /// SQLite: WAL journal, `synchronous=FULL` (what is acknowledged survives a power cut), foreign keys on. A file without any table is
    /// brought to the current schema at once; every other database must have it already.
    ///
    /// # Errors
    /// When it cannot be reached, or its schema is behind, ahead, or another service's.
    pub async fn open<M: MigratorTrait>(
        place: &DatabaseUrl,
        connections: u32,
        sealer: &Sealer,
    ) -> Result<Self, OpenError> {
        let connections = Connections::open(place, connections).await?;
        let schema = |source| OpenError::Schema { place: place.clone(), source };
        if matches!(place.0, Place::Sqlite(_)) && schema::is_empty(&connections).await.map_err(schema)? {
            schema::apply::<M>(&connections, u32::MAX, sealer).await.map_err(schema)?;
        }
        schema::check::<M>(&connections).await.map_err(schema)?;
        Ok(Self { connections, sealer: sealer.clone() })
    }

    /// The connections for statements that only read.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.connections.reader
    }

    /// The connections for one statement that writes and is all that there is to write: it needs no transaction around it, which would be two
    /// more round trips.
    #[must_use]
    pub fn writer(&self) -> &DatabaseConnection {
        &self.connections.writer
    }

    /// The rows that `read` finds when no other transaction holds `id` (see [`hold`]), with everything that those wrote that held it before: for
    /// what is judged in turn and mostly found good, so that nothing is to be written. In one round trip.
    ///
    /// On PostgreSQL what `read` binds is written into its text, since only a statement without parameters can follow another in one
    /// message. Two statements and not one: what a statement sees it sees as of its beginning, before it has waited for the lock. On
    /// SQLite the read waits in the queue of those who write.
    ///
    /// # Errors
    /// When the lock or a connection cannot be had in time, or the database fails.
    pub async fn read_in_turn(&self, id: Uuid, read: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if self.backend() != DbBackend::Postgres {
            return self.connections.writer.query_all_raw(read).await;
        }
        let both = format!("SELECT pg_advisory_xact_lock({}); {read}", lock_key(id));
        self.connections.told(&both);
        let rows = self.postgres_pool().fetch_all(sqlx::raw_sql(AssertSqlSafe(both))).await;
        let rows = rows.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))?;
        // The first is the lock's.
        Ok(rows.into_iter().skip(1).map(QueryResult::from).collect())
    }

    /// The same database, where `watch` is told the SQL of each statement that goes through this value, and `BEGIN`; what is bound it is not told. For
    /// tests that count statements.
    #[must_use]
    pub fn watched(mut self, watch: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let watch: Arc<dyn Fn(&str) + Send + Sync> = Arc::new(watch);
        let Connections { reader, writer, .. } = &mut self.connections;
        for connection in [reader, writer] {
            let watch = Arc::clone(&watch);
            connection.set_metric_callback(move |info| watch(&info.statement.sql));
        }
        self.connections.watch = Some(Watch(watch));
        self
    }

    /// What `act` does in a transaction, which is committed behind it; nothing is written when it fails, or takes longer than `patience`. For what is
    /// done for several callers at once: somebody else's lock must not hold up those whom it is no concern of.
    ///
    /// # Errors
    /// Those of `act`; that the database is unavailable, when that takes too long, or commit or connection cannot be had.
    pub async fn commit_within<T, E: From<DbErr>>(
        &self,
        patience: Duration,
        act: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.begin().await?;
        let done = tokio::time::timeout(patience, act(&transaction)).await;
        let done = done.map_err(|_elapsed| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))??;
        transaction.commit().await?;
        Ok(done)
    }

    /// Seals what is written here and opens what is read.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Begins a transaction that may write.
    ///
    /// On SQLite it holds the write lock from its first moment (`BEGIN IMMEDIATE`), so that what it reads cannot change before it
    /// writes. On PostgreSQL it is READ COMMITTED: each statement sees what was committed before it, and what must not change under it
    /// is locked by the row, by [`hold`], or by a constraint.
    ///
    /// # Errors
    /// When the lock or a connection cannot be had in time.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.connections.begin().await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// What the driver says when it does not.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.reader().execute_unprepared("SELECT 1").await.map(drop)
    }

    /// The engine.
    pub(crate) fn backend(&self) -> DbBackend {
        self.connections.backend()
    }

    /// The pool of a database on PostgreSQL.
    pub(crate) fn postgres_pool(&self) -> &sqlx::PgPool {
        self.connections.writer.get_postgres_connection_pool()
    }
}

impl Connections {
    /// Opens the database at `place`.
    pub(crate) async fn open(place: &DatabaseUrl, connections: u32) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Connect { place: place.clone(), source };
        match &place.0 {
            Place::Sqlite(path) => {
                make_private(path).map_err(|source| OpenError::Create { place: place.clone(), source })?;
                let writer = SeaOrm::connect(sqlite_options(path, 1)).await.map_err(failed)?;
                let reader = SeaOrm::connect(sqlite_options(path, SQLITE_READERS)).await.map_err(failed)?;
                Ok(Self { reader, writer, watch: None })
            }
            Place::Postgres { url, options } => {
                greet(options)
                    .await
                    .map_err(|error| failed(DbErr::Conn(RuntimeErr::SqlxError(error.into()))))?;
                let pool = SeaOrm::connect(postgres_options(url, connections)).await.map_err(failed)?;
                Ok(Self { reader: pool.clone(), writer: pool, watch: None })
            }
        }
    }

    /// Those for statements that only read.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// As [`Database::begin`].
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.told("BEGIN");
        if self.backend() == DbBackend::Postgres {
            return self.writer.begin().await;
        }
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await
    }

    /// Makes that what was removed so far is in a SQLite file and its journal no longer, also when an earlier release removed it. PostgreSQL
    /// has removed the file of a table with the table.
    pub(crate) async fn forget_removed(&self) -> Result<(), DbErr> {
        if self.backend() == DbBackend::Sqlite {
            self.writer.execute_unprepared("VACUUM").await?;
            self.writer.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        }
        Ok(())
    }

    fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Tells whoever watches of a statement of which sea-orm does not.
    fn told(&self, sql: &str) {
        if let Some(Watch(watch)) = &self.watch {
            watch(sql);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

/// Waits until no other transaction holds any of `ids`, and holds them to the end of this one: the lock for what has no row yet.
///
/// PostgreSQL's advisory locks, keyed by the lower half of an id, which is random; two ids that share it only wait for each other. On
/// SQLite nothing is needed: it has one writer.
///
/// # Errors
/// When the lock cannot be had in time.
pub async fn hold(
    transaction: &DatabaseTransaction,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<(), DbErr> {
    if transaction.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let mut keys: Vec<_> = ids.into_iter().map(|id| lock_key(id).to_string()).collect();
    // In one order for everybody, so that two transactions never wait for each other.
    keys.sort_unstable();
    let keys = keys.join(", ");
    let lock = format!("SELECT pg_advisory_xact_lock(key) FROM unnest(ARRAY[{keys}]::bigint[]) AS key");
    transaction.execute_unprepared(&lock).await.map(drop)
}

/// Under which number PostgreSQL locks `id`.
fn lock_key(id: Uuid) -> i64 {
    id.as_u64_pair().1.cast_signed()
}

/// Makes the file before SQLite would, which asks nobody who may read it. Its journals get the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).map(drop)
}

/// Connects once. The pool would try a refused connection again until its patience ends, and then not say what was wrong.
async fn greet(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let connection = tokio::time::timeout(PATIENCE, options.clone().connect()).await;
    connection.map_err(|_| sqlx::Error::Io(io::ErrorKind::TimedOut.into()))??.close().await
}

fn sqlite_options(path: &Path, connections: u32) -> ConnectOptions {
    let file = path.to_owned();
    let mut options = options("sqlite:", connections);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            // The path is set here and not in a URL, so that any character may stand in it.
            .filename(&file)
            .journal_mode(sqlite::SqliteJournalMode::Wal)
            .synchronous(sqlite::SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .foreign_keys(true)
            // What is removed is overwritten, and does not lie in free pages until they are used again.
            .pragma("secure_delete", "ON")
            .statement_cache_capacity(256)
    });
    // After an I/O error SQLite has ended a transaction by itself, or cannot end it, and the driver's ROLLBACK fails: it goes on counting
    // that transaction, takes the next for one inside it, and "commits" it without any effect. Such a connection is closed.
    options.map_sqlx_sqlite_before_acquire(|connection, _| {
        let clean = !connection.is_in_transaction();
        Box::pin(async move { Ok(clean) })
    });
    options
}

fn postgres_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = options(url, connections);
    options.acquire_timeout(POSTGRES_PATIENCE).test_before_acquire_if_idle_for(TRUSTED_FOR);
    options.map_sqlx_postgres_opts(|postgres| postgres.options(SESSION));
    options
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    // Statements would be logged with what they bind only at a debug level of sqlx; no level shall do that.
    options.max_connections(connections).min_connections(1).acquire_timeout(PATIENCE).sqlx_logging(false);
    options
}
