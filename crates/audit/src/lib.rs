//! The audit of a service: who asked for what, about whom, why, and what came of it, in its own database and in an order that cannot be changed
//! without being found.
//!
//! Owns: the frame of an audited call ([`Audit`], [`Access`]), the record ([`Record`]), the chain of records ([`Head`]), its tables
//! ([`create_tables`]), and whether a chain is as the service wrote it ([`verify`]; [`Filed`] and [`Walk`] without a database). And writing in
//! groups ([`Group`]), which the records of the QR service take as well.
//! Does not own: which calls are audited and what they touch (each service's `service.rs`), and the keys (`entrypass-seal`).
//!
//! Invariants: a write and its record are committed together; nothing else is answered before its record is committed; a record is never
//! changed and never removed; what identifies a person is never in one, but the internal id that is left when they are erased.

mod access;
mod chain;
mod group;
mod inspection;
mod numberer;
mod record;
mod store;
mod unjudged;
mod unplaced;
mod verify;

pub use access::{Access, Audit};
pub use chain::{Head, Link, NotAHead};
pub use group::Group;
pub use inspection::{Filed, Finding, Place, Walk};
pub use record::{Mac, Record, Signed};
pub use store::{About, create_tables, drop_tables, missing_key, rows_under_keys};
pub use unjudged::Unjudged;
pub use verify::{Verified, VerifyError, head, verify};
