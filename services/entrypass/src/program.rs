//! The program itself, from its arguments to its exit code: what a `main` calls.

use std::{env, error::Error, io::Write as _, iter::successors, process::ExitCode};

use clap::Parser as _;
use tokio::runtime::Runtime;

use crate::{
    Failure, audit,
    cli::{Cli, Command, DevCerts},
    compose::Surroundings,
    dev_certs, explain, keys, migrate, policy, serve, signing_keys, verify,
};

/// Does what the process's arguments say, with the time and the randomness of `surroundings`; a failure is told in one line on
/// standard error.
///
/// Called by `main` alone: it reads the process's arguments and environment, takes its signals and sets up its log.
#[must_use]
pub fn main(surroundings: &Surroundings) -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command(),
        Err(wrong) => return show(&wrong),
    };
    match run(command, surroundings) {
        Ok(code) => code,
        // Whoever read the output has read enough: `entrypass migrate status | head -1`.
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

/// Tells of a failure on standard error.
pub(crate) fn tell(failure: &Failure) {
    // Nothing is left to be done when even this cannot be written.
    let _ = writeln!(std::io::stderr(), "entrypass: {}", in_one_line(failure.as_ref()));
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Says what is wrong with the arguments, or the help that they ask for.
fn show(wrong: &clap::Error) -> ExitCode {
    let _ = wrong.print();
    // There 2 says that a code is not VALID, a call refused, a chain broken or a policy mistaken, which a slip of the keyboard must not say.
    let answering = env::args_os().nth(1).is_some_and(|command| {
        ["verify", "explain", "audit", "policy"].into_iter().any(|answers| command == answers)
    });
    match u8::try_from(wrong.exit_code()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(code) if !answering => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}

fn run(command: Command, surroundings: &Surroundings) -> Result<ExitCode, Failure> {
    match command {
        Command::Audit(look) => ends_with(audit::audit(look, surroundings)),
        Command::Serve(serve) => in_runtime(serve::serve(&serve, surroundings)),
        Command::Migrate(step) => in_runtime(migrate::migrate(&step, surroundings)),
        Command::SigningKeys(change) => in_runtime(signing_keys::change(change, surroundings)),
        Command::Keys(change) => in_runtime(keys::keys(change, surroundings)),
        Command::Explain(question) => explain::explain(&question),
        Command::Policy(look) => policy::policy(&look),
        Command::DevCerts(DevCerts { folder }) => {
            dev_certs::make(&folder, surroundings.clock.as_ref()).map(|()| ExitCode::SUCCESS)
        }
        Command::Verify(verify) => Ok(verify::verify(&verify, surroundings.clock.as_ref())?),
    }
}

fn in_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<ExitCode, Failure> {
    ends_with(async { command.await.map(|()| ExitCode::SUCCESS) })
}

/// As [`in_runtime`], for a command that says how it ends.
fn ends_with(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = Runtime::new()?;
    let done = runtime.block_on(command);
    // What is still running has had its time.
    runtime.shutdown_background();
    done
}

/// The error and its causes. A driver repeats its cause in its own words, which is left out.
pub(crate) fn in_one_line(error: &(dyn Error + 'static)) -> String {
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
