//! The QR service's tables, in domain words. Entity types never leave this module.

mod codes;
mod entity;
mod first_verifications;
pub(crate) mod keys;
mod migration;
mod standings;
mod verifications;
mod withdrawals;

use entrypass_ambient::Random;
use entrypass_db::Database;
use time::OffsetDateTime;

pub(crate) use self::{
    codes::{CodesOf, record},
    first_verifications::First,
    standings::{Standings, change},
    verifications::{MOST_COUNTS, erase},
    withdrawals::{CHANNEL, Extent},
};
pub use migration::Migrator;

/// Stands for every revision in the row that says that a registration's codes are revoked.
const NO_REVISION: u16 = 0;
/// Rows that one statement writes or removes at most.
const AT_ONCE: usize = 1000;

/// What it takes to write something down.
#[derive(Clone, Copy)]
pub(crate) struct Pen<'a> {
    pub(crate) now: OffsetDateTime,
    /// Draws ids.
    pub(crate) random: &'a dyn Random,
}

/// The service's database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// The connections.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}
