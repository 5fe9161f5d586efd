//! What the tests of several services share. A dev-dependency only: no program may hold a service that is made up.
//!
//! Owns: reading a refusal as a caller does ([`Refusal`]), and a registration service for those who need one beside them
//! ([`Registrations`]).
//! Does not own: starting a service or a system, which is each harness's own.

#![expect(
    clippy::expect_used,
    reason = "a refusal that lacks what every refusal has fails the test that reads it"
)]

mod refusal;
mod registrations;

pub use refusal::Refusal;
pub use registrations::{Registrations, WRONG_CHECK_CHARACTER};
