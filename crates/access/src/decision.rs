//! Which rule decides whether a caller may call an RPC.

use thiserror::Error;

use crate::{Callers, KnownCaller, Pattern, Who};

/// The service of gRPC by which health is asked.
const HEALTH: &str = "grpc.health.v1.Health/";
/// Those by which a contract is asked.
const REFLECTION: [&str; 2] =
    ["grpc.reflection.v1.ServerReflection/", "grpc.reflection.v1alpha.ServerReflection/"];

/// Whether somebody may call an RPC, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'c> {
    /// The rule.
    pub rule: Rule<'c>,
    /// What it comes to.
    pub verdict: Result<(), Refusal>,
}

/// What decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule<'c> {
    /// Health has a rule of its own, `access.health`.
    Health(&'c Who),
    /// So has reflection, `access.reflection`.
    Reflection(&'c Who),
    /// Who is not in the list may call nothing.
    Unlisted,
    /// The first of the caller's rules that is about the RPC.
    Listed {
        /// Its place among the caller's `rpcs`, from 1.
        number: usize,
        /// The rule.
        pattern: &'c Pattern,
    },
    /// None of the caller's rules is about the RPC.
    NoneMatches,
}

/// Why a call is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Whoever calls is not in the list.
    #[error("the caller is not in the list")]
    UnknownCaller,
    /// The caller may not call this.
    #[error("the caller may not call this")]
    RpcNotAllowed,
    /// The caller must say for what it calls.
    #[error("the caller must state a purpose")]
    PurposeRequired,
    /// The caller may not state this purpose.
    #[error("the caller may not state this purpose")]
    PurposeNotAllowed,
}

impl Callers {
    /// Whether `caller`, which is `None` for somebody who is not in the list, may call `rpc` (its full name,
    /// `entrypass.qr.v1.QrService/VerifyQrCode`).
    #[must_use]
    pub fn decide<'c>(&'c self, caller: Option<&'c KnownCaller>, rpc: &str) -> Decision<'c> {
        let open_to = |who: &Who| match (who, caller) {
            (Who::Anyone, _) => Ok(()),
            (Who::Named(names), Some(caller)) if names.contains(&caller.name) => Ok(()),
            (Who::Named(_), Some(_)) => Err(Refusal::RpcNotAllowed),
            (Who::Named(_), None) => Err(Refusal::UnknownCaller),
        };
        if rpc.starts_with(HEALTH) {
            return Decision { rule: Rule::Health(&self.health), verdict: open_to(&self.health) };
        }
        if REFLECTION.iter().any(|service| rpc.starts_with(service)) {
            return Decision { rule: Rule::Reflection(&self.reflection), verdict: open_to(&self.reflection) };
        }
        let Some(caller) = caller else {
            return Decision { rule: Rule::Unlisted, verdict: Err(Refusal::UnknownCaller) };
        };
        match caller.rules.iter().enumerate().find(|(_, rule)| rule.matches(rpc)) {
            Some((index, pattern)) => Decision {
                rule: Rule::Listed { number: index + 1, pattern },
                verdict: if pattern.allows() { Ok(()) } else { Err(Refusal::RpcNotAllowed) },
            },
            None => Decision { rule: Rule::NoneMatches, verdict: Err(Refusal::RpcNotAllowed) },
        }
    }
}

impl Rule<'_> {
    /// Whether the RPC is one of the operators' side: it says nothing of anybody, needs no purpose, and is not counted.
    #[must_use]
    pub fn is_operational(&self) -> bool {
        matches!(self, Rule::Health(_) | Rule::Reflection(_))
    }
}
