//! A traveller who comes back: all their entries, and the next one from the last.

use std::collections::BTreeSet;

use entrypass_ambient::Clock as _;
use entrypass_proto::registration::v1 as pb;
use entrypass_testkit::Refusal;
use prost_types::FieldMask;
use time::Duration;
use tokio::task::JoinSet;
use tonic::Code;

use crate::{
    harness::{App, form, passport},
    travellers::replacement,
    verified::note,
};

const NAME: &str = "Smith Anna Maria";

pub async fn entries(app: &App, request: pb::ListRegistrationsRequest) -> Result<Vec<String>, Refusal> {
    let answer = app.client().list_registrations(request).await?.into_inner();
    Ok(answer.registrations.into_iter().map(|one| one.name).collect())
}

pub fn by_name(registration: &pb::Registration) -> pb::ListRegistrationsRequest {
    pb::ListRegistrationsRequest { registration: registration.name.clone(), ..Default::default() }
}

pub fn by_document(number: &str, name: &str) -> pb::ListRegistrationsRequest {
    pb::ListRegistrationsRequest {
        document: Some(passport(number)),
        holder_name: name.to_owned(),
        ..Default::default()
    }
}

/// What is asked of a traveller who comes again: at once, with an entry ahead, or a month later.
fn journey() -> pb::RegistrationForm {
    let form = form();
    pb::RegistrationForm {
        entry: form.entry.map(|entry| pb::Entry { entry_date: "2026-12-20".to_owned(), ..entry }),
        travel_history: vec![pb::Stay {
            country: "MAC".to_owned(),
            first_date: "2026-12-01".to_owned(),
            last_date: "2026-12-20".to_owned(),
        }],
        destination: form
            .destination
            .map(|destination| pb::Destination {
                address: "汾江南路9号3座402".to_owned(), ..destination
            }),
        ..Default::default()
    }
}

const JOURNEY: [&str; 3] = ["entry", "travel_history", "destination"];

fn mask(paths: &[&str]) -> FieldMask {
    FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() }
}

pub fn next(app: &App, request_id: &str, number: &str) -> pb::SubmitNextRegistrationRequest {
    pb::SubmitNextRegistrationRequest {
        request_id: request_id.to_owned(),
        document: Some(passport(number)),
        holder_name: NAME.to_owned(),
        form: Some(journey()),
        update_mask: Some(mask(&JOURNEY)),
        // With the notice in force.
        acknowledged_notice_version: app.submission("", "", form()).acknowledged_notice_version,
        truth_declared: true,
        new_document: None,
    }
}

pub async fn come_again(
    app: &App,
    request: pb::SubmitNextRegistrationRequest,
) -> Result<pb::Registration, Refusal> {
    let answer = app.client().submit_next_registration(request).await?.into_inner();
    Ok(answer.registration.expect("a registration"))
}

/// Somebody whose first registration has ended, with whatever can be declared in it.
async fn visited(app: &App) -> pb::Registration {
    let declared = pb::RegistrationForm {
        document_expire_date: "2027-06-01".to_owned(),
        occupation: "Clerk".to_owned(),
        email: "nobody@example.org".to_owned(),
        stay_days: 9,
        ..form()
    };
    let first = app.submit(app.submission("first", "X0000001", declared)).await.expect("registered");
    app.clock.advance(Duration::days(31));
    first
}

