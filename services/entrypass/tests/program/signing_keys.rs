//! The command `signing-keys`, and starts with keys that cannot be used.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use entrypass_proto::qr::v1::{ListVerificationKeysRequest, qr_service_client::QrServiceClient};
use entrypass_rpc::Transport;
use entrypass_testkit::{Program, Signal, TestDatabase, eventually};

use crate::{Place, text};

const SERVE: &str = "serve --listen 127.0.0.1:0";
/// RFC 8032, section 7.1, test 1, and the key's id.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const KEY_ID: &str = "866eefbd6718c884";

async fn migrated() -> (Place, [TestDatabase; 3]) {
    let (place, databases) = Place::with_databases().await;
    place.told("migrate up");
    (place, databases)
}

/// Starts a program and ends it again.
async fn served(place: &Place) {
    let program = Program::start(place.command(SERVE)).await.expect("it serves");
    program.signal(Signal::INT);
    assert!(program.ended().await.success());
}

fn write_private(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("set");
}

/// Key id, state and where the private half is, of each key in the list.
fn listed(place: &Place) -> Vec<(String, String, String)> {
    let lines = place.told("signing-keys list");
    assert!(lines[0].starts_with("KEY ID "), "{lines:?}");
    let column = |line: &String| {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let (thumbprint, rest) = words.split_last().expect("words");
        assert!(thumbprint.len() == 64 && thumbprint.starts_with(&words[0]), "{line}");
        (words[0].clone(), words[2].clone(), rest[7..].join(" "))
    };
    lines[1..].iter().map(column).collect()
}

fn line(key_id: &str, state: &str, private_half: &str) -> (String, String, String) {
    (key_id.to_owned(), state.to_owned(), private_half.to_owned())
}

#[tokio::test]
async fn the_key_of_an_earlier_release_is_taken_over_rotated_and_revoked() {
    let (place, _databases) = migrated().await;
    assert_eq!(place.told("signing-keys list").len(), 1, "a command makes no first key");
    let first = place.path("data/qr-signing-key.hex");
    write_private(&first, SEED);
    served(&place).await;
    let [_, (waiting, ..)] = listed(&place).try_into().expect("another waits");
    assert_eq!(listed(&place), [line(KEY_ID, "ACTIVE", "here"), line(&waiting, "PENDING", "here")]);
    assert!(first.exists(), "copies of the earlier release sign with it");

    let told = place.told("signing-keys rotate");
    let (next, rest) = told[0].split_at(16);
    assert!(rest.starts_with(" (EdDSA) signs from "), "{rest}");
    assert_eq!(next, waiting, "verifiers know it already");
    let file = place.path("data/signing-keys").join(format!("{next}.hex"));
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);

    let told = place.told("signing-keys rotate --at-once --algorithm ES256");
    let (other, rest) = told[0].split_at(16);
    assert!(rest.starts_with(" (ES256) signs from "), "{rest}");
    let told = place.told(&format!("signing-keys revoke {other}"));
    assert_eq!(told[0], format!("{other} is revoked"));
    assert!(told[1].starts_with(&format!("{next} (EdDSA) signs from ")), "{told:?}");
    assert_eq!(place.told(&format!("signing-keys revoke {other}")), [format!("{other} is revoked")]);
    let keys = listed(&place);
    assert_eq!(keys.len(), 3);
    for expected in [line(other, "REVOKED", "not needed"), line(next, "ACTIVE", "here")] {
        assert!(keys.contains(&expected), "{keys:?}");
    }
    served(&place).await;
}

#[tokio::test]
async fn what_cannot_be_done_with_keys_is_told() {
    let place = Place::new();
    let told = place.refusal("signing-keys list");
    assert!(told.starts_with("qr: there is no database "), "{told}");
    assert!(!place.path("data").exists(), "nothing was made");

    let (place, _databases) = migrated().await;
    let told = place.refusal("signing-keys revoke 0123456789abcdef");
    assert_eq!(told, "there is no signing key 0123456789abcdef: see `entrypass signing-keys list`");
    for wrong in ["revoke 0123", "revoke", "rotate --algorithm RS256", "rotate --at-once=no"] {
        let output = place.command(&format!("signing-keys {wrong}")).output().expect("the program");
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", text(&output.stderr));
    }
}

