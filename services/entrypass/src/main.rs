//! `entrypass`: the one program of the system.

use std::process::ExitCode;

use entrypass::{compose::Surroundings, program};

fn main() -> ExitCode {
    program::main(&Surroundings::system())
}
