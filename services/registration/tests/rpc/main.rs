//! The registration service through its generated client, where the journeys do not reach: a real database that outlives a
//! restart with another configuration, a clock and random source of the test's.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod as_of;
mod audit;
mod companions;
mod copies;
mod corrections;
mod erase;
mod facts;
mod feed;
mod groups;
mod harness;
mod health;
mod identity;
mod impostors;
mod limits;
mod masked;
mod notice;
mod pages;
mod proofs;
mod resealing;
mod returning;
mod reviews;
mod sealed;
mod statements;
mod together;
mod travellers;
mod verified;
