//! Applications and passes in the service's own database.
//!
//! Owns the tables, and that no row type leaves this module. What must be unique is unique by constraint; a write that meets
//! one says so as `false`, and the service puts it into words. A function is one question or one write; what belongs to a write, as its change in the
//! feed and the levels that are due by it, is written by the same function.

mod applications;
mod changes;
mod circumstances;
mod ends;
mod entity;
mod known;
mod levels;
mod migration;
mod notes;
mod passes;
pub(crate) mod policies;

use entity::application;
use entrypass_db::answers;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, sea_query::OnConflict};
use uuid::Uuid;

pub(crate) use applications::{
    application, applications_of, due, hold_application, hold_open_applications, insert_application, queue,
    update_application,
};
pub(crate) use changes::{CHANNEL, add_change, changes};
pub(crate) use circumstances::{
    follow_ups_of, forget_circumstances, insert_follow_up, insert_quarantine, quarantine, quarantines_of,
    update_quarantine,
};
pub(crate) use ends::{forget_ends, has_ended, note_end};
pub(crate) use known::{Known, Seen, look_ups};
pub(crate) use levels::{Due, due_levels, levels_before, levels_due, settle_level};
pub use migration::Migrator;
pub use notes::{missing_key, reseal, rows_under_keys};
pub(crate) use passes::{
    ended_passes, insert_pass, pass, pass_by_number, pass_of, passes_of, steps_of, update_pass,
};

/// Erases whatever is kept of a person: applications, passes, what is recorded of them, and answers about them. What was told of them stays in the feed,
/// which names nobody. Says whether there was anything.
pub(crate) async fn erase(connection: &impl ConnectionTrait, traveller: Uuid) -> Result<bool, DbErr> {
    let applications = application::Entity::delete_many().filter(application::COLUMN.traveller.eq(traveller));
    let mut erased = applications.exec(connection).await?.rows_affected;
    erased += passes::erase(connection, traveller).await?;
    erased += circumstances::erase(connection, traveller).await?;
    levels::erase(connection, traveller).await?;
    answers::erase(connection, traveller).await?;
    Ok(erased > 0)
}

// A conflict is no error here: PostgreSQL ends a transaction with the first error, and the service still has to find out
// what stands in the way.
fn do_nothing() -> OnConflict {
    OnConflict::new().do_nothing().to_owned()
}

fn unreadable(what: &str) -> DbErr {
    DbErr::Type(format!("{what} is not readable"))
}
