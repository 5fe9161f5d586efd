//! Up to which hour a stream has told everything, and that it is never an hour too late.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use entrypass_ambient::Clock as _;
use entrypass_proto::registration::v1::{
    self as pb, registration_change::Kind, watch_registrations_request::Start,
};
use entrypass_registration::Config;
use entrypass_rpc::instant;
use sea_orm::ConnectionTrait as _;
use time::OffsetDateTime;
use tokio::task::JoinSet;

use crate::{
    feed::{Following, after, from},
    harness::{App, amendment, config, until_one_waits},
};

/// Nothing is said unasked, so that what comes at once is no checkpoint that was due.
fn silent() -> Config {
    Config { checkpoint_every: Duration::from_hours(1), ..config() }
}

fn as_of(answer: &pb::WatchRegistrationsResponse) -> Option<OffsetDateTime> {
    answer.as_of_time.as_ref().and_then(instant)
}

#[tokio::test]
async fn whoever_takes_a_stream_up_learns_at_once_how_far_it_has_told_everything() {
    let app = App::configured(silent()).await;
    for request in [from(Start::Oldest), from(Start::Now)] {
        let first =
            Following::begin(&app, request).await.expect("a stream").answer().await.expect("a checkpoint");
        assert_eq!((first.changes.len(), as_of(&first)), (0, Some(app.clock.now())));
    }

    app.register("X0000001").await;
    app.clock.advance(time::Duration::SECOND);
    let mut following = Following::begin(&app, from(Start::Oldest)).await.expect("a stream");
    let batch = following.answer().await.expect("a batch");
    assert_eq!((batch.changes.len(), as_of(&batch)), (1, Some(app.clock.now())));

    app.clock.advance(time::Duration::SECOND);
    let mut again = Following::begin(&app, after(&batch.cursor)).await.expect("a stream");
    let checkpoint = again.answer().await.expect("a checkpoint");
    assert_eq!((checkpoint.changes.len(), as_of(&checkpoint)), (0, Some(app.clock.now())));
    assert_eq!(checkpoint.cursor, batch.cursor);
}

#[tokio::test]
async fn nothing_is_said_of_the_hour_while_more_changes_wait() {
    let app = App::configured(silent()).await;
    let mut registration = app.register("X0000001").await;
    for stay_days in 1..=120 {
        registration = app.update(amendment(&registration, stay_days)).await.expect("amended");
    }
    let mut following = Following::begin(&app, from(Start::Oldest)).await.expect("a stream");
    let answers = [following.answer().await, following.answer().await].map(|answer| answer.expect("a batch"));
    let told = answers.map(|answer| (answer.changes.len(), as_of(&answer)));
    assert_eq!(told, [(100, None), (21, Some(app.clock.now()))]);
}

#[tokio::test]
async fn the_hour_moves_on_when_nothing_happens() {
    let app = App::new().await;
    let mut following = Following::begin(&app, from(Start::Now)).await.expect("a stream");
    for _ in 0..2 {
        app.clock.advance(time::Duration::minutes(1));
        while as_of(&following.answer().await.expect("a checkpoint")) != Some(app.clock.now()) {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_copies_have_answered_before_the_hour_has_been_told_by_it() {
    let app = App::new().await;
    let copies = Arc::new([app.another().await, app]);
    // What was answered, and the hour at which its caller had the answer.
    let answered = Arc::new(Mutex::new(Vec::new()));
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (copies, answered) = (Arc::clone(&copies), Arc::clone(&answered));
        writers.spawn(async move {
            let copy = &copies[writer % 2];
            let mut registration = copy.register(&format!("X00001{writer:02}")).await;
            for stay_days in 1..=15 {
                copy.clock.advance(time::Duration::milliseconds(1));
                registration = copy.update(amendment(&registration, stay_days)).await.expect("amended");
                let key = (registration.name.clone(), registration.revision);
                answered.lock().expect("no panic").push((copy.clock.now(), key));
            }
        });
    }
    let mut following = Following::begin(&copies[0], from(Start::Oldest)).await.expect("a stream");
    let (mut told, mut hours) = (Vec::new(), Vec::new());
    while told.len() < 8 * 16 {
        let answer = following.answer().await.expect("an answer");
        let hour = as_of(&answer);
        told.extend(answer.changes.into_iter().map(|change| (change.registration, change.revision)));
        hours.extend(hour.map(|hour| (hour, told.len())));
    }
    writers.join_all().await;
    assert!(hours.len() > 1, "the hour is told between the changes, too");
    for (hour, so_far) in hours {
        for (when, key) in answered.lock().expect("no panic").iter() {
            assert!(
                *when >= hour || told[..so_far].contains(key),
                "{key:?} of {when} was not told by {hour}"
            );
        }
    }
}

/// Why the hour is taken before the look for changes without a position, and kept until all of them have one.
#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it: SQLite has one writer at a time"]
async fn a_change_of_another_copy_that_waits_for_its_position_lies_before_no_hour_that_was_told() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let mut following = Following::begin(&app, from(Start::Oldest)).await.expect("a stream");
    following.changes(1).await;

    let database = app.database().await;
    let numbering = database.begin().await.expect("a transaction");
    numbering.execute_unprepared("SELECT * FROM change_feed FOR UPDATE").await.expect("the feed's row");
    let copy = app.another().await;
    app.clock.advance(time::Duration::minutes(1));
    let before = Some(app.clock.now());
    copy.update(amendment(&registration, 9)).await.expect("amended, and not numbered");
    until_one_waits(&database).await;
    app.clock.advance(time::Duration::minutes(1));
    for _ in 0..20 {
        let checkpoint = following.answer().await.expect("a checkpoint");
        assert!(checkpoint.changes.is_empty() && as_of(&checkpoint) <= before, "{checkpoint:?}");
    }

    numbering.commit().await.expect("released");
    assert_eq!(following.changes(1).await[0].kind(), Kind::Amended);
    while as_of(&following.answer().await.expect("a checkpoint")) != Some(app.clock.now()) {}
}

#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it: SQLite has one writer at a time"]
async fn a_transaction_that_is_open_at_the_hour_is_told_after_it() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let mut following = Following::begin(&app, from(Start::Oldest)).await.expect("a stream");
    following.changes(1).await;
    // The amendment is written, and waits at the moment of its commit for a lock that this test holds.
    let database = app.database().await;
    let wait_at_commit = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM pg_advisory_xact_lock(hashtext(current_schema())); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON changes DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION wait()";
    database.reader().execute_unprepared(wait_at_commit).await.expect("a trigger");
    let held = database.begin().await.expect("a transaction");
    let lock = "SELECT pg_advisory_xact_lock(hashtext(current_schema()))";
    held.execute_unprepared(lock).await.expect("the lock");
    let copy = app.another().await;
    let amending = tokio::spawn(async move { copy.update(amendment(&registration, 9)).await });
    until_one_waits(&database).await;

    // It is not committed, and the hour goes on without it.
    app.clock.advance(time::Duration::minutes(1));
    while as_of(&following.answer().await.expect("a checkpoint")) != Some(app.clock.now()) {}
    held.commit().await.expect("released");
    amending.await.expect("no panic").expect("amended");
    app.clock.advance(time::Duration::minutes(1));
    let (answered, mut amended) = (Some(app.clock.now()), false);
    loop {
        let answer = following.answer().await.expect("an answer");
        amended |= answer.changes.iter().any(|change| change.kind() == Kind::Amended);
        if as_of(&answer) == answered {
            break;
        }
    }
    assert!(amended, "the hour after the commit comes with the change or after it");
}
