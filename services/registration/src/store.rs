//! The registration service's tables, in domain words: [`Rows`] over a connection or a transaction. Entity types never leave this
//! module.

mod changes;
mod companions;
mod convert;
mod corrections;
mod entity;
mod erasure;
mod facts;
mod groups;
mod migration;
mod missing;
mod newcomers;
mod nobody;
mod proofs;
mod reseal;
mod returning;
mod rows;
mod sealed;
mod verified;

pub(crate) use changes::CHANNEL;
pub(crate) use corrections::CorrectionFilter;
pub(crate) use groups::LookUps;
pub use migration::Migrator;
pub use missing::missing_keys;
pub(crate) use newcomers::{Newcomer, Standing};
pub(crate) use proofs::Subjects;
pub use reseal::{ResealError, remove_left_over, reseal, rows_left_over, rows_under_keys};
pub(crate) use rows::{Rows, erased_meanwhile};
pub use sealed::Unreadable;
