//! A person is erased, given out, and forgotten in time.

use entrypass_proto::registration::v1::{
    self as pb, RegistrationState, registration_change::Kind, watch_registrations_request::Start,
};
use entrypass_registration::Config;
use entrypass_testkit::{Refusal, eventually};
use sea_orm::{ConnectionTrait as _, Statement};
use time::Duration;
use tonic::Code;

use crate::{
    corrections::{ask, wish},
    feed::{Following, from},
    harness::{App, amendment, binding, config, form},
    travellers::replacement,
};

fn erasure(request_id: &str, traveller: &str, registration: &str) -> pb::EraseTravellerRequest {
    pb::EraseTravellerRequest {
        request_id: request_id.to_owned(),
        traveller: traveller.to_owned(),
        registration: registration.to_owned(),
    }
}

async fn erased(
    app: &App,
    request: pb::EraseTravellerRequest,
) -> Result<pb::EraseTravellerResponse, Refusal> {
    Ok(app.client().erase_traveller(request).await?.into_inner())
}

async fn exported(app: &App, registration: &str) -> Result<pb::ExportTravellerResponse, Refusal> {
    let request = pb::ExportTravellerRequest { registration: registration.to_owned(), ..Default::default() };
    Ok(app.client().export_traveller(request).await?.into_inner())
}

