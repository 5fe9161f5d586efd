//! The program and its parts: command line, configuration, data folder and composition. A library so that the journeys in `tests/`
//! start what people start, with a clock of their own.
//!
//! Owns: which services run where, and with which settings; how a process starts and ends. Does not own: anything a service does.

mod audit;
mod cli;
pub mod compose;
pub mod config;
mod data_dir;
mod dev_certs;
mod explain;
mod greeting;
mod key_rings;
mod keys;
mod migrate;
mod open_files;
mod policy;
pub mod program;
pub mod role;
mod serve;
mod signing_keys;
mod verify;

use std::error::Error;

pub use data_dir::DataDirError;
pub use key_rings::RingError;

/// What is reported in one line, causes included.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
