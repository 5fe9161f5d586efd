//! The registration service's tables, in domain words: [`Rows`] over a connection or a transaction. Entity types never leave this
//! module.

mod changes;
mod companions;
mod convert;
mod entity;
mod migration;
mod rows;

pub(crate) use changes::CHANNEL;
pub use migration::Migrator;
pub(crate) use rows::Rows;
