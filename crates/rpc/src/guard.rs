//! Who is let in at a listener.
//!
//! The rules are `entrypass-access`'s; here is what a request shows of its caller, what is counted, and how a refusal reads. Health and
//! reflection have rules of their own, need no purpose and are not counted among calls: an overload must not look like an outage.

use std::sync::Arc;

use entrypass_access::{Callers, KnownCaller, Peer, Refusal};
use entrypass_proto::errors::v1::ErrorReason;
use http::{Extensions, HeaderMap};
use metrics::counter;

use crate::{
    Caller, Problem, caller,
    limits::Limits,
    permit::Permit,
    reason, rpcs,
    standing::{self, Standing},
};

/// How the RPCs of reflection begin, in each of its versions.
const REFLECTION: &str = "grpc.reflection.";

/// Lets callers in, or refuses them, and counts them. Clones count together.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    list: Option<(Callers, Identification)>,
    limits: Limits,
}

/// By what a caller is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identification {
    /// By its certificate: by the [`Peer`] in the extensions of its requests.
    Certificate,
    /// By what it says of itself in `entrypass-caller`. Of use on a loopback address, where nobody else can call.
    Claim,
}

impl Guard {
    /// A guard that knows nobody and lets everybody in, up to `in_flight` calls at once.
    #[must_use]
    pub fn open(in_flight: u32) -> Self {
        Self(Arc::new(Inner { list: None, limits: Limits::new(in_flight, None) }))
    }

    /// A guard that lets `callers` in, known by `identification`, up to `in_flight` calls of all of them at once.
    #[must_use]
    pub fn listing(callers: Callers, identification: Identification, in_flight: u32) -> Self {
        let limits = Limits::new(in_flight, Some(&callers));
        Self(Arc::new(Inner { list: Some((callers, identification)), limits }))
    }

    /// Whether a request for `method` with these headers and extensions is let in; as whom, and its permit.
    pub(crate) fn admit(
        &self,
        headers: &HeaderMap,
        extensions: &Extensions,
        method: &str,
    ) -> Result<(Standing, Permit), Problem> {
        let Inner { list, limits } = self.0.as_ref();
        let Some((callers, identification)) = list else {
            let is_ours = rpcs::streams(method).is_some();
            let permit =
                if is_ours { take(limits, None, method)? } else { take_operational(limits, method)? };
            return Ok((Standing::claimed(headers), permit));
        };
        let shown = Shown::by(*identification, headers, extensions);
        let known = shown.known(callers);
        let decision = callers.decide(known, method);
        decision.verdict.map_err(|refusal| refuse(refusal, &shown.name(known), method))?;
        if decision.rule.is_operational() {
            return Ok((
                known.map_or_else(Standing::unknown, |known| Standing::known(headers, known)),
                take_operational(limits, method)?,
            ));
        }
        // Nobody else passes the decision.
        let known = known.ok_or_else(|| refuse(Refusal::UnknownCaller, &shown.name(None), method))?;
        states_its_purpose(known, headers).map_err(|refusal| refuse(refusal, known.name(), method))?;
        let permit = take(limits, Some(known), method)?;
        Ok((Standing::known(headers, known), permit))
    }
}

/// What a request shows of its caller.
enum Shown<'r> {
    Certificate(Option<&'r Peer>),
    Claim(Option<&'r str>),
}

impl<'r> Shown<'r> {
    fn by(identification: Identification, headers: &'r HeaderMap, extensions: &'r Extensions) -> Self {
        match identification {
            Identification::Certificate => Self::Certificate(extensions.get()),
            Identification::Claim => {
                let relay = standing::text(headers, caller::RELAY_HEADER);
                Self::Claim(relay.or_else(|| standing::text(headers, caller::HEADER)))
            }
        }
    }

    fn known<'c>(&self, callers: &'c Callers) -> Option<&'c KnownCaller> {
        match self {
            Self::Certificate(peer) => callers.proven((*peer)?),
            Self::Claim(name) => callers.named((*name)?),
        }
    }

    /// The caller's name in the list, or how it presents itself.
    fn name(&self, known: Option<&KnownCaller>) -> String {
        match (known, self) {
            (Some(known), _) => known.name().to_owned(),
            (None, Self::Certificate(peer)) => {
                let identity = peer.and_then(|peer| peer.identities.iter().min());
                identity.map_or_else(|| "a certificate without a usable name".to_owned(), ToString::to_string)
            }
            (None, Self::Claim(name)) => Caller::read(*name).as_str().to_owned(),
        }
    }
}

/// Whether the caller states the purpose that it must, and none that it may not. Who is spoken for was asked at the first door.
fn states_its_purpose(known: &KnownCaller, headers: &HeaderMap) -> Result<(), Refusal> {
    if known.speaks_for_others() && !standing::is_itself(headers, known) {
        return Ok(());
    }
    // What is no text is stated all the same, and no purpose that anybody may state.
    known.may_state(headers.get(standing::PURPOSE).map(|purpose| purpose.to_str().unwrap_or_default()))
}

fn take(limits: &Limits, known: Option<&KnownCaller>, method: &str) -> Result<Permit, Problem> {
    let taken = limits.take(known, rpcs::streams(method).unwrap_or_default());
    taken.inspect_err(|problem| count(problem.reason()))
}

/// Health is never too much. What reflection answers is large, and whoever may not call anything may still ask for it.
fn take_operational(limits: &Limits, method: &str) -> Result<Permit, Problem> {
    if !method.starts_with(REFLECTION) {
        return Ok(Permit::default());
    }
    limits.take_reflection().inspect_err(|problem| count(problem.reason()))
}

fn refuse(refusal: Refusal, caller: &str, method: &str) -> Problem {
    let reason = match refusal {
        Refusal::UnknownCaller => ErrorReason::UnknownCaller,
        Refusal::RpcNotAllowed => ErrorReason::RpcNotAllowed,
        Refusal::PurposeRequired => ErrorReason::PurposeRequired,
        Refusal::PurposeNotAllowed => ErrorReason::PurposeNotAllowed,
    };
    count(reason);
    // Any other path is whatever a stranger has written.
    let rpc = if rpcs::exists(method) { method } else { "none of the contract" };
    Problem::new(reason).with("caller", caller).with("rpc", rpc)
}

/// Refusals, by their reason.
fn count(reason: ErrorReason) {
    counter!("entrypass_calls_refused_total", "reason" => reason::wire_name(reason)).increment(1);
}
