//! A write happens once, however often it is asked for.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::gateway::v1 as pb;
use entrypass_testkit::Refusal;
use tonic::Code;

journeys!(
    submitting_twice_with_one_request_id_returns_the_first_answer,
    a_first_answer_shows_no_code_that_counts_no_more,
    a_request_id_belongs_to_one_content,
    sixteen_submitters_of_one_document_leave_one_registration,
);

async fn submitting_twice_with_one_request_id_returns_the_first_answer(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let first = wang.register(&system, "once").await.expect("registered");
    system.clock.advance(time::Duration::minutes(1));
    let again = wang.register(&system, "once").await.expect("the first answer");
    assert_eq!(again.registration, first.registration);
    assert_eq!(again.qr_code.expect("a code").code_id, first.qr_code.expect("a code").code_id);
}

async fn a_first_answer_shows_no_code_that_counts_no_more(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let first = wang.register(&system, "once").await.expect("registered");
    let registration = first.registration.clone().expect("one");
    let cancel = pb::CancelRegistrationRequest {
        request_id: "cancel".to_owned(),
        registration: registration.name,
        etag: registration.etag,
    };
    system.pass.clone().cancel_registration(cancel).await.expect("cancelled");
    let again = wang.register(&system, "once").await.expect("the first answer");
    assert_eq!((again.registration, again.qr_code), (first.registration, None));

    system.clock.advance(time::Duration::days(31));
    wang.register(&system, "once").await.expect("still the first answer, after its time");
}

async fn a_request_id_belongs_to_one_content(mode: Mode) {
    let system = System::start(mode).await;
    Traveller::wang().register(&system, "mine").await.expect("registered");
    let status = Traveller::li().register(&system, "mine").await.expect_err("used");
    assert_eq!(Refusal::from(status).is(), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
    let too_long = "x".repeat(65);
    let table = [("", "REQUIRED"), ("with blank", "FORMAT"), ("ümlaut", "FORMAT"), (&too_long, "FORMAT")];
    for (bad, reason) in table {
        let status = Traveller::li().register(&system, bad).await.expect_err("not a request_id");
        assert_eq!(Refusal::from(status).broken, [format!("request_id {reason}")], "{bad:?}");
    }
}

async fn sixteen_submitters_of_one_document_leave_one_registration(mode: Mode) {
    let system = System::start(mode).await;
    let version = system.notice_version().await;
    let mut submitters = tokio::task::JoinSet::new();
    for submitter in 0..16 {
        let mut pass = system.pass.clone();
        let submission = Traveller::smith().submission(&format!("submitter-{submitter}"), &version);
        submitters.spawn(async move { pass.submit_registration(submission).await });
    }
    let answers = submitters.join_all().await;
    let (registered, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((registered.len(), refused.len()), (1, 15));
    for answer in refused {
        let status = answer.expect_err("refused");
        assert_eq!(Refusal::from(status).is(), (Code::AlreadyExists, "ALREADY_REGISTERED"));
    }
}
