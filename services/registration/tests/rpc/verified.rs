//! What checkpoints have found of registrations, and what cannot be amended from then on.

use entrypass_ambient::Clock as _;
use entrypass_proto::registration::v1 as pb;
use entrypass_registration::{Config, FrozenPaths};
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use prost_types::{FieldMask, Timestamp};
use time::{Duration, OffsetDateTime};
use tonic::Code;

use crate::{
    harness::{App, amendment, config, form},
    travellers::replacement,
};

/// Tells that the codes of `registrations` were found good at `time`.
pub async fn note(app: &App, registrations: &[&str], time: OffsetDateTime) -> Result<(), Refusal> {
    let one =
        |name: &&str| pb::FirstVerification { registration: (*name).to_owned(), time: Some(timestamp(time)) };
    let request = pb::NoteVerificationsRequest { verifications: registrations.iter().map(one).collect() };
    app.client().note_verifications(request).await?;
    Ok(())
}

async fn read(app: &App, name: &str) -> pb::Registration {
    let request = pb::GetRegistrationRequest { registration: name.to_owned(), ..Default::default() };
    let answer = app.client().get_registration(request).await.expect("read").into_inner();
    answer.registration.expect("a registration")
}

/// The amendment of `registration` to `form` in `paths`.
pub fn amending(
    registration: &pb::Registration,
    request_id: &str,
    form: pb::RegistrationForm,
    paths: &[&str],
) -> pb::UpdateRegistrationRequest {
    pb::UpdateRegistrationRequest {
        request_id: request_id.to_owned(),
        form: Some(form),
        update_mask: Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }),
        ..amendment(registration, 1)
    }
}

/// The form of the tests with another seat and another stay, phone and address.
pub fn other() -> pb::RegistrationForm {
    let mut form = form();
    form.entry.as_mut().expect("an entry").departure_city = "Hong Kong".to_owned();
    form.travel_history[0].first_date = "2026-10-30".to_owned();
    form.destination.as_mut().expect("a destination").address = "汾江南路9号3座402".to_owned();
    form.mobile_phone = "+447700900002".to_owned();
    form
}

#[tokio::test]
async fn the_earliest_verification_is_noted_and_shown() {
    let app = App::new().await;
    let names = [app.register("X0000001").await.name, app.register("X0000002").await.name];
    assert_eq!(read(&app, &names[0]).await.verified_time, None);
    let now = app.clock.now();
    let [early, late] = [now - Duration::minutes(9), now - Duration::minutes(5)];
    let unknown = "registrations/0193a1b2-0000-7000-8000-000000000000";
    note(&app, &[&names[0], unknown, &names[0]], late).await.expect("noted");
    for (time, shown) in [(late, late), (early, early), (late, early), (now + Duration::HOUR, early)] {
        note(&app, &[&names[0]], time).await.expect("noted");
        assert_eq!(read(&app, &names[0]).await.verified_time, Some(timestamp(shown)));
    }
    assert_eq!(read(&app, &names[1]).await.verified_time, None, "another registration");
    note(&app, &[&names[1]], now + Duration::HOUR).await.expect("noted");
    let found = read(&app, &names[1]).await;
    assert_eq!(found.verified_time, Some(timestamp(now)), "no time that lies ahead");
    assert_eq!((found.revision, found.etag.as_str()), (1, app.register("X0000002").await.etag.as_str()));

    let request = pb::GetTravelGroupsRequest { registrations: vec![names[0].clone()] };
    let groups = app.client().get_travel_groups(request).await.expect("groups").into_inner().groups;
    assert_eq!(groups[0].holder.as_ref().and_then(|one| one.verified_time), Some(timestamp(early)));
}

