//! Certificates for trying out: made once, and of use at once.

use std::{fs, os::unix::fs::PermissionsExt as _};

use entrypass_testkit::{Program, Signal};

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
    for name in ["ca", "gateway", "registration", "qr", "epass", "kiosk", "checkpoint", "operator"] {
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
