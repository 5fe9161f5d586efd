//! What calls cost: which statements each sends to the database. Nobody puts a query into a loop unseen.

use entrypass_proto::epass::v1 as pb;

use crate::harness::App;

/// What every audited call leaves.
const RECORD: &str = "INSERT audit_records";

#[tokio::test]
async fn an_offer_and_a_pass_are_read_with_one_statement() {
    let app = App::new().await;
    let (person, pass) = app.with_pass(1).await;
    app.stopped().await;
    // The policy is parsed once a copy.
    app.offer(&person).await.expect("told");
    let _ = app.statements.taken();
    let offer = app.offer(&person).await.expect("told");
    assert_eq!(offer.electronic_pass, Some(pass));
    assert_eq!(app.statements.taken(), ["SELECT applications", RECORD]);
    app.get(&person).await.expect("told");
    assert_eq!(app.statements.taken(), ["SELECT applications", RECORD]);
}

#[tokio::test]
async fn levels_are_read_with_one_statement_however_many() {
    let app = App::new().await;
    let mut registrations = Vec::new();
    for number in 1..=5 {
        registrations.push(app.with_pass(number).await.0.registration);
    }
    app.stopped().await;
    let request = pb::GetElectronicPassLevelsRequest { registrations };
    for _ in 0..2 {
        let _ = app.statements.taken();
        let levels = app.client().get_electronic_pass_levels(request.clone()).await.expect("told");
        assert_eq!(levels.into_inner().levels.len(), 5);
    }
    assert_eq!(app.statements.taken(), ["SELECT applications", RECORD]);
}
