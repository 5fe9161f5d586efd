//! The program itself, from its arguments to its exit code: what a `main` calls.

use std::{error::Error, io::Write as _, iter::successors, process::ExitCode};

use clap::Parser as _;
use tokio::runtime::Runtime;

use crate::{
    Failure,
    cli::{Cli, Command},
    compose::Surroundings,
    migrate, serve, signing_keys,
};

/// Does what the process's arguments say, with the time and the randomness of `surroundings`; a failure is told in one line on
/// standard error.
///
/// Called by `main` alone: it reads the process's arguments and environment, takes its signals and sets up its log.
#[must_use]
pub fn main(surroundings: &Surroundings) -> ExitCode {
    let command = Cli::parse().command();
    match run(command, surroundings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be done when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "entrypass: {}", in_one_line(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, surroundings: &Surroundings) -> Result<(), Failure> {
    let runtime = Runtime::new()?;
    let done = match command {
        Command::Serve(serve) => runtime.block_on(serve::serve(&serve, surroundings)),
        Command::Migrate(step) => runtime.block_on(migrate::migrate(&step)),
        Command::SigningKeys(change) => runtime.block_on(signing_keys::change(change, surroundings)),
    };
    // What is still running has had its time.
    runtime.shutdown_background();
    done
}

/// The error and its causes. A driver repeats its cause in its own words, which is left out.
fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let mut line = String::new();
    for cause in successors(Some(error), |cause| (*cause).source()) {
        let words = cause.to_string().replace('\n', " ");
        if !line.contains(&words) {
            let between = if line.is_empty() { "" } else { ": " };
            line = format!("{line}{between}{words}");
        }
    }
    line
}
