//! What every call carries beside its message, and hands on to the next hop.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use entrypass_access::{HolderProof, PersonalData};
use entrypass_rule::Language;
use http::HeaderMap;
use tonic::{Request, metadata::AsciiMetadataValue};
use uuid::Uuid;

use crate::{Caller, standing::Standing, timeout};

/// Deadline of a call whose caller stated none.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);
/// Longest deadline that is granted, except to a stream.
const LONGEST_DEADLINE: Duration = Duration::from_mins(2);
/// How much earlier the next hop has to answer, so that this one can still make something of it.
const HOP_MARGIN: Duration = Duration::from_millis(20);

/// The context of one call.
///
/// [`crate::EdgeLayer`] reads it from the headers once, for calls over a socket and in process alike, and leaves it
/// in the request's extensions.
#[derive(Debug, Clone)]
pub struct Call {
    method: Arc<str>,
    standing: Standing,
    language: Language,
    deadline: Instant,
    stated_deadline: Option<Instant>,
    trace_id: Uuid,
}

impl Call {
    /// Reads the context from gRPC headers: `accept-language`, `grpc-timeout`, `traceparent` (W3C Trace Context), and what whoever calls
    /// says of itself. `fresh_trace_id` names the trace when the caller has none.
    pub(crate) fn from_headers(headers: &HeaderMap, received: Instant, fresh_trace_id: Uuid) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let stated = timeout::stated(headers);
        Self {
            method: Arc::default(),
            standing: Standing::claimed(headers),
            language: text("accept-language").map(Language::negotiate).unwrap_or_default(),
            deadline: received + stated.unwrap_or(DEFAULT_DEADLINE).min(LONGEST_DEADLINE),
            stated_deadline: stated.and_then(|timeout| received.checked_add(timeout)),
            trace_id: text("traceparent").and_then(parse_traceparent).unwrap_or(fresh_trace_id),
        }
    }

    /// The context that the edge layer left in `request`.
    ///
    /// A service that is called without the layer (only a mistake in wiring could do that) gets English, the default
    /// deadline and the nil trace.
    pub fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().cloned().unwrap_or_else(Self::without_headers)
    }

    /// The context of a call that says nothing of itself.
    pub(crate) fn without_headers() -> Self {
        Self::from_headers(&HeaderMap::new(), Instant::now(), Uuid::nil())
    }

    /// The same call, of `method`.
    #[must_use]
    pub(crate) fn of_method(self, method: &str) -> Self {
        Self { method: method.into(), ..self }
    }

    /// The same call, by somebody of whom more is known than what they say.
    #[must_use]
    pub(crate) fn with_standing(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// The RPC, by the full name of its service: "entrypass.registration.v1.RegistrationService/GetRegistration".
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Who asked for this first: a caller of the gateway, mostly.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.standing.caller
    }

    /// Who is at the other end of the connection: the caller, or the service of ours that asks on their behalf.
    #[must_use]
    pub fn peer(&self) -> &Caller {
        &self.standing.peer
    }

    /// For what the caller says that it calls.
    #[must_use]
    pub fn purpose(&self) -> Option<&str> {
        self.standing.purpose.as_deref()
    }

    /// How much of a person the caller is shown.
    #[must_use]
    pub fn personal_data(&self) -> PersonalData {
        self.standing.personal_data
    }

    /// Whether the caller must give the holder's name.
    #[must_use]
    pub fn holder_proof(&self) -> HolderProof {
        self.standing.holder_proof
    }

    /// The language in which the caller wants texts.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// When the caller of a unary call stops waiting, or the opener of a stream for its beginning.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// When a stream ends: only its caller can say so.
    #[must_use]
    pub fn stated_deadline(&self) -> Option<Instant> {
        self.stated_deadline
    }

    /// Identifies the call in logs over all hops.
    #[must_use]
    pub fn trace_id(&self) -> Uuid {
        self.trace_id
    }

    /// What the next hop may take: what is left of the deadline, less what this hop needs to answer.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        let answered = self.deadline.checked_sub(HOP_MARGIN).unwrap_or(self.deadline);
        answered.saturating_duration_since(Instant::now())
    }

    /// The same call for a part of the work that must leave time for the rest: it ends after half of what is left, and after
    /// `longest` at the latest.
    #[must_use]
    pub fn share(&self, longest: Duration) -> Self {
        let half = self.deadline.saturating_duration_since(Instant::now()) / 2;
        self.at_most(half.min(longest))
    }

    /// The same call for one attempt: it ends with the call, and after `longest` at the latest.
    #[must_use]
    pub(crate) fn at_most(&self, longest: Duration) -> Self {
        let latest = Instant::now().checked_add(longest);
        let deadline = latest.map_or(self.deadline, |latest| latest.min(self.deadline));
        Self { deadline, stated_deadline: Some(deadline), ..self.clone() }
    }

    /// The same call, which has to be answered `earlier` by so much. A stream ends when it would have ended.
    #[must_use]
    pub(crate) fn answered_earlier(&self, earlier: Duration) -> Self {
        Self { deadline: self.deadline.checked_sub(earlier).unwrap_or(self.deadline), ..self.clone() }
    }

    /// Wraps `message` for the next hop, with [`Self::time_left`] as its deadline.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = self.without_deadline(message);
        request.set_timeout(self.time_left());
        request
    }

    /// As [`Self::request`], for an answer that is a stream: it has a deadline only if the caller stated one.
    pub fn stream_request<T>(&self, message: T) -> Request<T> {
        let mut request = self.without_deadline(message);
        if let Some(deadline) = self.stated_deadline {
            // A margin would end the stream early, and there is nothing to be done after it.
            request.set_timeout(deadline.saturating_duration_since(Instant::now()));
        }
        request
    }

    fn without_deadline<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        metadata.insert("accept-language", AsciiMetadataValue::from_static(self.language.tag()));
        let parent = format!("00-{}-0000000000000001-01", self.trace_id.simple());
        for (name, value) in self.standing.headers().chain([("traceparent", parent.as_str())]) {
            if let Ok(value) = value.parse() {
                metadata.insert(name, value);
            }
        }
        request
    }
}

fn parse_traceparent(value: &str) -> Option<Uuid> {
    let id = value.split('-').nth(1).filter(|id| id.len() == 32)?;
    Uuid::try_parse(id).ok().filter(|id| !id.is_nil())
}

#[cfg(test)]
mod tests;