#[tokio::test]
async fn a_key_that_is_kept_by_hand_is_revoked_and_cannot_be_followed_by_another() {
    let (place, _databases) = migrated().await;
    let place = place.configured("[qr]\nkey_file = 'key.hex'");
    write_private(&place.path("key.hex"), SEED);
    served(&place).await;
    let nowhere = "there is no place to keep a new signing key: set qr.key_dir or qr.key_encryption_keys; ";
    let told = place.refusal("signing-keys rotate");
    assert!(told.starts_with(nowhere), "{told}");

    let output = place.command(&format!("signing-keys revoke {KEY_ID}")).output().expect("the program");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), format!("{KEY_ID} is revoked\n"));
    let told = text(&output.stderr);
    let expected = format!("entrypass: it is revoked, but no key could be made in its place: {nowhere}");
    assert!(told.starts_with(&expected), "{told}");
    assert_eq!(listed(&place), [line(KEY_ID, "REVOKED", "not needed")]);
}

#[tokio::test]
async fn a_start_without_the_key_encryption_key_is_refused_by_name() {
    let (place, _databases) = migrated().await;
    let place = place.configured("[qr]\nkey_encryption_keys = 'kek'");
    write_private(&place.path("kek"), &"5e".repeat(32));
    served(&place).await;
    let [(key_id, ..), _] = listed(&place).try_into().expect("a key, and the next");
    assert!(!place.path("data/signing-keys").exists(), "they are in the database");

    fs::write(place.path("kek"), "5f".repeat(32)).expect("written");
    let told = place.refusal(SERVE);
    let expected = "is sealed in the database, and none of the 1 configured key-encryption keys opens it: ";
    assert!(told.starts_with(&format!("the signing key {key_id} {expected}")), "{told}");
    fs::remove_file(place.path("kek")).expect("removed");
    let told = place.refusal(SERVE);
    assert!(told.starts_with("qr.key_encryption_keys kek is missing: "), "{told}");
    let place = place.configured("");
    let told = place.refusal(SERVE);
    let expected =
        "is sealed in the database: set qr.key_encryption_keys or ENTRYPASS_QR_KEY_ENCRYPTION_KEYS to ";
    assert!(told.starts_with(&format!("the signing key {key_id} {expected}")), "{told}");
    served(
        &place.with("ENTRYPASS_QR_KEY_ENCRYPTION_KEYS", &format!("{}\n{}", "5f".repeat(32), "5e".repeat(32))),
    )
    .await;
}

#[tokio::test]
async fn a_lost_private_half_is_logged_once_and_that_of_the_next_key_in_time() {
    let (place, _databases) = migrated().await;
    served(&place).await;
    let [(key_id, ..), (next, ..)] = listed(&place).try_into().expect("a key, and the next");
    fs::remove_dir_all(place.path("data/signing-keys")).expect("removed");
    let lost = [line(&key_id, "ACTIVE", "not here"), line(&next, "PENDING", "not here")];
    assert_eq!(listed(&place), lost);

    let log = place.path("log");
    let mut command = place.command(SERVE);
    command.stderr(fs::File::create(&log).expect("a log"));
    let program = Program::start(command).await.expect("it serves: it can verify");
    let told = || fs::read_to_string(&log).expect("the log");
    eventually("it is told", async || told().contains("this copy cannot issue codes")).await;
    // It goes on reading: it finds a key that is made in the lost one's place.
    place.told("signing-keys rotate --at-once");
    let way = Transport::remote(&format!("http://{}", program.address()).parse().expect("an address"));
    eventually("the table was read again", async || {
        let keys =
            QrServiceClient::new(way.clone()).list_verification_keys(ListVerificationKeysRequest {}).await;
        keys.expect("the keys").into_inner().keys.len() == 3
    })
    .await;
    program.signal(Signal::INT);
    assert!(program.ended().await.success());
    let told = told();
    let in_time = "this copy will not be able to issue codes when the next signing key becomes active";
    for (level, text, key_id) in [("ERROR", "this copy cannot issue codes", key_id), ("WARN", in_time, next)]
    {
        let lines: Vec<_> = told.lines().filter(|line| line.contains(text)).collect();
        let [line] = lines.as_slice() else { panic!("{text}: {told}") };
        assert!(line.contains(level) && line.contains(&key_id), "{line}");
    }
}
