//! What operators look at on every listener: health and reflection; and what they must never see: personal data.

use std::{fs, time::Duration};

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{gateway::v1 as pb, qr::v1::ListVerificationKeysRequest};
use entrypass_testkit::Refusal;
use tonic::{Code, Request};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

journeys!(a_deadline_that_has_passed_is_deadline_exceeded, the_key_that_verifies_is_published);

async fn a_deadline_that_has_passed_is_deadline_exceeded(mode: Mode) {
    let system = System::start(mode).await;
    let mut request = Request::new(pb::GetNoticeRequest {});
    request.metadata_mut().insert("grpc-timeout", "1m".parse().expect("a millisecond"));
    let status = system.pass.clone().get_notice(request).await.expect_err("too late");
    assert_eq!(Refusal::from(status).is(), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
}

async fn the_key_that_verifies_is_published(mode: Mode) {
    let system = System::start(mode).await;
    let code =
        Traveller::wang().register(&system, "wang").await.expect("registered").qr_code.expect("a code");
    let answer = system.qr.clone().list_verification_keys(ListVerificationKeysRequest {}).await;
    let keys = answer.expect("keys").into_inner().keys;
    assert_eq!(keys.len(), 1);
    assert_eq!((&keys[0].key_id, keys[0].algorithm.as_str()), (&code.key_id, "EdDSA"));
    assert_eq!(keys[0].public_key.len(), 32);
}

#[tokio::test]
async fn every_listener_reports_its_service_and_the_whole_as_serving() {
    let system = System::start(Mode::Sockets).await;
    assert_eq!(system.listeners().count(), 4);
    for (service, address) in system.listeners() {
        system.until_serving(service).await;
        let transport = entrypass_rpc::Transport::remote(&address.parse().expect("an address"));
        let mut health = HealthClient::new(transport);
        for name in ["", service] {
            let request = HealthCheckRequest { service: name.to_owned() };
            let answer = health.check(request).await.expect("known").into_inner();
            assert_eq!(answer.status(), ServingStatus::Serving, "{name:?} at {address}");
        }
        let unknown = HealthCheckRequest { service: "entrypass.Nothing".to_owned() };
        assert_eq!(health.check(unknown).await.expect_err("unknown").code(), Code::NotFound);
    }
}

#[tokio::test]
async fn a_neighbour_that_is_down_is_unavailable_and_a_repetition_completes_the_rest() {
    let mut system = System::start(Mode::Sockets).await;
    let wang = Traveller::wang();
    system.stop(entrypass_qr::SERVICE_NAME).await;
    let status = wang.register(&system, "wang").await.expect_err("no code can be issued");
    let refusal = Refusal::from(status);
    assert_eq!(refusal.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    assert_eq!(refusal.fact("service"), "qr");
    assert!(refusal.retry_after.is_some_and(|delay| delay > Duration::ZERO));

    system.restart(entrypass_qr::SERVICE_NAME).await;
    let pass = wang.register(&system, "wang").await.expect("the same request completes it");
    assert!(pass.qr_code.is_some());
}

/// The domain knows neither wire nor database: a grep, because nothing else in the language says so.
#[test]
fn domain_files_import_no_wire_and_no_database() {
    let services = concat!(env!("CARGO_MANIFEST_DIR"), "/../services");
    let domain = [
        "registration/src/registration.rs",
        "registration/src/name.rs",
        "registration/src/form.rs",
        "registration/src/notice.rs",
        "qr/src/code.rs",
        "qr/src/verification.rs",
        "qr/src/render.rs",
        "epass/src/application.rs",
        "epass/src/eligibility.rs",
        "epass/src/pass.rs",
    ];
    let mut files: Vec<_> = domain.iter().map(|file| format!("{services}/{file}").into()).collect();
    let form = fs::read_dir(format!("{services}/registration/src/form")).expect("the form's files");
    files.extend(form.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()));
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        // Inline tests may hold the published names against the domain's.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for foreign in ["tonic", "prost", "sea_orm", "entrypass_proto"] {
            assert!(!code.contains(&format!("{foreign}::")), "{} knows {foreign}", file.display());
        }
    }
}
