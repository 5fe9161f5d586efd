//! The command `policy`: what is wrong with a policy document, told where it is written.

use std::{
    fs,
    io::{self, Write as _},
    process::ExitCode,
};

use crate::{Failure, cli::Policy};

/// What the process ends with when a document has mistakes.
const MISTAKES: u8 = 2;

/// Checks a document with the tests in it.
pub(crate) fn policy(command: &Policy) -> Result<ExitCode, Failure> {
    let Policy::Check { file } = command;
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut out = io::stdout();
    let ended = match entrypass_policy::Policy::parse(&text) {
        Ok(policy) => {
            let (name, version, tests) = (policy.name(), policy.version(), policy.trials().len());
            writeln!(out, "{name}, version {version}: no mistakes; its {tests} tests come out as it says")?;
            writeln!(out, "digest: {}", policy.digest())?;
            for fact in policy.unrecorded_facts() {
                writeln!(
                    out,
                    "warning: {fact} is not recorded by this system, and no rule on it ever applies"
                )?;
            }
            ExitCode::SUCCESS
        }
        Err(mistakes) => {
            writeln!(out, "{mistakes}")?;
            MISTAKES.into()
        }
    };
    out.flush()?;
    Ok(ended)
}
