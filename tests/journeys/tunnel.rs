//! A checkpoint in a tunnel: what it decides without a network, and how soon it learns what has changed when it has one.

use std::time::{Duration, Instant};

use entrypass_ambient::Clock as _;
use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    gateway::v1 as pb,
    qr::v1::{QrCode, VerificationBundle},
    registration::v1::{
        CancelRegistrationRequest, Registration, RegistrationForm, UpdateRegistrationRequest,
    },
};
use entrypass_testkit::{Refusal, eventually};
use entrypass_token::VerificationKey;
use entrypass_verifier::{Bundle, Thumbprint, Verdict, Verifier};
use prost_types::FieldMask;
use tonic::{Code, Streaming};

journeys!(
    an_amendment_reaches_those_who_verify_without_a_network_within_ten_seconds,
    a_bundle_that_is_too_old_makes_nothing_valid,
);

/// What the contract says of an amendment while the services reach each other.
const BOUND: Duration = Duration::from_secs(10);

/// A checkpoint with a verifier of its own.
struct Checkpoint {
    verifier: Verifier,
    cursor: String,
}

impl Checkpoint {
    /// One that was given the keys of `system` by hand.
    async fn equipped(system: &System) -> Self {
        let request = pb::ListVerificationKeysRequest::default();
        let keys = system.pass.clone().list_verification_keys(request).await.expect("keys").into_inner().keys;
        let pins = keys.iter().map(|key| {
            Thumbprint(VerificationKey::from_cose_key(&key.cose_key).expect("a key").thumbprint())
        });
        Self { verifier: Verifier::new(pins), cursor: String::new() }
    }

    /// Takes over a bundle, and keeps where to go on.
    fn accept(&mut self, system: &System, bundle: &VerificationBundle) {
        let signed = Bundle::decode(&bundle.bundle).expect("a bundle");
        self.verifier.accept(&signed, now(system)).expect("a bundle that follows");
        self.cursor.clone_from(&bundle.cursor);
    }

    fn verdict(&self, system: &System, code: &QrCode) -> Verdict {
        self.verifier.verify(&code.content, now(system)).verdict
    }

    /// The stream behind the last bundle; begun again until it is there.
    async fn watch(&self, system: &System) -> Streaming<pb::WatchVerificationBundleResponse> {
        let mut stream = None;
        eventually("a stream of bundles", async || {
            let request = pb::WatchVerificationBundleRequest { cursor: self.cursor.clone() };
            stream = system.pass.clone().watch_verification_bundle(request).await.ok();
            stream.is_some()
        })
        .await;
        stream.expect("a stream").into_inner()
    }

    /// Follows, through every stream that breaks, until the verdict on `code` is `expected`.
    async fn learn(&mut self, system: &System, code: &QrCode, expected: Verdict) {
        let mut stream = self.watch(system).await;
        while self.verdict(system, code) != expected {
            match stream.message().await {
                Ok(Some(answer)) => self.accept(system, &answer.bundle.expect("a bundle")),
                Ok(None) | Err(_) => stream = self.watch(system).await,
            }
        }
    }
}

fn now(system: &System) -> i64 {
    system.clock.now().unix_timestamp()
}

/// Amends at the registration service itself, as if the gateway had died before it asked for the new code: the feed alone tells of it.
async fn amend(system: &System, registration: &Registration, request_id: &str) -> Registration {
    let request = UpdateRegistrationRequest {
        request_id: request_id.to_owned(),
        registration: registration.name.clone(),
        etag: registration.etag.clone(),
        form: Some(RegistrationForm { mobile_phone: "+44 7700 900002".to_owned(), ..Default::default() }),
        update_mask: Some(FieldMask { paths: vec!["mobile_phone".to_owned()] }),
    };
    let answer = system.registration.clone().update_registration(request).await.expect("amended");
    answer.into_inner().registration.expect("one")
}

