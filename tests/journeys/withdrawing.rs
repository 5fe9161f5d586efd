//! What an officer withdraws: nobody passes with it, and the traveller is told until when.

use entrypass_ambient::Clock as _;
use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    gateway::v1 as pb,
    qr::v1::{
        QrCodeChange, QrCodeStanding, Verdict, WithdrawalReason,
        qr_code_change::{Change, Revoke},
        qr_code_change_result::Result as RowResult,
        qr_code_standing::State,
    },
};
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use time::Duration;
use tonic::Code;

journeys!(
    a_suspended_traveller_is_told_until_when_and_goes_on_afterwards,
    a_checkpoint_revokes_what_it_has_scanned,
    many_are_withdrawn_at_once,
);

async fn a_suspended_traveller_is_told_until_when_and_goes_on_afterwards(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let pass = wang.register(&system, "wang").await.expect("registered");
    let standing = pass.qr_code_standing.expect("a standing");
    assert_eq!(standing.state(), State::Active);
    let (registration, shown) = (pass.registration.expect("one").name, pass.qr_code.expect("a code"));

    let until = timestamp(system.clock.now() + Duration::HOUR);
    let suspend = |request_id: &str, registration: &str| pb::SuspendQrCodesRequest {
        request_id: request_id.to_owned(),
        registration: registration.to_owned(),
        suspend_until_time: Some(until),
        reason: WithdrawalReason::FraudSuspected.into(),
        ..Default::default()
    };
    let answer = system.pass.clone().suspend_qr_codes(suspend("suspend", &registration)).await;
    let told = answer.expect("suspended").into_inner().standing.expect("a standing");
    assert_eq!((told.state(), told.reason()), (State::Suspended, WithdrawalReason::FraudSuspected));
    assert_eq!(system.verdict(&shown.content).await, Verdict::Suspended);
    let pass = wang.entry_pass(&system).await.expect("shown");
    let since_time = Some(timestamp(system.clock.now()));
    let without_the_reason = QrCodeStanding {
        state: State::Suspended.into(),
        suspend_until_time: Some(until),
        since_time,
        ..Default::default()
    };
    assert_eq!((pass.qr_code, pass.qr_code_standing), (None, Some(without_the_reason)));
    let draw = pb::RenderQrCodeRequest { registration: registration.clone(), ..Default::default() };
    let refused = system.pass.clone().render_qr_code(draw.clone()).await.expect_err("nothing to draw");
    let refused = Refusal::from(refused);
    assert_eq!(refused.is(), (Code::FailedPrecondition, "QR_CODE_SUSPENDED"));
    assert_eq!(refused.fact("suspend_until_time"), "2026-11-23T03:00:00Z");

    system.clock.advance(Duration::HOUR);
    let pass = wang.entry_pass(&system).await.expect("shown");
    assert_eq!(system.verdict(&pass.qr_code.expect("a code").content).await, Verdict::Valid);
    let again = suspend("again", &registration);
    let refused = system.pass.clone().suspend_qr_codes(again).await.expect_err("that is past");
    assert_eq!(Refusal::from(refused).broken, ["suspend_until_time OUT_OF_RANGE"]);
    let first = system.pass.clone().suspend_qr_codes(suspend("suspend", &registration)).await;
    assert_eq!(first.expect("the first answer").into_inner().standing, Some(told));
    assert!(system.pass.clone().render_qr_code(draw).await.is_ok(), "it was not done again");
}

async fn a_checkpoint_revokes_what_it_has_scanned(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let shown = wang.register(&system, "wang").await.expect("registered").qr_code.expect("a code");
    let revoke = pb::RevokeQrCodesRequest {
        request_id: "copied".to_owned(),
        code_id: shown.code_id.clone(),
        reason: WithdrawalReason::LostOrCopied.into(),
        fraud: true,
        ..Default::default()
    };
    let answer = system.pass.clone().revoke_qr_codes(revoke).await.expect("revoked").into_inner();
    let standing = answer.standing.expect("a standing");
    assert_eq!((answer.revoked_count, standing.state(), standing.fraud), (1, State::Revoked, true));
    assert_eq!(system.verdict(&shown.content).await, Verdict::Revoked);
    let pass = wang.entry_pass(&system).await.expect("shown");
    let told = pass.qr_code_standing.expect("a standing");
    assert_eq!((pass.qr_code, told.state(), told.fraud), (None, State::Revoked, false), "why is not told");
    let reinstate = pb::ReinstateQrCodesRequest {
        request_id: "regret".to_owned(),
        code_id: shown.code_id,
        ..Default::default()
    };
    let refused = system.pass.clone().reinstate_qr_codes(reinstate).await.expect_err("for good");
    assert_eq!(Refusal::from(refused).is(), (Code::FailedPrecondition, "QR_CODE_REVOKED"));
}

async fn many_are_withdrawn_at_once(mode: Mode) {
    let system = System::start(mode).await;
    let mut rows = Vec::new();
    let mut codes = Vec::new();
    for (traveller, name) in
        [(Traveller::wang(), "wang"), (Traveller::li(), "li"), (Traveller::chan(), "chan")]
    {
        let code = traveller.register(&system, name).await.expect("registered").qr_code.expect("a code");
        let revoke = Revoke { reason: WithdrawalReason::DataError.into(), fraud: false };
        let code_id = code.code_id.clone();
        rows.push(QrCodeChange { code_id, change: Some(Change::Revoke(revoke)), ..Default::default() });
        codes.push(code.content);
    }
    rows[1].code_id = "0".repeat(32);
    let request = pb::ChangeQrCodesRequest { request_id: "many".to_owned(), rows };
    let first = system.pass.clone().change_qr_codes(request.clone()).await.expect("results").into_inner();
    let done = |one: &entrypass_proto::qr::v1::QrCodeChangeResult| {
        matches!(one.result, Some(RowResult::Standing(_)))
    };
    assert_eq!(first.results.iter().map(done).collect::<Vec<_>>(), [true, false, true]);
    let again = system.pass.clone().change_qr_codes(request).await.expect("the first answer").into_inner();
    assert_eq!(again, first);
    let mut verdicts = Vec::new();
    for content in &codes {
        verdicts.push(system.verdict(content).await);
    }
    assert_eq!(verdicts, [Verdict::Revoked, Verdict::Valid, Verdict::Revoked]);
}
