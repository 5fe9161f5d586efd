//! The epass service through its generated client: a real database, a clock and random source of the test's, and a small
//! registration service as its neighbour.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod apply;
mod audit;
mod circumstances;
mod claim;
mod draft;
mod external_pass;
mod external_passes;
mod feed;
mod following;
mod harness;
mod levels;
mod life;
mod list;
mod offer;
mod policies;
mod policies_at_work;
mod review;
mod statements;
mod upkeep;
mod verification;
