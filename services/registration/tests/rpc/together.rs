//! Submissions that come while another is written, and so are written together: each is answered as if it had come alone.
//!
//! A transaction of the test's own holds up the first, until all others wait.

use std::collections::BTreeSet;

use entrypass_db::Database;
use entrypass_proto::registration::v1 as pb;
use entrypass_testkit::{Refusal, eventually};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, Statement};
use time::Duration;
use tokio::task::JoinHandle;
use tonic::Code;

use crate::harness::{App, form, until_one_waits};

/// How often everybody else gets a turn until all that was asked waits: nothing is waited for before that, so that each turn brings a call on.
const TURNS: usize = 2000;

type Answer = Result<pb::Registration, Refusal>;

/// A service that writes nothing until it is let.
struct Held {
    app: App,
    database: Database,
    holding: DatabaseTransaction,
}

impl Held {
    async fn of(app: App) -> Self {
        let database = app.database().await;
        let holding = database.begin().await.expect("a transaction");
        if holding.get_database_backend() == DbBackend::Postgres {
            let lock = holding.execute_unprepared("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE").await;
            lock.expect("held");
        }
        Self { app, database, holding }
    }

    /// Has the `requests` asked, all at once but the first, which comes alone.
    async fn ask(self, requests: Vec<pb::SubmitRegistrationRequest>) -> (App, Vec<Answer>) {
        let Self { app, database, holding } = self;
        let mut calls = Vec::new();
        for request in requests {
            calls.push(call(&app, request));
            if calls.len() == 1 && database.reader().get_database_backend() == DbBackend::Postgres {
                until_one_waits(&database).await;
            }
        }
        turns().await;
        assert!(calls.iter().all(|call| !call.is_finished()), "nobody is answered before the commit");
        holding.rollback().await.expect("ended");
        let mut answers = Vec::new();
        for call in calls {
            answers.push(call.await.expect("no panic"));
        }
        (app, answers)
    }
}

fn call(app: &App, request: pb::SubmitRegistrationRequest) -> JoinHandle<Answer> {
    let mut client = app.client();
    tokio::spawn(async move {
        let answer = client.submit_registration(request).await?.into_inner();
        Ok(answer.registration.expect("a registration"))
    })
}

async fn turns() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

fn submissions(app: &App, numbers: std::ops::Range<usize>) -> Vec<pb::SubmitRegistrationRequest> {
    numbers.map(|nth| app.submission(&format!("good-{nth}"), &format!("X00050{nth:02}"), form())).collect()
}

async fn number(app: &App, sql: &str) -> i64 {
    let database = app.database().await;
    let connection = database.reader();
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
    row.expect("a query").expect("a row").try_get_by_index(0).expect("a number")
}

async fn audit_is_whole(app: &App) {
    eventually("every record has its place", async || {
        number(app, "SELECT count(*) FROM audit_waiting").await == 0
    })
    .await;
    let records = number(app, "SELECT count(*) FROM audit_records").await;
    assert_eq!(number(app, "SELECT count(*) FROM audit_chain").await, records);
    let database = app.database().await;
    let verified = entrypass_audit::verify(&database, None, |finding| panic!("{finding:?}")).await;
    verified.expect("a chain");
}

#[tokio::test]
async fn those_who_come_at_once_are_registered_each_for_themselves() {
    let held = Held::of(App::new().await).await;
    let requests = submissions(&held.app, 0..40);
    let (app, answers) = held.ask(requests.clone()).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("registered")).collect();
    let names: BTreeSet<_> = answers.iter().map(|registration| &registration.name).collect();
    let travellers: BTreeSet<_> = answers.iter().map(|registration| &registration.traveller).collect();
    assert_eq!((names.len(), travellers.len()), (40, 40));
    for table in ["travellers", "data_keys", "documents", "registrations", "revisions", "changes", "answers"]
    {
        assert_eq!(number(&app, &format!("SELECT count(*) FROM {table}")).await, 40, "{table}");
    }
    for (request, answer) in requests.into_iter().zip(&answers) {
        let number = request.document.as_ref().expect("a document").number.clone();
        assert_eq!(app.resolve(&number).await.as_ref(), Ok(&answer.traveller));
        assert_eq!(app.submit(request).await.as_ref(), Ok(answer), "the first answer");
    }
    audit_is_whole(&app).await;
    let database = app.database().await;
    if database.reader().get_database_backend() == DbBackend::Postgres {
        let transactions = number(&app, "SELECT count(DISTINCT xmin::text) FROM registrations").await;
        assert!(transactions <= 3, "the first, and then the others together, in {transactions} transactions");
    }
}

