//! One service's own database: how it is opened, brought to the current schema, written to and read from.
//!
//! Owns: connections and their settings ([`Database`], which has the keys of what is sealed in it beside it), and the table of first answers that makes a write happen once
//! however often it is asked for ([`answers`]); look-ups of many callers that share a round trip ([`Coalesced`]), doing together what many ask for at once ([`Together`]), and lists as one statement ([`lists`]).
//! Does not own: any table of a service. Those, and their migrations, live in each service's `store`.

pub mod answers;
mod coalesced;
mod database;
mod failure;
pub mod follower;
mod instant;
pub mod lists;
mod notification;
pub mod retention;
pub mod schema;
pub mod sealed;
mod together;
mod url;

pub use coalesced::Coalesced;
pub use database::{Database, OpenError, hold};
pub use failure::{is_unavailable, is_unique_violation};
pub use instant::{instant, micros};
pub use schema::{SchemaError, migrating_sealer};
pub use sealed::RowsUnder;
pub use together::{Limits, Together};
pub use url::{DatabaseUrl, UrlError};