async fn rows(app: &App, table: &str) -> i64 {
    let database = app.database().await;
    let query = format!("SELECT count(*) FROM {table}");
    let query = Statement::from_string(database.reader().get_database_backend(), query);
    let row = database.reader().query_one_raw(query).await.expect("a query").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

const PERSONAL: [&str; 7] =
    ["travellers", "data_keys", "documents", "registrations", "revisions", "companions", "corrections"];

async fn all_rows(app: &App) -> Vec<i64> {
    let mut all = Vec::new();
    for table in PERSONAL {
        all.push(rows(app, table).await);
    }
    all
}

/// A holder with two documents, an ended and an active registration, and a companion.
async fn visited(app: &App) -> (pb::Registration, pb::Registration) {
    let first = app.register("X0000001").await;
    app.cancel(&first).await.expect("cancelled");
    // What is given out oldest first must not all be of one moment.
    app.clock.advance(Duration::SECOND);
    let again = app.submission("again", "X0000001", form());
    let second = app.submit(again).await.expect("registered");
    let second = app.replace(replacement(&second, "X0000001", "X0000002")).await.expect("replaced");
    ask(app, wish(&second, "wrong")).await.expect("asked for");
    app.register("X0000003").await;
    app.client().bind_companion(binding(&second, "X0000003")).await.expect("bound");
    (first, second)
}

#[tokio::test]
async fn nothing_is_left_of_the_erased_and_nothing_is_taken_from_others() {
    let app = App::new().await;
    let other = app.register("X0000004").await;
    let only_other = all_rows(&app).await;
    let (first, second) = visited(&app).await;
    let companion = app.resolve("X0000003").await.expect("known");
    let mut following = Following::begin(&app, from(Start::Oldest)).await.expect("a stream");
    let before = following.changes(7).await.pop().expect("changes");
    assert_eq!(before.kind(), Kind::CompanionBound);

    let answer = erased(&app, erasure("erase", "", &first.name)).await.expect("erased");
    assert_eq!(answer.traveller, first.traveller);
    assert_eq!(answer.registrations, [first.name.clone(), second.name.clone()]);
    let told = following.changes(2).await;
    for (change, registration) in told.iter().zip([&first, &second]) {
        assert_eq!((change.kind(), change.state()), (Kind::TravellerErased, RegistrationState::Cancelled));
        assert_eq!((&change.registration, &change.traveller), (&registration.name, &first.traveller));
    }
    for name in [&first.name, &second.name] {
        let refused = app.facts(name).await.expect_err("gone");
        assert_eq!(refused.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
        let refused = exported(&app, name).await.expect_err("gone");
        assert_eq!(refused.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    }
    assert_eq!(app.resolve("X0000003").await, Ok(companion.clone()), "the companion is somebody else");
    assert_eq!(
        erased(&app, erasure("companion", &companion, "")).await.expect("erased").traveller,
        companion
    );
    assert_eq!(all_rows(&app).await, only_other);
    assert_eq!(app.facts(&other.name).await.expect("known").revision, 1);

    let new = app.submission("new", "X0000002", form());
    let new = app.submit(new).await.expect("somebody new");
    assert_ne!(new.traveller, first.traveller);
}

#[tokio::test]
async fn an_old_request_is_told_of_the_erasure_and_the_erasure_is_answered_again() {
    let app = App::new().await;
    let (first, second) = visited(&app).await;
    let request = erasure("erase", &second.traveller, "");
    let answer = erased(&app, request.clone()).await.expect("erased");
    let again = app.submit(app.submission("again", "X0000001", form())).await.expect_err("it was answered");
    assert_eq!(again.is(), (Code::FailedPrecondition, "TRAVELLER_ERASED"));
    let late = app.cancel(&first).await.expect_err("it was answered");
    assert_eq!(late.is(), (Code::FailedPrecondition, "TRAVELLER_ERASED"));
    assert_eq!(
        rows(&app, "answers WHERE sealed IS NOT NULL AND subject IS NOT NULL").await,
        1,
        "the companion's"
    );

    assert_eq!(erased(&app, request).await, Ok(answer));
    let once_more = erased(&app, erasure("once-more", &second.traveller, "")).await.expect_err("gone");
    assert_eq!(once_more.is(), (Code::NotFound, "TRAVELLER_NOT_FOUND"));
    let nobody = erased(&app, erasure("nobody", "", &second.name)).await.expect_err("gone");
    assert_eq!(nobody.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
}

#[tokio::test]
async fn whom_to_erase_is_named_in_one_way() {
    let app = App::new().await;
    let person = app.register("X0000001").await;
    let table = [
        (erasure("r", "", ""), "registration"),
        (erasure("r", &person.traveller, &person.name), "registration"),
        (erasure("r", &person.name, ""), "traveller"),
        (erasure("r", "", &person.traveller), "registration"),
        (erasure("", &person.traveller, ""), "request_id"),
    ];
    for (request, field) in table {
        let refused = erased(&app, request).await.expect_err(field);
        assert_eq!(refused.broken.len(), 1, "{refused:?}");
        assert!(refused.broken[0].starts_with(field), "{refused:?}");
    }
}

#[tokio::test]
async fn somebody_without_a_registration_is_erased_and_told_of_too() {
    let app = App::new().await;
    let traveller = app.resolve("X0000001").await.expect("known");
    let mut following = Following::begin(&app, from(Start::Oldest)).await.expect("a stream");
    let answer = erased(&app, erasure("erase", &traveller, "")).await.expect("erased");
    assert_eq!(
        answer,
        pb::EraseTravellerResponse { traveller: traveller.clone(), registrations: Vec::new() }
    );
    let [told] = following.changes(1).await.try_into().expect("one");
    assert_eq!((told.kind(), told.revision), (Kind::TravellerErased, 0));
    assert_eq!((told.registration.as_str(), &told.traveller), ("", &traveller));
    assert_ne!(app.resolve("X0000001").await, Ok(traveller));
}

#[tokio::test]
async fn all_that_is_kept_of_a_person_is_given_out() {
    let app = App::new().await;
    let (first, second) = visited(&app).await;
    let second = app.update(amendment(&second, 5)).await.expect("amended");
    let all = exported(&app, &first.name).await.expect("known");
    assert_eq!(
        (&all.traveller, all.documents.as_slice()),
        (
            &first.traveller,
            ["PASSPORT:GBR:X0000001".to_owned(), "PASSPORT:GBR:X0000002".to_owned()].as_slice()
        )
    );
    let names: Vec<_> =
        all.registrations.iter().map(|one| one.registration.clone().expect("one").name).collect();
    assert_eq!(names, [first.name, second.name.clone()]);
    let present = all.registrations[1].registration.as_ref().expect("one");
    assert_eq!(usize::try_from(present.revision), Ok(all.registrations[1].revisions.len()));
    assert_eq!(all.registrations[0].revisions.len(), 2, "registered, cancelled");
    assert_eq!(all.registrations[1].companions.len(), 1);
    assert!(present.form.is_some() && all.create_time.is_some());

    let traveller = pb::ExportTravellerRequest { traveller: all.traveller.clone(), ..Default::default() };
    assert_eq!(app.client().export_traveller(traveller).await.expect("known").into_inner(), all);
    let nobody = format!("travellers/{}", uuid::Uuid::from_u128(9));
    let nobody = pb::ExportTravellerRequest { traveller: nobody, ..Default::default() };
    let refused = Refusal::from(app.client().export_traveller(nobody).await.expect_err("nobody"));
    assert_eq!(refused.is(), (Code::NotFound, "TRAVELLER_NOT_FOUND"));
}

#[tokio::test]
async fn whoever_writes_while_somebody_is_erased_leaves_nothing_unreadable() {
    let app = App::new().await;
    for round in 0..8 {
        let number = format!("X{round:07}");
        let person = app.register(&number).await;
        let (client, request) = (app.client(), erasure(&format!("erase-{round}"), &person.traveller, ""));
        let erasing = tokio::spawn(async move { client.clone().erase_traveller(request).await });
        let cancelled = app.cancel(&person).await;
        let submitted = app.submit(app.submission(&format!("again-{round}"), &number, form())).await;
        erasing.await.expect("no panic").expect("erased");
        if let Err(refused) = cancelled {
            let expected = ["REGISTRATION_NOT_FOUND", "STORE_UNAVAILABLE", "TRAVELLER_ERASED"];
            assert!(expected.contains(&refused.is().1), "{refused:?}");
        }
        if let Err(refused) = submitted {
            let expected = ["ALREADY_REGISTERED", "STORE_UNAVAILABLE", "TRAVELLER_ERASED"];
            assert!(expected.contains(&refused.is().1), "{refused:?}");
        }
    }
    let orphans = "registrations WHERE NOT EXISTS (SELECT 1 FROM data_keys WHERE data_keys.traveller_id = registrations.traveller_id)";
    assert_eq!(rows(&app, orphans).await, 0);
    let orphans = "revisions WHERE NOT EXISTS (SELECT 1 FROM registrations WHERE registrations.id = revisions.registration_id)";
    assert_eq!(rows(&app, orphans).await, 0);
}

#[tokio::test]
async fn whoever_registers_while_they_are_erased_is_registered_anew_or_asked_to_try_again() {
    let app = App::new().await;
    for round in 0..24 {
        let number = format!("X{round:07}");
        let known = app.register(&number).await;
        let request = erasure(&format!("erase-{round}"), "", &known.name);
        let mut client = app.client();
        let erasing = tokio::spawn(async move { client.erase_traveller(request).await });
        let again = app.submit(app.submission(&format!("again-{round}"), &number, form())).await;
        erasing.await.expect("no panic").expect("erased");
        if let Err(refusal) = again {
            let expected = ["ALREADY_REGISTERED", "STORE_UNAVAILABLE", "TRAVELLER_ERASED"];
            assert!(expected.contains(&refusal.reason.as_str()), "round {round}: {refusal:?}");
        }
    }
}

#[tokio::test]
async fn what_ended_long_ago_goes_and_whoever_has_nothing_else_goes_with_it() {
    let app = App::configured(Config { keep_registrations: Duration::days(100), ..config() }).await;
    let gone = app.register("X0000001").await;
    app.cancel(&gone).await.expect("cancelled");
    let returning = app.register("X0000002").await;
    app.cancel(&returning).await.expect("cancelled");
    app.clock.advance(Duration::days(100));
    let request = app.submission("again", "X0000002", later(form()));
    let again = app.submit(request).await.expect("registered");
    assert_eq!(again.traveller, returning.traveller, "it was kept for 100 days");
    app.facts(&gone.name).await.expect("as the other");
    app.clock.advance(Duration::SECOND);
    eventually("what ended is forgotten", async || {
        app.facts(&gone.name).await.is_err() && app.facts(&returning.name).await.is_err()
    })
    .await;
    assert_eq!(app.facts(&again.name).await.expect("active").revision, 1);
    assert_eq!(app.resolve("X0000002").await, Ok(again.traveller), "who has another registration stays");
    eventually("the other is erased", async || rows(&app, "travellers").await == 1).await;
    assert_eq!(all_rows(&app).await, [1, 1, 1, 1, 1, 0, 0]);
}

/// The form of an entry 100 days later.
fn later(mut form: pb::RegistrationForm) -> pb::RegistrationForm {
    let entry = form.entry.as_mut().expect("an entry");
    entry.entry_date = "2027-03-03".to_owned();
    form.travel_history[0].first_date = "2027-02-20".to_owned();
    form.travel_history[0].last_date = "2027-03-03".to_owned();
    form
}
