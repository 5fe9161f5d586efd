//! Where the program under load keeps its rows: made for it, counted behind its back.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use sqlx::{
    AssertSqlSafe, Connection as _, Decode, PgConnection, Postgres, Sqlite, SqliteConnection, Type,
    postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};

use crate::Failure;

/// The services that have tables.
pub const SERVICES: [&str; 3] = ["registration", "qr", "epass"];
/// Those of them that follow the feed of registrations.
const FOLLOWERS: [&str; 2] = ["qr", "epass"];

/// The PostgreSQL of `tests/with-postgres`.
#[derive(Debug, Clone)]
pub struct Server {
    superuser: String,
}

/// Where one system's tables are.
#[derive(Debug, Clone)]
pub enum Store {
    /// A file for each service.
    Sqlite {
        /// Where the folders with the files are.
        folder: PathBuf,
        /// Whether each service has a folder of its own, as processes have.
        apart: bool,
    },
    /// A database of the server, with a schema for each service.
    Postgres {
        /// The server.
        server: Server,
        /// Its name there.
        database: String,
    },
}

impl Server {
    /// The server that the superuser's URL leads to.
    #[must_use]
    pub fn at(superuser: String) -> Self {
        Self { superuser }
    }

    /// The URL of `database` for `user`, or for the superuser.
    #[must_use]
    pub fn url(&self, database: &str, user: Option<&str>) -> String {
        let (scheme_and_user, place) = self.superuser.rsplit_once('@').unwrap_or_default();
        let place = place.rsplit_once('/').map_or(place, |(place, _)| place);
        match user {
            // The cluster is nobody else's, and its socket is in a folder of ours.
            Some(user) => format!("postgres://{user}:load-only@{place}/{database}"),
            None => format!("{scheme_and_user}@{place}/{database}"),
        }
    }

    /// The folder of the server's socket, with its log, and its data below.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let place = self.superuser.rsplit_once('@').map_or("", |(_, place)| place);
        PathBuf::from(place.split([':', '/']).next().unwrap_or_default().replace("%2F", "/"))
    }

    /// The process that all of the server's are children of.
    pub fn process(&self) -> Result<u32, Failure> {
        let text = std::fs::read_to_string(self.folder().join("data/postmaster.pid"))?;
        Ok(text.lines().next().unwrap_or_default().trim().parse()?)
    }

    /// A connection of the superuser.
    pub async fn connect(&self, database: &str) -> Result<PgConnection, Failure> {
        let options: PgConnectOptions = self.url(database, None).parse()?;
        Ok(PgConnection::connect_with(&options).await?)
    }

    /// Makes `database`, if it is not there, with a user and a schema for each service.
    pub async fn make(&self, database: &str) -> Result<(), Failure> {
        let mut postgres = self.connect("postgres").await?;
        let there = "SELECT count(*) FROM pg_database WHERE datname = $1";
        let there: i64 = sqlx::query_scalar(there).bind(database).fetch_one(&mut postgres).await?;
        if there > 0 {
            return Ok(());
        }
        for user in SERVICES {
            let make = format!(
                "DO $$ BEGIN CREATE ROLE {user} LOGIN PASSWORD 'load-only'; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            );
            sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut postgres).await?;
        }
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {database}"))).execute(&mut postgres).await?;
        let mut made = self.connect(database).await?;
        for user in SERVICES {
            let schema = format!("CREATE SCHEMA {user} AUTHORIZATION {user}");
            sqlx::raw_sql(AssertSqlSafe(schema)).execute(&mut made).await?;
        }
        Ok(())
    }

    /// From the next connection on the server logs every statement of the registration service.
    pub async fn log_statements(&self) -> Result<(), Failure> {
        let mut postgres = self.connect("postgres").await?;
        sqlx::raw_sql("ALTER ROLE registration SET log_statement = 'all'").execute(&mut postgres).await?;
        Ok(())
    }

    /// What the server has logged.
    pub fn log(&self) -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(&std::fs::read(self.folder().join("log"))?).into_owned())
    }

    /// What the server says of its settings that durability hangs on, to those who connect to `database`.
    pub async fn durability(&self, database: &str) -> Result<String, Failure> {
        let mut postgres = self.connect(database).await?;
        let query = "SELECT string_agg(name || '=' || setting || coalesce(unit, ''), ', ' ORDER BY name) FROM pg_settings \
             WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'shared_buffers', 'wal_sync_method', 'server_version')";
        Ok(sqlx::query_scalar(query).fetch_one(&mut postgres).await?)
    }

    /// Statistics for the planner, and pages that are known to be visible: as a database has them that was not filled this minute.
    pub async fn settle(&self, database: &str) -> Result<(), Failure> {
        let mut postgres = self.connect(database).await?;
        sqlx::raw_sql("VACUUM ANALYZE").execute(&mut postgres).await?;
        sqlx::raw_sql("CHECKPOINT").execute(&mut postgres).await?;
        Ok(())
    }
}

/// Which SQLite it is, and how the program sets it: that is not to be seen from outside.
pub async fn sqlite_durability() -> Result<String, Failure> {
    let mut nowhere = SqliteConnection::connect("sqlite::memory:").await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut nowhere).await?;
    Ok(format!("journal_mode=WAL, synchronous=FULL, version={version}"))
}

