//! Suspending, reinstating and revoking, one registration's codes or many: each done once, and for all of its codes.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    errors::v1::{ErrorReason, ViolationReason},
    qr::v1::{
        self as pb, QrCodeStanding, Verdict, WithdrawalReason,
        qr_code_change::{Change, Reinstate, Revoke, Suspend},
        qr_code_change_result::Result as RowResult,
        qr_code_standing::State,
    },
    registration::v1::registration_change::Kind,
};
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use time::Duration;
use tonic::Code;

use crate::harness::{App, registration};

fn revoking(code_id: &str, request_id: &str, reason: WithdrawalReason) -> pb::RevokeQrCodesRequest {
    pb::RevokeQrCodesRequest {
        request_id: request_id.to_owned(),
        code_id: code_id.to_owned(),
        reason: reason.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn suspended_codes_do_not_count_until_the_suspension_ends_by_itself() {
    let app = App::new().await;
    let (before, other) = (app.code(1, 1).await, app.code(2, 1).await);
    let standing = app.suspend(1, Duration::minutes(5)).await.expect("suspended");
    let expected = QrCodeStanding {
        state: State::Suspended.into(),
        reason: WithdrawalReason::HealthOrder.into(),
        fraud: false,
        suspend_until_time: Some(timestamp(app.clock.now() + Duration::minutes(5))),
        since_time: Some(timestamp(app.clock.now())),
    };
    assert_eq!(standing, expected);
    assert_eq!(app.standing(1).await, expected);
    assert_eq!(app.verdict(&before.content).await, (Verdict::Suspended, "++++!++".to_owned()));
    assert_eq!(app.verdict(&other.content).await.0, Verdict::Valid);
    for revision in [1, 2] {
        let issued = app.issued(1, revision).await;
        assert_eq!((issued.qr_code, issued.standing), (None, Some(expected)), "revision {revision}");
    }

    app.clock.advance(Duration::minutes(5));
    assert_eq!(app.standing(1).await.state(), State::Active);
    assert_eq!(
        app.verdict(&before.content).await.0,
        Verdict::Superseded,
        "revision 2 was asked for meanwhile"
    );
    assert!(app.issued(1, 2).await.qr_code.is_some());
}

#[tokio::test]
async fn a_suspension_is_prolonged_shortened_and_lifted() {
    let app = App::new().await;
    let before = app.code(1, 1).await;
    let since = app.suspend(1, Duration::days(1)).await.expect("suspended").since_time;
    app.clock.advance(Duration::MINUTE);
    for minutes in [5, 500, 5] {
        let standing = app.suspend(1, Duration::minutes(minutes)).await.expect("suspended");
        let until = app.clock.now() + Duration::minutes(minutes);
        assert_eq!((standing.suspend_until_time, standing.since_time), (Some(timestamp(until)), since));
    }
    for _ in 0..2 {
        assert_eq!(app.reinstate(1).await.expect("lifted").state(), State::Active);
        assert_eq!(app.verdict(&before.content).await.0, Verdict::Valid);
    }
    assert_eq!(app.reinstate(3).await.expect("nothing to lift").state(), State::Active);
}

#[tokio::test]
async fn a_suspension_meets_the_codes_of_later_revisions_and_of_registrations_without_any() {
    let app = App::new().await;
    app.suspend(1, Duration::days(1)).await.expect("suspended");
    assert_eq!(app.issued(1, 1).await.qr_code, None);
    app.changed(1, Kind::Amended, 2).await;
    assert_eq!(app.issued(1, 2).await.qr_code, None);
    app.reinstate(1).await.expect("lifted");
    assert_eq!(app.issued(1, 1).await.qr_code, None, "superseded meanwhile");
    assert!(app.issued(1, 2).await.qr_code.is_some());
}

#[tokio::test]
async fn what_is_revoked_is_not_suspended_or_reinstated() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    app.suspend(1, Duration::days(1)).await.expect("suspended");
    app.revoke(registration(1)).await.expect("revoked, suspended or not");
    let refused = [
        app.suspend(1, Duration::days(1)).await.expect_err("revoked"),
        app.reinstate(1).await.expect_err("revoked"),
    ];
    for refused in refused {
        assert_eq!(refused.is(), (Code::FailedPrecondition, "QR_CODE_REVOKED"));
    }
    assert_eq!(app.verdict(&code.content).await.0, Verdict::Revoked);
}

#[tokio::test]
async fn a_revocation_keeps_its_first_reason_and_can_turn_out_as_fraud() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    let first = revoking(&code.code_id, "first", WithdrawalReason::LostOrCopied);
    let later =
        pb::RevokeQrCodesRequest { fraud: true, ..revoking(&code.code_id, "later", WithdrawalReason::Other) };
    let last = revoking(&code.code_id, "last", WithdrawalReason::Other);
    let since = Some(timestamp(app.clock.now()));
    for (request, count, fraud) in [(first, 1, false), (later, 0, true), (last, 0, true)] {
        let answer = app.client().revoke_qr_codes(request).await.expect("revoked").into_inner();
        let standing = answer.standing.expect("a standing");
        assert_eq!((answer.revoked_count, standing.fraud), (count, fraud));
        assert_eq!((standing.reason(), standing.since_time), (WithdrawalReason::LostOrCopied, since));
        app.clock.advance(Duration::MINUTE);
    }
    app.changed(2, Kind::Cancelled, 2).await;
    assert_eq!(app.standing(2).await.reason(), WithdrawalReason::RegistrationCancelled);
}

