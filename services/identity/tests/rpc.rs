//! The service through its generated client.

#![expect(clippy::expect_used, reason = "tests")]

use std::sync::Arc;

use entrypass_ambient::TestClock;
use entrypass_proto::{
    identity::v1::{
        VerifyIdentityRequest, VerifyIdentityResponse, identity_service_client::IdentityServiceClient,
    },
    registration::v1::{
        Document, DocumentType, IdentityOutcome as Outcome, IdentityStrength as Strength, Sex,
        identity_check::Result as Found,
    },
};
use entrypass_rpc::{EdgeLayer, Transport};
use entrypass_testkit::Refusal;
use time::macros::datetime;
use tonic::Code;
use uuid::Uuid;

async fn ask(request: VerifyIdentityRequest) -> Result<VerifyIdentityResponse, Refusal> {
    let routes = entrypass_identity::routes(Arc::new(TestClock::at(datetime!(2026-11-23 02:00 UTC))));
    let transport = Transport::local(routes, &EdgeLayer::new(|| Uuid::from_u128(1)));
    Ok(IdentityServiceClient::new(transport).verify_identity(request).await?.into_inner())
}

/// 王小明, as his number has him.
fn wang(strength: Strength) -> VerifyIdentityRequest {
    VerifyIdentityRequest {
        request_id: "1".to_owned(),
        strength: strength.into(),
        document: Some(Document {
            r#type: DocumentType::ResidentIdCard.into(),
            number: "440699198501010016".to_owned(),
            issuing_state: String::new(),
        }),
        chinese_name: "王小明".to_owned(),
        sex: Sex::Male.into(),
        birth_date: "1985-01-01".to_owned(),
        nationality: "CHN".to_owned(),
        ..VerifyIdentityRequest::default()
    }
}

fn found(answer: &VerifyIdentityResponse) -> Vec<(&str, Found)> {
    answer.checks.iter().map(|check| (check.check.as_str(), check.result())).collect()
}

#[tokio::test]
async fn an_identity_that_agrees_with_itself_is_verified_formally() {
    let answer = ask(wang(Strength::Formal)).await.expect("an answer");
    assert_eq!((answer.outcome(), answer.strength()), (Outcome::Verified, Strength::Formal));
    let expected = [
        ("NUMBER", Found::Passed),
        ("NAME_AGAINST_TYPE", Found::Passed),
        ("BIRTH_DATE_AGAINST_NUMBER", Found::Passed),
        ("SEX_AGAINST_NUMBER", Found::Passed),
        ("NATIONALITY_AGAINST_TYPE", Found::Passed),
        ("REGISTER", Found::NotPerformed),
        ("PERSON", Found::NotPerformed),
    ];
    assert_eq!(found(&answer), expected);
    for check in &answer.checks {
        assert!(!check.text_zh_cn.is_empty() && !check.text_en.is_empty(), "{}", check.check);
        assert!(!format!("{}{}", check.text_zh_cn, check.text_en).contains("1985"), "{}", check.check);
    }
}

#[tokio::test]
async fn more_than_form_is_not_guessed_with_evidence_either() {
    for strength in [Strength::RealName, Strength::RealPerson] {
        let request = VerifyIdentityRequest { evidence: vec![7; 4096], ..wang(strength) };
        let answer = ask(request).await.expect("an answer");
        assert_eq!((answer.outcome(), answer.strength()), (Outcome::CannotVerify, Strength::Formal));
        assert!(answer.checks.iter().any(|check| check.text_en.starts_with("No register was asked")));
        assert!(answer.checks.iter().any(|check| check.text_zh_cn.starts_with("未向任何登记机构查询")));
    }
}

#[tokio::test]
async fn what_contradicts_the_number_is_a_mismatch_that_names_its_check() {
    let other = VerifyIdentityRequest { birth_date: "1985-01-02".to_owned(), ..wang(Strength::RealName) };
    let answer = ask(other).await.expect("an answer");
    assert_eq!((answer.outcome(), answer.strength()), (Outcome::Mismatch, Strength::Unspecified));
    let failed: Vec<_> = found(&answer).into_iter().filter(|(_, found)| *found == Found::Failed).collect();
    assert_eq!(failed, [("BIRTH_DATE_AGAINST_NUMBER", Found::Failed)]);
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_refused_with_all_its_violations() {
    let nothing = ask(VerifyIdentityRequest::default()).await.expect_err("nothing to verify");
    assert_eq!(nothing.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
    let required = ["request_id", "strength", "document", "sex", "birth_date", "nationality"];
    assert_eq!(nothing.broken, required.map(|field| format!("{field} REQUIRED")));
    let wrong = VerifyIdentityRequest {
        request_id: "a b".to_owned(),
        strength: 9,
        document: Some(Document {
            r#type: DocumentType::ResidentIdCard.into(),
            number: "440699198501010017".to_owned(),
            issuing_state: String::new(),
        }),
        sex: 9,
        birth_date: "05/06/1985".to_owned(),
        nationality: "ZZZ".to_owned(),
        evidence: vec![7; 4097],
        ..wang(Strength::Formal)
    };
    let expected = [
        "request_id FORMAT",
        "strength UNKNOWN_VALUE",
        "document.number DOCUMENT_NUMBER_CHECK_CHARACTER",
        "sex UNKNOWN_VALUE",
        "birth_date NOT_A_DATE",
        "nationality UNKNOWN_VALUE",
        "evidence LENGTH",
    ];
    assert_eq!(ask(wrong).await.expect_err("nothing that can be read").broken, expected);
    let untyped = VerifyIdentityRequest { document: Some(Document::default()), ..wang(Strength::Formal) };
    assert_eq!(ask(untyped).await.expect_err("no type").broken, ["document.type DOCUMENT_TYPE_UNKNOWN"]);
}
