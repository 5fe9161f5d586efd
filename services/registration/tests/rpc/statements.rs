//! What calls cost: which statements each sends to the database. Nobody puts a query into a loop unseen.

use std::sync::Arc;

use entrypass_proto::registration::v1::{
    self as pb,
    health_declaration::{Answer, Symptom},
};
use entrypass_registration::Config;
use tokio::task::JoinSet;

use crate::harness::{App, amendment, binding, config, confirmation, form, passport};

/// What every audited call leaves.
const RECORD: &str = "INSERT audit_records";

/// A holder with two companions, and one who travels alone.
async fn family(app: &App) -> pb::Registration {
    let holder = app.register("X0000001").await;
    for number in ["X0000002", "X0000003"] {
        let companion = app.register(number).await;
        let bound = app.bind(binding(&holder, number)).await.expect("bound");
        app.confirm(confirmation(&companion, &bound.confirmation_code)).await.expect("confirmed");
    }
    app.register("X0000004").await;
    app.still().await;
    holder
}

#[tokio::test]
async fn a_document_is_checked_with_one_statement() {
    let app = App::new().await;
    family(&app).await;
    for number in ["X0000001", "X0000009"] {
        let request = pb::CheckDocumentRequest { document: Some(passport(number)) };
        app.client().check_document(request).await.expect("checked");
        assert_eq!(app.statements.taken(), ["SELECT documents", RECORD], "{number}");
    }
}

#[tokio::test]
async fn a_family_is_read_with_one_statement() {
    let app = App::new().await;
    let holder = family(&app).await;
    assert_eq!(app.companions(&holder.name).await.len(), 2);
    assert_eq!(app.statements.taken(), ["SELECT registrations", RECORD]);
    let registrations = vec![holder.name.clone()];
    let request = pb::GetTravelGroupsRequest { registrations };
    let groups = app.client().get_travel_groups(request).await.expect("told").into_inner().groups;
    assert_eq!(groups[0].companions.len(), 2);
    assert_eq!(app.statements.taken(), ["SELECT registrations", RECORD]);
    app.facts(&holder.name).await.expect("told");
    assert_eq!(app.statements.taken(), ["SELECT registrations", RECORD]);
}

#[tokio::test]
async fn a_proof_that_succeeds_begins_no_transaction() {
    let app = App::new().await;
    family(&app).await;
    let get = async |name: &str| {
        let (document, holder_name) = (Some(passport("X0000001")), name.to_owned());
        let request = pb::GetRegistrationRequest { document, holder_name, ..Default::default() };
        app.client().get_registration(request).await
    };
    get("Smith Anna Maria").await.expect("proved");
    let expected = ["SELECT registrations", "SELECT failed_proofs", "SELECT registrations", RECORD];
    assert_eq!(app.statements.taken(), expected);
    get("Smith Anna Marie").await.expect_err("in vain");
    let in_vain = app.statements.taken();
    assert!(in_vain.contains(&"BEGIN".to_owned()), "{in_vain:?}");
    assert!(in_vain.contains(&"INSERT failed_proofs".to_owned()), "{in_vain:?}");
}

#[tokio::test]
async fn facts_of_many_are_one_statement_and_one_more_where_fevers_may_be_older() {
    let app = App::configured(Config { collect_health: true, ..config() }).await;
    let health = pb::HealthDeclaration {
        contact_with_cases: Answer::No.into(),
        symptoms: vec![Symptom::Fever.into()],
        ..Default::default()
    };
    let mut registrations = Vec::new();
    for nth in 0..5 {
        let number = format!("X000001{nth}");
        let form = pb::RegistrationForm { health: Some(health.clone()), ..form() };
        registrations.push(app.submit(app.submission(&number, &number, form)).await.expect("registered"));
    }
    app.still().await;
    let names: Vec<_> = registrations.iter().map(|one| one.name.clone()).collect();
    let told = async || {
        let request =
            pb::BatchGetRegistrationFactsRequest { registrations: names.clone(), ..Default::default() };
        let answer = app.client().batch_get_registration_facts(request).await.expect("told").into_inner();
        assert_eq!(answer.facts.len(), names.len());
        assert!(answer.facts.iter().all(|one| one.fever_declared_time.is_some()));
        app.statements.taken()
    };
    assert_eq!(told().await, ["SELECT registrations", RECORD]);
    for registration in &registrations {
        app.update(amendment(registration, 5)).await.expect("amended");
    }
    let _ = app.statements.taken();
    assert_eq!(told().await, ["SELECT registrations", "SELECT revisions", RECORD]);
}

/// As many callers at once as a rush hour has, each asking for somebody else.
#[tokio::test]
async fn many_at_once_share_few_statements_and_each_is_told_of_their_own() {
    let app = App::new().await;
    family(&app).await;
    let app = Arc::new(app);
    let mut asking = JoinSet::new();
    for nth in 0..300 {
        let app = Arc::clone(&app);
        asking.spawn(async move {
            let number = format!("X{:07}", nth % 6);
            let request = pb::CheckDocumentRequest { document: Some(passport(&number)) };
            let answer = app.client().check_document(request).await.expect("checked").into_inner();
            (nth % 6, answer)
        });
    }
    for (number, answer) in asking.join_all().await {
        let expected =
            if (1..=4).contains(&number) { pb::CheckOutcome::Registered } else { pb::CheckOutcome::New };
        assert_eq!(answer.outcome(), expected, "{number}");
        let masked = answer.document.expect("a document").masked_number;
        assert!(masked.ends_with(&format!("0{number}")), "{masked}");
    }
    let statements = app.statements.taken();
    let looks = statements.iter().filter(|statement| *statement == "SELECT documents").count();
    assert!((1..=30).contains(&looks), "{looks} statements for 300 callers");
}