#[tokio::test]
async fn a_request_that_is_repeated_is_done_once_and_answered_as_before() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    let until = app.clock.now() + Duration::minutes(5);
    let suspend = pb::SuspendQrCodesRequest {
        request_id: "suspend".to_owned(),
        code_id: code.code_id.clone(),
        suspend_until_time: Some(timestamp(until)),
        reason: WithdrawalReason::Other.into(),
        ..Default::default()
    };
    let first = app.client().suspend_qr_codes(suspend.clone()).await.expect("suspended").into_inner();
    app.reinstate(1).await.expect("lifted");
    // The end that was asked for is past by now.
    app.clock.advance(Duration::hours(1));
    let again = app.client().suspend_qr_codes(suspend.clone()).await.expect("the first answer").into_inner();
    assert_eq!(again, first);
    assert_eq!(app.standing(1).await.state(), State::Active, "it was not done again");

    let other = pb::SuspendQrCodesRequest { reason: WithdrawalReason::DataError.into(), ..suspend };
    let reused = Refusal::from(app.client().suspend_qr_codes(other).await.expect_err("another request"));
    assert_eq!(reused.is(), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
    let revoke = revoking(&code.code_id, "suspend", WithdrawalReason::Other);
    let reused = Refusal::from(app.client().revoke_qr_codes(revoke).await.expect_err("another RPC"));
    assert_eq!(reused.is(), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
}

#[tokio::test]
async fn every_violation_is_named_and_unknown_codes_are_not_found() {
    let app = App::new().await;
    let wrong = pb::SuspendQrCodesRequest {
        suspend_until_time: Some(timestamp(app.clock.now())),
        reason: WithdrawalReason::RegistrationCancelled.into(),
        ..Default::default()
    };
    let refused = Refusal::from(app.client().suspend_qr_codes(wrong).await.expect_err("all wrong"));
    let expected = [
        "request_id REQUIRED",
        "registration REQUIRED",
        "suspend_until_time OUT_OF_RANGE",
        "reason UNKNOWN_VALUE",
    ];
    assert_eq!(refused.broken, expected);
    let both = pb::RevokeQrCodesRequest {
        registration: registration(1),
        ..revoking(&"0".repeat(32), "both", WithdrawalReason::Unspecified)
    };
    let refused = Refusal::from(app.client().revoke_qr_codes(both).await.expect_err("both"));
    assert_eq!(refused.broken, ["registration EXCLUDED", "reason REQUIRED"]);
    for (until, good) in [(366, true), (367, false)] {
        assert_eq!(app.suspend(1, Duration::days(until)).await.is_ok(), good, "{until} days");
    }

    let upper_case = revoking(&"A".repeat(32), "upper", WithdrawalReason::Other);
    let refused = Refusal::from(app.client().revoke_qr_codes(upper_case).await.expect_err("no id"));
    assert_eq!(refused.broken, ["code_id FORMAT"]);
    let unknown = revoking(&"0".repeat(32), "unknown", WithdrawalReason::Other);
    let refused = Refusal::from(app.client().revoke_qr_codes(unknown).await.expect_err("unknown"));
    assert_eq!(refused.is(), (Code::NotFound, "QR_CODE_NOT_FOUND"));
}

fn row(number: u128, change: Change) -> pb::QrCodeChange {
    pb::QrCodeChange { registration: registration(number), code_id: String::new(), change: Some(change) }
}

/// A row's result in a word: the state after it, or why it was refused.
fn told(result: &pb::QrCodeChangeResult) -> String {
    match result.result.as_ref().expect("a result") {
        RowResult::Standing(standing) => standing.state().as_str_name().to_owned(),
        RowResult::Refusal(refusal) => {
            assert!(!refusal.text.is_empty());
            let broken = refusal.violations.iter().map(|one| {
                assert!(!one.text.is_empty() && one.reason() != ViolationReason::Unspecified);
                format!(" {}", one.field)
            });
            let broken: String = broken.collect();
            assert_eq!(refusal.reason() == ErrorReason::InvalidFields, !broken.is_empty());
            format!("{}{broken}", refusal.reason().as_str_name())
        }
    }
}

#[tokio::test]
async fn in_bulk_every_row_has_its_result_and_a_bad_one_stops_no_other() {
    let app = App::new().await;
    let codes = [app.code(1, 1).await, app.code(2, 1).await, app.code(3, 1).await, app.code(4, 1).await];
    let (revoke, suspend) = (
        Change::Revoke(Revoke { reason: WithdrawalReason::DataError.into(), fraud: false }),
        Change::Suspend(Suspend {
            suspend_until_time: Some(timestamp(app.clock.now() + Duration::HOUR)),
            reason: WithdrawalReason::FraudSuspected.into(),
        }),
    );
    let by_code =
        pb::QrCodeChange { code_id: codes[2].code_id.clone(), change: Some(suspend), ..Default::default() };
    let unknown = pb::QrCodeChange {
        code_id: "0".repeat(32),
        change: Some(Change::Reinstate(Reinstate {})),
        ..Default::default()
    };
    let rows = vec![
        row(1, revoke),
        pb::QrCodeChange::default(),
        row(1, suspend),
        row(2, suspend),
        row(2, Change::Reinstate(Reinstate {})),
        unknown,
        by_code,
        row(5, Change::Revoke(Revoke::default())),
        row(5, Change::Suspend(Suspend::default())),
    ];
    let request = pb::ChangeQrCodesRequest { request_id: "bulk".to_owned(), rows };
    let first = app.client().change_qr_codes(request.clone()).await.expect("results").into_inner();
    let results: Vec<_> = first.results.iter().map(told).collect();
    let expected = [
        "STATE_REVOKED",
        "ERROR_REASON_INVALID_FIELDS rows[1].registration rows[1].change",
        "ERROR_REASON_QR_CODE_REVOKED",
        "STATE_SUSPENDED",
        "STATE_ACTIVE",
        "ERROR_REASON_QR_CODE_NOT_FOUND",
        "STATE_SUSPENDED",
        "ERROR_REASON_INVALID_FIELDS rows[7].revoke.reason",
        "ERROR_REASON_INVALID_FIELDS rows[8].suspend.suspend_until_time rows[8].suspend.reason",
    ];
    assert_eq!(results, expected);
    let verdicts = [Verdict::Revoked, Verdict::Valid, Verdict::Suspended, Verdict::Valid];
    for (code, verdict) in codes.iter().zip(verdicts) {
        assert_eq!(app.verdict(&code.content).await.0, verdict);
    }
    app.reinstate(3).await.expect("lifted");
    let again = app.again().await.client().change_qr_codes(request).await.expect("the first answer");
    assert_eq!(again.into_inner(), first);
    assert_eq!(app.standing(3).await.state(), State::Active, "it was not done again");
}

#[tokio::test]
async fn one_to_1000_rows_are_changed_at_once() {
    let app = App::new().await;
    let revoke = Change::Revoke(Revoke { reason: WithdrawalReason::Other.into(), fraud: true });
    let codes: Vec<_> = (0..3).collect();
    for number in &codes {
        app.code(*number, 1).await;
    }
    let bulk = |count: u128| pb::ChangeQrCodesRequest {
        request_id: format!("bulk-{count}"),
        rows: (0..count).map(|number| row(number, revoke)).collect(),
    };
    for count in [0, 1001] {
        let refused =
            Refusal::from(app.client().change_qr_codes(bulk(count)).await.expect_err("too few or many"));
        assert_eq!(refused.broken, ["rows LENGTH"], "{count}");
    }
    let answer = app.client().change_qr_codes(bulk(1000)).await.expect("1000 fit").into_inner();
    assert!(answer.results.iter().all(|one| told(one) == "STATE_REVOKED"));
    assert_eq!(answer.results.len(), 1000);
    for number in [0, 2, 999] {
        assert_eq!(app.standing(number).await.state(), State::Revoked);
    }
    assert_eq!(app.standing(1000).await.state(), State::Active);
}

/// Whoever is told that codes are suspended sees none issued from then on, by whichever copy.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_issued_after_a_suspension_that_another_copy_acknowledged() {
    let app = App::new().await;
    let copy = app.again().await;
    for number in 0..20 {
        if number % 2 == 0 {
            app.code(number, 1).await;
        }
        let issuing = async {
            for _ in 0..5 {
                copy.issued(number, 1).await;
            }
        };
        let (suspended, ()) = tokio::join!(app.suspend(number, Duration::DAY), issuing);
        suspended.expect("suspended");
        assert_eq!(copy.issued(number, 1).await.qr_code, None, "{number}");
    }
}
