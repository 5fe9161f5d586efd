//! Time and randomness: the two inputs that no request carries.
//!
//! Owns the seams through which a service learns the hour and draws random bytes, so that a test can set both.
//! `clippy.toml` forbids every other way. Does not own what is made of them: ids and codes belong to the
//! services, except [`Random::uuid_v7`], which three of them need in one form.

mod clock;
mod random;

pub use clock::{CITY_OFFSET, Clock, SystemClock, TestClock, city_date};
pub use random::{Random, SeededRandom, SystemRandom};