#[tokio::test]
async fn a_persons_entries_are_listed_from_the_newest_by_any_of_them_and_by_document_and_name() {
    let app = App::new().await;
    let other = app.register("X0000009").await;
    let first = app.register("X0000001").await;
    let first = app.replace(replacement(&first, "X0000001", "X0000002")).await.expect("replaced");
    app.cancel(&first).await.expect("cancelled");
    let mut all = vec![first.clone()];
    for nth in 2..=4 {
        app.clock.advance(Duration::SECOND);
        let entry = app
            .submit(app.submission(&format!("entry-{nth}"), "X0000002", form()))
            .await
            .expect("registered");
        if nth < 4 {
            app.cancel(&entry).await.expect("cancelled");
        }
        all.insert(0, entry);
    }
    let names: Vec<_> = all.iter().map(|one| one.name.clone()).collect();
    for registration in &all {
        assert_eq!(entries(&app, by_name(registration)).await.as_ref(), Ok(&names));
    }
    for number in ["X0000001", "X0000002"] {
        assert_eq!(entries(&app, by_document(number, NAME)).await.as_ref(), Ok(&names), "{number}");
    }
    app.clock.advance(Duration::days(31));
    assert_eq!(entries(&app, by_document("X0000002", NAME)).await.as_ref(), Ok(&names), "all have ended");
    assert_eq!(entries(&app, by_name(&other)).await, Ok(vec![other.name.clone()]));

    let page = async |page_token: String| {
        let request = pb::ListRegistrationsRequest { page_size: 3, page_token, ..by_name(&first) };
        let page = app.client().list_registrations(request).await.expect("a page").into_inner();
        (page.registrations.into_iter().map(|one| one.name).collect::<Vec<_>>(), page.next_page_token)
    };
    let (newest, token) = page(String::new()).await;
    let (oldest, end) = page(token).await;
    assert_eq!(([newest, oldest].concat(), end.as_str()), (names, ""));
}

#[tokio::test]
async fn entries_open_to_nobody_who_proves_nothing() {
    let app = App::new().await;
    let registration = app.register("X0000001").await;
    let unknown = by_document("X0000007", NAME);
    let wrong = by_document("X0000001", "SMITH JOHN");
    for request in [wrong, unknown] {
        let refused = entries(&app, request).await.expect_err("no proof");
        assert_eq!(refused.is(), (Code::NotFound, "HOLDER_NOT_FOUND"));
    }
    let nameless = by_document("X0000001", "");
    assert_eq!(entries(&app, nameless).await.expect_err("no name").broken, ["holder_name REQUIRED"]);
    let both =
        pb::ListRegistrationsRequest { registration: registration.name, ..by_document("X0000001", NAME) };
    assert_eq!(entries(&app, both).await.expect_err("both").broken, ["registration EXCLUDED"]);
    let nothing = entries(&app, pb::ListRegistrationsRequest::default()).await.expect_err("whose?");
    assert_eq!(nothing.broken, ["document REQUIRED", "holder_name REQUIRED"]);
    let unknown = "registrations/0193a1b2-0000-7000-8000-000000000000".to_owned();
    let unknown = pb::ListRegistrationsRequest { registration: unknown, ..Default::default() };
    let refused = entries(&app, unknown).await.expect_err("none");
    assert_eq!(refused.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    // Failures count as everywhere.
    for _ in 0..5 {
        entries(&app, by_document("X0000001", "SMITH JOHN")).await.expect_err("no proof");
    }
    let refused = entries(&app, by_document("X0000001", NAME)).await.expect_err("too often");
    assert_eq!(refused.is(), (Code::ResourceExhausted, "TOO_MANY_FAILED_PROOFS"));
}

#[tokio::test]
async fn another_entry_is_what_was_declared_last_with_this_journey() {
    let app = App::new().await;
    let first = visited(&app).await;
    note(&app, &[&first.name], app.clock.now()).await.expect("noted");
    let phone = pb::RegistrationForm { mobile_phone: "+447700900009".to_owned(), ..journey() };
    let request = pb::SubmitNextRegistrationRequest {
        form: Some(pb::RegistrationForm { occupation: "ignored".to_owned(), ..phone }),
        update_mask: Some(mask(&[&JOURNEY[..], &["mobile_phone", "email"]].concat())),
        ..next(&app, "next", "X0000001")
    };
    let second = come_again(&app, request.clone()).await.expect("registered");
    assert_eq!((second.revision, &second.traveller), (1, &first.traveller));
    assert!(second.name != first.name && second.reference != first.reference);
    assert_eq!(second.verified_time, None);
    let expected = pb::RegistrationForm {
        mobile_phone: "+447700900009".to_owned(),
        email: String::new(),
        stay_days: 0,
        ..pb::RegistrationForm {
            entry: journey().entry,
            travel_history: journey().travel_history,
            destination: journey().destination,
            ..first.form.clone().expect("a form")
        }
    };
    assert_eq!(second.form, Some(expected));
    assert_eq!(come_again(&app, request).await.as_ref(), Ok(&second), "the first answer");
    let third = come_again(&app, next(&app, "third", "X0000001")).await.expect_err("the second counts");
    assert_eq!(third.is(), (Code::AlreadyExists, "ALREADY_REGISTERED"));
    assert_eq!(entries(&app, by_name(&first)).await, Ok(vec![second.name, first.name]));
}

#[tokio::test]
async fn what_belongs_to_one_journey_is_asked_again_and_who_somebody_is_is_not() {
    let app = App::new().await;
    visited(&app).await;
    let phone_only = pb::SubmitNextRegistrationRequest {
        form: Some(pb::RegistrationForm { mobile_phone: "+447700900009".to_owned(), ..journey() }),
        update_mask: Some(mask(&["mobile_phone"])),
        ..next(&app, "phone", "X0000001")
    };
    let refused = come_again(&app, phone_only).await.expect_err("which journey?");
    assert_eq!(
        refused.broken,
        ["form.entry REQUIRED", "form.travel_history REQUIRED", "form.destination REQUIRED"]
    );
    let wrong = pb::SubmitNextRegistrationRequest {
        request_id: String::new(),
        update_mask: Some(mask(&["entry", "birth_date", "nowhere", "nationality"])),
        ..next(&app, "", "X0000001")
    };
    let refused = come_again(&app, wrong).await.expect_err("wrong all over");
    let expected = [
        "request_id REQUIRED",
        "update_mask.paths[2] UNKNOWN_PATH",
        "form.birth_date IDENTITY_FIELD",
        "form.nationality IDENTITY_FIELD",
    ];
    assert_eq!(refused.broken, expected);
    let other_name = pb::SubmitNextRegistrationRequest {
        form: Some(pb::RegistrationForm { surname: "JONES".to_owned(), ..journey() }),
        update_mask: Some(mask(&[&JOURNEY[..], &["surname"]].concat())),
        acknowledged_notice_version: String::new(),
        truth_declared: false,
        ..next(&app, "name", "X0000001")
    };
    let refused = come_again(&app, other_name).await.expect_err("another name");
    let expected = [
        "form.surname IDENTITY_FIELD",
        "acknowledged_notice_version REQUIRED",
        "truth_declared NOT_DECLARED",
    ];
    assert_eq!(refused.broken, expected);
    let nothing =
        pb::SubmitNextRegistrationRequest { form: None, update_mask: None, ..next(&app, "none", "X0000001") };
    let refused = come_again(&app, nothing).await.expect_err("nothing");
    assert_eq!(refused.broken, ["update_mask UNKNOWN_PATH", "form REQUIRED"]);
    let stale = pb::SubmitNextRegistrationRequest {
        acknowledged_notice_version: "2020-01-01".to_owned(),
        ..next(&app, "stale", "X0000001")
    };
    let refused = come_again(&app, stale).await.expect_err("another notice");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "NOTICE_STALE"));
}

