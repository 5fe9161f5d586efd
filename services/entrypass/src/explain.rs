//! The command `explain`: which rule decides whether a caller may call an RPC, and what it is shown.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use crate::{Failure, cli::Explain};

/// What the process ends with when the call would be refused.
const REFUSED: u8 = 2;

/// Says what the configuration makes of the call.
pub(crate) fn explain(question: &Explain) -> Result<ExitCode, Failure> {
    let rpc = question.rpc.trim_start_matches('/');
    let mut out = io::stdout();
    let Some(callers) = question.place.config()?.callers()? else {
        writeln!(
            out,
            "decision:      allowed, by the absence of [[callers]]: whoever reaches the listener may call"
        )?;
        return Ok(ExitCode::SUCCESS);
    };
    let no_such = || format!("no RPC is called {rpc}: package.Service/Method, as `grpcurl list` shows them");
    let explanation = callers.explain(&question.caller, rpc).ok_or_else(no_such)?;
    write!(out, "{explanation}")?;
    out.flush()?;
    Ok(if explanation.is_allowed() { ExitCode::SUCCESS } else { REFUSED.into() })
}
