//! Every verdict with its checks, except those that the journeys reach.

use entrypass_proto::{
    qr::v1::{ListVerificationKeysRequest, Verdict, VerifyQrCodeRequest, verification_check::Reason},
    registration::v1::RegistrationState,
};
use entrypass_testkit::Refusal;
use entrypass_token::{Algorithm, Claims, Draft, SigningKey, Token, VerificationKey};
use time::Duration;
use tokio::net::TcpListener;
use tonic::{Code, Request};

use crate::harness::{App, told};

/// The service's own key, as somebody with its file could use it.
fn stolen_key(app: &App) -> SigningKey {
    let text = std::fs::read_to_string(app.key_file()).expect("a key");
    let byte = |at: usize| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hexadecimal digits");
    SigningKey::from_seed(Algorithm::EdDsa, &std::array::from_fn(byte)).expect("a key")
}

async fn published_key(app: &App) -> VerificationKey {
    let answer = app.client().list_verification_keys(ListVerificationKeysRequest {}).await.expect("keys");
    VerificationKey::from_cose_key(&answer.into_inner().keys.remove(0).cose_key).expect("a key")
}

fn claims(content: &str, key: &VerificationKey) -> Claims {
    *Token::decode(content).expect("a token").verify(key).expect("genuine")
}

#[tokio::test]
async fn a_good_code_passes_every_check_and_says_what_it_is() {
    let app = App::new().await;
    let code = app.code(1, 3).await;
    let decision = app.decision(&code.content).await;
    assert_eq!(told(&decision), (Verdict::Valid, "+++++++".to_owned()));
    assert_eq!((decision.code_id, decision.revision), (code.code_id, 3));
    assert_eq!((decision.issue_time, decision.expire_time), (code.issue_time, code.expire_time));
}

#[tokio::test]
async fn what_is_no_code_is_malformed() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let cut = &content[..content.len() - 1];
    let longer = format!("{content}0");
    let (prefix, base45) = content.split_at("FSP1:".len());
    let damaged = format!("{prefix}ZZ{}", &base45[2..]);
    let other_version = content.replacen("FSP1:", "FSP2:", 1);
    for text in ["HELLO", "FSP1:", "粤康码", cut, &longer, &damaged, &other_version, &"A".repeat(4096)] {
        let decision = app.decision(text).await;
        assert_eq!(told(&decision), (Verdict::Malformed, "!------".to_owned()), "{text}");
        assert_eq!((decision.code_id.as_str(), decision.revision, decision.issue_time), ("", 0, None));
        assert!(decision.evaluate_time.is_some());
    }
}

#[tokio::test]
async fn what_a_scanner_appends_to_a_code_is_forgiven_and_a_blank_is_not() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    for appended in ["\n", "\r\n", "\r", "\t"] {
        assert_eq!(app.verdict(&format!("{content}{appended}")).await.0, Verdict::Valid, "{appended:?}");
    }
    assert_eq!(app.verdict(&format!("{content} ")).await.0, Verdict::Malformed, "Base45 has a blank");
}

#[tokio::test]
async fn a_code_of_another_key_is_not_ours() {
    let app = App::new().await;
    let elsewhere = app.another("elsewhere.hex").await;
    let code = elsewhere.code(1, 1).await;
    let decision = app.decision(&code.content).await;
    assert_eq!(told(&decision), (Verdict::UnknownKey, "+!-----".to_owned()));
    assert_eq!(decision.code_id, "", "what nobody of ours signed says nothing");
}

#[tokio::test]
async fn what_our_key_signed_for_another_issuer_or_too_early_is_not_believed() {
    let app = App::new().await;
    let known = claims(&app.code(1, 1).await.content, &published_key(&app).await);
    let (from, to) = (i64::from(known.issued_at()), i64::from(known.expires_at()));
    let elsewhere = "GZ".parse().expect("an issuer");
    for (issuer, from, reason) in [
        (elsewhere, from, Reason::IssuerUnknown),
        (known.issuer(), from - 172_800, Reason::KeyNotSigningThen),
    ] {
        let claims = Claims::new(issuer, known.code_id(), 1, from, to).expect("claims");
        let decision = app.decision(&stolen_key(&app).issue(&claims)).await;
        assert_eq!(told(&decision), (Verdict::UnknownKey, "+!+----".to_owned()));
        assert_eq!((decision.checks[1].reason(), decision.code_id.as_str()), (reason, ""));
    }
}

