//! The health block: asked for where configuration says so, and settled for a registration when it is submitted.

use entrypass_proto::registration::v1::{
    self as pb,
    health_declaration::{Answer, Symptom},
};
use entrypass_registration::Config;
use time::Duration;

use crate::harness::{App, amendment, config, form, passport};

fn collecting() -> Config {
    Config { collect_health: true, ..config() }
}

fn healthy() -> pb::RegistrationForm {
    let health = pb::HealthDeclaration {
        contact_with_cases: Answer::No.into(),
        symptoms: vec![Symptom::None.into()],
        ..Default::default()
    };
    pb::RegistrationForm { health: Some(health), ..form() }
}

#[tokio::test]
async fn health_is_required_where_it_is_collected() {
    let app = App::configured(collecting()).await;
    let refused = app.submit(app.submission("without", "X0000001", form())).await.expect_err("no health");
    assert_eq!(refused.broken, ["form.health REQUIRED"]);
    let registered = app.submit(app.submission("with", "X0000001", healthy())).await.expect("registered");
    assert_eq!(registered.form, Some(healthy()));
}

#[tokio::test]
async fn health_is_refused_where_it_is_not_collected() {
    let app = App::new().await;
    let refused = app.submit(app.submission("with", "X0000001", healthy())).await.expect_err("health");
    assert_eq!(refused.broken, ["form.health NOT_COLLECTED"]);
}

#[tokio::test]
async fn switching_it_changes_nothing_for_those_who_are_registered() {
    let app = App::new().await;
    let without = app.register("X0000001").await;
    let app = app.restarted(collecting()).await;
    let amended = app.update(amendment(&without, 5)).await.expect("amended");
    assert_eq!(amended.form.and_then(|form| form.health), None);

    let with = app.submit(app.submission("with", "X0000002", healthy())).await.expect("registered");
    let app = app.restarted(config()).await;
    let amended = app.update(amendment(&with, 5)).await.expect("amended");
    assert_eq!(amended.form.and_then(|form| form.health), healthy().health);
}

#[tokio::test]
async fn health_of_an_ended_entry_does_not_fill_the_next_form() {
    let app = App::configured(collecting()).await;
    app.submit(app.submission("with", "X0000001", healthy())).await.expect("registered");
    app.clock.advance(Duration::days(31));
    let request = pb::GetPrefillRequest {
        document: Some(passport("X0000001")),
        holder_name: "SMITH ANNA MARIA".to_owned(),
    };
    let prefill = app.client().get_prefill(request).await.expect("prefill").into_inner();
    let form = prefill.form.expect("a form");
    assert_eq!((form.surname.as_str(), form.health), ("SMITH", None));
}
