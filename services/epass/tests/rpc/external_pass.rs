//! Passes that other channels issued.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    epass::v1::{
        CancelElectronicPassRequest, ElectronicPass, ElectronicPassStep, ListElectronicPassesRequest,
        PassReason, RecordExternalPassRequest, RecordExternalPassResponse, ReviewDecision as Decision,
        RevokeElectronicPassRequest, SuspendElectronicPassRequest,
        electronic_pass::{Origin, State as PassState},
        electronic_pass_application::State,
        external_pass_result::Outcome,
    },
    registration::v1::{Document, DocumentType},
};
use entrypass_rpc::timestamp;
use entrypass_testkit::{Refusal, WRONG_CHECK_CHARACTER};
use prost_types::Timestamp;
use time::Duration;
use tonic::Code;

use crate::harness::{App, Person, codes, decision};

const CARD: &str = "440699198501010016";
const OTHER_CARD: &str = "440699199006150024";

/// A pass that ends by itself in `days` days.
fn ending(app: &App, request_id: &str, number: &str, days: i64) -> RecordExternalPassRequest {
    let expire_time = Some(timestamp(app.clock.now() + Duration::days(days)));
    RecordExternalPassRequest {
        pass_number: number.to_owned(),
        expire_time,
        ..app.external_pass(request_id, CARD)
    }
}

async fn recorded(
    app: &App,
    request: RecordExternalPassRequest,
) -> Result<RecordExternalPassResponse, Refusal> {
    Ok(app.client().record_external_pass(request).await?.into_inner())
}

/// The states of each of a person's passes after the issue, of the last one first.
async fn lives(app: &App, person: &Person) -> Vec<Vec<PassState>> {
    let request =
        ListElectronicPassesRequest { registration: person.registration.clone(), ..Default::default() };
    let records = app.client().list_electronic_passes(request).await.expect("known").into_inner().passes;
    records.iter().map(|record| record.steps.iter().map(ElectronicPassStep::state).collect()).collect()
}

fn registered(app: &App) -> Person {
    let person = app.person(1);
    app.registrations.own(CARD, &person.traveller);
    person
}

#[tokio::test]
async fn a_pass_of_another_channel_counts_as_completed() {
    let app = App::new().await;
    let person = registered(&app);
    let pass = app.record(app.external_pass("r-1", CARD)).await.expect("the first");
    assert_eq!(
        (pass.origin(), pass.issuer.as_str(), pass.pass_number.as_str()),
        (Origin::External, "南海通", "NH-r-1")
    );
    assert_eq!(pass.traveller, person.traveller);

    let known = app.get(&person).await.expect("known");
    assert_eq!(known.electronic_pass, Some(pass), "what is read later is what was answered first");
    let offer = known.offer.expect("an offer");
    assert!(!offer.offered && offer.application.is_none());
    assert_eq!(codes(&offer), ["CODE_ALREADY_COMPLETED"]);
    let refusal = app.apply("r-2", &person).await.expect_err("completed elsewhere");
    assert_eq!(refusal.is(), (Code::FailedPrecondition, "ELECTRONIC_PASS_NOT_OFFERED"));
    assert_eq!(refusal.fact("reasons"), "ALREADY_COMPLETED");
}

#[tokio::test]
async fn a_pass_can_be_recorded_before_its_person_registers() {
    let app = App::new().await;
    let pass = app.record(app.external_pass("r-1", OTHER_CARD)).await.expect("nobody registered is needed");
    assert!(pass.traveller.starts_with("travellers/"));
}

#[tokio::test]
async fn an_approval_after_a_recorded_pass_is_refused_and_changes_nothing() {
    let app = App::new().await;
    let person = registered(&app);
    let application = app.apply("r-1", &person).await.expect("offered");
    app.record(app.external_pass("r-2", CARD)).await.expect("meanwhile");
    let offer = app.offer(&person).await.expect("known");
    assert_eq!(codes(&offer), ["CODE_ALREADY_COMPLETED", "CODE_APPLICATION_IN_PROGRESS"]);

    let refusal =
        app.review(decision("r-3", &application, Decision::Approve)).await.expect_err("a pass exists");
    assert_eq!(refusal.is(), (Code::AlreadyExists, "ELECTRONIC_PASS_EXISTS"));
    assert_eq!(app.offer(&person).await.expect("known").application, Some(application.clone()));
    let answer =
        app.review(decision("r-4", &application, Decision::Reject)).await.expect("still under review");
    assert_eq!(answer.application.expect("an application").state(), State::Rejected);
}