async fn an_amendment_reaches_those_who_verify_without_a_network_within_ten_seconds(mode: Mode) {
    let system = System::start(mode).await;
    let (wang, li) = (Traveller::wang(), Traveller::li());
    let wang = wang.register(&system, "wang").await.expect("registered");
    let li = li.register(&system, "li").await.expect("registered");
    let mut checkpoint = Checkpoint::equipped(&system).await;
    let (amended, cancelled) = (wang.qr_code.expect("a code"), li.qr_code.expect("a code"));
    assert_eq!(checkpoint.verdict(&system, &amended), Verdict::CannotDecide, "without a bundle");
    checkpoint.learn(&system, &amended, Verdict::Valid).await;
    assert_eq!(checkpoint.verdict(&system, &cancelled), Verdict::Valid);

    amend(&system, &wang.registration.expect("one"), "amend").await;
    let answered = Instant::now();
    checkpoint.learn(&system, &amended, Verdict::Superseded).await;
    assert!(answered.elapsed() < BOUND, "{:?}", answered.elapsed());

    let registration = li.registration.expect("one");
    let cancel = CancelRegistrationRequest {
        request_id: "cancel".to_owned(),
        registration: registration.name,
        etag: registration.etag,
    };
    system.registration.clone().cancel_registration(cancel).await.expect("cancelled");
    let answered = Instant::now();
    checkpoint.learn(&system, &cancelled, Verdict::Revoked).await;
    assert!(answered.elapsed() < BOUND, "{:?}", answered.elapsed());
}

async fn a_bundle_that_is_too_old_makes_nothing_valid(mode: Mode) {
    let system = System::configured(mode, "[qr]\nbundle_minutes = 5").await;
    let wang = Traveller::wang();
    let code = wang.register(&system, "wang").await.expect("registered").qr_code.expect("a code");
    let mut checkpoint = Checkpoint::equipped(&system).await;
    checkpoint.learn(&system, &code, Verdict::Valid).await;
    system.clock.advance(time::Duration::minutes(5));
    assert_eq!(checkpoint.verdict(&system, &code), Verdict::CannotDecide);
    // The next checkpoint of the feed moves the hour on.
    checkpoint.learn(&system, &code, Verdict::Valid).await;
}

#[tokio::test]
async fn who_watches_goes_on_after_the_gateway_and_the_qr_service_were_killed() {
    let mut system = System::start(Mode::Processes).await;
    let wang = Traveller::wang().register(&system, "wang").await.expect("registered");
    let li = Traveller::li().register(&system, "li").await.expect("registered");
    let codes = [wang.qr_code.expect("a code"), li.qr_code.expect("a code")];
    let mut checkpoint = Checkpoint::equipped(&system).await;
    checkpoint.learn(&system, &codes[0], Verdict::Valid).await;
    let registrations = [wang.registration.expect("one"), li.registration.expect("one")];
    let services = [entrypass_gateway::SERVICE_NAME, entrypass_qr::SERVICE_NAME];
    for ((service, registration), code) in services.into_iter().zip(&registrations).zip(&codes) {
        system.kill(service).await;
        amend(&system, registration, service).await;
        system.restart(service).await;
        let back = Instant::now();
        checkpoint.learn(&system, code, Verdict::Superseded).await;
        assert!(back.elapsed() < BOUND, "{service}: {:?}", back.elapsed());
    }
}

#[tokio::test]
async fn without_the_registration_service_bundles_run_out() {
    let mut system = System::configured(Mode::Sockets, "[qr]\nbundle_minutes = 1").await;
    let code = Traveller::wang().register(&system, "wang").await.expect("registered").qr_code;
    let code = code.expect("a code");
    let mut checkpoint = Checkpoint::equipped(&system).await;
    checkpoint.learn(&system, &code, Verdict::Valid).await;
    system.stop(entrypass_registration::SERVICE_NAME).await;
    system.clock.advance(time::Duration::minutes(1));
    let refused = system.pass.clone().get_verification_bundle(pb::GetVerificationBundleRequest {}).await;
    let refused = Refusal::from(refused.expect_err("it would be too old"));
    assert_eq!(refused.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    assert_eq!(refused.fact("service"), "registration");
    assert_eq!(checkpoint.verdict(&system, &code), Verdict::CannotDecide);

    system.restart(entrypass_registration::SERVICE_NAME).await;
    checkpoint.learn(&system, &code, Verdict::Valid).await;
}