#[tokio::test]
async fn a_wrong_note_is_refused_with_all_that_is_wrong() {
    let app = App::new().await;
    let registration = app.register("X0000001").await.name;
    let ask = async |verifications| {
        let request = pb::NoteVerificationsRequest { verifications };
        Refusal::from(app.client().note_verifications(request).await.expect_err("wrong")).broken
    };
    let good =
        pb::FirstVerification { registration: registration.clone(), time: Some(timestamp(app.clock.now())) };
    for count in [0, 101] {
        assert_eq!(ask(vec![good.clone(); count]).await, ["verifications LENGTH"], "{count}");
    }
    let nameless = pb::FirstVerification { registration: "X0000001".to_owned(), time: None };
    let beyond = Timestamp { seconds: i64::MAX, nanos: 0 };
    let never = pb::FirstVerification { time: Some(beyond), ..good.clone() };
    let expected = [
        "verifications[1].registration FORMAT",
        "verifications[1].time REQUIRED",
        "verifications[2].time OUT_OF_RANGE",
    ];
    assert_eq!(ask(vec![good, nameless, never]).await, expected);
    assert_eq!(read(&app, &registration).await.verified_time, None, "nothing of it is noted");
}

#[tokio::test]
async fn what_a_checkpoint_has_seen_stays_and_the_rest_is_free() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let all = ["entry", "travel_history", "destination", "mobile_phone"];
    note(&app, &[&registration.name], app.clock.now()).await.expect("noted");

    let refused = app.update(amending(&registration, "all", other(), &all)).await.expect_err("frozen");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "FROZEN_AFTER_VERIFICATION"));
    assert_eq!(refused.fact("paths"), "entry.departure_city,travel_history");
    for path in ["entry.departure_city", "travel_history"] {
        let refused = app.update(amending(&registration, path, other(), &[path])).await.expect_err("frozen");
        assert_eq!(refused.fact("paths"), path);
    }
    // Named with what it was already, it does not change.
    let same = pb::RegistrationForm { entry: form().entry, ..other() };
    let amended =
        app.update(amending(&registration, "free", same, &["entry", "destination", "mobile_phone"]));
    let amended = amended.await.expect("amended");
    assert_eq!((amended.revision, amended.form.expect("a form").mobile_phone), (2, other().mobile_phone));
    assert!(amended.verified_time.is_some(), "an amendment does not take it back");
}

#[tokio::test]
async fn what_is_wrong_with_the_form_is_told_first() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    note(&app, &[&registration.name], app.clock.now()).await.expect("noted");
    let mut wrong = other();
    wrong.entry.as_mut().expect("an entry").departure_country = "QZZ".to_owned();
    let refused = app.update(amending(&registration, "wrong", wrong, &["entry"])).await.expect_err("wrong");
    assert_eq!(refused.broken, ["form.entry.departure_country UNKNOWN_VALUE"]);
}

#[tokio::test]
async fn a_city_says_what_is_frozen() {
    let frozen = |paths: &[&str]| {
        let paths = FrozenPaths::parse(paths.iter().map(|&path| path.to_owned())).expect("paths");
        Config { frozen_after_verification: paths, ..config() }
    };
    let app = App::configured(frozen(&["destination.address"])).await;
    let mut registration = app.register("X0000001").await;
    note(&app, &[&registration.name], app.clock.now()).await.expect("noted");
    let everything = ["entry", "travel_history", "destination", "mobile_phone"];
    let refused = app.update(amending(&registration, "1", other(), &everything)).await.expect_err("frozen");
    assert_eq!(refused.fact("paths"), "destination.address");
    let entry = amending(&registration, "2", other(), &["entry", "travel_history"]);
    registration = app.update(entry).await.expect("free here");

    let app = app.restarted(frozen(&[])).await;
    let amended = app.update(amending(&registration, "3", other(), &everything)).await.expect("nothing is");
    assert_eq!(amended.revision, 3);
}

#[tokio::test]
async fn another_document_and_a_cancellation_are_no_amendments() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    note(&app, &[&registration.name], app.clock.now()).await.expect("noted");
    let replaced = app.replace(replacement(&registration, "X0000001", "X0000002")).await.expect("replaced");
    let cancelled = app.cancel(&replaced).await.expect("cancelled");
    assert!(cancelled.verified_time.is_some());
    let next = app.submit(app.submission("next", "X0000002", form())).await.expect("another entry");
    assert_eq!(next.verified_time, None, "of which no checkpoint has seen anything");
}

#[tokio::test]
async fn an_amendment_from_before_the_verification_keeps_its_first_answer() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let request = amending(&registration, "first", other(), &["entry"]);
    let first = app.update(request.clone()).await.expect("amended");
    note(&app, &[&registration.name], app.clock.now()).await.expect("noted");
    assert_eq!(app.update(request).await.expect("the first answer"), first);
}
