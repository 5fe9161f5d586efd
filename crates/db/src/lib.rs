//! One service's own database: how it is opened, brought to the current schema, written to and read from.
//!
//! Owns: connections and their settings ([`Database`], which has the keys of what is sealed in it beside it), and the table of first answers that makes a write happen once
//! however often it is asked for ([`answers`]).
//! Does not own: any table of a service. Those, and their migrations, live in each service's `store`.

pub mod answers;
mod database;
mod failure;
pub mod follower;
mod instant;
mod notification;
pub mod retention;
pub mod schema;
pub mod sealed;
mod url;

pub use database::{Database, OpenError, hold};
pub use failure::{is_unavailable, is_unique_violation};
pub use instant::{instant, micros};
pub use schema::{SchemaError, migrating_sealer};
pub use sealed::RowsUnder;
pub use url::{DatabaseUrl, UrlError};
