//! What operators look at on every listener: health and reflection; and what they must never see: personal data.

use std::{
    fs,
    time::{Duration, Instant},
};

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    errors::v1::ErrorReason,
    gateway::v1::{self as pb, entry_pass_service_client::EntryPassServiceClient, unavailable_part::Part},
    qr::v1::ListVerificationKeysRequest,
};
use entrypass_rpc::{EdgeLayer, Transport};
use entrypass_testkit::Refusal;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
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
    assert_eq!(keys.len(), 2, "the one that signs, and the next");
    assert_eq!((&keys[0].key_id, keys[0].algorithm.as_str()), (&code.key_id, "EdDSA"));
    assert_eq!(keys[0].public_key.len(), 32);
}

#[tokio::test]
async fn every_listener_reports_its_service_and_the_whole_as_serving() {
    let system = System::start(Mode::Sockets).await;
    assert_eq!(system.listeners().count(), 5);
    for (service, address) in system.listeners() {
        system.until_serving(service).await;
        let mut health = HealthClient::new(system.way_to(&address));
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

/// What is missing of `pass`, each part with its reason; all of it can be asked for again soon.
fn missing(pass: &pb::EntryPass) -> Vec<(Part, ErrorReason)> {
    let told = |part: &pb::UnavailablePart| {
        assert!(part.retry_delay.is_some_and(|delay| delay.seconds > 0), "{part:?}");
        (part.part(), part.reason())
    };
    pass.unavailable_parts.iter().map(told).collect()
}

#[tokio::test]
async fn an_entry_pass_is_read_without_the_parts_whose_service_is_down() {
    let mut system = System::start(Mode::Sockets).await;
    let wang = Traveller::wang();
    let whole = wang.register(&system, "wang").await.expect("registered");
    assert_eq!(missing(&whole), []);

    system.stop(entrypass_qr::SERVICE_NAME).await;
    let without_codes = wang.entry_pass(&system).await.expect("what there is");
    assert_eq!(missing(&without_codes), [(Part::QrCodes, ErrorReason::NeighbourUnavailable)]);
    let rest = |pass: &pb::EntryPass| (pass.registration.clone(), pass.electronic_pass.clone());
    assert_eq!((rest(&without_codes), &without_codes.qr_code), (rest(&whole), &None));

    system.stop(entrypass_epass::SERVICE_NAME).await;
    let bare = wang.entry_pass(&system).await.expect("what there is");
    let both = [Part::QrCodes, Part::ElectronicPass].map(|part| (part, ErrorReason::NeighbourUnavailable));
    assert_eq!(missing(&bare), both);
    assert_eq!(rest(&bare), (whole.registration.clone(), None));

    system.restart(entrypass_qr::SERVICE_NAME).await;
    let without_offer = wang.entry_pass(&system).await.expect("what there is");
    assert_eq!(missing(&without_offer), both[1..]);
    assert!(without_offer.qr_code.is_some());

    system.restart(entrypass_epass::SERVICE_NAME).await;
    let again = wang.entry_pass(&system).await.expect("everything");
    assert_eq!((missing(&again), rest(&again)), (Vec::new(), rest(&whole)));
}

#[tokio::test]
async fn a_write_does_without_the_offer() {
    let mut system = System::start(Mode::Sockets).await;
    system.stop(entrypass_epass::SERVICE_NAME).await;
    let pass = Traveller::wang().register(&system, "wang").await.expect("registered, with a code");
    assert_eq!(missing(&pass), [(Part::ElectronicPass, ErrorReason::NeighbourUnavailable)]);
    assert!(pass.qr_code.is_some() && pass.electronic_pass.is_none());
}

/// A gateway of its own beside `system`, whose QR service takes connections and never says a word.
async fn beside_a_silent_qr(system: &System) -> (EntryPassServiceClient<Transport>, TcpListener) {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let to = |name| {
        let (_, address) = system.listeners().find(|(service, _)| *service == name).expect("a listener");
        system.way_to(&address)
    };
    let nowhere = format!("http://{}", silent.local_addr().expect("an address"));
    let routes = entrypass_gateway::routes(entrypass_gateway::Deps {
        registration: to(entrypass_registration::SERVICE_NAME),
        qr: Transport::remote(&nowhere.parse().expect("an address")),
        epass: to(entrypass_epass::SERVICE_NAME),
        stopping: CancellationToken::new(),
    });
    let edge = EdgeLayer::new(|| uuid::Uuid::from_u128(1));
    (EntryPassServiceClient::new(Transport::local(routes, &edge)), silent)
}

#[tokio::test]
async fn a_slow_service_takes_only_its_share_of_the_time() {
    let system = System::start(Mode::Sockets).await;
    let wang = Traveller::wang();
    let registered = wang.register(&system, "wang").await.expect("registered");
    let (mut gateway, _silent) = beside_a_silent_qr(&system).await;
    let registration = registered.registration.expect("a registration").name;
    // Half of the caller's time, or two seconds.
    for (timeout, longest) in [(Duration::from_secs(2), 1500), (Duration::from_secs(30), 4000)] {
        let read = pb::GetEntryPassRequest { registration: registration.clone(), ..Default::default() };
        let mut request = Request::new(read);
        request.set_timeout(timeout);
        let began = Instant::now();
        let pass = gateway.get_entry_pass(request).await.expect("what there is").into_inner();
        let pass = pass.entry_pass.expect("an entry pass");
        assert_eq!(missing(&pass), [(Part::QrCodes, ErrorReason::DeadlineExceeded)]);
        assert!(pass.electronic_pass.is_some());
        assert!((900..longest).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    }

    let mut request = Request::new(wang.submission("wang", &wang.check(&system).await.notice_version));
    request.set_timeout(Duration::from_secs(2));
    let began = Instant::now();
    let refusal = Refusal::from(gateway.submit_registration(request).await.expect_err("no code"));
    assert_eq!(refusal.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    assert_eq!(refusal.fact("service"), "qr");
    assert!(refusal.retry_after.is_some());
    assert!(began.elapsed() < Duration::from_millis(1900), "{:?}", began.elapsed());
}

/// The domain knows neither wire nor database: a grep, because nothing else in the language says so.
#[test]
fn domain_files_import_no_wire_and_no_database() {
    let services = concat!(env!("CARGO_MANIFEST_DIR"), "/../services");
    let domain = [
        "registration/src/bond.rs",
        "registration/src/change.rs",
        "registration/src/correction.rs",
        "registration/src/registration.rs",
        "registration/src/name.rs",
        "registration/src/form.rs",
        "registration/src/notice.rs",
        "qr/src/code.rs",
        "qr/src/keys/life.rs",
        "qr/src/standing.rs",
        "qr/src/record.rs",
        "qr/src/verification.rs",
        "epass/src/application.rs",
        "epass/src/circumstances.rs",
        "epass/src/decision.rs",
        "epass/src/eligibility.rs",
        "epass/src/facts.rs",
        "epass/src/level.rs",
        "epass/src/pass.rs",
        "identity/src/verification.rs",
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