impl Store {
    /// Which engine it is.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    /// The server, if there is one.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { server, .. } => Some(server),
        }
    }

    /// Statistics for PostgreSQL's planner, as a city's database has them: there it is a minute's work of the server's own to notice that tables have grown.
    pub async fn analyze(&self) -> Result<(), Failure> {
        let Self::Postgres { server, database } = self else { return Ok(()) };
        let mut superuser = server.connect(database).await?;
        sqlx::raw_sql("ANALYZE").execute(&mut superuser).await?;
        Ok(())
    }

    /// Whether whoever connects from now on waits for the disk at each commit. They need not while travellers are loaded: a load that was broken off by a
    /// power cut is begun anew. Only on PostgreSQL; on SQLite it is the program's own setting.
    pub async fn wait_for_disk(&self, wait: bool) -> Result<(), Failure> {
        let Self::Postgres { server, database } = self else { return Ok(()) };
        let setting = if wait { "RESET synchronous_commit" } else { "SET synchronous_commit = off" };
        let mut superuser = server.connect(database).await?;
        let alter = format!("ALTER DATABASE {database} {setting}");
        sqlx::raw_sql(AssertSqlSafe(alter)).execute(&mut superuser).await?;
        Ok(())
    }

    /// Looks into the tables, behind the program's back.
    pub async fn look(&self) -> Result<Look, Failure> {
        match self {
            Self::Sqlite { .. } => {
                let mut each = BTreeMap::new();
                for service in SERVICES {
                    each.insert(service, sqlite(&self.file(service)).await?);
                }
                Ok(Look::Sqlite(each))
            }
            Self::Postgres { server, database } => Ok(Look::Postgres(server.connect(database).await?)),
        }
    }

    /// SQLite's file of `service`.
    fn file(&self, service: &str) -> PathBuf {
        let name = format!("{service}.sqlite3");
        match self {
            Self::Sqlite { folder, apart: true } => folder.join(format!("data-{service}")).join(name),
            Self::Sqlite { folder, apart: false } => folder.join("data").join(name),
            Self::Postgres { .. } => name.into(),
        }
    }

    /// Bytes of all tables and their indexes.
    pub async fn bytes(&self) -> Result<u64, Failure> {
        match self {
            Self::Sqlite { .. } => {
                SERVICES.iter().map(|service| Ok(self.file(service).metadata()?.len())).sum()
            }
            Self::Postgres { server, database } => {
                let mut connection = server.connect(database).await?;
                let size = "SELECT pg_database_size(current_database())";
                let size: i64 = sqlx::query_scalar(size).fetch_one(&mut connection).await?;
                Ok(size.unsigned_abs())
            }
        }
    }
}

/// An open look into a store's tables.
#[derive(Debug)]
pub enum Look {
    /// Into each service's file.
    Sqlite(BTreeMap<&'static str, SqliteConnection>),
    /// Into the one database.
    Postgres(PgConnection),
}

impl Look {
    /// What `query` finds first in the tables of `service`; `None` if it finds no row.
    pub async fn find<T>(&mut self, service: &str, query: &str) -> Result<Option<T>, Failure>
    where
        T: for<'r> Decode<'r, Sqlite>
            + Type<Sqlite>
            + for<'r> Decode<'r, Postgres>
            + Type<Postgres>
            + Send
            + Unpin,
    {
        let query = AssertSqlSafe(query.to_owned());
        match self {
            Self::Sqlite(each) => {
                let connection = each.get_mut(service).ok_or("no such service")?;
                Ok(sqlx::query_scalar(query).fetch_optional(connection).await?)
            }
            Self::Postgres(connection) => {
                let path = format!("SET search_path TO {service}");
                sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut *connection).await?;
                Ok(sqlx::query_scalar(query).fetch_optional(connection).await?)
            }
        }
    }

    /// Whether everybody who follows the feed of registrations has had the effects of all that was committed.
    pub async fn is_followed(&mut self) -> Result<bool, Failure> {
        let waiting = "SELECT count(*) FROM changes WHERE position IS NULL";
        if self.find::<i64>("registration", waiting).await? != Some(0) {
            return Ok(false);
        }
        let head: i64 = self.find("registration", "SELECT head FROM change_feed").await?.unwrap_or_default();
        for service in FOLLOWERS {
            let cursor = "SELECT cursor FROM positions WHERE feed = 'registrations'";
            let cursor: Option<String> = self.find(service, cursor).await?;
            if place(&cursor.unwrap_or_default()) < head {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The position in a cursor: its second half. 0 of none.
fn place(cursor: &str) -> i64 {
    cursor.get(16..).and_then(|digits| i64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

async fn sqlite(file: &Path) -> Result<SqliteConnection, Failure> {
    // It waits for the program, as another reader would; a reader alone keeps nobody from writing.
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    Ok(SqliteConnection::connect_with(&options.busy_timeout(std::time::Duration::from_secs(10))).await?)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_cursor_ends_with_its_position() {
        assert_eq!(place("5e5e5e5e5e5e5e5e00000000000001f4"), 500);
        assert_eq!(place(""), 0);
    }
}