#[tokio::test]
async fn whoever_does_not_fit_is_told_why_and_holds_nobody_up() {
    let app = App::new().await;
    // Somebody registered, somebody whose entry is over, somebody who has been here and left, somebody erased.
    let registered = app.register("X0000001").await;
    let returning = app.register("X0000003").await;
    app.cancel(&returning).await.expect("cancelled");
    let erased = app.register("X0000004").await;
    let erase = pb::EraseTravellerRequest {
        request_id: "erase".to_owned(),
        traveller: erased.traveller.clone(),
        registration: String::new(),
    };
    app.client().erase_traveller(erase).await.expect("erased");
    let held = Held::of(app).await;
    let app = &held.app;
    let good = submissions(app, 0..4);
    let requests = [
        good[0].clone(),
        app.submission("anew", "X0000001", form()),
        good[1].clone(),
        app.submission("register-X0000001", "X0000001", form()),
        app.submission("register-X0000001", "X0000009", form()),
        good[2].clone(),
        app.submission("register-X0000004", "X0000004", form()),
        app.submission("returning", "X0000003", form()),
        app.submission("twice", "X0000005", form()),
        app.submission("twice", "X0000005", form()),
        app.submission("twice", "X0000006", form()),
        app.submission("one", "X0000007", form()),
        app.submission("other", "X0000007", form()),
        good[3].clone(),
    ];
    let (app, mut answers) = held.ask(requests.to_vec()).await;
    let mut next = || answers.remove(0);
    let refused = |answer: Answer| answer.map_err(|refusal| refusal.is().1.to_owned()).expect_err("refused");
    next().expect("good");
    assert_eq!(refused(next()), "ALREADY_REGISTERED");
    next().expect("good");
    assert_eq!(next(), Ok(registered), "the first answer");
    assert_eq!(refused(next()), "REQUEST_ID_REUSED");
    next().expect("good");
    assert_eq!(refused(next()), "TRAVELLER_ERASED");
    assert_eq!(next().expect("registered once more").traveller, returning.traveller);
    let twice = next().expect("registered");
    assert_eq!(next(), Ok(twice), "the same");
    assert_eq!(refused(next()), "REQUEST_ID_REUSED");
    next().expect("registered");
    assert_eq!(refused(next()), "ALREADY_REGISTERED");
    next().expect("good");
    let active = "SELECT count(*) FROM registrations WHERE state = 'ACTIVE'";
    assert_eq!(number(&app, active).await, 8);
    let travellers = "SELECT count(*) FROM travellers";
    assert_eq!(number(&app, travellers).await, 8, "nobody is known who was not registered");
    let of_nobody = "SELECT count(*) FROM audit_records WHERE outcome = 'OK' AND rpc LIKE '%/SubmitRegistration' \
                     AND resource IS NOT NULL AND substr(resource, 15) NOT IN (SELECT id FROM registrations)";
    if app.database().await.reader().get_database_backend() == DbBackend::Postgres {
        let of_nobody = of_nobody.replace("SELECT id", "SELECT id::text");
        assert_eq!(number(&app, &of_nobody).await, 1, "the erased one's alone");
    }
    audit_is_whole(&app).await;
}

#[tokio::test]
async fn an_entry_that_has_ended_is_written_down_before_the_next() {
    let app = App::new().await;
    let first = app.register("X0000001").await;
    app.clock.advance(Duration::days(31));
    let held = Held::of(app).await;
    let later = |request_id: &str, number: &str| {
        let mut form = form();
        let entry = form.entry.as_mut().expect("an entry");
        entry.entry_date = "2026-12-24".to_owned();
        form.travel_history[0].first_date = "2026-12-03".to_owned();
        form.travel_history[0].last_date = "2026-12-24".to_owned();
        held.app.submission(request_id, number, form)
    };
    let requests = vec![later("one", "X0000002"), later("next", "X0000001"), later("two", "X0000003")];
    let (app, answers) = held.ask(requests).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("registered")).collect();
    assert_eq!(answers[1].traveller, first.traveller);
    let ended = "SELECT count(*) FROM changes WHERE kind = 'EXPIRED'";
    assert_eq!(number(&app, ended).await, 1);
}

#[tokio::test]
async fn whoever_goes_away_while_they_wait_takes_nobody_along() {
    let held = Held::of(App::new().await).await;
    // One goes away while it is written, another while it waits for that.
    let impatient: Vec<_> =
        ["X0000001", "X0000002"].map(|number| held.app.submission(number, number, form())).into();
    for request in &impatient {
        let gone = call(&held.app, request.clone());
        turns().await;
        gone.abort();
    }
    let requests = submissions(&held.app, 0..8);
    let (app, answers) = held.ask(requests).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    for request in impatient {
        app.submit(request).await.expect("registered, now or before");
    }
    assert_eq!(number(&app, "SELECT count(*) FROM registrations").await, 10);
    audit_is_whole(&app).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it: SQLite has one writer at a time"]
async fn whoever_waits_for_another_transaction_holds_nobody_up_for_long() {
    let app = App::new().await;
    let database = app.database().await;
    let holding = database.begin().await.expect("a transaction");
    let claimed = "INSERT INTO answers (caller, request_id, create_time) VALUES ('anonymous', 'stuck', 0)";
    holding.execute_unprepared(claimed).await.expect("claimed");
    let stuck = call(&app, app.submission("stuck", "X0000001", form()));
    until_one_waits(&database).await;
    for nth in 2..6 {
        app.register(&format!("X000000{nth}")).await;
    }
    assert!(!stuck.is_finished());
    holding.rollback().await.expect("rolled back");
    stuck.await.expect("no panic").expect("registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_that_register_the_same_people_at_once_register_each_once() {
    let app = App::new().await;
    let copies = [app.another().await, app];
    for nth in 0..8 {
        // They are known, so that the two groups meet at persons as well as at documents.
        let registration = copies[0].register(&format!("X00060{nth:02}")).await;
        copies[0].cancel(&registration).await.expect("cancelled");
    }
    let mut calls = Vec::new();
    for nth in 0..16 {
        for (copy, app) in copies.iter().enumerate() {
            let number = format!("X00060{:02}", if copy == 0 { nth } else { 15 - nth });
            calls.push(call(app, app.submission(&format!("copy-{copy}-{number}"), &number, form())));
        }
    }
    let mut registered = 0;
    for call in calls {
        match call.await.expect("no panic") {
            Ok(_) => registered += 1,
            Err(refusal) => assert_eq!(refusal.is(), (Code::AlreadyExists, "ALREADY_REGISTERED")),
        }
    }
    assert_eq!(registered, 16);
    assert_eq!(number(&copies[0], "SELECT count(*) FROM travellers").await, 16);
    assert_eq!(number(&copies[0], "SELECT count(*) FROM registrations WHERE state = 'ACTIVE'").await, 16);
    audit_is_whole(&copies[0]).await;
}
