//! The harness of the journeys: a whole system, started as people start it, and travellers who use it.
//!
//! Owns: starting ([`System`]), who calls it over mutual TLS ([`Clients`]), the hour of all its processes ([`FileClock`]), and people with synthetic documents ([`Traveller`]).
//! Does not own: any rule. Real databases, real signatures, the generated clients; only the clock is a test's own.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a harness that cannot start what a journey needs fails that journey"
)]

mod callers;
mod clock;
mod node;
mod plan;
mod policies;
mod reviewing;
mod system;
mod traveller;

pub use callers::{Clients, TRUST_DOMAIN};
pub use clock::FileClock;
pub use node::program;
pub use system::{Mode, System};
pub use traveller::Traveller;