#[tokio::test]
async fn a_person_has_one_pass() {
    let app = App::new().await;
    let person = registered(&app);
    let first = app.external_pass("r-1", CARD);
    let kept = app.record(first.clone()).await.expect("the first");
    let same = RecordExternalPassRequest { request_id: "r-2".into(), ..first };
    let refusal = app.record(app.external_pass("r-3", CARD)).await.expect_err("another number");
    assert_eq!(refusal.is(), (Code::AlreadyExists, "ELECTRONIC_PASS_EXISTS"));
    assert_eq!(refusal.fact("conflict"), "TRAVELLER");
    let again = recorded(&app, same).await.expect("the same pass");
    assert_eq!((again.outcome(), again.electronic_pass), (Outcome::Known, Some(kept)));
    assert_eq!(app.get(&person).await.expect("known").electronic_pass.expect("a pass").pass_number, "NH-r-1");
}

#[tokio::test]
async fn a_later_end_prolongs_a_pass_before_its_end_and_after_it() {
    let app = App::new().await;
    let person = registered(&app);
    let first = app.record(ending(&app, "r-1", "NH-1", 30)).await.expect("the first");
    // Earlier, the same, and none: nothing of it is taken over.
    let none = RecordExternalPassRequest { expire_time: None, ..ending(&app, "r-2", "NH-1", 1) };
    for request in [ending(&app, "r-3", "NH-1", 1), ending(&app, "r-4", "NH-1", 30), none] {
        let known = recorded(&app, request).await.expect("known");
        assert_eq!((known.outcome(), known.electronic_pass), (Outcome::Known, Some(first.clone())));
    }
    let issue_time = Some(timestamp(app.clock.now() - Duration::days(9)));
    let later = RecordExternalPassRequest { issue_time, ..ending(&app, "r-5", "NH-1", 60) };
    let prolonged = recorded(&app, later.clone()).await.expect("prolonged");
    assert_eq!(prolonged.outcome(), Outcome::Prolonged);
    let pass = prolonged.electronic_pass.clone().expect("a pass");
    let expire_time = Some(timestamp((app.clock.now() + Duration::days(60)).truncate_to_microsecond()));
    let expected = ElectronicPass { expire_time, etag: pass.etag.clone(), ..first.clone() };
    assert_eq!((&pass, pass.etag == first.etag), (&expected, false));
    assert_eq!(recorded(&app, later).await, Ok(prolonged), "the first answer again");
    assert_eq!(
        app.level(&person).await.1,
        app.clock.now().truncate_to_microsecond().checked_add(Duration::days(60))
    );

    app.clock.advance(Duration::days(61));
    assert_eq!(
        app.get(&person).await.expect("known").electronic_pass.expect("a pass").state(),
        PassState::Expired
    );
    let known =
        recorded(&app, RecordExternalPassRequest { expire_time: None, ..ending(&app, "r-6", "NH-1", 1) });
    let known = known.await.expect("one's own pass is nobody else's, whatever its state");
    let stands = known.electronic_pass.as_ref().expect("a pass").state();
    assert_eq!((known.outcome(), stands), (Outcome::Known, PassState::Expired));
    let again = recorded(&app, ending(&app, "r-7", "NH-1", 10)).await.expect("it lives again");
    let stands = again.electronic_pass.as_ref().expect("a pass").state();
    assert_eq!((again.outcome(), stands), (Outcome::Prolonged, PassState::Active));
    assert_eq!(lives(&app, &person).await, [[PassState::Active, PassState::Expired, PassState::Active]]);
    assert_eq!(app.get(&person).await.expect("known").electronic_pass, again.electronic_pass);
}

#[tokio::test]
async fn a_pass_does_not_live_again_beside_another() {
    let app = App::new().await;
    let person = registered(&app);
    app.record(ending(&app, "r-1", "NH-1", 30)).await.expect("the first");
    app.clock.advance(Duration::days(31));
    app.record(ending(&app, "r-2", "NH-2", 30)).await.expect("the first has ended");
    let refusal = app.record(ending(&app, "r-3", "NH-1", 90)).await.expect_err("the second lives");
    assert_eq!(refusal.is(), (Code::AlreadyExists, "ELECTRONIC_PASS_EXISTS"));
    assert_eq!(refusal.fact("conflict"), "TRAVELLER");
    // When the second has ended too, the first has the way free, whether or not that end was written down.
    app.clock.advance(Duration::days(31));
    let again = recorded(&app, ending(&app, "r-4", "NH-1", 90)).await.expect("nothing lives");
    assert_eq!(again.outcome(), Outcome::Prolonged);
    assert_eq!(
        lives(&app, &person).await,
        [vec![PassState::Expired], vec![PassState::Expired, PassState::Active]]
    );
}

