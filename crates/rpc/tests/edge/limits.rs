//! How much is taken from callers: what is too much is refused at once, and nobody else notices.

use std::time::Duration;

use entrypass_access::{AccessSettings, CallerSettings};
use entrypass_proto::qr::v1::{
    ListVerificationKeysRequest, ListVerificationKeysResponse, RenderQrCodeRequest,
    WatchVerificationBundleRequest, WatchVerificationBundleResponse,
};
use entrypass_rpc::{Guard, Identification, Transport};
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tonic::{Code, Status, Streaming, client::Grpc};
use tonic_types::StatusExt as _;

use crate::{
    both_ways,
    guard::{caller, health, keys, listing, request, told},
    probe::{Reached, Way},
};

both_ways!(
    calls_in_flight_are_counted_for_each_caller,
    calls_in_flight_are_counted_for_all_callers_together,
    streams_are_counted_until_they_end,
    an_answer_that_was_sent_is_in_flight_no_more,
    who_calls_too_often_is_told_when_to_call_again,
    without_a_list_all_calls_are_counted_together,
    what_a_flood_was_let_in_with_is_answered_and_the_rest_refused,
);

const KIOSK: (&str, &str) = ("entrypass-caller", "kiosk");
const DESK: (&str, &str) = ("entrypass-caller", "desk");

fn guard(kiosk: CallerSettings, in_flight: u32) -> Guard {
    listing(&[kiosk, caller("desk")], &AccessSettings::default(), Identification::Claim, in_flight)
}

/// Asks again and again until it is so, for 20 seconds at most.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let limit = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), limit).await.expect(what);
}

