//! Applications and passes in the service's own database.
//!
//! Owns the tables, and that no row type leaves this module. What must be unique is unique by constraint; a write that meets
//! one says so as `false`, and the service puts it into words. Each function is one statement.

mod applications;
mod ends;
mod entity;
mod migration;
mod notes;
mod passes;

use entity::{application, pass};
use entrypass_db::answers;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, sea_query::OnConflict};
use uuid::Uuid;

pub(crate) use applications::{
    application, applications_of, due, hold_application, hold_open_applications, insert_application,
    last_application, queue, update_application,
};
pub(crate) use ends::{forget_ends, has_ended, note_end};
pub use migration::Migrator;
pub use notes::{reseal, rows_under_keys};
pub(crate) use passes::{insert_pass, pass_of, with_pass};

/// Erases the applications and the pass of a person, and what is kept of answers about them.
pub(crate) async fn erase(connection: &impl ConnectionTrait, traveller: Uuid) -> Result<(), DbErr> {
    let applications = application::Entity::delete_many().filter(application::COLUMN.traveller.eq(traveller));
    applications.exec(connection).await?;
    pass::Entity::delete_many().filter(pass::COLUMN.traveller.eq(traveller)).exec(connection).await?;
    answers::erase(connection, traveller).await
}

// A conflict is no error here: PostgreSQL ends a transaction with the first error, and the service still has to find out
// what stands in the way.
fn do_nothing() -> OnConflict {
    OnConflict::new().do_nothing().to_owned()
}

fn unreadable(what: &str) -> DbErr {
    DbErr::Type(format!("{what} is not readable"))
}
