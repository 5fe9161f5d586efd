//! The chain of audit records in a service's database.

mod chain;
mod inspection;
mod record;

pub use chain::{Head, Link, NotAHead};
pub use inspection::{Filed, Finding, Place, Walk};
pub use record::{Mac, Record, Signed};
