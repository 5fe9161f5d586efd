//! Certificates for trying out: made once, and of use at once.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc};

use entrypass_ambient::SystemClock;
use entrypass_proto::{
    gateway::v1::{
        EraseTravellerRequest, ExportTravellerRequest, GetNoticeRequest, ListAccessRequest,
        ListVerificationKeysRequest, VerifyQrCodeRequest, entry_pass_service_client::EntryPassServiceClient,
    },
    identity::v1::{VerifyIdentityRequest, identity_service_client::IdentityServiceClient},
    registration::v1::{self as behind, registration_service_client::RegistrationServiceClient},
};
use entrypass_rpc::Transport;
use entrypass_testkit::{Program, Refusal, Signal};
use entrypass_tls::{Files, Minimum, Tls};
use tonic::Code;

use crate::Place;

#[tokio::test]
async fn a_set_is_made_for_its_owner_alone_and_nothing_is_overwritten() {
    let place = Place::new();
    let told = place.told("dev-certs certs");
    assert!(told.iter().any(|line| line.starts_with("not for real travellers: ")), "{told:?}");
    let mode = |name: &str| {
        let path = place.path("certs").join(name);
        fs::metadata(path).expect("made").permissions().mode() & 0o777
    };
    assert_eq!(mode(""), 0o700);
    let services = ["gateway", "registration", "qr", "epass", "identity"];
    let callers = ["kiosk", "checkpoint", "operator", "reviewer", "policy", "authority"];
    for name in ["ca"].into_iter().chain(services).chain(callers) {
        assert_eq!((mode(&format!("{name}.pem")), mode(&format!("{name}.key"))), (0o644, 0o600), "{name}");
    }
    let before = fs::read(place.path("certs/qr.key")).expect("a key");
    assert_eq!(place.refusal("dev-certs certs"), "certs/ca.pem is there already, and is not overwritten");

    // One of them is enough to stop, and then nothing is made.
    fs::create_dir(place.path("half")).expect("made");
    fs::write(place.path("half/qr.key"), "mine").expect("written");
    assert_eq!(place.refusal("dev-certs half"), "half/qr.key is there already, and is not overwritten");
    assert_eq!(fs::read_dir(place.path("half")).expect("a folder").count(), 1);
    assert_eq!(fs::read(place.path("certs/qr.key")).expect("a key"), before);
}

#[tokio::test]
async fn the_program_serves_with_them_at_any_address_and_says_so() {
    let place = Place::new();
    place.told("dev-certs certs");
    let told = place.refusal("serve --listen 0.0.0.0:0");
    assert!(told.contains("without TLS"), "{told}");
    let mut command = place.command("serve --listen 0.0.0.0:0 --config certs/entrypass.toml --log warn");
    command.stderr(fs::File::create(place.path("log")).expect("a file"));
    let serving = Program::start(command).await.expect("it serves");
    assert_eq!(fs::read_to_string(place.path("log")).expect("a log"), "");
    serving.signal(Signal::INT);
    assert!(serving.ended().await.success());
}

#[tokio::test]
async fn five_processes_and_their_callers_prove_to_each_other_who_they_are() {
    let place = Place::new();
    place.told("dev-certs certs");
    let identity = serve(&place, "identity").await;
    let place = place.with("ENTRYPASS_IDENTITY_ADDRESS", &uri(&identity));
    let registration = serve(&place, "registration").await;
    let place = place.with("ENTRYPASS_REGISTRATION_ADDRESS", &uri(&registration));
    let (qr, epass) = (serve(&place, "qr").await, serve(&place, "epass").await);
    let place = place.with("ENTRYPASS_QR_ADDRESS", &uri(&qr)).with("ENTRYPASS_EPASS_ADDRESS", &uri(&epass));
    let gateway = serve(&place, "gateway").await;

    let mut kiosk = EntryPassServiceClient::new(way(&place, "kiosk", &gateway));
    kiosk.get_notice(GetNoticeRequest {}).await.expect("the notice of the registration service");
    let refusals = [
        kiosk.verify_qr_code(VerifyQrCodeRequest::default()).await.expect_err("no checkpoint"),
        kiosk.list_access(ListAccessRequest::default()).await.expect_err("an officer's"),
        kiosk.export_traveller(ExportTravellerRequest::default()).await.expect_err("an officer's"),
        kiosk.erase_traveller(EraseTravellerRequest::default()).await.expect_err("an officer's"),
        kiosk
            .list_verification_keys(ListVerificationKeysRequest::default())
            .await
            .expect_err("a checkpoint's"),
    ];
    for refused in refusals {
        assert_eq!(Refusal::from(refused).is(), (Code::PermissionDenied, "RPC_NOT_ALLOWED"));
    }
    let mut directly = RegistrationServiceClient::new(way(&place, "kiosk", &registration));
    let refused = directly.get_notice(behind::GetNoticeRequest {}).await.expect_err("not behind the gateway");
    assert_eq!(Refusal::from(refused).is(), (Code::PermissionDenied, "RPC_NOT_ALLOWED"));
    let mut directly = IdentityServiceClient::new(way(&place, "kiosk", &identity));
    let refused =
        directly.verify_identity(VerifyIdentityRequest::default()).await.expect_err("not its to ask");
    assert_eq!(Refusal::from(refused).is(), (Code::PermissionDenied, "RPC_NOT_ALLOWED"));
    let mut asking = IdentityServiceClient::new(way(&place, "registration", &identity));
    let refused =
        asking.verify_identity(VerifyIdentityRequest::default()).await.expect_err("nothing is asked");
    assert_eq!(Refusal::from(refused).is(), (Code::InvalidArgument, "INVALID_FIELDS"));
    let mut operator = EntryPassServiceClient::new(way(&place, "operator", &gateway));
    let refused = operator.get_notice(GetNoticeRequest {}).await.expect_err("without a purpose");
    assert_eq!(Refusal::from(refused).is(), (Code::PermissionDenied, "PURPOSE_REQUIRED"));
}

async fn serve(place: &Place, role: &str) -> Program {
    let arguments = "serve --listen 127.0.0.1:0 --config certs/entrypass.toml";
    let mut command = place.command(&format!("{arguments} --role {role} --data-dir data-{role}"));
    command
        .env("ENTRYPASS_TLS_CERTIFICATE", format!("certs/{role}.pem"))
        .env("ENTRYPASS_TLS_KEY", format!("certs/{role}.key"));
    Program::start(command).await.expect("it serves")
}

fn uri(program: &Program) -> String {
    format!("https://localhost:{}", program.address().port())
}

/// The way of the caller `name` to `program`.
fn way(place: &Place, name: &str, program: &Program) -> Transport {
    let file = |name: String| place.path("certs").join(name);
    let files = Files {
        certificate: file(format!("{name}.pem")),
        key: file(format!("{name}.key")),
        trust: file("ca.pem".to_owned()),
    };
    let tls = Tls::open(files, Minimum::Tls13, Arc::new(SystemClock)).expect("usable files");
    Transport::remote_over_tls(&uri(program).parse().expect("an address"), &tls)
}
