//! Deadlines: kept in the same way in process and over a socket, and never absent.

use std::time::{Duration, Instant};

use entrypass_proto::qr::v1::{
    ListVerificationKeysRequest, RenderQrCodeRequest, qr_service_client::QrServiceClient,
};
use entrypass_rpc::Transport;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::{
    both_ways,
    probe::{Reached, Way},
};

both_ways!(
    a_handler_that_never_answers_is_deadline_exceeded,
    an_expired_call_does_not_reach_the_handler,
    a_caller_without_a_deadline_gets_one_and_a_long_one_is_cut,
);

/// What the call that is never answered comes to.
async fn unanswered(client: &mut QrServiceClient<Transport>, timeout: Option<Duration>) -> Status {
    let mut request = Request::new(RenderQrCodeRequest::default());
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    client.render_qr_code(request).await.expect_err("it never answers")
}

fn assert_deadline_exceeded(status: &Status) {
    let reason = status.get_details_error_info().expect("an ErrorInfo").reason;
    assert_eq!((status.code(), reason.as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
}

async fn a_handler_that_never_answers_is_deadline_exceeded(way: Way) {
    let mut reached = Reached::by(way, 1).await;
    // The first call over a socket has a connection to make, too.
    reached.client.list_verification_keys(ListVerificationKeysRequest {}).await.expect("an answer");
    let began = Instant::now();
    assert_deadline_exceeded(&unanswered(&mut reached.client, Some(Duration::from_millis(40))).await);
    assert!(began.elapsed() >= Duration::from_millis(30), "it was waited for: {:?}", began.elapsed());
    assert_eq!(reached.probe.calls().len(), 2, "the handler was begun");
    reached.client.list_verification_keys(ListVerificationKeysRequest {}).await.expect("it still answers");
}

async fn an_expired_call_does_not_reach_the_handler(way: Way) {
    let mut reached = Reached::by(way, 1).await;
    for timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(1)] {
        assert_deadline_exceeded(&unanswered(&mut reached.client, Some(timeout)).await);
    }
    assert!(reached.probe.calls().is_empty());
}

async fn a_caller_without_a_deadline_gets_one_and_a_long_one_is_cut(way: Way) {
    let mut reached = Reached::by(way, 1).await;
    let (default, longest) = (Duration::from_secs(30), Duration::from_mins(2));
    let table = [
        (None, default),
        (Some("5"), default),
        (Some("soon"), default),
        (Some("90S"), Duration::from_secs(90)),
        (Some("3M"), longest),
        (Some("99999999H"), longest),
    ];
    for (timeout, expected) in table {
        let mut request = Request::new(ListVerificationKeysRequest {});
        if let Some(timeout) = timeout {
            request.metadata_mut().insert("grpc-timeout", timeout.parse().expect("a header"));
        }
        reached.client.list_verification_keys(request).await.expect("an answer");
        let (called, call) = reached.probe.calls().pop().expect("a call");
        let left = call.deadline().saturating_duration_since(called);
        let fits = left <= expected && left + Duration::from_secs(1) > expected;
        assert!(fits, "{timeout:?} leaves {left:?}, not {expected:?}");
    }
}

/// In process there is no socket to wait for, so that the clock can be a test's own.
#[tokio::test(start_paused = true)]
async fn the_default_deadline_ends_a_call() {
    let mut reached = Reached::by(Way::InProcess, 1).await;
    let began = tokio::time::Instant::now();
    assert_deadline_exceeded(&unanswered(&mut reached.client, None).await);
    let took = began.elapsed();
    // The deadline is told by the machine's clock, which went on while this one stood still.
    assert!((Duration::from_secs(29)..Duration::from_secs(35)).contains(&took), "{took:?}");
}
