//! Several copies of the service on one database, asked at once, with replies that get lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use entrypass_proto::registration::v1::{
    self as pb, registration_change::Kind, watch_registrations_request::Start,
};
use entrypass_registration::Config;
use entrypass_testkit::Refusal;
use sea_orm::{ConnectionTrait as _, Statement};
use tokio::task::JoinSet;
use tonic::{Code, Request};

use crate::{
    harness::{App, amendment, binding, config, form, passport, until_one_waits},
    returning::{come_again, next},
    travellers::replacement,
    verified::{amending, other},
};

const SUBMITTERS: usize = 32;

/// A submission by somebody whose connection keeps breaking: the reply to the first tries gets lost, at another moment each time, and
/// the same request goes to another copy.
async fn insistent(
    copies: &[App; 2],
    nth: usize,
    request: pb::SubmitRegistrationRequest,
) -> Result<String, Refusal> {
    for lost in 0..6 {
        let sent = copies[(nth + lost) % 2].submit(request.clone());
        // Sooner or later than the transaction: from no time at all to some milliseconds.
        let patience = Duration::from_micros(400 * (nth as u64 % 8) * (lost as u64 + 1));
        let _ = tokio::time::timeout(patience, sent).await;
    }
    loop {
        let answer = copies[nth % 2].submit(request.clone()).await;
        match answer {
            Err(refusal) if refusal.code == Code::Unavailable => {}
            answer => return answer.map(|registration| registration.name),
        }
    }
}

/// The number that `sql` asks for.
async fn number(app: &App, sql: &str) -> i64 {
    let database = app.database().await;
    let connection = database.reader();
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
    row.expect("a query").expect("a row").try_get_by_index(0).expect("a number")
}

