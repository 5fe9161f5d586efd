//! Which registrations a checkpoint was first to find good, as the registration service is told.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    qr::v1::{self as pb, Verdict},
    registration::v1::{FirstVerification, RegistrationState},
};
use entrypass_rpc::timestamp;
use entrypass_testkit::eventually;
use sea_orm::{ConnectionTrait as _, Statement};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::harness::{App, registration};

async fn scan(app: &App, contents: &[&str], checkpoint: &str) -> Vec<Verdict> {
    let request = pb::VerifyQrCodesRequest {
        contents: contents.iter().map(|&content| content.to_owned()).collect(),
        checkpoint: checkpoint.to_owned(),
        request_id: String::new(),
    };
    let decisions = app.client().verify_qr_codes(request).await.expect("decisions").into_inner().decisions;
    assert!(decisions.iter().all(|one| !one.verification.is_empty()), "with their records");
    decisions.iter().map(pb::VerifyQrCodeResponse::verdict).collect()
}

/// How many rows are not told yet.
async fn untold(app: &App) -> i64 {
    let reader = app.database.reader();
    let query = "SELECT count(*) FROM first_verifications";
    let row = reader.query_one_raw(Statement::from_string(reader.get_database_backend(), query)).await;
    row.expect("a query").expect("a row").try_get_by_index(0).expect("a number")
}

/// Waits until everything that was noted has been told.
async fn until_told(app: &App) {
    eventually("what was noted is told", async || untold(app).await == 0).await;
}

/// All that was told so far, in the order of registrations in each call.
fn told(app: &App) -> Vec<(String, Option<prost_types::Timestamp>)> {
    let told = app.registrations.noted().into_iter().flatten();
    told.map(|FirstVerification { registration, time }| (registration, time)).collect()
}

/// As a copy leaves it that dies before it has told.
async fn leave(app: &App, number: u128, time: OffsetDateTime) {
    let micros = i64::try_from(time.unix_timestamp_nanos() / 1000).expect("a time");
    let id = Uuid::from_u128(0xa000 + number);
    let transaction = app.database.begin().await.expect("a transaction");
    let backend = transaction.get_database_backend();
    let insert = "INSERT INTO first_verifications (registration_id, verified_time) VALUES ($1, $2)";
    let insert = Statement::from_sql_and_values(backend, insert, [id.into(), micros.into()]);
    transaction.execute_raw(insert).await.expect("inserted");
    transaction.commit().await.expect("committed");
}

#[tokio::test]
async fn the_first_good_scan_at_a_checkpoint_is_told_once() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let first = app.clock.now();
    assert_eq!(scan(&app, &[&content, &content], "gate-1").await, [Verdict::Valid; 2]);
    until_told(&app).await;
    assert_eq!(told(&app), [(registration(1), Some(timestamp(first)))]);
    app.clock.advance(Duration::MINUTE);
    assert_eq!(scan(&app, &[&content], "gate-2").await, [Verdict::Valid]);
    assert_eq!((untold(&app).await, told(&app).len()), (0, 1), "known since");
}

#[tokio::test]
async fn what_is_not_good_or_at_no_checkpoint_is_not_told() {
    let app = App::new().await;
    let contents = [app.code(1, 1).await.content, app.code(2, 1).await.content, app.code(3, 1).await.content];
    assert_eq!(scan(&app, &[&contents[0]], "").await, [Verdict::Valid]);
    app.registered(1, 2, RegistrationState::Active);
    app.registered(2, 1, RegistrationState::Cancelled);
    app.suspend(3, Duration::HOUR).await.expect("suspended");
    let bad = [&contents[0], &contents[1], &contents[2], "HELLO"];
    let verdicts = scan(&app, &bad, "gate-1").await;
    assert_eq!(verdicts, [Verdict::Superseded, Verdict::Revoked, Verdict::Suspended, Verdict::Malformed]);
    assert_eq!(untold(&app).await, 0);
    // What is told now was written after all of that.
    let good = app.code(4, 1).await.content;
    assert_eq!(scan(&app, &[&good], "gate-1").await, [Verdict::Valid]);
    until_told(&app).await;
    assert_eq!(told(&app), [(registration(4), Some(timestamp(app.clock.now())))]);
}

#[tokio::test]
async fn companions_who_are_found_good_with_the_holder_are_told_too() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    for companion in 2..=4 {
        app.registered(companion, 1, RegistrationState::Active);
        app.registrations.bind(&registration(1), &registration(companion));
    }
    app.code(3, 1).await;
    app.suspend(3, Duration::HOUR).await.expect("suspended");
    app.registered(4, 1, RegistrationState::Expired);
    assert_eq!(scan(&app, &[&content], "gate-1").await, [Verdict::Valid]);
    until_told(&app).await;
    let names: Vec<_> = told(&app).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [registration(1), registration(2)], "not who is suspended, nor whose own has ended");
}

#[tokio::test]
async fn when_somebody_was_first_found_good_stays_between_the_services() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    app.registered(2, 1, RegistrationState::Active);
    app.registrations.bind(&registration(1), &registration(2));
    scan(&app, &[&content], "gate-1").await;
    until_told(&app).await;
    assert_eq!(told(&app).len(), 2, "the registration service says it of both from now on");

    let one = pb::VerifyQrCodeRequest { content: content.clone(), ..Default::default() };
    let one = app.client().verify_qr_code(one).await.expect("a decision").into_inner();
    let several = pb::VerifyQrCodesRequest { contents: vec![content], ..Default::default() };
    let several = app.client().verify_qr_codes(several).await.expect("decisions").into_inner();
    for decision in several.decisions.into_iter().chain([one]) {
        let companions = decision.companions.into_iter().filter_map(|companion| companion.member);
        let members: Vec<_> = decision.holder.into_iter().chain(companions).collect();
        let shown: Vec<_> = members.iter().map(|one| (&one.registration, one.verified_time)).collect();
        assert_eq!(shown, [(&registration(1), None), (&registration(2), None)]);
    }
}

#[tokio::test]
async fn what_a_copy_left_is_told_by_the_next_and_nothing_while_nobody_listens() {
    let app = App::new().await;
    app.stopping.cancel();
    app.registrations.break_with(tonic::Code::Unavailable);
    let then = app.clock.now() - Duration::HOUR;
    for number in 1..=150 {
        leave(&app, number, then).await;
    }
    let next = app.again().await;
    eventually("it was tried in vain", async || app.registrations.failed_calls() > 0).await;
    assert_eq!((untold(&next).await, told(&next).len()), (150, 0));
    app.registrations.mend();
    until_told(&next).await;
    assert_eq!(told(&next).len(), 150);
    assert!(told(&next).iter().all(|(_, time)| *time == Some(timestamp(then))));
    let calls: Vec<_> = next.registrations.noted().iter().map(Vec::len).collect();
    assert_eq!(calls, [100, 50]);
}

#[tokio::test]
async fn an_erased_registration_is_not_told_of() {
    let app = App::new().await;
    app.stopping.cancel();
    app.registered(1, 1, RegistrationState::Active);
    leave(&app, 1, app.clock.now()).await;
    leave(&app, 2, app.clock.now()).await;
    // One that follows, and cannot tell.
    app.registrations.refuse_notes();
    let next = app.again().await;
    next.erased(1).await;
    assert_eq!(untold(&next).await, 1, "the other one waits");
}
