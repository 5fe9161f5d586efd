//! The QR service's tables, in domain words. Entity types never leave this module.

mod codes;
mod entity;
mod migration;

use entrypass_db::Database;

pub(crate) use codes::{record, revoke};
pub use migration::Migrator;

/// The service's database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}
