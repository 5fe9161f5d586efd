//! What happens between a submission and its reviewer.

use entrypass_proto::epass::v1::{electronic_pass_application::State, identity_finding::Outcome};
use entrypass_testkit::eventually;
use time::Duration;
use tonic::Code;

use crate::harness::App;

/// Stops what the service does unasked, so that a submission stays as it is, and leaves one.
async fn submitted_and_left(app: &App) -> String {
    app.stopped().await;
    app.submit("r-1", &app.person(1)).await.expect("offered").name
}

#[tokio::test]
async fn a_neighbour_that_is_away_is_asked_again_with_growing_pauses() {
    let app = App::new().await;
    let name = submitted_and_left(&app).await;
    app.registrations.break_with(Code::Internal);
    let copy = app.again().await;
    for (tries, pause) in [(1, 2), (2, 4), (3, 8)] {
        eventually("it is put off", async || copy.waits_for_try(tries).await == Some(pause)).await;
        assert_eq!(copy.application(&name).await.expect("it is there").state(), State::IdentityVerifying);
        app.clock.advance(Duration::seconds(pause));
    }
    app.registrations.mend();
    app.clock.advance(Duration::minutes(10));
    assert_eq!(copy.settled(&name).await.state(), State::UnderReview);
}

#[tokio::test]
async fn a_reviewer_decides_without_a_neighbour_that_stays_away() {
    let app = App::new().await;
    let name = submitted_and_left(&app).await;
    app.registrations.break_with(Code::Internal);
    let copy = app.again().await;
    eventually("it is put off", async || copy.waits_for_try(1).await.is_some()).await;
    app.clock.advance(Duration::hours(6));
    let waiting = copy.settled(&name).await;
    assert_eq!(waiting.state(), State::UnderReview);
    let identity = waiting.identity.expect("a finding");
    assert_eq!((identity.outcome(), identity.failed_checks), (Outcome::CannotVerify, vec![]));
}

#[tokio::test]
async fn what_is_withdrawn_while_it_is_verified_stays_so() {
    let app = App::new().await;
    let name = submitted_and_left(&app).await;
    app.registrations.break_with(Code::Internal);
    let copy = app.again().await;
    eventually("it is put off", async || copy.waits_for_try(1).await.is_some()).await;
    let verifying = copy.application(&name).await.expect("it is there");
    let withdrawn = copy.withdraw("w-1", &verifying).await.expect("it is not decided");
    app.registrations.mend();
    app.clock.advance(Duration::hours(1));
    let other = copy.await_review("r-2", &app.person(2)).await.expect("offered");
    assert_eq!(other.state(), State::UnderReview, "the verification goes on");
    assert_eq!(copy.application(&name).await.expect("it is there"), withdrawn);
    assert_eq!(copy.waits_for_try(1).await, None, "nothing is left to be done");
}

#[tokio::test]
async fn what_a_copy_took_that_died_is_another_ones_after_a_time() {
    let app = App::new().await;
    let name = submitted_and_left(&app).await;
    app.taken_by_a_copy_that_died(Duration::minutes(2)).await;
    let copy = app.again().await;
    let other = copy.await_review("r-2", &app.person(2)).await.expect("offered");
    assert_eq!(other.state(), State::UnderReview);
    assert_eq!(copy.application(&name).await.expect("it is there").state(), State::IdentityVerifying);
    app.clock.advance(Duration::minutes(2));
    assert_eq!(copy.settled(&name).await.state(), State::UnderReview);
}

#[tokio::test]
async fn of_many_copies_each_verifies_and_every_application_comes_to_the_reviewers_once() {
    let app = App::new().await;
    app.stopped().await;
    let mut names = Vec::new();
    for number in 0..20 {
        names.push(app.submit(&format!("r-{number}"), &app.person(number)).await.expect("offered").name);
    }
    let copies = [app.again().await, app.again().await, app.again().await];
    for name in &names {
        let waiting = copies[0].settled(name).await;
        assert_eq!((waiting.state(), waiting.submission_count), (State::UnderReview, 1));
        // Submitted, verifying, under review: each step was made once.
        assert!(waiting.etag.ends_with("-3"), "{}", waiting.etag);
    }
}