#[tokio::test]
async fn a_code_that_our_key_did_not_sign_is_forged() {
    let app = App::new().await;
    let key = published_key(&app).await;
    let genuine = app.code(1, 1).await;
    let claims = claims(&genuine.content, &key);
    let forged = Draft::new(&claims, &key).finish([7; 64]);
    let decision = app.decision(&forged).await;
    assert_eq!(told(&decision), (Verdict::BadSignature, "++!----".to_owned()));
    assert_eq!((decision.code_id.as_str(), decision.revision, decision.expire_time), ("", 0, None));
}

#[tokio::test]
async fn a_genuine_code_that_was_never_recorded_is_not_found() {
    let app = App::new().await;
    let twin = app.another("key.hex").await;
    let unrecorded = twin.code(1, 1).await;
    assert_eq!(app.verdict(&unrecorded.content).await, (Verdict::NotFound, "++++!--".to_owned()));

    let recorded = app.code(1, 1).await;
    let known = claims(&recorded.content, &published_key(&app).await);
    let (from, to) = (known.issued_at().into(), known.expires_at().into());
    let next = Claims::new(known.issuer(), known.code_id(), 2, from, to).expect("claims");
    let never_issued = stolen_key(&app).issue(&next);
    app.registered(1, 2, RegistrationState::Active);
    assert_eq!(app.verdict(&never_issued).await, (Verdict::NotFound, "++++!--".to_owned()));
}

#[tokio::test]
async fn a_code_is_good_from_a_minute_before_its_issue_to_its_expiry() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let valid = (Verdict::Valid, "+++++++".to_owned());
    app.clock.advance(-Duration::seconds(60));
    assert_eq!(app.verdict(&content).await, valid);
    app.clock.advance(-Duration::SECOND);
    assert_eq!(app.verdict(&content).await, (Verdict::NotYetValid, "+++!+++".to_owned()));
    app.clock.advance(Duration::seconds(61) + Duration::minutes(15) - Duration::MICROSECOND);
    assert_eq!(app.verdict(&content).await, valid);
    app.clock.advance(Duration::MICROSECOND);
    assert_eq!(app.verdict(&content).await, (Verdict::Expired, "+++!+++".to_owned()));
}

#[tokio::test]
async fn the_registration_decides_on_a_code_that_is_good_in_itself() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let table = [
        (1, RegistrationState::Active, Verdict::Valid, "+++++++"),
        (2, RegistrationState::Active, Verdict::Superseded, "+++++!+"),
        (1, RegistrationState::Expired, Verdict::Expired, "+++++!+"),
        (2, RegistrationState::Expired, Verdict::Superseded, "+++++!+"),
        (2, RegistrationState::Cancelled, Verdict::Revoked, "+++++!+"),
        (1, RegistrationState::Unspecified, Verdict::CannotDecide, "+++++--"),
    ];
    for (revision, state, verdict, checks) in table {
        app.registered(1, revision, state);
        assert_eq!(app.verdict(&content).await, (verdict, checks.to_owned()), "{revision} {state:?}");
    }
    let of_nobody = app.issue_one(app.subject(2, 1)).await.expect("a code").content;
    assert_eq!(app.verdict(&of_nobody).await, (Verdict::NotFound, "+++++!+".to_owned()));
}

#[tokio::test]
async fn a_registration_service_that_cannot_be_reached_leaves_it_open() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let open = (Verdict::CannotDecide, "+++++--".to_owned());
    assert_eq!(app.alone().await.verdict(&content).await, open);
    for code in [Code::Unavailable, Code::Unknown, Code::Cancelled, Code::DeadlineExceeded] {
        app.registrations.break_with(code);
        assert_eq!(app.verdict(&content).await, open, "{code:?}");
    }
    app.registrations.mend();
    assert_eq!(app.verdict(&content).await.0, Verdict::Valid, "trying again helps");
}

#[tokio::test]
async fn a_registration_service_that_does_not_answer_leaves_it_open_within_the_callers_time() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    // The system takes the connection, and nobody ever reads from it.
    let hung = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let app = app.asking(&format!("http://{}", hung.local_addr().expect("an address"))).await;
    let mut request = Request::new(VerifyQrCodeRequest { content, ..Default::default() });
    request.set_timeout(std::time::Duration::from_millis(200));
    let decision = app.client().verify_qr_code(request).await.expect("a decision").into_inner();
    assert_eq!(told(&decision), (Verdict::CannotDecide, "+++++--".to_owned()));
}

#[tokio::test]
async fn a_fault_of_the_registration_service_is_a_fault_and_no_verdict() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    for code in [Code::Unimplemented, Code::DataLoss] {
        app.registrations.break_with(code);
        let request = VerifyQrCodeRequest { content: content.clone(), ..Default::default() };
        let refused = app.client().verify_qr_code(request).await.expect_err("a fault");
        assert_eq!(Refusal::from(refused).is(), (Code::Internal, "INTERNAL"), "{code:?}");
    }
}
