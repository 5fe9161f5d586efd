//! Private halves in files, sealed, and given.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use entrypass_ambient::SeededRandom;
use entrypass_token::{Algorithm, SigningKey};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use super::{Kept, KeysError, Vault, name, write};
use crate::{
    keys::{KeyEncryptionKeys, Life, signer::InMemory},
    store::keys::StoredKey,
};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn encryption(digit: &str) -> KeyEncryptionKeys {
    KeyEncryptionKeys::parse(&digit.repeat(64)).expect("a key")
}

fn stored(Kept { key, sealed }: Kept) -> StoredKey {
    let now = OffsetDateTime::UNIX_EPOCH;
    let life = Life { activate_time: now, revoke_time: None, longest_display: Duration::minutes(15) };
    StoredKey { key, life, create_time: now, sealed }
}

/// What signs with `key` does so with it.
async fn signs(vault: &Vault, key: &StoredKey) {
    let signature = vault.find(key).expect("a signer").sign(b"message").await.expect("signed");
    assert!(key.key.verifies(b"message", &signature));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test]
async fn a_key_in_a_folder_is_its_owners_alone_and_erased_for_good() {
    let place = folder();
    let keys = place.path().join("signing-keys");
    let vault = Vault::default().folder(keys.clone());
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let key = stored(vault.make(algorithm, &SeededRandom::new(1)).expect("made"));
        assert_eq!((key.key.algorithm(), key.sealed.clone()), (algorithm, None));
        let path = keys.join(name(key.id()));
        assert_eq!((mode(&keys), mode(&path)), (0o700, 0o600));
        assert_eq!(fs::read_dir(&keys).expect("a folder").count(), 1, "nothing is left beside it");
        signs(&vault, &key).await;

        vault.erase(key.id()).expect("erased");
        assert!(!path.exists());
        vault.erase(key.id()).expect("erased already");
        assert!(matches!(vault.find(&key), Err(KeysError::NotHere { key_id }) if key_id == key.id()));
    }
}

#[tokio::test]
async fn a_key_is_sealed_where_there_is_a_key_encryption_key() {
    let place = folder();
    let vault = Vault::default().folder(place.path().to_owned()).sealing(encryption("1"));
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let key = stored(vault.make(algorithm, &SeededRandom::new(1)).expect("made"));
        assert_eq!(fs::read_dir(place.path()).expect("a folder").count(), 0, "no file has it");
        signs(&vault, &key).await;

        let without = Vault::default().find(&key).expect_err("nothing opens it");
        assert!(matches!(without, KeysError::Sealed { key_id } if key_id == key.id()));
        let wrong = Vault::default().sealing(encryption("2")).find(&key).expect_err("nothing opens it");
        assert!(matches!(wrong, KeysError::Unopened { key_id, count: 1 } if key_id == key.id()), "{wrong}");
    }
}

#[test]
fn without_a_place_no_key_is_made() {
    let vault = Vault::default().file(folder().path().join("key.hex"));
    assert!(!vault.has_room());
    assert!(matches!(vault.make(Algorithm::EdDsa, &SeededRandom::new(1)), Err(KeysError::NoPlace)));
}

#[tokio::test]
async fn a_single_file_gives_the_first_key_and_is_erased_with_it_alone() {
    let place = folder();
    let path = place.path().join("key.hex");
    let missing = Vault::default().file(path.clone()).given(&SeededRandom::new(1));
    assert!(matches!(missing, Err(KeysError::NoFile { path: told }) if told == path));

    write(place.path(), "key.hex", &[7; 32].into()).expect("written");
    let vault = Vault::default().file(path.clone()).sealing(encryption("1"));
    let key = stored(vault.given(&SeededRandom::new(1)).expect("readable").expect("a key"));
    assert!(key.sealed.is_some(), "every copy that has the key-encryption key can sign with it");
    signs(&vault, &key).await;
    let in_file = StoredKey { sealed: None, ..key };
    signs(&vault, &in_file).await;

    let other = SigningKey::from_seed(Algorithm::EdDsa, &[8; 32]).expect("a key").verification_key();
    vault.erase(other.key_id()).expect("nothing to erase");
    assert!(path.exists());
    vault.erase(in_file.id()).expect("erased");
    assert!(!path.exists());
}

#[test]
fn an_exposed_damaged_or_wrong_file_is_refused() {
    let place = folder();
    let vault = Vault::default().folder(place.path().to_owned());
    let key = stored(vault.make(Algorithm::EdDsa, &SeededRandom::new(1)).expect("made"));
    let path = place.path().join(name(key.id()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
    assert!(matches!(vault.find(&key), Err(KeysError::Exposed { mode: 0o640, .. })));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
    for damaged in ["", "00", &"0".repeat(63), &"g".repeat(64), &"é".repeat(32)] {
        fs::write(&path, damaged).expect("written");
        assert!(matches!(vault.find(&key), Err(KeysError::Format { .. })), "{damaged}");
    }
    fs::write(&path, "07".repeat(32)).expect("written");
    assert!(matches!(vault.find(&key), Err(KeysError::AnotherKey { .. })));
}

#[tokio::test]
async fn a_signer_from_outside_signs_with_its_own_key_and_gives_the_first() {
    let secret = SigningKey::from_seed(Algorithm::Es256, &[5; 32]).expect("a key");
    let key = secret.verification_key();
    let vault = Vault::default().signer(key.clone(), Arc::new(InMemory(secret)));
    let given = vault.given(&SeededRandom::new(1)).expect("readable").expect("a key");
    assert_eq!(given, Kept { key, sealed: None });
    signs(&vault, &stored(given)).await;
}