async fn two_copies() -> [App; 2] {
    let app = App::new().await;
    [app.another().await, app]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_submitters_of_one_document_on_two_copies_one_is_told_of_a_registration_and_all_others_why_not()
{
    let copies = std::sync::Arc::new(two_copies().await);
    let mut submitters = JoinSet::new();
    for nth in 0..SUBMITTERS {
        let copies = std::sync::Arc::clone(&copies);
        submitters.spawn(async move {
            let request = copies[0].submission(&format!("submitter-{nth}"), "X0000001", form());
            (nth, insistent(&copies, nth, request).await)
        });
    }
    let answers: BTreeMap<_, _> = submitters.join_all().await.into_iter().collect();
    let winners: Vec<_> =
        answers.iter().filter_map(|(nth, answer)| Some((nth, answer.as_ref().ok()?))).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    for loser in answers.values().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(loser.is(), (Code::AlreadyExists, "ALREADY_REGISTERED"));
    }
    assert_eq!(number(&copies[0], "SELECT count(*) FROM registrations WHERE state = 'ACTIVE'").await, 1);
    for (table, rows) in
        [("registrations", 1), ("travellers", 1), ("documents", 1), ("changes", 1), ("answers", 1)]
    {
        assert_eq!(number(&copies[0], &format!("SELECT count(*) FROM {table}")).await, rows, "{table}");
    }
    // The winner's reply may be lost once more, and asked for from the other copy.
    let (winner, name) = winners[0];
    let again = copies[0].submission(&format!("submitter-{winner}"), "X0000001", form());
    assert_eq!(&copies[(winner + 1) % 2].submit(again).await.expect("the first answer").name, name);
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_travellers_whose_replies_get_lost_are_registered_once_each() {
    let copies = std::sync::Arc::new(two_copies().await);
    let mut submitters = JoinSet::new();
    for nth in 0..SUBMITTERS {
        let copies = std::sync::Arc::clone(&copies);
        submitters.spawn(async move {
            let request =
                copies[0].submission(&format!("submitter-{nth}"), &format!("X00002{nth:02}"), form());
            insistent(&copies, nth, request).await.expect("registered")
        });
    }
    let names: BTreeSet<_> = submitters.join_all().await.into_iter().collect();
    assert_eq!(names.len(), SUBMITTERS);
    for table in ["registrations", "travellers", "documents", "changes", "answers"] {
        assert_eq!(number(&copies[0], &format!("SELECT count(*) FROM {table}")).await, 32, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_on_two_copies_at_once_is_done_once_and_answered_alike() {
    let copies = two_copies().await;
    let mut registration = copies[0].register("X0000001").await;
    for stay_days in 1..=10 {
        let request = amendment(&registration, stay_days);
        let (one, other) = tokio::join!(copies[0].update(request.clone()), copies[1].update(request));
        let one = one.expect("amended");
        assert_eq!(Ok(&one), other.as_ref());
        assert_eq!(one.revision, registration.revision + 1);
        registration = one;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_amendments_of_one_revision_on_two_copies_one_is_made() {
    let copies = two_copies().await;
    let mut registration = copies[0].register("X0000001").await;
    for stay_days in 1..=10 {
        let requests = [amendment(&registration, stay_days), amendment(&registration, stay_days + 100)];
        let [one, other] = requests;
        let (one, other) = tokio::join!(copies[0].update(one), copies[1].update(other));
        let (made, refused) = match (one, other) {
            (Ok(made), Err(refused)) | (Err(refused), Ok(made)) => (made, refused),
            both => panic!("{both:?}"),
        };
        assert_eq!(refused.is(), (Code::Aborted, "ETAG_MISMATCH"));
        registration = made;
    }
    assert_eq!(registration.revision, 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn binding_on_two_copies_at_once_never_exceeds_the_limit() {
    let app = App::configured(Config { companion_limit: 3, ..config() }).await;
    let another = app.another_with(Config { companion_limit: 3, ..config() }).await;
    let holder = app.register("X0000001").await;
    let numbers: Vec<_> = (0..8).map(|nth| format!("X00003{nth:02}")).collect();
    for number in &numbers {
        app.register(number).await;
    }
    let mut binders = JoinSet::new();
    for (nth, number) in numbers.iter().enumerate() {
        let mut client = if nth % 2 == 0 { app.client() } else { another.client() };
        let request = binding(&holder, number);
        binders.spawn(async move { client.bind_companion(request).await });
    }
    let (bound, refused): (Vec<_>, Vec<_>) = binders.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(bound.len(), 3);
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!(Refusal::from(refusal).is(), (Code::FailedPrecondition, "COMPANION_LIMIT_REACHED"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_registrations_are_told_once_although_every_copy_looks_for_them() {
    let copies = two_copies().await;
    for nth in 0..20 {
        copies[nth % 2].register(&format!("X00004{nth:02}")).await;
    }
    copies[0].clock.advance(time::Duration::days(31));
    let from = pb::WatchRegistrationsRequest { start: Start::Oldest.into(), cursor: String::new() };
    let mut stream = copies[0].client().watch_registrations(from).await.expect("a stream").into_inner();
    let mut ended = BTreeSet::new();
    while ended.len() < 20 {
        for change in stream.message().await.expect("an answer").expect("a stream that goes on").changes {
            let new = change.kind() == Kind::Registered || ended.insert(change.registration.clone());
            assert!(new, "told twice: {}", change.registration);
        }
    }
    assert_eq!(number(&copies[0], "SELECT count(*) FROM changes").await, 40);
}

#[tokio::test]
async fn a_request_id_is_its_callers_own() {
    let app = App::new().await;
    let asked_by = |caller: &'static str, number: &str| {
        let mut request = Request::new(app.submission("mine", number, form()));
        request.metadata_mut().insert("entrypass-caller", caller.parse().expect("a name"));
        let mut client = app.client();
        async move { Ok::<_, Refusal>(client.submit_registration(request).await?.into_inner().registration) }
    };
    let first = asked_by("applet", "X0000001").await.expect("registered");
    let other = asked_by("checkpoint", "X0000002").await.expect("registered, and not the applet's answer");
    assert_ne!(first, other);
    assert_eq!(asked_by("applet", "X0000001").await.expect("the first answer"), first);
    let reused = asked_by("applet", "X0000002").await.expect_err("another content");
    assert_eq!(reused.is(), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
}

#[tokio::test]
async fn a_request_id_is_free_again_after_the_time_that_is_configured() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    app.clock.advance(time::Duration::days(7) - time::Duration::SECOND);
    assert_eq!(app.register("X0000001").await.name, registration.name, "the first answer");
    app.clock.advance(time::Duration::SECOND * 2);
    while number(&app, "SELECT count(*) FROM answers").await > 0 {
        tokio::task::yield_now().await;
    }
    let again = app.submit(app.submission("register-X0000001", "X0000001", form())).await;
    assert_eq!(again.expect_err("new, and refused").is(), (Code::AlreadyExists, "ALREADY_REGISTERED"));
}

#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it: SQLite has one writer at a time"]
async fn an_amendment_that_waited_for_the_end_of_a_registration_does_not_bring_it_back() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let database = app.database().await;
    let ending = database.begin().await.expect("a transaction");
    ending.execute_unprepared("UPDATE registrations SET state = 'EXPIRED'").await.expect("ended");
    let copy = app.another().await;
    let request = amendment(&registration, 9);
    let amending = tokio::spawn(async move { copy.update(request).await });
    until_one_waits(&database).await;
    ending.commit().await.expect("committed");
    let refused = amending.await.expect("no panic").expect_err("it has ended");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "REGISTRATION_NOT_ACTIVE"));
}

#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it: SQLite has one writer at a time"]
async fn an_amendment_that_waited_while_a_verification_was_noted_finds_it() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let database = app.database().await;
    let noting = database.begin().await.expect("a transaction");
    noting.execute_unprepared("UPDATE registrations SET verified_time = create_time").await.expect("noted");
    let copy = app.another().await;
    let request = amending(&registration, "amend", other(), &["travel_history", "mobile_phone"]);
    let amending = tokio::spawn(async move { copy.update(request).await });
    until_one_waits(&database).await;
    noting.commit().await.expect("committed");
    let refused = amending.await.expect("no panic").expect_err("a checkpoint has seen it");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "FROZEN_AFTER_VERIFICATION"));
    assert_eq!(refused.fact("paths"), "travel_history");
}

#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it: SQLite has one writer at a time"]
async fn whoever_comes_again_with_another_document_waits_for_the_registration_before_they_hold_the_key() {
    let app = App::new().await;
    app.register("X0000001").await;
    app.clock.advance(time::Duration::days(31));
    let database = app.database().await;
    let holding = database.begin().await.expect("a transaction");
    holding.execute_unprepared("SELECT 1 FROM registrations FOR UPDATE").await.expect("held");
    let copy = app.another().await;
    let request = pb::SubmitNextRegistrationRequest {
        new_document: Some(passport("X0000002")),
        ..next(&copy, "next", "X0000001")
    };
    let coming = tokio::spawn(async move { come_again(&copy, request).await });
    until_one_waits(&database).await;
    // As an erasure does: held the other way round, each would wait for the other.
    let key = holding.execute_unprepared("SELECT 1 FROM data_keys FOR UPDATE NOWAIT").await;
    key.expect("nobody has the key");
    holding.commit().await.expect("committed");
    coming.await.expect("no panic").expect("registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_take_one_new_number_at_once_one_gets_it_and_nobody_becomes_two() {
    let app = App::new().await;
    let copies = [app.another().await, app];
    for round in 0..8 {
        let numbers = [format!("X10000{round:02}"), format!("X20000{round:02}")];
        let wanted = format!("X30000{round:02}");
        let mut takers = JoinSet::new();
        let mut travellers = Vec::new();
        for (copy, number) in copies.iter().zip(&numbers) {
            let registration = copy.register(number).await;
            travellers.push(registration.traveller.clone());
            let (mut client, request) = (copy.client(), replacement(&registration, number, &wanted));
            takers.spawn(async move { client.replace_document(request).await.map(drop) });
        }
        let (taken, refused): (Vec<_>, Vec<_>) = takers.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((taken.len(), refused.len()), (1, 1));
        for refusal in refused.into_iter().filter_map(Result::err).map(Refusal::from) {
            assert_eq!(refusal.is(), (Code::FailedPrecondition, "DOCUMENT_NOT_AVAILABLE"));
            assert!(travellers.iter().all(|traveller| !format!("{refusal:?}").contains(traveller)));
        }
        let owner = copies[0].resolve(&wanted).await.expect("somebody's");
        assert!(travellers.contains(&owner), "one of the two, and nobody new");
        for (number, traveller) in numbers.iter().zip(&travellers) {
            assert_eq!(copies[0].resolve(number).await.as_ref(), Ok(traveller));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_registered_while_it_is_taken_is_one_persons() {
    let app = App::new().await;
    let copies = [app.another().await, app];
    for round in 0..8 {
        let (old, wanted) = (format!("X10000{round:02}"), format!("X30000{round:02}"));
        let registration = copies[0].register(&old).await;
        let request = replacement(&registration, &old, &wanted);
        let submission = copies[1].submission(&format!("new-{round}"), &wanted, form());
        let (replaced, submitted) = tokio::join!(copies[0].replace(request), copies[1].submit(submission));
        let owner = copies[0].resolve(&wanted).await.expect("somebody's");
        match (replaced, submitted) {
            (Ok(replaced), Err(refused)) => {
                assert_eq!(refused.is(), (Code::AlreadyExists, "ALREADY_REGISTERED"));
                assert_eq!(owner, replaced.traveller);
            }
            (Err(refused), Ok(submitted)) => {
                assert_eq!(refused.is(), (Code::FailedPrecondition, "DOCUMENT_NOT_AVAILABLE"));
                assert_eq!(owner, submitted.traveller);
                assert_ne!(owner, registration.traveller);
            }
            other => panic!("both or none: {other:?}"),
        }
    }
}
