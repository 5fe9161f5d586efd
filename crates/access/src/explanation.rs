//! A decision as it is told to whoever wrote the list.

use std::fmt;

use crate::{Callers, Decision, KnownCaller, Rule, Who};

/// A decision, for people: `to_string` is several lines. It says nothing that does not stand in the settings.
#[derive(Debug)]
pub struct Explanation<'c> {
    caller: Option<&'c KnownCaller>,
    rpc: &'c str,
    decision: Decision<'c>,
}

impl Callers {
    /// Explains what becomes of `rpc` when somebody calls it who is given by a name or an identity of the list. `None` when there is no such
    /// RPC.
    #[must_use]
    pub fn explain<'c>(&'c self, who: &str, rpc: &'c str) -> Option<Explanation<'c>> {
        let by_identity = || {
            let identity = who.parse().ok()?;
            self.all().iter().find(|caller| caller.identity == identity)
        };
        let caller = self.named(who).or_else(by_identity);
        let decision = self.decide(caller, rpc);
        let exists = decision.rule.is_operational() || self.rpcs.contains(rpc);
        exists.then_some(Explanation { caller, rpc, decision })
    }
}

impl Explanation<'_> {
    /// Whether the call is let in, once it states the purpose that it needs.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.decision.verdict.is_ok()
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.caller {
            Some(caller) => writeln!(out, "caller:        {} ({})", caller.name, caller.identity)?,
            None => writeln!(out, "caller:        not in the list")?,
        }
        writeln!(out, "rpc:           {}", self.rpc)?;
        let verdict = if self.is_allowed() { "allowed" } else { "refused" };
        writeln!(out, "decision:      {verdict}, by {}", self.decision.rule)?;
        match self.caller {
            Some(caller) if self.is_allowed() && !self.decision.rule.is_operational() => {
                caller.fmt_shown(out)
            }
            _ => Ok(()),
        }
    }
}

impl KnownCaller {
    fn fmt_shown(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "personal data: {}", self.personal_data.as_str())?;
        writeln!(out, "holder proof:  {}", self.holder_proof.as_str())?;
        let purposes = self.purposes.join(", ");
        match (self.must_state_purpose, self.purposes.is_empty()) {
            (true, _) => writeln!(out, "purpose:       must be one of {purposes}")?,
            (false, false) => writeln!(out, "purpose:       none, or one of {purposes}")?,
            (false, true) => writeln!(out, "purpose:       none may be stated")?,
        }
        if self.speaks_for_others {
            writeln!(out, "speaks for:    others; all of this is theirs then, as it says")?;
        }
        let limits = self.limits;
        writeln!(
            out,
            "limits:        {} requests a second ({} at once), {} calls in flight, {} streams",
            limits.requests_per_second, limits.burst, limits.in_flight, limits.streams
        )
    }
}

impl fmt::Display for Rule<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Health(who) => write!(out, "access.health = {who}"),
            Self::Reflection(who) => write!(out, "access.reflection = {who}"),
            Self::Unlisted => out.write_str("the list of callers: who is not in it may call nothing"),
            Self::Listed { number, pattern } => write!(out, "rule {number} of the caller, \"{pattern}\""),
            Self::NoneMatches => out.write_str("none of the caller's rules: what no rule matches is refused"),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => out.write_str("\"anyone\""),
            Self::Named(names) => write!(out, "{names:?}"),
        }
    }
}
