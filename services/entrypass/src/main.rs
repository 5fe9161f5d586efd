//! `entrypass`: the one program of the system.

mod cli;

use std::{
    error::Error,
    io::Write as _,
    iter::{once, successors},
    process::ExitCode,
};

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = successors(error.source(), |cause| (*cause).source());
            let words: Vec<_> = once(error.to_string()).chain(causes.map(ToString::to_string)).collect();
            // Nothing is left to be done when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "entrypass: {}", words.join(": "));
            ExitCode::FAILURE
        }
    }
}

/// What `main` reports in one line, causes included.
type Failure = Box<dyn Error + Send + Sync>;
