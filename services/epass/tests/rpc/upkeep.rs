//! What is kept for a time is forgotten after it.

use entrypass_proto::registration::v1::registration_change::Kind;
use entrypass_testkit::eventually;
use metrics_exporter_prometheus::PrometheusBuilder;
use time::Duration;
use tonic::Code;

use crate::harness::{App, KEEP_ANSWERS, VALID_FOR, policies::PROMISE};

#[tokio::test]
async fn it_is_told_how_many_decisions_are_late_and_how_many_applications_nobody_touched() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let told = recorder.handle();
    // Of this thread, on which all of this test runs.
    let _metrics = metrics::set_default_local_recorder(&recorder);
    let app = App::new().await;
    app.decides_by(&[PROMISE]).await;
    app.await_review("r-1", &app.person(1)).await.expect("offered");
    app.draft("d-2", &app.person(2)).await.expect("offered");
    app.draft("d-3", &app.person(3)).await.expect("offered");
    let says = async |line: &str| {
        let found = async || told.render().lines().any(|told| told == line);
        eventually(line, found).await;
    };
    says("entrypass_applications_overdue 0").await;
    app.stopped().await;
    app.clock.advance(Duration::days(5));
    let restarted = app.again().await;
    says("entrypass_applications_overdue 1").await;
    restarted.stopped().await;
    app.clock.advance(Duration::days(27));
    let _restarted = app.again().await;
    says("entrypass_applications_lapsed_total 2").await;
    assert!(!told.render().contains("lapsed_applications"), "nothing was removed");
}

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
async fn what_cannot_be_done_keeps_nothing_else_from_being_done() {
    let app = App::new().await;
    app.with_pass(1).await;
    let draft = app.draft("d-1", &app.person(2)).await.expect("offered");
    app.stopped().await;
    app.clock.advance(VALID_FOR);
    // No instant: the end of this pass cannot be written down.
    app.meddle("UPDATE passes SET create_time = 9223372036854775807").await;
    let _upkeep = app.again().await;
    eventually("first answers are forgotten", async || app.count("answers").await == 0).await;
    assert_eq!(app.count("applications WHERE state = 'EXPIRED'").await, 1, "{}", draft.name);
    assert_eq!(app.count("passes WHERE state = 'ACTIVE'").await, 1);
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
