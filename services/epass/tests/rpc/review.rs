//! Reviewing: what a decision makes, and which are refused.

use entrypass_proto::epass::v1::{
    ReviewDecision as Decision, ReviewElectronicPassApplicationRequest, electronic_pass::Origin,
    electronic_pass_application::State,
};
use tonic::Code;

use crate::harness::{App, REVIEWER, codes, decision};

#[tokio::test]
async fn an_approval_issues_the_pass_and_ends_the_offer() {
    let app = App::new().await;
    let person = app.person(1);
    let application = app.apply("r-1", &person).await.expect("offered");
    app.wait();
    let answer = app.review(decision("r-2", &application, Decision::Approve)).await.expect("under review");
    let approved = answer.application.expect("an application");
    let pass = answer.electronic_pass.expect("a pass");
    assert_eq!((approved.state(), approved.reviewed_by.as_str()), (State::Issued, REVIEWER));
    assert_eq!(approved.claim, None);
    assert_eq!((pass.origin(), pass.issuer.as_str()), (Origin::Application, ""));
    assert_eq!(pass.traveller, person.traveller);
    assert_eq!(pass.issue_time, approved.update_time);
    assert!(entrypass_reference::is_well_formed("EP", &pass.pass_number), "{}", pass.pass_number);

    let known = app.get(&person).await.expect("known");
    assert_eq!(known.electronic_pass.as_ref(), Some(&pass));
    let offer = known.offer.expect("an offer");
    assert_eq!(
        (codes(&offer), offer.application),
        (vec!["CODE_ALREADY_COMPLETED"], Some(app.application(&approved.name).await.expect("it is there")))
    );
    let refusal = app.apply("r-3", &person).await.expect_err("completed");
    assert_eq!(refusal.fact("reasons"), "ALREADY_COMPLETED");
}

#[tokio::test]
async fn a_rejection_brings_no_pass_and_the_offer_back() {
    let app = App::new().await;
    let person = app.person(1);
    let application = app.apply("r-1", &person).await.expect("offered");
    let answer = app.review(decision("r-2", &application, Decision::Reject)).await.expect("under review");
    let rejected = answer.application.expect("an application");
    assert_eq!((rejected.state(), rejected.review_note.as_str()), (State::Rejected, "照片不清晰"));
    assert!(answer.electronic_pass.is_none());
    let known = app.get(&person).await.expect("known");
    assert!(known.electronic_pass.is_none());
    assert_eq!(codes(&known.offer.expect("an offer")), ["CODE_ELIGIBLE"]);
}

#[tokio::test]
async fn a_decision_that_the_state_does_not_allow_is_refused_by_name() {
    let app = App::new().await;
    let decisions = [Decision::Approve, Decision::ReturnForCorrection, Decision::Reject];
    let states = ["ISSUED", "RETURNED_FOR_CORRECTION", "REJECTED"];
    for (number, (made, state)) in (0..).zip(decisions.into_iter().zip(states)) {
        let application = app.apply(&format!("a-{number}"), &app.person(number)).await.expect("offered");
        let answer = app.review(decision(&format!("b-{number}"), &application, made)).await;
        let decided = answer.expect("under review").application.expect("an application");
        for next in decisions {
            let request_id = format!("c-{number}-{}", i32::from(next));
            let refusal = app.review(decision(&request_id, &decided, next)).await.expect_err("decided");
            assert_eq!(refusal.is(), (Code::FailedPrecondition, "ILLEGAL_TRANSITION"));
            assert_eq!(refusal.fact("state"), state);
        }
    }
}

#[tokio::test]
async fn a_decision_on_something_else_than_was_read_is_aborted() {
    let app = App::new().await;
    let person = app.person(1);
    let seen = app.apply("r-1", &person).await.expect("offered");
    app.review(decision("r-2", &seen, Decision::ReturnForCorrection)).await.expect("under review");
    app.apply("r-3", &person).await.expect("returned");
    let other = app.apply("r-4", &app.person(2)).await.expect("offered");
    for etag in [seen.etag.clone(), other.etag, "nonsense".to_owned()] {
        let request =
            ReviewElectronicPassApplicationRequest { etag, ..decision("r-5", &seen, Decision::Approve) };
        assert_eq!(app.review(request).await.expect_err("stale").is(), (Code::Aborted, "ETAG_MISMATCH"));
    }
    let offer = app.offer(&person).await.expect("known");
    assert_eq!(offer.application.expect("it stands").state(), State::UnderReview);
}

