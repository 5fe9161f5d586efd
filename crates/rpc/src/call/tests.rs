//! What a call hands on, and how its time shrinks.

use http::HeaderValue;

use super::{Call, Duration, HOP_MARGIN, HeaderMap, Instant, Request, Uuid, parse_traceparent, timeout};

/// A call that came `ago` with `timeout`, if that is given.
fn call(timeout: Option<&'static str>, ago: Duration) -> Call {
    let mut headers = HeaderMap::new();
    if let Some(timeout) = timeout {
        headers.insert("grpc-timeout", HeaderValue::from_static(timeout));
    }
    Call::from_headers(&headers, Instant::now().checked_sub(ago).expect("after boot"), Uuid::nil())
}

/// The deadline that a request carries.
fn handed_on(request: Request<()>) -> Option<Duration> {
    timeout::stated(&request.into_parts().0.into_headers())
}

fn close(actual: Option<Duration>, expected: Duration) -> bool {
    actual.is_some_and(|actual| actual <= expected && actual + Duration::from_secs(1) > expected)
}

#[test]
fn the_next_hop_gets_what_is_left_of_the_deadline_less_a_margin() {
    for (seconds_ago, left) in
        [(4, Duration::from_secs(6) - HOP_MARGIN), (10, Duration::ZERO), (60, Duration::ZERO)]
    {
        let got = handed_on(call(Some("10S"), Duration::from_secs(seconds_ago)).request(()));
        assert!(close(got, left), "{got:?} after {seconds_ago} s");
    }
    assert_eq!(call(Some("20m"), Duration::ZERO).time_left(), Duration::ZERO, "all of it is the margin");
    assert!(!call(Some("1S"), Duration::ZERO).time_left().is_zero());
}

#[test]
fn a_stream_has_a_deadline_only_if_its_caller_stated_one() {
    assert_eq!(handed_on(call(None, Duration::ZERO).stream_request(())), None);
    assert_eq!(handed_on(call(Some("soon"), Duration::ZERO).stream_request(())), None);
    let hours = handed_on(call(Some("3H"), Duration::ZERO).stream_request(()));
    assert!(close(hours, Duration::from_hours(3)), "longer than any unary call: {hours:?}");
    assert_eq!(handed_on(call(Some("1S"), Duration::from_secs(2)).stream_request(())), Some(Duration::ZERO));
}

#[test]
fn a_share_is_half_of_what_is_left_and_never_more_than_it_is_allowed() {
    let whole = call(Some("10S"), Duration::ZERO);
    let left = |call: &Call| Some(call.deadline().saturating_duration_since(Instant::now()));
    assert!(close(left(&whole.share(Duration::from_mins(1))), Duration::from_secs(5)));
    assert!(close(left(&whole.share(Duration::from_secs(2))), Duration::from_secs(2)));
    assert_eq!(
        left(&call(Some("1S"), Duration::from_secs(1)).share(Duration::from_secs(2))),
        Some(Duration::ZERO)
    );
    assert!(close(left(&whole), Duration::from_secs(10)), "the call itself goes on");
}

#[test]
fn a_trace_id_is_taken_over_only_when_it_is_one() {
    let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert!(parse_traceparent(good).is_some());
    for bad in ["", "00", "00-00000000000000000000000000000000-1-01", "00-xyz-1-01"] {
        assert!(parse_traceparent(bad).is_none(), "{bad:?}");
    }
}
