//! What was learnt from the changes of registrations counts also when nobody can be asked.

use entrypass_proto::{
    qr::v1::Verdict,
    registration::v1::{RegistrationState, registration_change::Kind},
};

use crate::harness::App;

#[tokio::test]
async fn an_amendment_supersedes_the_codes_before_it() {
    for kind in [Kind::Amended, Kind::DocumentReplaced] {
        let app = App::new().await;
        let before = app.code(1, 1).await;
        let other = app.code(2, 1).await;
        app.changed(1, kind, 2).await;
        let alone = app.alone().await;
        assert_eq!(alone.verdict(&before.content).await, (Verdict::Superseded, "++++!--".to_owned()));
        assert_eq!(alone.verdict(&other.content).await.0, Verdict::CannotDecide);
        let current = app.code(1, 2).await;
        assert_eq!(app.verdict(&current.content).await.0, Verdict::Valid);
    }
}

#[tokio::test]
async fn whoever_asks_late_for_an_earlier_revision_gets_no_code() {
    let app = App::new().await;
    app.changed(1, Kind::Amended, 2).await;
    app.changed(1, Kind::Amended, 3).await;
    let counts = app.issue(vec![app.subject(1, 2), app.subject(1, 3), app.subject(1, 1)]).await;
    let counts: Vec<_> = counts.expect("an answer").iter().map(Option::is_some).collect();
    assert_eq!(counts, [false, true, false]);
}

#[tokio::test]
async fn a_cancellation_revokes_every_code() {
    let app = App::new().await;
    let (first, second) = (app.code(1, 1).await, app.code(1, 2).await);
    app.changed(1, Kind::Cancelled, 3).await;
    let alone = app.alone().await;
    for code in [first, second] {
        assert_eq!(alone.verdict(&code.content).await, (Verdict::Revoked, "++++!--".to_owned()));
    }
    for revision in 1..4 {
        assert_eq!(app.issue_one(app.subject(1, revision)).await, None, "revision {revision}");
    }
    // Nor for one that had none before.
    app.changed(2, Kind::Cancelled, 2).await;
    assert_eq!(app.issue_one(app.subject(2, 1)).await, None);
}

#[tokio::test]
async fn changes_that_are_told_again_change_nothing_more() {
    let app = App::new().await;
    let (amended, cancelled) = (app.code(1, 2).await, app.code(2, 1).await);
    for _ in 0..2 {
        app.changed(1, Kind::Amended, 2).await;
        app.changed(2, Kind::Cancelled, 2).await;
    }
    assert_eq!(app.verdict(&amended.content).await.0, Verdict::Valid);
    assert_eq!(app.verdict(&cancelled.content).await.0, Verdict::Revoked);
    app.changed(1, Kind::Cancelled, 3).await;
    app.changed(1, Kind::Amended, 2).await;
    assert_eq!(app.alone().await.verdict(&amended.content).await.0, Verdict::Revoked, "for good");
}

#[tokio::test]
async fn what_says_nothing_of_codes_leaves_them_alone() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    for kind in [
        Kind::Registered,
        Kind::CompanionBound,
        Kind::CompanionConfirmed,
        Kind::CompanionUnbound,
        Kind::Expired,
    ] {
        app.changed(1, kind, 1).await;
        assert_eq!(app.verdict(&code.content).await.0, Verdict::Valid, "{kind:?}");
    }
    app.registered(1, 1, RegistrationState::Expired);
    assert_eq!(app.verdict(&code.content).await.0, Verdict::Expired, "it is asked for that");
}
