//! The registration service's tables, in domain words. Entity types never leave this module.
//!
//! A read goes to [`Store::reader`], a write runs between [`Store::begin`] and its commit; both see the same [`Rows`].

mod companions;
mod convert;
mod entity;
mod migration;
mod rows;

use entrypass_db::Database;
use sea_orm::DatabaseConnection;

pub use migration::Migrator;
pub(crate) use rows::Rows;

/// The service's database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// The connections for reading.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        self.database.reader()
    }

    /// The whole database, for a write.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}
