//! The QR service's tables, in domain words. Entity types never leave this module.

mod codes;
mod entity;
mod first_verifications;
pub(crate) mod keys;
mod look_ups;
mod migration;
mod recording;
mod standings;
mod verifications;
mod withdrawals;

use std::sync::Arc;

use entrypass_ambient::Random;
use entrypass_db::Database;
use time::OffsetDateTime;

use self::{look_ups::LookUps, recording::Recordings};

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
    look_ups: LookUps,
    recordings: Recordings,
}

impl Store {
    /// The tables in `database`; what is recorded for several calls at once draws its ids from `random`.
    pub(crate) fn new(database: Database, random: Arc<dyn Random>) -> Self {
        let recordings = Recordings::new(&database, random);
        Self { look_ups: LookUps::new(&database), recordings, database }
    }

    /// The connections.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}
