//! What every call carries beside its message, and hands on to the next hop.

use std::time::{Duration, Instant};

use entrypass_rule::Language;
use http::HeaderMap;
use tonic::{Request, metadata::AsciiMetadataValue};
use uuid::Uuid;

/// Deadline of a call whose caller stated none.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);
/// Longest deadline that is granted.
const LONGEST_DEADLINE: Duration = Duration::from_mins(2);

/// Stub.
#[derive(Debug)]
pub struct Caller;
impl Caller {
    /// Stub.
    pub fn as_str(&self) -> &str {
        "anonymous"
    }
}

/// The context of one call.
///
/// [`crate::EdgeLayer`] reads it from the headers once, for calls over a socket and in process alike, and leaves it
/// in the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    language: Language,
    deadline: Instant,
    trace_id: Uuid,
}

impl Call {
    /// Reads the context from gRPC headers: `accept-language`, `grpc-timeout`, `traceparent` (W3C Trace Context).
    /// `fresh_trace_id` names the trace when the caller has none.
    pub(crate) fn from_headers(headers: &HeaderMap, received: Instant, fresh_trace_id: Uuid) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let timeout = text("grpc-timeout").and_then(parse_grpc_timeout).unwrap_or(DEFAULT_DEADLINE);
        Self {
            language: text("accept-language").map(Language::negotiate).unwrap_or_default(),
            deadline: received + timeout.min(LONGEST_DEADLINE),
            trace_id: text("traceparent").and_then(parse_traceparent).unwrap_or(fresh_trace_id),
        }
    }

    /// The context that the edge layer left in `request`.
    ///
    /// A service that is called without the layer (only a mistake in wiring could do that) gets English, the default
    /// deadline and the nil trace.
    pub fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().copied().unwrap_or_else(Self::without_headers)
    }

    /// The context of a call that says nothing of itself.
    pub(crate) fn without_headers() -> Self {
        Self::from_headers(&HeaderMap::new(), Instant::now(), Uuid::nil())
    }

    /// The language in which the caller wants texts.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Who calls.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller
    }

    /// When the caller stops waiting.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Identifies the call in logs over all hops.
    #[must_use]
    pub fn trace_id(&self) -> Uuid {
        self.trace_id
    }

    /// Wraps `message` for the next hop, with what is left of the deadline.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.deadline.saturating_duration_since(Instant::now()));
        let metadata = request.metadata_mut();
        metadata.insert("accept-language", AsciiMetadataValue::from_static(self.language.tag()));
        let parent = format!("00-{}-0000000000000001-01", self.trace_id.simple());
        if let Ok(parent) = parent.parse() {
            metadata.insert("traceparent", parent);
        }
        request
    }
}

/// `grpc-timeout` of the gRPC HTTP/2 protocol: at most 8 digits and a unit.
fn parse_grpc_timeout(value: &str) -> Option<Duration> {
    let unit = value.chars().last()?;
    let digits = value.strip_suffix(unit)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_hours(amount)),
        'M' => Some(Duration::from_mins(amount)),
        'S' => Some(Duration::from_secs(amount)),
        'm' => Some(Duration::from_millis(amount)),
        'u' => Some(Duration::from_micros(amount)),
        'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

fn parse_traceparent(value: &str) -> Option<Uuid> {
    let id = value.split('-').nth(1).filter(|id| id.len() == 32)?;
    Uuid::try_parse(id).ok().filter(|id| !id.is_nil())
}

#[cfg(test)]
mod tests {
    use super::{Call, Duration, HeaderMap, Instant, Uuid, parse_grpc_timeout, parse_traceparent};

    #[test]
    fn the_next_hop_gets_what_is_left_of_the_deadline() {
        let headers = HeaderMap::from_iter([(
            http::header::HeaderName::from_static("grpc-timeout"),
            http::HeaderValue::from_static("10S"),
        )]);
        for (seconds_ago, left) in [(4, 6), (10, 0), (60, 0)] {
            let received = Instant::now().checked_sub(Duration::from_secs(seconds_ago)).expect("after boot");
            let request = Call::from_headers(&headers, received, Uuid::nil()).request(());
            let handed_on = request.metadata().get("grpc-timeout").and_then(|value| value.to_str().ok());
            let handed_on = handed_on.and_then(parse_grpc_timeout).expect("a deadline");
            let left = Duration::from_secs(left);
            assert!(handed_on <= left && handed_on + Duration::from_secs(1) > left, "{handed_on:?}");
        }
    }

    #[test]
    fn a_grpc_timeout_is_read_as_the_protocol_writes_it() {
        let table = [
            ("50m", Some(Duration::from_millis(50))),
            ("2S", Some(Duration::from_secs(2))),
            ("1M", Some(Duration::from_mins(1))),
            ("99999999H", Some(Duration::from_hours(99_999_999))),
            ("7u", Some(Duration::from_micros(7))),
            ("7n", Some(Duration::from_nanos(7))),
            ("999999999S", None),
            ("S", None),
            ("5", None),
            ("-5S", None),
            ("５S", None),
            ("5秒", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_grpc_timeout(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_trace_id_is_taken_over_only_when_it_is_one() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(parse_traceparent(good).is_some());
        for bad in ["", "00", "00-00000000000000000000000000000000-1-01", "00-xyz-1-01"] {
            assert!(parse_traceparent(bad).is_none(), "{bad:?}");
        }
    }
}
