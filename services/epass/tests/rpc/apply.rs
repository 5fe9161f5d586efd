//! Applying, resubmitting, and applying again.

use entrypass_proto::{
    epass::v1::{
        ApplyForElectronicPassRequest, ReviewDecision as Decision, electronic_pass_application::State,
    },
    registration::v1::{DocumentType, RegistrationState},
};
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use time::macros::datetime;
use tonic::{Code, Request};

use crate::harness::{App, codes, decision, policies::PROMISE};

#[tokio::test]
async fn an_application_is_verified_waits_for_a_decision_and_the_offer_is_gone() {
    let app = App::new().await;
    app.decides_by(&[PROMISE]).await;
    let person = app.person(1);
    let submitted = app.submit("r-1", &person).await.expect("offered");
    assert_eq!((submitted.state(), submitted.submission_count), (State::Submitted, 1));
    assert_eq!(submitted.promise_time, Some(timestamp(datetime!(2026-11-25 16:00 UTC))));
    assert_eq!((submitted.overdue, submitted.lapse_time), (false, None));
    let application = app.settled(&submitted.name).await;
    assert_eq!(application.state(), State::UnderReview);
    assert_eq!(application.promise_time, submitted.promise_time);
    assert_eq!(application.submission_count, 1);
    assert_eq!(
        (&application.traveller, &application.registration),
        (&person.traveller, &person.registration)
    );
    assert!(application.name.starts_with("applications/") && !application.etag.is_empty());

    let offer = app.offer(&person).await.expect("known");
    assert!(!offer.offered);
    assert_eq!(codes(&offer), ["CODE_APPLICATION_IN_PROGRESS"]);
    assert_eq!(offer.application, Some(application), "read either way it is the same");
}

#[tokio::test]
async fn what_is_not_offered_is_refused_with_every_reason() {
    let app = App::new().await;
    let person = app.person(1);
    app.apply("r-1", &person).await.expect("offered");
    let refusal = app.apply("r-2", &person).await.expect_err("one is open");
    assert_eq!(refusal.is(), (Code::FailedPrecondition, "ELECTRONIC_PASS_NOT_OFFERED"));
    assert_eq!(refusal.fact("reasons"), "APPLICATION_IN_PROGRESS");

    app.person_with(1, DocumentType::Passport, RegistrationState::Cancelled);
    let refusal = app.apply("r-3", &person).await.expect_err("nothing is right");
    let expected = "REGISTRATION_NOT_ACTIVE,DOCUMENT_TYPE_NOT_ELIGIBLE,APPLICATION_IN_PROGRESS";
    assert_eq!(refusal.fact("reasons"), expected);
}

#[tokio::test]
async fn a_residence_permit_never_qualifies() {
    let app = App::new().await;
    let document = DocumentType::HkMacaoTaiwanResidencePermit;
    let person = app.person_with(1, document, RegistrationState::Active);
    let refusal = app.apply("r-1", &person).await.expect_err("no resident identity card");
    assert_eq!(refusal.fact("reasons"), "DOCUMENT_TYPE_NOT_ELIGIBLE");
}

#[tokio::test]
async fn a_returned_application_is_submitted_again_under_the_present_registration() {
    let app = App::new().await;
    let person = app.person(1);
    let first = app.apply("r-1", &person).await.expect("offered");
    app.review(decision("r-2", &first, Decision::ReturnForCorrection)).await.expect("under review");
    let offer = app.offer(&person).await.expect("known");
    assert!(offer.offered);
    assert_eq!(codes(&offer), ["CODE_APPLICATION_RETURNED"]);
    assert_eq!(offer.application.expect("it stands").review_note, "照片不清晰");

    app.wait();
    let again = app.apply("r-3", &person).await.expect("returned");
    assert_eq!((&again.name, again.submission_count), (&first.name, 2));
    assert_eq!(again.state(), State::UnderReview);
    assert_eq!(again.create_time, first.create_time);
    assert_ne!(again.update_time, first.update_time);
    assert_ne!(again.etag, first.etag);
    let refusal = app.apply("r-4", &person).await.expect_err("under review again");
    assert_eq!(refusal.fact("reasons"), "APPLICATION_IN_PROGRESS");
}

