//! Revoking: for good, and as often as anybody likes.

use entrypass_proto::qr::v1::Verdict;
use tonic::Code;

use crate::harness::{App, registration};

#[tokio::test]
async fn every_code_of_a_registration_is_revoked_once() {
    let app = App::new().await;
    let (old, other, current) = (app.code(1, 1).await, app.code(2, 1).await, app.code(1, 2).await);
    assert_eq!(app.revoke(registration(1)).await, Ok(2));
    assert_eq!(app.revoke(registration(1)).await, Ok(0), "nothing is left to revoke");
    assert_eq!(app.verdict(&old.content).await, (Verdict::Revoked, "++++!!+".to_owned()));
    assert_eq!(app.verdict(&current.content).await, (Verdict::Revoked, "++++!++".to_owned()));
    assert_eq!(app.verdict(&other.content).await.0, Verdict::Valid);
    assert_eq!(app.revoke(registration(3)).await, Ok(0), "a registration without codes");
    assert_eq!(app.issue_one(app.subject(3, 1)).await, None, "and it will have none");
}

#[tokio::test]
async fn nothing_more_is_issued_for_what_was_revoked() {
    let app = App::new().await;
    let before = app.code(1, 1).await;
    app.revoke(registration(1)).await.expect("revoked");
    for revision in [1, 2] {
        assert_eq!(app.issue_one(app.subject(1, revision)).await, None, "revision {revision}");
    }
    assert_eq!(app.alone().await.verdict(&before.content).await.0, Verdict::Revoked);
    let codes = app.issue(vec![app.subject(1, 1), app.subject(2, 1)]).await.expect("an answer");
    assert_eq!(codes.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true], "others have theirs");
}

#[tokio::test]
async fn only_a_resource_name_names_a_registration() {
    let app = App::new().await;
    let upper_case = registration(0xabc).to_uppercase().replace("REGISTRATIONS", "registrations");
    for wrong in ["", "registrations/", "registrations/7", "travellers/x", &upper_case] {
        let refused = app.revoke(wrong.to_owned()).await.expect_err(wrong);
        assert_eq!(refused.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
        let reason = if wrong.is_empty() { "REQUIRED" } else { "FORMAT" };
        assert_eq!(refused.broken, [format!("registration {reason}")]);
    }
}
