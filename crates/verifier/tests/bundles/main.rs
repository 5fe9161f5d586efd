//! Bundles drafted, signed, read back, accepted and decided by.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod accepting;
mod deciding;
mod model;
mod reading;
mod vectors;
mod world;