#[tokio::test]
async fn nobody_comes_again_who_is_not_the_holder_and_nobody_learns_who_was_here() {
    let app = App::new().await;
    visited(&app).await;
    let stranger = pb::SubmitNextRegistrationRequest {
        holder_name: "SMITH JOHN".to_owned(),
        ..next(&app, "a", "X0000001")
    };
    // With what would be refused of the holder: nothing of it is told.
    let stranger =
        pb::SubmitNextRegistrationRequest { update_mask: Some(mask(&["mobile_phone"])), ..stranger };
    for request in [stranger.clone(), next(&app, "b", "X0000007")] {
        let refused = come_again(&app, request).await.expect_err("no proof");
        assert_eq!(refused.is(), (Code::NotFound, "HOLDER_NOT_FOUND"));
    }
    for _ in 0..4 {
        come_again(&app, stranger.clone()).await.expect_err("no proof");
    }
    let refused = come_again(&app, next(&app, "c", "X0000001")).await.expect_err("too often");
    assert_eq!(refused.is(), (Code::ResourceExhausted, "TOO_MANY_FAILED_PROOFS"));
}

#[tokio::test]
async fn a_passport_that_was_renewed_in_between_is_the_same_travellers() {
    let app = App::new().await;
    let first = visited(&app).await;
    let renewed = pb::SubmitNextRegistrationRequest {
        new_document: Some(passport("X0000002")),
        ..next(&app, "next", "X0000001")
    };
    let second = come_again(&app, renewed.clone()).await.expect("registered");
    assert_eq!((&second.traveller, &second.document), (&first.traveller, &renewed.new_document));
    let form = second.form.clone().expect("a form");
    assert_eq!(form.document_expire_date, "", "that was of the old one");
    for number in ["X0000001", "X0000002"] {
        assert_eq!(app.resolve(number).await.as_ref(), Ok(&first.traveller), "{number}");
        let found = entries(&app, by_document(number, NAME)).await.expect("found");
        assert_eq!(found, [second.name.clone(), first.name.clone()], "{number}");
    }
    // Next time either is a proof, and an expiry date that is declared is of the new one.
    app.cancel(&second).await.expect("cancelled");
    let dated = pb::SubmitNextRegistrationRequest {
        form: Some(pb::RegistrationForm { document_expire_date: "2036-01-01".to_owned(), ..journey() }),
        update_mask: Some(mask(&[&JOURNEY[..], &["document_expire_date"]].concat())),
        ..next(&app, "third", "X0000002")
    };
    let third = come_again(&app, dated).await.expect("registered");
    assert_eq!(third.form.expect("a form").document_expire_date, "2036-01-01");
}

