//! What the tests of several services share. A dev-dependency only: no program may hold a service that is made up.
//!
//! Owns: reading a refusal as a caller does ([`Refusal`]), a registration service for those who need one beside them
//! ([`Registrations`]) with a change feed that tests drive ([`Feed`]), a city's own identity service ([`RealNames`]), a fresh database on the engine of the test run ([`TestDatabase`]), the statements that go to one ([`Statements`]), every
//! method of a service ([`call_every_method`], [`audited`]), a process of the program ([`Program`]), certificates good and bad ([`Authority`]), many
//! sockets in one test ([`allow_many_files`]), and waiting for what is done in the background ([`eventually`], [`until_one_waits_for`]).
//! Does not own: what is started with which settings, which is each harness's own.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a refusal that lacks what every refusal has fails the test that reads it, as does a database that cannot be had"
)]

mod certificates;
mod database;
mod feed;
mod limit;
mod methods;
mod program;
mod real_names;
mod refusal;
mod registrations;
mod statements;
mod wait;

pub use certificates::{Authority, Certificate, self_signed};
pub use database::TestDatabase;
pub use feed::Feed;
pub use limit::allow_many_files;
pub use methods::{audited, call_every_method};
pub use program::Program;
pub use real_names::RealNames;
pub use refusal::Refusal;
pub use registrations::{Registrations, WRONG_CHECK_CHARACTER};
pub use rustix::process::Signal;
pub use statements::Statements;
pub use wait::{eventually, until_one_waits_for};
