//! What calls cost: which statements each sends to the database. Nobody puts a query into a loop unseen.

use entrypass_proto::qr::v1::{self as pb, Verdict};

use crate::harness::App;

/// What every audited call leaves.
const RECORD: &str = "INSERT audit_records";

#[tokio::test]
async fn codes_that_are_there_are_shown_with_one_statement_however_many() {
    let app = App::new().await;
    for number in 1..=3 {
        app.code(number, 1).await;
    }
    app.still().await;
    let subjects = (1..=3).map(|number| app.subject(number, 1)).collect();
    let codes = app.issue(subjects).await.expect("issued");
    assert!(codes.iter().all(Option::is_some));
    assert_eq!(app.statements.taken(), ["SELECT codes", RECORD]);
}

#[tokio::test]
async fn a_code_is_verified_with_one_statement_and_its_records() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    app.still().await;
    assert_eq!(app.decision(&code.content).await.verdict(), Verdict::Valid);
    let mut statements = app.statements.taken();
    statements.sort_unstable();
    // Both records are written side by side.
    assert_eq!(statements, [RECORD, "INSERT verifications", "SELECT codes"]);

    // At a checkpoint it is noted that it has seen them, in one transaction with the record.
    let checkpoint = "Gate-3".to_owned();
    let request = pb::VerifyQrCodeRequest { content: code.content, checkpoint, ..Default::default() };
    app.client().verify_qr_code(request).await.expect("a decision");
    let mut statements = app.statements.taken();
    statements.sort_unstable();
    let expected = ["BEGIN", RECORD, "INSERT first_verifications", "INSERT verifications", "SELECT codes"];
    assert_eq!(statements, expected);
}

#[tokio::test]
async fn a_code_is_drawn_without_a_statement_but_its_record() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    app.still().await;
    let request = pb::RenderQrCodeRequest { content: code.content, ..Default::default() };
    app.client().render_qr_code(request).await.expect("drawn");
    assert_eq!(app.statements.taken(), [RECORD]);
}
