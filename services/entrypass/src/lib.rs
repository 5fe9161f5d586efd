//! The program's parts: configuration, data folder and composition. A library so that the journeys in `tests/` start what people start.
//!
//! Owns: which services run where, and with which settings. Does not own: anything a service does.

pub mod compose;
pub mod config;
pub mod data_dir;
