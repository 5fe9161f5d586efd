//! `entrypass`: the one program of the system.

mod cli;

use std::{error::Error, io::Write as _, process::ExitCode};

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut line = format!("entrypass: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                line.push_str(&format!(": {error}"));
                cause = error.source();
            }
            // Nothing is left to be done when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "{line}");
            ExitCode::FAILURE
        }
    }
}

/// What `main` reports in one line, causes included.
type Failure = Box<dyn Error + Send + Sync>;
