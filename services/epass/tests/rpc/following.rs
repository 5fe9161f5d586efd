//! What becomes of an application when its registration ends.

use entrypass_proto::{
    epass::v1::{
        ExportElectronicPassRequest, ExportElectronicPassResponse,
        ListElectronicPassApplicationsRequest as List, ReviewDecision as Decision,
        electronic_pass_application::State,
    },
    registration::v1::{DocumentType, RegistrationChange, RegistrationState, registration_change::Kind},
};
use tonic::Code;

use crate::harness::{App, Person, codes, decision};

/// The registration `number`, of the person `of`.
fn registration_of(app: &App, number: u128, of: &Person) -> Person {
    let person = app.person(number);
    app.registrations.put(entrypass_proto::registration::v1::GetRegistrationFactsResponse {
        registration: person.registration.clone(),
        traveller: of.traveller.clone(),
        state: RegistrationState::Active.into(),
        revision: 1,
        document_type: DocumentType::ResidentIdCard.into(),
        ..Default::default()
    });
    Person { registration: person.registration, traveller: of.traveller.clone() }
}

#[tokio::test]
async fn an_open_application_ends_with_its_registration_and_the_offer_is_open_again() {
    for (kind, expected, word) in
        [(Kind::Cancelled, State::Withdrawn, "WITHDRAWN"), (Kind::Expired, State::Expired, "EXPIRED")]
    {
        for returned in [false, true] {
            let app = App::new().await;
            let person = app.person(1);
            let mut open = app.apply("r-1", &person).await.expect("offered");
            if returned {
                let answer = app.review(decision("r-2", &open, Decision::ReturnForCorrection)).await;
                open = answer.expect("under review").application.expect("an application");
            }
            app.wait();
            app.changed(&person, kind).await;

            let ended = app.get(&person).await.expect("known").offer.expect("an offer");
            let ended = ended.application.expect("an application");
            assert_eq!((ended.state(), &ended.name), (expected, &open.name));
            assert_eq!((&ended.review_note, ended.submission_count), (&open.review_note, 1));
            assert!(ended.etag != open.etag && ended.update_time != open.update_time);
            let stale = app.review(decision("r-3", &open, Decision::Approve)).await.expect_err("it ended");
            assert_eq!(stale.is(), (Code::Aborted, "ETAG_MISMATCH"));
            let late = app.review(decision("r-4", &ended, Decision::Approve)).await.expect_err("it ended");
            assert_eq!(
                (late.is(), late.fact("state")),
                ((Code::FailedPrecondition, "ILLEGAL_TRANSITION"), word)
            );
            let listed = app.list(List { state: expected.into(), ..List::default() }).await.expect("a page");
            let listed: Vec<_> = listed.applications.iter().map(|it| (&it.name, &it.etag)).collect();
            assert_eq!(listed, [(&ended.name, &ended.etag)]);

            let next = registration_of(&app, 2, &person);
            assert_eq!(codes(&app.offer(&next).await.expect("known")), ["CODE_ELIGIBLE"]);
            let again = app.apply("r-5", &next).await.expect("offered");
            assert_eq!((again.state(), again.submission_count), (State::UnderReview, 1));
            assert_ne!(again.name, open.name);
        }
    }
}

#[tokio::test]
async fn what_is_decided_or_of_another_registration_or_told_of_something_else_stays() {
    let app = App::new().await;
    let mut decided = Vec::new();
    for (number, made) in (1..).zip([Decision::Approve, Decision::Reject]) {
        let person = app.person(number);
        let application = app.apply(&format!("a-{number}"), &person).await.expect("offered");
        app.review(decision(&format!("b-{number}"), &application, made)).await.expect("under review");
        decided.push((person, Some(app.application(&application.name).await.expect("it is there"))));
    }
    for (person, application) in decided {
        app.changed(&person, Kind::Cancelled).await;
        assert_eq!(app.offer(&person).await.expect("known").application, application);
    }
    let person = app.person(3);
    let open = Some(app.apply("a-3", &person).await.expect("offered"));
    for kind in [Kind::Amended, Kind::DocumentReplaced, Kind::CompanionBound, Kind::Registered] {
        app.changed(&person, kind).await;
    }
    app.changed(&app.person(4), Kind::Cancelled).await;
    assert_eq!(app.offer(&person).await.expect("known").application, open);
}

