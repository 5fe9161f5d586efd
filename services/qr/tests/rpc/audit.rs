//! What the audit of this service keeps of its calls.

use entrypass_proto::qr::v1 as pb;
use entrypass_qr::SERVICE_NAME;
use entrypass_testkit::call_every_method;

use crate::harness::{App, registration};

/// Leave no record: they are the same for everybody, and about nobody.
const NOT_AUDITED: [&str; 2] = ["GetVerificationBundle", "ListVerificationKeys"];

#[tokio::test]
async fn no_method_is_without_its_record() {
    let app = App::new().await;
    for (method, answered) in call_every_method(app.transport(), SERVICE_NAME).await {
        let name = method.rsplit('/').next().expect("a name");
        let outcomes: Vec<_> = app.audited(name).await.into_iter().map(|(_, _, outcome)| outcome).collect();
        let expected = if answered.is_ok() { "OK" } else { "INVALID_FIELDS" };
        let expected = if NOT_AUDITED.contains(&name) { vec![] } else { vec![expected] };
        assert_eq!(outcomes, expected, "{method}");
    }
}

#[tokio::test]
async fn a_record_says_whose_codes_were_issued_verified_and_withdrawn() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    let verify = pb::VerifyQrCodeRequest { content: code.content.clone(), ..Default::default() };
    app.client().verify_qr_code(verify).await.expect("decided");
    let revoke = pb::RevokeQrCodesRequest {
        request_id: "revoke".to_owned(),
        code_id: code.code_id.clone(),
        reason: pb::WithdrawalReason::HealthOrder.into(),
        ..Default::default()
    };
    for _ in 0..2 {
        app.client().revoke_qr_codes(revoke.clone()).await.expect("revoked");
    }
    let standing = pb::GetQrCodeStandingRequest { code_id: code.code_id, ..Default::default() };
    app.client().get_qr_code_standing(standing).await.expect("told");
    let one = (Some(registration(1)), None, "OK".to_owned());
    for method in ["IssueQrCodes", "VerifyQrCode", "GetQrCodeStanding"] {
        assert_eq!(app.audited(method).await, std::slice::from_ref(&one), "{method}");
    }
    // The write, and the reading of its answer.
    assert_eq!(app.audited("RevokeQrCodes").await, [one.clone(), one]);
}
