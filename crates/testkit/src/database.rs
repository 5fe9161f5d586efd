//! A database of its own for one service in one test, on the engine that the test run is for.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use entrypass_ambient::SystemRandom;
use entrypass_db::{DatabaseUrl, schema};
use entrypass_seal::{KeyRing, Keys, Sealer};
use sea_orm_migration::MigratorTrait;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tempfile::TempDir;

/// The URL of the superuser of a throw-away PostgreSQL cluster; `tests/with-postgres` sets it. Without it tests use SQLite.
const POSTGRES: &str = "ENTRYPASS_TEST_POSTGRES";
/// The same with host, port and the authority's certificate, for connections over TLS.
const POSTGRES_OVER_TLS: &str = "ENTRYPASS_TEST_POSTGRES_TLS";

/// A fresh database that nobody else uses.
///
/// On SQLite a file, which goes with this. On PostgreSQL a user and its schema in the cluster of the test run, as a city has them:
/// the URL alone says which tables are meant. They stay to the cluster's end: it is thrown away, and nobody can wait for a server
/// in a `Drop`.
#[derive(Debug)]
pub struct TestDatabase {
    place: Place,
    url: String,
}

#[derive(Debug)]
enum Place {
    Sqlite(#[expect(dead_code, reason = "the folder goes with this")] TempDir),
    Postgres { schema: String },
}

impl TestDatabase {
    /// The text of the key ring of every database of a test, whatever the service.
    pub const KEY_RING: &str = "\
encryption 0101010101010101010101010101010101010101010101010101010101010101
index 0202020202020202020202020202020202020202020202020202020202020202
audit 0303030303030303030303030303030303030303030303030303030303030303
";

    /// An empty database for the service `service`.
    pub async fn new(service: &str) -> Self {
        match variable(POSTGRES) {
            Some(superuser) => Self::on_postgres(&superuser, service).await,
            None => Self::on_sqlite(service),
        }
    }

    /// A database for the service `service` with the schema of `M`.
    pub async fn migrated<M: MigratorTrait>(service: &str) -> Self {
        let database = Self::new(service).await;
        schema::up::<M>(&database.url(), &Self::sealer()).await.expect("migrated");
        database
    }

    /// What every database of a test is sealed with: a ring of its own with the keys of [`Self::KEY_RING`].
    #[must_use]
    pub fn sealer() -> Sealer {
        let keys = Keys::parse(Self::KEY_RING).expect("a ring");
        Sealer::new(KeyRing::new(keys), Arc::new(SystemRandom))
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> DatabaseUrl {
        self.url.parse().expect("a URL")
    }

    /// Where it is, as an operator writes it, password included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.url
    }

    /// As [`Self::text`], over TLS to a server that has to prove that it is the right one (`sslmode=verify-full`).
    ///
    /// # Panics
    /// On SQLite.
    #[must_use]
    pub fn text_over_tls(&self) -> String {
        let superuser = variable(POSTGRES_OVER_TLS).expect("the PostgreSQL of tests/with-postgres");
        let ((user, _), (_, place)) = (split(&self.url), split(&superuser));
        format!("{user}@{place}")
    }

    /// The name of its user and schema on PostgreSQL.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        match &self.place {
            Place::Sqlite(_) => None,
            Place::Postgres { schema } => Some(schema),
        }
    }

    /// The data directory of the PostgreSQL server, with the files of all tables and the write-ahead log.
    #[must_use]
    pub fn server_directory(&self) -> Option<PathBuf> {
        let Place::Postgres { .. } = &self.place else { return None };
        // The host is the folder of the server's socket; see tests/with-postgres.
        let (host, _) = split(&self.url).1.split_once(':')?;
        Some(Path::new(&host.replace("%2F", "/")).join("data"))
    }

    fn on_sqlite(service: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join(format!("{service}.sqlite3")).display());
        Self { place: Place::Sqlite(folder), url }
    }

    async fn on_postgres(superuser: &str, service: &str) -> Self {
        let mut server = PgConnection::connect(superuser).await.expect("the server of tests/with-postgres");
        // Tests run in processes of their own, which have no number that none of them had before: the server draws one.
        let drawn =
            "SELECT replace(gen_random_uuid()::text, '-', ''), replace(gen_random_uuid()::text, '-', '')";
        let drawn = sqlx::query(drawn).fetch_one(&mut server).await.expect("two numbers");
        let (schema, password): (String, String) =
            (format!("{service}_{}", drawn.get::<&str, _>(0)), drawn.get(1));
        let create = format!(
            "CREATE ROLE {schema} LOGIN PASSWORD '{password}'; CREATE SCHEMA {schema} AUTHORIZATION {schema}"
        );
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut server).await.expect("a user and a schema");
        server.close().await.expect("closed");
        let (_, place) = split(superuser);
        Self { url: format!("postgres://{schema}:{password}@{place}"), place: Place::Postgres { schema } }
    }
}

/// What a URL says of the user, and of the place.
fn split(url: &str) -> (&str, &str) {
    url.rsplit_once('@').expect("a URL with a user")
}

#[expect(clippy::disallowed_methods, reason = "the test run says by the environment which engine is meant")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
