//! What a policy document may say, and what it says.

mod default;
mod evaluations;
mod mistakes;
mod properties;

use entrypass_policy::Policy;
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 +8);

/// A policy with everything that a document can say.
const FULL: &str = include_str!("full.toml");

fn policy(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|errors| panic!("{errors}"))
}