#[tokio::test]
async fn an_application_that_was_resubmitted_under_another_registration_does_not_end_with_the_first() {
    let app = App::new().await;
    let person = app.person(1);
    let application = app.apply("r-1", &person).await.expect("offered");
    app.review(decision("r-2", &application, Decision::ReturnForCorrection)).await.expect("under review");
    let next = registration_of(&app, 2, &person);
    let resubmitted = app.apply("r-3", &next).await.expect("returned");
    app.changed(&person, Kind::Expired).await;
    assert_eq!(app.offer(&next).await.expect("known").application, Some(resubmitted));
}

#[tokio::test]
async fn an_end_that_is_told_again_changes_nothing_more() {
    let app = App::new().await;
    let person = app.person(1);
    app.apply("r-1", &person).await.expect("offered");
    app.changed(&person, Kind::Cancelled).await;
    let ended = app.offer(&person).await.expect("known").application;
    app.wait();
    app.changed(&person, Kind::Cancelled).await;
    app.changed(&person, Kind::Expired).await;
    assert_eq!(app.offer(&person).await.expect("known").application, ended);
}

#[tokio::test]
async fn nothing_is_submitted_under_a_registration_whose_end_is_known() {
    let app = App::new().await;
    // The registration service still answers as it did before: an answer that was long on its way.
    let person = app.person(1);
    app.changed(&person, Kind::Cancelled).await;
    let refusal = app.apply("r-1", &person).await.expect_err("it has ended");
    assert_eq!(refusal.is(), (Code::FailedPrecondition, "ELECTRONIC_PASS_NOT_OFFERED"));
    assert_eq!(refusal.fact("reasons"), "REGISTRATION_NOT_ACTIVE");
}

#[tokio::test]
async fn nothing_is_left_of_a_person_who_is_erased() {
    let app = App::new().await;
    let (person, other) = (app.person(1), app.person(2));
    for (request, person) in [("a-1", &person), ("a-2", &other)] {
        let application = app.apply(request, person).await.expect("offered");
        let answer =
            app.review(decision(&format!("review-{request}"), &application, Decision::Approve)).await;
        answer.expect("under review").electronic_pass.expect("a pass");
    }
    let export = |person: &Person| ExportElectronicPassRequest { traveller: person.traveller.clone() };
    let kept = app.client().export_electronic_pass(export(&person)).await.expect("known").into_inner();
    assert_eq!((kept.applications.len(), kept.electronic_pass.is_some()), (1, true));
    let application = &kept.applications[0];
    let told = (application.state(), application.reviewed_by.as_str());
    assert_eq!(told, (State::Issued, ""), "who decided is told to reviewers only");

    app.changed(&person, Kind::TravellerErased).await;
    let kept = app.client().export_electronic_pass(export(&person)).await.expect("nothing").into_inner();
    assert_eq!(kept, ExportElectronicPassResponse::default());
    let kept = app.client().export_electronic_pass(export(&other)).await.expect("known").into_inner();
    assert_eq!((kept.applications.len(), kept.electronic_pass.is_some()), (1, true));
    let again = app.apply("a-1", &person).await.expect_err("it was answered");
    assert_eq!(again.is(), (Code::FailedPrecondition, "TRAVELLER_ERASED"));
    app.apply("a-3", &person).await.expect_err("the registration has ended");
    assert_eq!((app.count("applications").await, app.count("passes").await), (1, 1));
}

#[tokio::test]
async fn a_pass_of_another_channel_goes_with_a_person_who_has_no_registration_and_comes_back_for_nobody() {
    let app = App::new().await;
    let (number, traveller) = ("440699198501010016", "travellers/00000000-0000-7000-8000-00000000ab01");
    app.registrations.own(number, traveller);
    app.record(app.external_pass("r-1", number)).await.expect("recorded");
    assert_eq!(app.count("passes").await, 1);
    let traveller = traveller.to_owned();
    let erased = RegistrationChange { traveller, kind: Kind::TravellerErased.into(), ..Default::default() };
    app.told(erased).await;
    assert_eq!(app.count("passes").await, 0);
    let again = app.record(app.external_pass("r-1", number)).await.expect_err("it was answered");
    assert_eq!(again.is(), (Code::FailedPrecondition, "TRAVELLER_ERASED"));
    let late = app.record(app.external_pass("r-2", number)).await.expect_err("asked for before the erasure");
    assert_eq!(late.is(), (Code::FailedPrecondition, "TRAVELLER_ERASED"));
    assert_eq!(app.count("passes").await, 0);
}