#[tokio::test]
async fn after_a_rejection_a_new_application_is_the_last_one_even_in_the_same_millisecond() {
    let app = App::new().await;
    let person = app.person(1);
    let mut names = Vec::new();
    for round in 0..8 {
        let application = app.apply(&format!("a-{round}"), &person).await.expect("offered again");
        assert_eq!(application.submission_count, 1);
        let last = app.offer(&person).await.expect("known").application.expect("it stands");
        assert_eq!(last.name, application.name);
        app.review(decision(&format!("b-{round}"), &application, Decision::Reject))
            .await
            .expect("under review");
        names.push(application.name);
    }
    assert_eq!(codes(&app.offer(&person).await.expect("known")), ["CODE_ELIGIBLE"]);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 8);
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_whatever_happened_since_and_asks_nobody() {
    let app = App::new().await;
    let person = app.person(1);
    let first = app.submit("r-1", &person).await.expect("offered");
    let waiting = app.apply("r-1", &person).await.expect("a repetition");
    app.review(decision("r-2", &waiting, Decision::Reject)).await.expect("under review");
    app.person_with(1, DocumentType::ResidentIdCard, RegistrationState::Expired);
    app.wait();
    let asked = app.registrations.languages().len();
    assert_eq!(app.submit("r-1", &person).await.expect("a repetition"), first);
    assert_eq!(app.registrations.languages().len(), asked, "the neighbour was asked");
}

#[tokio::test]
async fn a_request_id_belongs_to_one_request() {
    let app = App::new().await;
    let application = app.apply("r-1", &app.person(1)).await.expect("offered");
    let reused = [
        app.apply("r-1", &app.person(2)).await.expect_err("another registration"),
        app.review(decision("r-1", &application, Decision::Approve)).await.expect_err("another RPC"),
        app.record(app.external_pass("r-1", "440699198501010016")).await.expect_err("another RPC"),
    ];
    for refusal in reused {
        assert_eq!(refusal.is(), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
    }
}

#[tokio::test]
async fn of_many_applications_at_once_one_is_made() {
    let app = App::new().await;
    let person = app.person(1);
    let (a, b, c, d) = tokio::join!(
        app.submit("r-1", &person),
        app.submit("r-2", &person),
        app.submit("r-3", &person),
        app.submit("r-1", &person),
    );
    let (made, refused): (Vec<_>, Vec<_>) = [a, b, c, d].into_iter().partition(Result::is_ok);
    let mut names: Vec<_> = made.into_iter().filter_map(Result::ok).map(|it| it.name).collect();
    names.dedup();
    assert_eq!(names.len(), 1, "a repetition counts as the first");
    assert!(refused.iter().all(|it| it.as_ref().is_err_and(|it| it.reason == "ELECTRONIC_PASS_NOT_OFFERED")));
}

#[tokio::test]
async fn all_violations_come_at_once_in_the_callers_language() {
    let app = App::new().await;
    let message = ApplyForElectronicPassRequest {
        request_id: "a b".into(),
        registration: "registrations/".into(),
        evidence: vec![0; 4097],
    };
    let mut request = Request::new(message);
    request.metadata_mut().insert("accept-language", "zh-CN".parse().expect("a language"));
    let refused = app.client().apply_for_electronic_pass(request).await.expect_err("malformed");
    let refusal = Refusal::from(refused);
    assert_eq!(refusal.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
    assert_eq!(refusal.broken, ["request_id FORMAT", "registration FORMAT", "evidence LENGTH"]);
    assert_eq!(refusal.message, ("zh-CN".into(), "填报内容不符合规则".into()));
    assert_eq!(refusal.descriptions[1], "资源名称须为“registrations/{id}”，原样传回");
}

#[tokio::test]
async fn a_refusal_of_the_neighbour_arrives_in_the_callers_language() {
    let app = App::new().await;
    let registration = "registrations/00000000-0000-7000-8000-000000000001".to_owned();
    let mut request = Request::new(ApplyForElectronicPassRequest {
        request_id: "r-1".into(),
        registration,
        evidence: Vec::new(),
    });
    request.metadata_mut().insert("accept-language", "zh-CN".parse().expect("a language"));
    let refusal = app.client().apply_for_electronic_pass(request).await.expect_err("unknown");
    assert_eq!(Refusal::from(refusal).message, ("zh-CN".into(), "登记不存在".into()));
    assert_eq!(app.registrations.languages(), ["zh-CN"]);
}
