//! What is kept for a time is forgotten after it.

use entrypass_proto::registration::v1::registration_change::Kind;
use entrypass_testkit::eventually;
use time::Duration;
use tonic::Code;

use crate::harness::{App, KEEP_ANSWERS};

#[tokio::test]
async fn a_first_answer_is_kept_for_its_time_and_then_forgotten() {
    let app = App::new().await;
    app.submit("r-1", &app.person(1)).await.expect("offered");
    app.clock.advance(KEEP_ANSWERS - Duration::SECOND);
    app.submit("r-2", &app.person(2)).await.expect("offered");
    app.stopped().await;
    let restarted = app.again().await;
    let reused = restarted.submit("r-1", &app.person(3)).await.expect_err("another content");
    assert_eq!(reused.is(), (Code::InvalidArgument, "REQUEST_ID_REUSED"));

    restarted.stopped().await;
    app.clock.advance(Duration::seconds(2));
    let restarted = app.again().await;
    eventually("the older one is forgotten", async || app.count("answers").await == 1).await;
    restarted.submit("r-1", &app.person(3)).await.expect("it is a new request");
    restarted.submit("r-2", &app.person(3)).await.expect_err("that one is kept");
}

#[tokio::test]
async fn the_end_of_a_registration_is_remembered_for_longer_than_any_call_lasts() {
    let app = App::new().await;
    app.submit("r-1", &app.person(1)).await.expect("offered");
    app.clock.advance(KEEP_ANSWERS);
    let person = app.person(2);
    app.changed(&person, Kind::Cancelled).await;
    app.clock.advance(Duration::minutes(30));
    app.stopped().await;
    let restarted = app.again().await;
    eventually("what is older is forgotten", async || app.count("answers").await == 0).await;
    restarted.submit("r-2", &person).await.expect_err("it has ended");

    app.clock.advance(Duration::minutes(31));
    let _restarted = app.again().await;
    eventually("it is forgotten", async || app.count("ended_registrations").await == 0).await;
}