/// A call that is never answered, once it has reached its handler.
async fn unanswered(reached: &Reached, who: (&'static str, &str)) -> JoinHandle<()> {
    let before = reached.probe.calls().len();
    let (mut client, request) = (reached.client.clone(), request(RenderQrCodeRequest::default(), &[who]));
    let call = tokio::spawn(async move {
        let _given_up = client.render_qr_code(request).await;
    });
    until("the call has begun", async || reached.probe.calls().len() > before).await;
    call
}

/// Asserts that it is too much for now, and gives whom it says that it is about.
#[track_caller]
fn too_much(answer: Result<(), Status>, reason: &str) -> Option<String> {
    let status = answer.expect_err(reason);
    let delay = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(delay.is_some_and(|delay| !delay.is_zero() && delay <= Duration::from_secs(1)), "{status:?}");
    let (code, actual, mut facts) = told(&status);
    assert_eq!((code, actual.as_str()), (Code::ResourceExhausted, reason));
    facts.remove("caller")
}

async fn calls_in_flight_are_counted_for_each_caller(way: Way) {
    let reached =
        Reached::behind(guard(CallerSettings { in_flight: Some(2), ..caller("kiosk") }, 1000), way).await;
    let held = [unanswered(&reached, KIOSK).await, unanswered(&reached, KIOSK).await];
    let begun = reached.probe.calls().len();
    let refused = too_much(keys(&reached, &[KIOSK]).await, "TOO_MANY_CALLS");
    assert_eq!(refused.as_deref(), Some("kiosk"));
    assert_eq!(reached.probe.calls().len(), begun, "what is refused costs nothing behind the guard");
    keys(&reached, &[DESK]).await.expect("another caller does not notice");
    held[0].abort();
    until("a place is free again", async || keys(&reached, &[KIOSK]).await.is_ok()).await;
    held[1].abort();
}

async fn calls_in_flight_are_counted_for_all_callers_together(way: Way) {
    let reached = Reached::behind(guard(caller("kiosk"), 2), way).await;
    let held = [unanswered(&reached, KIOSK).await, unanswered(&reached, KIOSK).await];
    assert_eq!(
        too_much(keys(&reached, &[DESK]).await, "TOO_MANY_CALLS"),
        None,
        "nobody's fault in particular"
    );
    if way == Way::Socket {
        health(reached.transport.clone(), "nobody").await.expect("an overload is no outage");
    }
    let _watched = watch(&reached, DESK).await.expect("a stream is no call in flight");
    held[0].abort();
    until("a place is free again", async || keys(&reached, &[DESK]).await.is_ok()).await;
    held[1].abort();
}

async fn watch(
    reached: &Reached,
    who: (&'static str, &str),
) -> Result<Streaming<WatchVerificationBundleResponse>, Status> {
    let request = request(WatchVerificationBundleRequest::default(), &[who]);
    Ok(reached.client.clone().watch_verification_bundle(request).await?.into_inner())
}

async fn streams_are_counted_until_they_end(way: Way) {
    let reached =
        Reached::behind(guard(CallerSettings { streams: Some(1), ..caller("kiosk") }, 1000), way).await;
    let first = watch(&reached, KIOSK).await.expect("one may be open");
    let second = watch(&reached, KIOSK).await.map(|_| ());
    assert_eq!(too_much(second, "TOO_MANY_STREAMS").as_deref(), Some("kiosk"));
    keys(&reached, &[KIOSK]).await.expect("calls go on");
    let _other = watch(&reached, DESK).await.expect("another caller does not notice");
    drop(first);
    until("a stream may be opened again", async || watch(&reached, KIOSK).await.is_ok()).await;
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_in_flight() {
    let one = CallerSettings { in_flight: Some(1), ..caller("kiosk") };
    let reached = Reached::behind(guard(one, 1000), Way::InProcess).await;
    let unread = unread(reached.transport.clone()).await;
    assert_eq!(too_much(keys(&reached, &[KIOSK]).await, "TOO_MANY_CALLS").as_deref(), Some("kiosk"));
    drop(unread);
    keys(&reached, &[KIOSK]).await.expect("given up");
}

async fn an_answer_that_was_sent_is_in_flight_no_more(way: Way) {
    let one = CallerSettings { in_flight: Some(1), ..caller("kiosk") };
    let reached = Reached::behind(guard(one, 1000), way).await;
    for _ in 0..10 {
        // The caller may have it before the server knows that all was sent.
        until("the one before has ended", async || keys(&reached, &[KIOSK]).await.is_ok()).await;
    }
    assert!(reached.probe.calls().len() >= 10);
}

/// The answer to a unary call, of which nothing has been read: as a stream, that is left to the reader.
async fn unread(transport: Transport) -> Streaming<ListVerificationKeysResponse> {
    let mut grpc = Grpc::new(transport);
    grpc.ready().await.expect("ready");
    let path = http::uri::PathAndQuery::from_static("/entrypass.qr.v1.QrService/ListVerificationKeys");
    let request = request(ListVerificationKeysRequest {}, &[KIOSK]);
    let answer = grpc.server_streaming(request, path, tonic_prost::ProstCodec::default()).await;
    answer.expect("its beginning").into_inner()
}

async fn who_calls_too_often_is_told_when_to_call_again(way: Way) {
    let slow = CallerSettings { requests_per_second: Some(1), burst: Some(2), ..caller("kiosk") };
    let reached = Reached::behind(guard(slow, 1000), way).await;
    let mut answered = 0;
    let refused = loop {
        assert!(answered < 100, "a hundred calls take no hundred seconds");
        match keys(&reached, &[KIOSK]).await {
            Ok(()) => answered += 1,
            Err(status) => break status,
        }
    };
    assert!(answered >= 2, "the burst: {answered}");
    assert_eq!(too_much(Err(refused), "RATE_LIMITED").as_deref(), Some("kiosk"));
    keys(&reached, &[DESK]).await.expect("another caller does not notice");
    until("its second has passed", async || keys(&reached, &[KIOSK]).await.is_ok()).await;
}

async fn without_a_list_all_calls_are_counted_together(way: Way) {
    let reached = Reached::behind(Guard::open(1), way).await;
    let held = unanswered(&reached, KIOSK).await;
    assert_eq!(too_much(keys(&reached, &[]).await, "TOO_MANY_CALLS"), None);
    held.abort();
    until("the place is free again", async || keys(&reached, &[]).await.is_ok()).await;
    let (_, call) = reached.probe.calls().pop().expect("a call");
    assert_eq!(call.personal_data(), entrypass_rpc::PersonalData::Full, "as without a guard");
}

async fn what_a_flood_was_let_in_with_is_answered_and_the_rest_refused(way: Way) {
    let reached = Reached::behind(guard(caller("kiosk"), 3), way).await;
    let held = [unanswered(&reached, KIOSK).await, unanswered(&reached, KIOSK).await];
    let flood = (0..300).map(|_| keys(&reached, &[KIOSK]));
    let health = async {
        for _ in 0..20 {
            if way == Way::Socket {
                health(reached.transport.clone(), "nobody").await.expect("an overload is no outage");
            }
        }
    };
    let (answers, ()) = tokio::join!(join_all(flood), health);
    let (answered, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    for answer in refused {
        too_much(answer, "TOO_MANY_CALLS");
    }
    assert_eq!(answered.len() + held.len(), reached.probe.calls().len(), "whoever was let in has an answer");
    held.iter().for_each(JoinHandle::abort);
    until("the places are free again", async || keys(&reached, &[DESK]).await.is_ok()).await;
}
