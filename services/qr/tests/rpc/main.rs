//! The QR service through its generated client: a real database and a real key, a clock and random source of the test's,
//! and a small registration service as its neighbour.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod audit;
mod bundle;
mod checkpoint;
mod first_verified;
mod following;
mod harness;
mod issue;
mod keys;
mod keys_of_copies;
mod limits;
mod records;
mod revoke;
mod statements;
mod verify;
mod withdraw;
