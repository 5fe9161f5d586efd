//! What a thief has who took the databases, their files, the write-ahead logs, and everything that was logged.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use entrypass::role::Service;
use entrypass_e2e::System;
use entrypass_testkit::TestDatabase;
use sea_orm_migration::sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};

/// One thing that was taken.
pub struct Loot {
    /// What it is, for people.
    pub name: String,
    pub data: Vec<u8>,
}

/// Every table by its rows, every file of the databases, the write-ahead logs as far as they were written `since`, and every file that the
/// system wrote beside them: logs, data folders, settings.
pub async fn everything(system: &System, since: SystemTime) -> Vec<Loot> {
    let mut loot = files("written by the system", system.folder());
    for service in Service::ALL {
        let database = system.database(service);
        let connection = Database::connect(database.text()).await.expect("the database");
        loot.extend(rows(service.name(), &connection).await);
        match database.server_directory() {
            None => {
                let file = database.url().file().map(Path::to_owned).expect("a file");
                loot.extend(files("SQLite", file.parent().expect("a folder")));
            }
            Some(data) => loot.extend(tables(&data, &connection).await),
        }
        connection.close().await.expect("closed");
    }
    loot.extend(write_ahead_log(system.database(Service::Registration), since));
    loot
}

/// All rows of all tables, as text; binary columns in hexadecimal digits.
async fn rows(service: &str, connection: &DatabaseConnection) -> Vec<Loot> {
    let on_sqlite = connection.get_database_backend() == DbBackend::Sqlite;
    let names = if on_sqlite {
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    } else {
        "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()"
    };
    let mut loot = Vec::new();
    for table in texts(connection, names).await {
        let row = if on_sqlite {
            let columns = texts(connection, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
            columns.iter().map(|column| format!("hex(\"{column}\")")).collect::<Vec<_>>().join(" || ' ' || ")
        } else {
            "t::text".to_owned()
        };
        let rows = texts(connection, &format!("SELECT {row} AS name FROM \"{table}\" AS t")).await;
        loot.push(Loot { name: format!("table {table} of {service}"), data: rows.join("\n").into_bytes() });
    }
    loot
}

async fn texts(connection: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.expect("a query");
    rows.iter().map(|row| row.try_get::<String>("", "name").expect("a text")).collect()
}

/// The files of our tables, of what was too long for their rows, and of their indexes.
async fn tables(data: &Path, connection: &DatabaseConnection) -> Vec<Loot> {
    let ours = "SELECT pg_relation_filepath(file)::text AS name FROM (\
                SELECT oid::regclass AS file FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
                UNION SELECT reltoastrelid::regclass FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
                AND reltoastrelid <> 0) AS files WHERE pg_relation_filepath(file) IS NOT NULL";
    let paths = texts(connection, ours).await.into_iter().map(|path| data.join(path));
    // A new table has no file before the first checkpoint.
    paths.filter(|path| path.is_file()).map(|path| read("PostgreSQL", path)).collect()
}

fn write_ahead_log(of: &TestDatabase, since: SystemTime) -> Vec<Loot> {
    let Some(data) = of.server_directory() else { return Vec::new() };
    let mut loot = vec![read("PostgreSQL", data.parent().expect("a folder").join("log"))];
    let written = |path: &PathBuf| {
        let changed = fs::metadata(path).and_then(|file| file.modified()).ok();
        path.is_file() && changed.is_some_and(|changed| changed >= since)
    };
    let segments = paths(&data.join("pg_wal")).into_iter().filter(written);
    loot.extend(segments.map(|path| read("write-ahead log", path)));
    loot
}

fn files(of: &str, folder: &Path) -> Vec<Loot> {
    let all = paths(folder).into_iter();
    all.flat_map(|path| if path.is_dir() { files(of, &path) } else { vec![read(of, path)] }).collect()
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn read(of: &str, path: PathBuf) -> Loot {
    // What ends meanwhile, as a segment that is recycled, is gone for a thief, too.
    Loot { name: format!("{of}: {}", path.display()), data: fs::read(path).unwrap_or_default() }
}
