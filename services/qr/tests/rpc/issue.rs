//! Issuing codes: one id for one revision, in the order asked for, however often and from wherever.

use std::collections::BTreeSet;

use entrypass_proto::{
    qr::v1::{self as pb, Verdict},
    registration::v1::RegistrationState,
};
use time::Duration;
use tokio::task::JoinSet;

use crate::harness::App;

#[tokio::test]
async fn one_revision_has_one_code_id_and_fresh_content_each_time() {
    let app = App::new().await;
    let first = app.code(1, 1).await;
    app.clock.advance(Duration::minutes(10));
    let again = app.code(1, 1).await;
    assert_eq!((&again.code_id, again.revision), (&first.code_id, 1));
    assert_ne!(again.content, first.content);
    assert_ne!(again.expire_time, first.expire_time);
    for code in [&first, &again] {
        assert_eq!(app.verdict(&code.content).await.0, Verdict::Valid, "both are shown until they expire");
    }
    let another = app.code(2, 1).await;
    assert_ne!(another.code_id, first.code_id);
}

#[tokio::test]
async fn codes_come_in_the_order_of_their_subjects() {
    let app = App::new().await;
    // Some are known beforehand, in another order.
    for known in [31, 3, 17] {
        app.code(known, 1).await;
    }
    let subjects: Vec<_> = (0..32).rev().map(|number| app.subject(number, 1)).collect();
    let codes = app.issue(subjects.clone()).await.expect("32 are allowed");
    assert_eq!(codes.len(), 32);
    let codes: Vec<_> = codes.into_iter().map(|code| code.expect("a code")).collect();
    for (subject, code) in subjects.into_iter().zip(&codes) {
        let alone = app.issue_one(subject.clone()).await.expect("a code");
        assert_eq!(alone.code_id, code.code_id, "{}", subject.registration);
    }
    let ids: BTreeSet<_> = codes.iter().map(|code| &code.code_id).collect();
    assert_eq!(ids.len(), 32, "everybody has a code of their own");
}

#[tokio::test]
async fn a_subject_that_is_named_twice_has_one_code() {
    let app = App::new().await;
    let subjects = vec![app.subject(1, 1), app.subject(2, 1), app.subject(1, 1)];
    let codes = app.issue(subjects).await.expect("codes");
    let ids: Vec<_> = codes.into_iter().map(|code| code.expect("a code").code_id).collect();
    assert_eq!((ids.len(), &ids[0]), (3, &ids[2]));
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_subject_asked_for_by_16_at_once_has_one_code() {
    let app = App::new().await;
    let mut callers = JoinSet::new();
    for _ in 0..16 {
        let (mut client, subject) = (app.client(), app.subject(1, 1));
        let request = pb::IssueQrCodesRequest { subjects: vec![subject] };
        callers.spawn(async move { client.issue_qr_codes(request).await });
    }
    let answers = callers.join_all().await.into_iter().map(|answer| answer.expect("a code").into_inner());
    let code = |answer: pb::IssueQrCodesResponse| answer.qr_codes[0].qr_code.clone().expect("a code");
    let ids: BTreeSet<_> = answers.map(|answer| code(answer).code_id).collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn an_older_revision_has_no_code_any_more() {
    let app = App::new().await;
    let older = app.code(1, 1).await;
    let newer = app.code(1, 2).await;
    assert_ne!(older.code_id, newer.code_id);
    assert_eq!(app.issue_one(app.subject(1, 1)).await, None);
    assert_eq!(app.verdict(&older.content).await, (Verdict::Superseded, "++++!!+".to_owned()));
    assert_eq!(app.verdict(&newer.content).await, (Verdict::Valid, "+++++++".to_owned()));
    let alone = app.alone().await;
    assert_eq!(alone.verdict(&older.content).await, (Verdict::Superseded, "++++!--".to_owned()));

    app.code(2, 2).await;
    assert_eq!(app.issue_one(app.subject(2, 1)).await, None, "nor one that was never asked for in time");
}

#[tokio::test]
async fn a_registration_that_has_ended_gets_no_code() {
    let app = App::new().await;
    app.registered(1, 1, RegistrationState::Active);
    let subject = app.subject(1, 1);
    app.clock.advance(Duration::days(30));
    assert_eq!(app.issue_one(subject).await, None, "it ended this very moment");
}

#[tokio::test]
async fn content_ends_with_its_registration_at_the_latest() {
    let app = App::new().await;
    let subject = app.subject(1, 1);
    app.registered(1, 1, RegistrationState::Active);
    app.clock.advance(Duration::days(30) - Duration::minutes(5));
    let code = app.issue_one(subject.clone()).await.expect("five minutes are left");
    assert_eq!(code.expire_time, subject.expire_time);
    let (issue, refresh) = (code.issue_time.expect("a time"), code.refresh_time.expect("a time"));
    assert_eq!(refresh.seconds - issue.seconds, 200, "when two thirds have passed");
}

#[tokio::test]
async fn code_ids_outlive_a_restart() {
    let app = App::new().await;
    let before = app.code(1, 1).await;
    let restarted = app.again().await;
    let after = restarted.code(1, 1).await;
    assert_eq!((after.code_id, after.key_id), (before.code_id, before.key_id));
    assert_eq!(restarted.verdict(&before.content).await.0, Verdict::Valid);
}
