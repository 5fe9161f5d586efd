//! What was learnt from the changes of registrations counts also when nobody can be asked.

use entrypass_proto::{
    qr::v1::{ExportQrCodesRequest, Verdict},
    registration::v1::{RegistrationChange, RegistrationState, registration_change::Kind},
};

use crate::harness::{App, registration};

#[tokio::test]
async fn an_amendment_supersedes_the_codes_before_it() {
    for kind in [Kind::Amended, Kind::DocumentReplaced, Kind::Corrected] {
        let app = App::new().await;
        let before = app.code(1, 1).await;
        let other = app.code(2, 1).await;
        app.changed(1, kind, 2).await;
        let alone = app.alone().await;
        assert_eq!(alone.verdict(&before.content).await, (Verdict::Superseded, "++++!--".to_owned()));
        assert_eq!(alone.verdict(&other.content).await.0, Verdict::CannotDecide);
        let current = app.code(1, 2).await;
        assert_eq!(app.verdict(&current.content).await.0, Verdict::Valid);
    }
}

#[tokio::test]
async fn whoever_asks_late_for_an_earlier_revision_gets_no_code() {
    let app = App::new().await;
    app.changed(1, Kind::Amended, 2).await;
    app.changed(1, Kind::Amended, 3).await;
    let counts = app.issue(vec![app.subject(1, 2), app.subject(1, 3), app.subject(1, 1)]).await;
    let counts: Vec<_> = counts.expect("an answer").iter().map(Option::is_some).collect();
    assert_eq!(counts, [false, true, false]);
}

#[tokio::test]
async fn a_cancellation_revokes_every_code() {
    let app = App::new().await;
    let (first, second) = (app.code(1, 1).await, app.code(1, 2).await);
    app.changed(1, Kind::Cancelled, 3).await;
    let alone = app.alone().await;
    for code in [first, second] {
        assert_eq!(alone.verdict(&code.content).await, (Verdict::Revoked, "++++!--".to_owned()));
    }
    for revision in 1..4 {
        assert_eq!(app.issue_one(app.subject(1, revision)).await, None, "revision {revision}");
    }
    // Nor for one that had none before.
    app.changed(2, Kind::Cancelled, 2).await;
    assert_eq!(app.issue_one(app.subject(2, 1)).await, None);
}

#[tokio::test]
async fn changes_that_are_told_again_change_nothing_more() {
    let app = App::new().await;
    let (amended, cancelled) = (app.code(1, 2).await, app.code(2, 1).await);
    for _ in 0..2 {
        app.changed(1, Kind::Amended, 2).await;
        app.changed(2, Kind::Cancelled, 2).await;
    }
    assert_eq!(app.verdict(&amended.content).await.0, Verdict::Valid);
    assert_eq!(app.verdict(&cancelled.content).await.0, Verdict::Revoked);
    app.changed(1, Kind::Cancelled, 3).await;
    app.changed(1, Kind::Amended, 2).await;
    assert_eq!(app.alone().await.verdict(&amended.content).await.0, Verdict::Revoked, "for good");
}

#[tokio::test]
async fn what_says_nothing_of_codes_leaves_them_alone() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    for kind in [
        Kind::Registered,
        Kind::CompanionBound,
        Kind::CompanionConfirmed,
        Kind::CompanionUnbound,
        Kind::Expired,
    ] {
        app.changed(1, kind, 1).await;
        assert_eq!(app.verdict(&code.content).await.0, Verdict::Valid, "{kind:?}");
    }
    app.registered(1, 1, RegistrationState::Expired);
    assert_eq!(app.verdict(&code.content).await.0, Verdict::Expired, "it is asked for that");
}

#[tokio::test]
async fn an_erasure_revokes_every_code_and_leaves_no_record_of_a_verification() {
    let app = App::new().await;
    let (code, other) = (app.code(1, 1).await, app.code(2, 1).await);
    for content in [&code.content, &code.content, &other.content] {
        assert_eq!(app.verdict(content).await.0, Verdict::Valid);
    }
    let exported = async |number| {
        let request = ExportQrCodesRequest { registrations: vec![registration(number)] };
        let codes = app.client().export_qr_codes(request).await.expect("an answer").into_inner().codes;
        let [code] = codes.try_into().expect("one code");
        code
    };
    let before = exported(1).await;
    assert_eq!((&before.code_id, before.revision, before.verifications.len()), (&code.code_id, 1, 2));
    assert!(before.verifications.iter().all(|record| record.code_id == code.code_id));

    app.erased(1).await;
    let after = exported(1).await;
    assert_eq!(after.verifications.len(), 0, "{after:?}");
    assert_eq!(app.alone().await.verdict(&code.content).await.0, Verdict::Revoked);
    assert_eq!(exported(2).await.verifications.len(), 1);
    assert_eq!(app.verdict(&other.content).await.0, Verdict::Valid);
}

#[tokio::test]
async fn the_erasure_of_somebody_who_had_no_registration_is_dealt_with() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    let nobody = RegistrationChange {
        traveller: "travellers/00000000-0000-7000-8000-000000000001".to_owned(),
        kind: Kind::TravellerErased.into(),
        ..Default::default()
    };
    app.told(nobody).await;
    assert_eq!(app.verdict(&code.content).await.0, Verdict::Valid);
}