#[tokio::test]
async fn a_suspended_pass_stays_so_when_its_channel_prolongs_it() {
    let app = App::new().await;
    let person = registered(&app);
    let pass = app.record(ending(&app, "r-1", "NH-1", 30)).await.expect("the first");
    let suspend = SuspendElectronicPassRequest {
        request_id: "s".to_owned(),
        electronic_pass: pass.name.clone(),
        etag: pass.etag.clone(),
        reason: PassReason::FraudSuspected.into(),
        note: "同一证件两处使用".to_owned(),
    };
    app.client().suspend_electronic_pass(suspend).await.expect("active");
    for (request_id, days) in [("r-2", 60), ("r-3", 90)] {
        let longer = recorded(&app, ending(&app, request_id, "NH-1", days)).await.expect("prolonged");
        let stands = longer.electronic_pass.expect("a pass").state();
        assert_eq!((longer.outcome, stands), (Outcome::Prolonged.into(), PassState::Suspended));
        // The second time after its end.
        app.clock.advance(Duration::days(61));
    }
    let lived = [PassState::Suspended, PassState::Suspended, PassState::Expired, PassState::Suspended];
    assert_eq!(lives(&app, &person).await, [lived]);
}

#[tokio::test]
async fn what_was_revoked_or_given_up_is_not_prolonged() {
    let app = App::new().await;
    let person = registered(&app);
    let first = app.record(ending(&app, "r-1", "NH-1", 30)).await.expect("the first");
    let revoke = RevokeElectronicPassRequest {
        request_id: "x".to_owned(),
        electronic_pass: first.name,
        etag: first.etag,
        reason: PassReason::FraudConfirmed.into(),
        note: String::new(),
    };
    app.client().revoke_electronic_pass(revoke).await.expect("active");
    let second = app.record(ending(&app, "r-2", "NH-2", 30)).await.expect("the first was revoked");
    let cancel = CancelElectronicPassRequest {
        request_id: "y".to_owned(),
        registration: person.registration.clone(),
        etag: second.etag,
    };
    app.client().cancel_electronic_pass(cancel).await.expect("active");
    for (number, state) in [("NH-1", "REVOKED"), ("NH-2", "CANCELLED")] {
        let refusal = app.record(ending(&app, number, number, 60)).await.expect_err("over for good");
        assert_eq!(refusal.is(), (Code::FailedPrecondition, "ILLEGAL_PASS_TRANSITION"));
        assert_eq!(refusal.fact("state"), state);
        let told = recorded(&app, ending(&app, &format!("{number}-again"), number, 1)).await.expect("known");
        assert_eq!(told.outcome(), Outcome::Known);
    }
}

#[tokio::test]
async fn a_repetition_after_the_end_of_the_pass_has_the_first_answer() {
    let app = App::new().await;
    registered(&app);
    let request = ending(&app, "r-1", "NH-1", 30);
    let first = recorded(&app, request.clone()).await.expect("the first");
    // So that the first answer is kept.
    app.stopped().await;
    app.clock.advance(Duration::days(31));
    assert_eq!(recorded(&app, request.clone()).await, Ok(first));
    let late = RecordExternalPassRequest { request_id: "r-2".to_owned(), ..request };
    let refusal = recorded(&app, late).await.expect_err("another request");
    assert_eq!(refusal.broken, ["expire_time OUT_OF_RANGE"]);
}

#[tokio::test]
async fn whoever_has_a_pass_of_ours_gets_none_recorded() {
    let app = App::new().await;
    let application = app.apply("r-1", &registered(&app)).await.expect("offered");
    app.review(decision("r-2", &application, Decision::Approve)).await.expect("under review");
    let refusal = app.record(app.external_pass("r-3", CARD)).await.expect_err("a pass exists");
    assert_eq!(refusal.is(), (Code::AlreadyExists, "ELECTRONIC_PASS_EXISTS"));
}

#[tokio::test]
async fn a_number_belongs_to_one_pass_of_its_issuer() {
    let app = App::new().await;
    let first = app.external_pass("r-1", CARD);
    app.record(first.clone()).await.expect("the first");
    let taken = RecordExternalPassRequest {
        pass_number: first.pass_number.clone(),
        ..app.external_pass("r-2", OTHER_CARD)
    };
    let refusal = app.record(taken.clone()).await.expect_err("the number is another person's");
    assert_eq!(refusal.is(), (Code::AlreadyExists, "ELECTRONIC_PASS_EXISTS"));
    assert_eq!(refusal.fact("conflict"), "PASS_NUMBER");
    let elsewhere = RecordExternalPassRequest { issuer: "粤通".into(), ..taken };
    app.record(elsewhere).await.expect("another issuer counts for itself");
}

