//! A service's change feed: what was committed gets a position, and whoever follows is woken.
//!
//! Owns the order (`rows.rs` has the argument), when a committed change is numbered ([`Feed`]: at once after a commit of this copy, on
//! PostgreSQL's notification after another's, and at the latest after a second, when the copy that committed died before it numbered), where
//! a follower stands ([`Cursor`], [`Start`]), and a follower's stream ([`Feed::watch`]). Notifications are for speed only.
//! Does not own what a change says: the service writes its rows, in the transactions of the changes, and reads them.

mod feed;
mod place;
mod rows;

pub use feed::{Answer, Feed};
pub use place::{Cursor, CursorRefused, Extent, Start, bad_cursor};
pub use rows::{INDEXES, create_table};

use thiserror::Error;

/// Why a feed cannot be followed.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The cursor belongs to another feed: [`bad_cursor`] says so to the caller.
    #[error("the cursor is of another feed")]
    Foreign,
    /// What follows the cursor is forgotten, or the cursor lies ahead of everything, as after a restore.
    #[error("the changes behind this cursor are not there")]
    OutOfRange,
    /// The database failed.
    #[error("the database failed: {0}")]
    Store(#[from] sea_orm::DbErr),
    /// A row of the feed is not readable.
    #[error("a stored row is not readable: {0}")]
    Corrupt(&'static str),
}