#[tokio::test]
async fn a_number_of_somebody_else_is_not_taken_for_another_entry() {
    let app = App::new().await;
    let other = app.register("X0000002").await;
    let first = visited(&app).await;
    let taken = pb::SubmitNextRegistrationRequest {
        new_document: Some(passport("X0000002")),
        ..next(&app, "next", "X0000001")
    };
    let refused = come_again(&app, taken).await.expect_err("somebody else's");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "DOCUMENT_NOT_AVAILABLE"));
    assert!(!format!("{refused:?}").contains(&other.traveller));
    assert_eq!(app.resolve("X0000002").await, Ok(other.traveller));
    assert_eq!(entries(&app, by_name(&first)).await, Ok(vec![first.name]));
}

#[tokio::test]
async fn a_document_that_shows_another_script_asks_for_that_name() {
    let app = App::new().await;
    let first = visited(&app).await;
    let travel = pb::Document {
        r#type: pb::DocumentType::TravelDocument.into(),
        number: "L12345678".to_owned(),
        issuing_state: String::new(),
    };
    let nameless = pb::SubmitNextRegistrationRequest {
        new_document: Some(travel),
        ..next(&app, "nameless", "X0000001")
    };
    let refused = come_again(&app, nameless.clone()).await.expect_err("which name?");
    assert!(refused.broken.contains(&"form.chinese_name REQUIRED".to_owned()), "{refused:?}");
    let chinese = pb::SubmitNextRegistrationRequest {
        form: Some(pb::RegistrationForm {
            chinese_name: "史安娜".to_owned(),
            surname: "Smith".to_owned(),
            ..journey()
        }),
        update_mask: Some(mask(&[&JOURNEY[..], &["chinese_name", "surname"]].concat())),
        new_document: None,
        ..next(&app, "named", "X0000001")
    };
    let second =
        come_again(&app, chinese).await.expect("a name that was missing, and one as it is registered");
    let form = second.form.expect("a form");
    assert_eq!((form.chinese_name.as_str(), form.surname.as_str()), ("史安娜", "SMITH"));
    assert_eq!(second.traveller, first.traveller);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_again_on_two_copies_at_once_comes_once() {
    let app = App::new().await;
    let first = visited(&app).await;
    let copies = [app.another().await, app];
    let mut comers = JoinSet::new();
    for nth in 0..16 {
        let mut client = copies[nth % 2].client();
        // Half of them repeat one request.
        let request_id = if nth < 8 { "the-same".to_owned() } else { format!("another-{nth}") };
        let request = pb::SubmitNextRegistrationRequest {
            new_document: Some(passport("X0000002")),
            ..next(&copies[0], &request_id, "X0000001")
        };
        comers.spawn(async move { client.submit_next_registration(request).await });
    }
    let mut names = BTreeSet::new();
    for answer in comers.join_all().await {
        match answer {
            Ok(answer) => drop(names.insert(answer.into_inner().registration.expect("one").name)),
            Err(status) => {
                assert_eq!(Refusal::from(status).is(), (Code::AlreadyExists, "ALREADY_REGISTERED"));
            }
        }
    }
    assert_eq!(names.len(), 1);
    assert_eq!(entries(&copies[0], by_name(&first)).await.expect("listed").len(), 2);
}
