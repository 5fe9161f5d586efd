//! A neighbour that fails is asked again where that is safe, inside the deadline, and only so often.

use std::time::{Duration, Instant};

use entrypass_proto::{
    errors::v1::ErrorReason,
    qr::v1::{IssueQrCodesRequest, IssueQrCodesResponse, qr_service_client::QrServiceClient},
};
use entrypass_rpc::{Call, Neighbour, Problem, Transport};
use futures_util::future::join_all;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::{
    both_ways,
    probe::{Reached, Vacant, Way, bind, remote},
};

both_ways!(
    a_failed_connection_is_tried_again_with_what_is_left_of_the_time,
    a_database_that_is_away_is_tried_again_when_it_asks_for_it,
    what_is_no_failure_of_the_connection_is_not_tried_again,
    after_four_attempts_the_last_answer_counts,
    nothing_is_tried_again_past_the_deadline,
    a_call_without_time_is_refused_before_it_is_made,
    a_budget_bounds_the_retries_of_all_calls_together,
);

type Qr = Neighbour<QrServiceClient<Transport>>;

async fn ask(neighbour: &Qr, call: &Call) -> Result<IssueQrCodesResponse, Status> {
    let issue = async |mut client: QrServiceClient<Transport>, request| client.issue_qr_codes(request).await;
    neighbour.ask(call, IssueQrCodesRequest::default(), issue).await
}

/// A call whose caller stated nothing.
fn call() -> Call {
    Call::of(&Request::new(()))
}

async fn probed(way: Way) -> (Qr, Reached) {
    let reached = Reached::by(way, 1).await;
    (Neighbour::new(reached.client.clone()), reached)
}

fn catalogue(reason: ErrorReason) -> Status {
    Problem::new(reason).to_status(&call())
}

async fn a_failed_connection_is_tried_again_with_what_is_left_of_the_time(way: Way) {
    let (neighbour, reached) = probed(way).await;
    reached.probe.fail_with([Status::unavailable("gone"), Status::new(Code::Unknown, "transport error")]);
    // Less than what one attempt may take.
    let call = call().share(Duration::from_secs(4));
    ask(&neighbour, &call).await.expect("the third attempt goes well");
    let calls = reached.probe.calls();
    let [(first, told_first), _, (last, told_last)] = calls.as_slice() else { panic!("{calls:?}") };
    assert!(*last - *first >= Duration::from_millis(150), "with pauses that grow: {:?}", *last - *first);
    let (before, after) = (told_first.deadline(), told_last.deadline());
    let apart = before.max(after) - before.min(after);
    assert!(apart < Duration::from_millis(140), "the same deadline, and no new time-out: {apart:?}");
}

async fn a_database_that_is_away_is_tried_again_when_it_asks_for_it(way: Way) {
    let (neighbour, reached) = probed(way).await;
    reached.probe.fail_with([catalogue(ErrorReason::StoreUnavailable)]);
    let began = Instant::now();
    ask(&neighbour, &call()).await.expect("the second attempt goes well");
    assert!(began.elapsed() >= Duration::from_secs(1), "not before its RetryInfo: {:?}", began.elapsed());

    // There is no time for what it asks for: the caller learns of it at once.
    reached.probe.fail_with([catalogue(ErrorReason::StoreUnavailable)]);
    let began = Instant::now();
    let status = ask(&neighbour, &call().share(Duration::from_millis(900))).await.expect_err("no time");
    assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "STORE_UNAVAILABLE");
    assert!(began.elapsed() < Duration::from_millis(800), "{:?}", began.elapsed());
    assert_eq!(reached.probe.calls().len(), 3);
}