#[tokio::test]
async fn of_two_decisions_at_once_one_is_made() {
    let app = App::new().await;
    let application = app.apply("r-1", &app.person(1)).await.expect("offered");
    let (one, other) = tokio::join!(
        app.review(decision("r-2", &application, Decision::Approve)),
        app.review(decision("r-3", &application, Decision::Reject)),
    );
    let refused = [one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(refused.iter().map(|it| it.reason.as_str()).collect::<Vec<_>>(), ["ETAG_MISMATCH"]);
}

#[tokio::test]
async fn a_repeated_approval_gives_the_first_answer_and_no_second_pass() {
    let app = App::new().await;
    let application = app.apply("r-1", &app.person(1)).await.expect("offered");
    let request = decision("r-2", &application, Decision::Approve);
    let first = app.review(request.clone()).await.expect("under review");
    app.wait();
    assert_eq!(app.review(request.clone()).await.expect("a repetition"), first);
    let other = ReviewElectronicPassApplicationRequest { note: "好".into(), ..request };
    let refusal = app.review(other).await.expect_err("another content");
    assert_eq!(refusal.is(), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
}

#[tokio::test]
async fn a_refused_decision_can_be_mended_under_the_same_request_id() {
    let app = App::new().await;
    let application = app.apply("r-1", &app.person(1)).await.expect("offered");
    let request = decision("r-2", &application, Decision::Approve);
    let stale = ReviewElectronicPassApplicationRequest { etag: "stale".into(), ..request.clone() };
    app.review(stale).await.expect_err("stale");
    app.review(request).await.expect("nothing was done under this request_id before");
}

#[tokio::test]
async fn an_unknown_application_is_not_found() {
    let app = App::new().await;
    let application = app.apply("r-1", &app.person(1)).await.expect("offered");
    let name = "applications/00000000-0000-7000-8000-000000000001".to_owned();
    let request = ReviewElectronicPassApplicationRequest {
        application: name,
        ..decision("r-2", &application, Decision::Approve)
    };
    let refusal = app.review(request).await.expect_err("unknown");
    assert_eq!(refusal.is(), (Code::NotFound, "APPLICATION_NOT_FOUND"));
}

#[tokio::test]
async fn all_violations_of_a_decision_come_at_once() {
    let app = App::new().await;
    let nothing = ReviewElectronicPassApplicationRequest::default();
    let refusal = app.review(nothing).await.expect_err("nothing given");
    let required = ["request_id", "application", "etag", "decision", "reviewer"]
        .map(|field| format!("{field} REQUIRED"));
    assert_eq!(refusal.broken, required);

    let wrong = ReviewElectronicPassApplicationRequest {
        request_id: "请求".into(),
        application: "registrations/00000000-0000-7000-8000-000000000001".into(),
        etag: "x".into(),
        decision: 9,
        note: "长".repeat(501),
        reviewer: "审核员".into(),
    };
    let refusal = app.review(wrong).await.expect_err("all wrong");
    let expected = [
        "request_id FORMAT",
        "application FORMAT",
        "decision UNKNOWN_VALUE",
        "note LENGTH",
        "reviewer FORMAT",
    ];
    assert_eq!(refusal.broken, expected);
}

#[tokio::test]
async fn whoever_returns_or_rejects_must_say_why() {
    let app = App::new().await;
    let application = app.apply("r-1", &app.person(1)).await.expect("offered");
    for made in [Decision::ReturnForCorrection, Decision::Reject] {
        let silent = ReviewElectronicPassApplicationRequest {
            note: " \n".into(),
            ..decision("r-2", &application, made)
        };
        assert_eq!(app.review(silent).await.expect_err("no note").broken, ["note REQUIRED"], "{made:?}");
    }
    let longest = ReviewElectronicPassApplicationRequest {
        note: "补".repeat(500),
        ..decision("r-3", &application, Decision::Reject)
    };
    let answer = app.review(longest).await.expect("500 characters");
    assert_eq!(answer.application.expect("an application").review_note, "补".repeat(500));
}