#[tokio::test]
async fn a_repeated_record_gives_the_first_answer() {
    let app = App::new().await;
    let request = app.external_pass("r-1", CARD);
    let first = app.record(request.clone()).await.expect("the first");
    app.wait();
    assert_eq!(app.record(request.clone()).await.expect("a repetition"), first);
    let person =
        RecordExternalPassRequest { request_id: "r-1".into(), ..app.external_pass("r-1", OTHER_CARD) };
    let issuer = RecordExternalPassRequest { issuer: "粤通".into(), ..request.clone() };
    let time = RecordExternalPassRequest { issue_time: Some(Timestamp::default()), ..request };
    for other in [person, issuer, time] {
        let refusal = app.record(other).await.expect_err("another content");
        assert_eq!(refusal.is(), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
    }
}

#[tokio::test]
async fn only_a_resident_identity_card_is_taken() {
    let app = App::new().await;
    let every_type = (0..).map_while(|value| DocumentType::try_from(value).ok());
    for document_type in every_type.filter(|it| *it != DocumentType::ResidentIdCard) {
        let mut request = app.external_pass("r-1", CARD);
        let document = Document { r#type: document_type.into(), ..request.document.unwrap_or_default() };
        request.document = Some(document);
        let reason = if document_type == DocumentType::Unspecified {
            "DOCUMENT_TYPE_UNKNOWN"
        } else {
            "UNKNOWN_VALUE"
        };
        let refusal = app.record(request).await.expect_err("another type");
        assert_eq!(refusal.broken, [format!("document.type {reason}")], "{document_type:?}");
    }
}

#[tokio::test]
async fn all_violations_of_a_record_come_at_once() {
    let app = App::new().await;
    let refusal = app.record(RecordExternalPassRequest::default()).await.expect_err("nothing given");
    let required = ["request_id", "document", "issuer", "pass_number", "issue_time"];
    assert_eq!(refusal.broken, required.map(|field| format!("{field} REQUIRED")));

    let wrong = RecordExternalPassRequest {
        request_id: "x".repeat(65),
        document: Some(Document { r#type: 99, ..Document::default() }),
        issuer: "南".repeat(51),
        pass_number: "N H".into(),
        issue_time: Some(timestamp(app.clock.now() + Duration::SECOND)),
        expire_time: None,
    };
    let refusal = app.record(wrong).await.expect_err("all wrong");
    let expected = [
        "request_id FORMAT",
        "document.type DOCUMENT_TYPE_UNKNOWN",
        "issuer LENGTH",
        "pass_number CHARACTER",
        "issue_time OUT_OF_RANGE",
    ];
    assert_eq!(refusal.broken, expected);
}

#[tokio::test]
async fn an_issue_time_lies_in_the_calendar_and_not_in_the_future() {
    let app = App::new().await;
    let now = timestamp(app.clock.now());
    let future = Timestamp { nanos: now.nanos + 1000, ..now };
    let no_second = Timestamp { nanos: 1_000_000_000, ..Timestamp::default() };
    let no_year = Timestamp { seconds: i64::MAX, ..Timestamp::default() };
    for issue_time in [future, no_second, no_year] {
        let request =
            RecordExternalPassRequest { issue_time: Some(issue_time), ..app.external_pass("r-1", CARD) };
        let refusal = app.record(request).await.expect_err("no such past instant");
        assert_eq!(refusal.broken, ["issue_time OUT_OF_RANGE"], "{issue_time:?}");
    }
    let just_now = RecordExternalPassRequest {
        issue_time: Some(Timestamp { nanos: 123_456_000, ..now }),
        ..app.external_pass("r-1", CARD)
    };
    app.record(just_now).await.expect("this very moment");
}

#[tokio::test]
async fn what_is_wrong_with_the_number_is_said_by_its_field() {
    let app = App::new().await;
    let refusal = app.record(app.external_pass("r-1", WRONG_CHECK_CHARACTER)).await.expect_err("a slip");
    assert_eq!(refusal.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
    assert_eq!(refusal.broken, ["document.number DOCUMENT_NUMBER_CHECK_CHARACTER"]);
}

#[tokio::test]
async fn the_document_number_is_not_kept() {
    let app = App::new().await;
    let pass = app.record(app.external_pass("r-1", CARD)).await.expect("the first");
    let written = app.written().await;
    let holds = |text: &str| written.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&pass.pass_number), "this test looks where the data are");
    assert!(!holds(CARD));
}