async fn what_is_no_failure_of_the_connection_is_not_tried_again(way: Way) {
    let (neighbour, reached) = probed(way).await;
    let refusals = [
        // It was tried again where it happened.
        catalogue(ErrorReason::NeighbourUnavailable),
        catalogue(ErrorReason::DeadlineExceeded),
        catalogue(ErrorReason::Internal),
        catalogue(ErrorReason::AlreadyRegistered),
        Status::deadline_exceeded("late"),
        Status::data_loss("broken"),
        Status::resource_exhausted("full"),
    ];
    for (asked, refusal) in (1..).zip(refusals) {
        reached.probe.fail_with([refusal.clone()]);
        let status = ask(&neighbour, &call()).await.expect_err("a refusal");
        assert_eq!((status.code(), status.details()), (refusal.code(), refusal.details()));
        assert_eq!(reached.probe.calls().len(), asked, "{refusal:?}");
    }
}

async fn after_four_attempts_the_last_answer_counts(way: Way) {
    let (neighbour, reached) = probed(way).await;
    reached.probe.fail_with(["1", "2", "3", "4", "5"].map(Status::unavailable));
    let status = ask(&neighbour, &call()).await.expect_err("it never answers");
    assert_eq!((status.message(), reached.probe.calls().len()), ("4", 4));
}

async fn nothing_is_tried_again_past_the_deadline(way: Way) {
    let (neighbour, reached) = probed(way).await;
    ask(&neighbour, &call()).await.expect("connected");
    reached.probe.fail_with(["1", "2", "3", "4"].map(Status::unavailable));
    let began = Instant::now();
    // Room for a pause of 50 to 100 ms, perhaps for one of 100 to 200 ms, and never for that of 200 to 400 ms.
    let status = ask(&neighbour, &call().share(Duration::from_millis(250))).await.expect_err("no time");
    assert_eq!(status.code(), Code::Unavailable, "what is known, and not what is guessed");
    assert!(
        began.elapsed() < Duration::from_millis(350),
        "all four attempts take so long: {:?}",
        began.elapsed()
    );
    let attempts = reached.probe.calls().len() - 1;
    assert!((2..=3).contains(&attempts), "{attempts}");
}

async fn a_call_without_time_is_refused_before_it_is_made(way: Way) {
    let (neighbour, reached) = probed(way).await;
    for useless in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(25)] {
        let status = ask(&neighbour, &call().share(useless)).await.expect_err("no time");
        let reason = status.get_details_error_info().expect("an ErrorInfo").reason;
        assert_eq!((status.code(), reason.as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    }
    assert!(reached.probe.calls().is_empty());
}

async fn a_budget_bounds_the_retries_of_all_calls_together(way: Way) {
    let (neighbour, reached) = probed(way).await;
    reached.probe.fail_with(std::iter::repeat_n(Status::unavailable("down"), 1000));
    let (calls, reserve) = (40, 100);
    let call = call();
    let answers = join_all((0..calls).map(|_| ask(&neighbour, &call))).await;
    assert!(answers.iter().all(Result::is_err));
    assert_eq!(reached.probe.calls().len(), calls + reserve, "and not four times as many as calls");
}

#[tokio::test]
async fn a_neighbour_that_is_not_there_is_unavailable() {
    let nobody = Vacant::any();
    let neighbour = Neighbour::new(QrServiceClient::new(remote(&[nobody.address])));
    let status = ask(&neighbour, &call()).await.expect_err("nobody listens");
    assert_eq!(status.code(), Code::Unavailable);
    let problem = Problem::from_neighbour("qr", status);
    assert_eq!(problem.reason(), ErrorReason::NeighbourUnavailable);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_unavailable() {
    let (listener, address) = bind().await;
    // Takes connections, and closes each when its first bytes have come.
    let breaking = tokio::spawn(async move {
        for connections in 0.. {
            let (connection, _) = listener.accept().await.expect("a connection");
            connection.readable().await.expect("a request");
            drop(connection);
            if connections == 3 {
                return;
            }
        }
    });
    let neighbour = Neighbour::new(QrServiceClient::new(remote(&[address])));
    let status = ask(&neighbour, &call()).await.expect_err("nobody answers");
    let problem = Problem::from_neighbour("qr", status);
    assert_eq!(problem.reason(), ErrorReason::NeighbourUnavailable);
    breaking.await.expect("it was tried four times");
}
