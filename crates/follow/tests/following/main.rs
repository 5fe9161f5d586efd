//! Following a feed that tests drive, on a real database.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod anew;
mod as_of;
mod copies;
mod once;
mod stop;
mod world;
