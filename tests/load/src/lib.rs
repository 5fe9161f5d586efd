//! The load tool: the program under load, beside baselines of the same run. `tests/load/README.md` says how to run and to read it.
//!
//! Owns: synthetic travellers ([`traveller`]), a client made of HTTP/2 frames ([`client`]), calls in numbers ([`drive`]) and what is called
//! ([`source`]), starting and filling a system ([`system`], [`load`]), what it cost ([`process`]) and what it wrote ([`store`]).
//! Does not own: any part of the product, but for the messages and the verifier.

pub mod arguments;
pub mod baseline;
pub mod case;
pub mod check;
pub mod client;
pub mod compare;
pub mod drive;
pub mod health;
pub mod load;
pub mod machine;
pub mod plot;
pub mod process;
pub mod report;
pub mod run;
pub mod source;
pub mod store;
pub mod system;
pub mod traveller;
pub mod turn;
pub mod world;

/// Why a run cannot go on.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
