//! What configuration and the service itself set limits to.

use entrypass_proto::registration::v1 as pb;
use entrypass_registration::Config;
use entrypass_seal::Place;
use entrypass_testkit::Refusal;
use sea_orm::{ConnectionTrait, Statement, TryGetable, Value};
use time::Duration;
use tokio::task::JoinSet;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{App, amendment, binding, config, form};

/// The value of the only row that `query` finds.
async fn only<T: TryGetable>(connection: &impl ConnectionTrait, query: &str) -> T {
    let query = Statement::from_string(connection.get_database_backend(), query);
    let row = connection.query_one_raw(query).await.expect("a query").expect("a row");
    row.try_get_by_index(0).expect("a value")
}

/// Makes `registration`, the only one there is, one that was amended up to `revision`. What is sealed for one revision opens at no other: it
/// is sealed anew.
async fn amended_up_to(app: &App, registration: &pb::Registration, revision: i32) -> pb::Registration {
    let database = app.database().await;
    let transaction = database.begin().await.expect("a transaction");
    let traveller: Uuid = only(&transaction, "SELECT traveller_id FROM registrations").await;
    let id: Uuid = only(&transaction, "SELECT id FROM registrations").await;
    let wrapped: Vec<u8> = only(&transaction, "SELECT wrapped FROM data_keys").await;
    let content: Vec<u8> = only(&transaction, "SELECT sealed FROM revisions").await;

    let sealer = database.sealer();
    let place = Place { table: "data_keys", column: "wrapped", row: traveller.as_bytes() };
    let key = sealer.unwrap(&place, &wrapped).expect("the person's key");
    let row = |revision: i32| Place::row_of(&[id.as_bytes(), &revision.to_be_bytes()]);
    let (first, last) = (row(1), row(revision));
    let place = |row| Place { table: "revisions", column: "sealed", row };
    let opened = sealer.open_with(&key, &place(&first), &content).expect("opened");
    let content = sealer.seal_with(&key, &place(&last), &opened);

    let set = "UPDATE revisions SET revision = $1, sealed = $2";
    let values = [Value::from(revision), content.into()];
    let set = Statement::from_sql_and_values(transaction.get_database_backend(), set, values);
    transaction.execute_raw(set).await.expect("set");
    let set = format!("UPDATE registrations SET revision = {revision}");
    transaction.execute_unprepared(&set).await.expect("set");
    transaction.commit().await.expect("committed");
    let request =
        pb::GetRegistrationRequest { registration: registration.name.clone(), ..Default::default() };
    let answer = app.client().get_registration(request).await.expect("known").into_inner();
    answer.registration.expect("a registration")
}

#[tokio::test]
async fn a_holder_has_as_many_companions_as_configured() {
    let app = App::configured(Config { companion_limit: 1, ..config() }).await;
    let holder = app.register("X0000001").await;
    app.register("X0000002").await;
    app.register("X0000003").await;
    app.client().bind_companion(binding(&holder, "X0000002")).await.expect("bound");
    let second = app.client().bind_companion(binding(&holder, "X0000003")).await.expect_err("the second");
    let refused = Refusal::from(second);
    assert_eq!(refused.is(), (Code::FailedPrecondition, "COMPANION_LIMIT_REACHED"));
    assert_eq!(refused.fact("limit"), "1");

    let registration = holder.name.clone();
    let request = pb::GetRegistrationRequest { registration: registration.clone(), ..Default::default() };
    let listed = app.client().get_registration(request).await.expect("known").into_inner();
    let companion = listed.companions[0].name.clone();
    let unbind = pb::UnbindCompanionRequest { request_id: "unbind".to_owned(), companion, registration };
    app.client().unbind_companion(unbind).await.expect("unbound");
    app.client().bind_companion(binding(&holder, "X0000003")).await.expect("there is room again");
}

#[tokio::test]
async fn an_entry_lies_in_the_configured_days() {
    let narrow = Config { entry_days_before: 0, entry_days_after: 1, ..config() };
    let app = App::configured(narrow).await;
    let table = [("2026-11-22", false), ("2026-11-23", true), ("2026-11-24", true), ("2026-11-25", false)];
    for (number, (entry_date, fits)) in table.into_iter().enumerate() {
        let mut form = form();
        entry_date.clone_into(&mut form.entry.as_mut().expect("an entry").entry_date);
        "2026-11-22".clone_into(&mut form.travel_history[0].last_date);
        let number = format!("X000000{number}");
        let outcome = app.submit(app.submission(&number, &number, form)).await;
        let broken = outcome.err().map(|refused| refused.broken).unwrap_or_default();
        let expected: &[&str] = if fits { &[] } else { &["form.entry.entry_date OUT_OF_RANGE"] };
        assert_eq!(broken, expected, "{entry_date}");
    }
}

#[tokio::test]
async fn a_registration_counts_as_long_as_configured() {
    let app = App::configured(Config { valid_for: Duration::days(1), ..config() }).await;
    let registration = app.register("X0000001").await;
    // Midnight in the city, fourteen hours after the tests begin.
    app.clock.advance(Duration::hours(14) - Duration::MICROSECOND);
    let amended = app.update(amendment(&registration, 2)).await.expect("the last moment");
    app.clock.advance(Duration::MICROSECOND);
    let late = app.update(amendment(&amended, 3)).await.expect_err("ended");
    assert_eq!(late.is(), (Code::FailedPrecondition, "REGISTRATION_NOT_ACTIVE"));
    let facts = app.facts(&registration.name).await.expect("known");
    assert_eq!(facts.state(), pb::RegistrationState::Expired);
}

#[tokio::test]
async fn a_registration_amended_to_the_limit_can_still_be_cancelled_and_followed_by_another() {
    let app = App::new().await;
    let first = app.register("X0000001").await;
    let last_but_one = amended_up_to(&app, &first, 999).await;
    let last = app.update(amendment(&last_but_one, 5)).await.expect("the thousandth revision");
    let refused = app.update(amendment(&last, 6)).await.expect_err("one too many");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "REVISION_LIMIT_REACHED"));

    let cancelled = app.cancel(&last).await.expect("cancelled, as the refusal advises");
    assert_eq!((cancelled.state(), cancelled.revision), (pb::RegistrationState::Cancelled, 1001));
    let request = app.submission("again", "X0000001", form());
    assert_eq!(app.submit(request).await.expect("registered again").revision, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_amendments_by_readers_of_one_revision_one_is_made() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let mut amendments = JoinSet::new();
    for stay_days in 1..=8 {
        let (mut client, request) = (app.client(), amendment(&registration, stay_days));
        amendments.spawn(async move { client.update_registration(request).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = amendments.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 7));
    for refused in refused {
        let refused = Refusal::from(refused.expect_err("refused"));
        assert_eq!(refused.is(), (Code::Aborted, "ETAG_MISMATCH"));
    }
    assert_eq!(app.facts(&registration.name).await.expect("known").revision, 2);
}
