//! The life of signing keys, as a verifier and an operator see it.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use entrypass_ambient::Clock as _;
use entrypass_proto::qr::v1::{
    ListVerificationKeysResponse, Verdict, VerificationKey, verification_key::State,
};
use entrypass_qr::{KeyEncryptionKeys, KeyRules, KeyState, KeysError, Rotation, Signer, SignerError, Vault};
use entrypass_rpc::instant;
use entrypass_testkit::eventually;
use entrypass_token::{Algorithm, Claims, CodeId, SigningKey};
use time::Duration;
use tonic::Code;

use crate::harness::{App, KEY_RULES, QUARTERLY};

/// Private halves in the folder of the test.
fn in_folder(folder: &Path) -> Vault {
    Vault::default().folder(folder.join("signing-keys"))
}

/// The private half of the key, out of its file.
fn stolen(app: &App, key_id: &str) -> SigningKey {
    let path = app.key_file().with_file_name("signing-keys").join(format!("{key_id}.hex"));
    let text = fs::read_to_string(path).expect("a key");
    let byte = |at: usize| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hexadecimal digits");
    SigningKey::from_seed(Algorithm::EdDsa, &std::array::from_fn(byte)).expect("a key")
}

fn states(list: &ListVerificationKeysResponse) -> Vec<State> {
    list.keys.iter().map(VerificationKey::state).collect()
}

/// The only one of `keys` that is in `state`.
fn the(list: &ListVerificationKeysResponse, state: State) -> VerificationKey {
    let mut found = list.keys.iter().filter(|key| key.state() == state);
    let key = found.next().expect("one").clone();
    assert!(found.next().is_none(), "two are {state:?}");
    key
}

/// Waits until the copy lists keys in these states.
async fn until_states(app: &App, expected: &[State]) -> ListVerificationKeysResponse {
    eventually("the keys are in their states", async || states(&app.keys().await) == expected).await;
    app.keys().await
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_verifies_until_the_last_code_has_run_out() {
    let app = App::with_vault(in_folder).await;
    let operator = app.operator(in_folder);
    let first = the(&app.keys().await, State::Active);
    let early = app.code(1, 1).await;
    assert_eq!(early.key_id, first.key_id);

    let next = operator.rotate(Rotation::Published, None).await.expect("a key");
    assert_eq!(next.state, KeyState::Pending);
    assert_eq!(next.activate_time, app.clock.now() + Duration::hours(24));
    let again = operator.rotate(Rotation::Published, None).await.expect("the same one");
    assert_eq!(again.key, next.key, "one waits already");
    let listed = until_states(&app, &[State::Active, State::Pending]).await;
    let pending = the(&listed, State::Pending);
    assert_eq!(pending.key_id, next.key.key_id().to_string());
    assert_eq!(the(&listed, State::Active).retire_time, pending.activate_time);
    assert_eq!(app.code(1, 1).await.key_id, first.key_id, "its time has not come");

    app.clock.advance(Duration::hours(24) - Duration::SECOND);
    let last = app.code(1, 1).await;
    assert_eq!(last.key_id, first.key_id);
    let private_half = stolen(&app, &first.key_id);
    app.clock.advance(Duration::SECOND);
    assert_eq!(app.code(1, 1).await.key_id, pending.key_id, "nobody had to tell");
    let listed = app.keys().await;
    assert_eq!(states(&listed), [State::Retired, State::Active]);
    let end = the(&listed, State::Retired).verify_until_time.as_ref().and_then(instant);
    assert_eq!(
        end,
        Some(app.clock.now() + Duration::minutes(16)),
        "the display time, and a minute between clocks"
    );

    app.clock.advance(Duration::minutes(14));
    assert_eq!(app.verdict(&last.content).await.0, Verdict::Valid);
    let forged = by_thief(&app, &private_half, app.clock.now().unix_timestamp());
    assert_eq!(app.verdict(&forged).await.0, Verdict::UnknownKey, "a key that signs no more signs no more");

    app.clock.advance(Duration::minutes(2));
    assert_eq!(states(&app.keys().await), [State::Active], "all that it signed has run out");
    for old in [&early, &last] {
        assert_eq!(app.verdict(&old.content).await.0, Verdict::Expired, "it is old, and it is ours");
    }
    eventually("the private half is erased", async || {
        !app.key_file().with_file_name("signing-keys").join(format!("{}.hex", first.key_id)).exists()
    })
    .await;
}

/// A code that holds for a minute from `issued_at` on.
fn by_thief(app: &App, key: &SigningKey, issued_at: i64) -> String {
    let known = app.clock.now().unix_timestamp().max(issued_at);
    let claims =
        Claims::new("FS".parse().expect("an issuer"), CodeId::from_bytes([9; 16]), 1, issued_at, known + 60);
    key.issue(&claims.expect("claims"))
}

#[tokio::test]
async fn what_a_verifier_is_told_of_a_key_is_whole() {
    let app = App::with_vault(in_folder).await;
    let operator = app.operator(in_folder);
    app.clock.advance(Duration::SECOND);
    let before = app.keys().await;
    assert_eq!(app.keys().await.etag, before.etag, "nothing has changed");
    operator.rotate(Rotation::AtOnce, Some(Algorithm::Es256)).await.expect("a key");
    let list = until_states(&app, &[State::Retired, State::Active]).await;
    assert_ne!(list.etag, before.etag);
    for (key, (algorithm, length)) in list.keys.iter().zip([("EdDSA", 32), ("ES256", 65)]) {
        assert_eq!((key.algorithm.as_str(), key.public_key.len()), (algorithm, length));
        let read = entrypass_token::VerificationKey::from_cose_key(&key.cose_key).expect("a key");
        assert_eq!(read.key_id().to_string(), key.key_id);
        assert_eq!(read.thumbprint().as_slice(), key.thumbprint);
        assert_eq!(read.to_jwk(), key.jwk);
    }
    let jwks: Vec<_> = list.keys.iter().map(|key| key.jwk.as_str()).collect();
    assert_eq!(list.jwk_set, format!(r#"{{"keys":[{}]}}"#, jwks.join(",")));

    let code = app.code(1, 1).await;
    assert_eq!((code.key_id, code.content.len()), (list.keys[1].key_id.clone(), 188));
    assert_eq!(app.verdict(&code.content).await.0, Verdict::Valid);
    app.clock.advance(Duration::minutes(30));
    assert_ne!(app.keys().await.etag, list.etag, "by time alone");
}

#[tokio::test]
async fn a_revoked_key_is_told_of_as_long_as_it_matters() {
    let app = App::with_vault(in_folder).await;
    let operator = app.operator(in_folder);
    app.clock.advance(Duration::SECOND);
    let (first, code) = (the(&app.keys().await, State::Active), app.code(1, 1).await);
    let key_id = first.key_id.parse().expect("a key id");
    let private_half = stolen(&app, &first.key_id);
    let done = operator.revoke(key_id).await.expect("revoked");
    done.erased.expect("erased");
    let successor = done.successor.expect("one").expect("made");

    let list = until_states(&app, &[State::Revoked, State::Active]).await;
    assert_eq!(the(&list, State::Active).key_id, successor.key.key_id().to_string());
    let revoked = the(&list, State::Revoked);
    assert_eq!(revoked.revoke_time.as_ref().and_then(instant), Some(app.clock.now()));
    assert!(!list.jwk_set.contains(&revoked.key_id), "{}", list.jwk_set);
    assert_eq!(app.verdict(&code.content).await, (Verdict::UnknownKey, "+!-----".to_owned()));
    let fresh = app.code(1, 1).await;
    assert_eq!(fresh.key_id, successor.key.key_id().to_string());
    assert_eq!(app.verdict(&fresh.content).await.0, Verdict::Valid);

    let again = operator.revoke(key_id).await.expect("revoked already");
    assert!(again.successor.is_none(), "another signs already");
    app.clock.advance(Duration::minutes(16));
    assert_eq!(states(&app.keys().await), [State::Active]);
    let forged = by_thief(&app, &private_half, first.activate_time.expect("a time").seconds);
    assert_eq!(app.verdict(&forged).await.0, Verdict::UnknownKey, "for good");
    let unknown = operator.revoke("0123456789abcdef".parse().expect("an id")).await;
    assert!(matches!(unknown, Err(KeysError::Unknown { .. })));
}

#[tokio::test]
async fn a_key_that_is_revoked_before_its_time_is_replaced_at_the_same_hour() {
    let app = App::with_vault(in_folder).await;
    let operator = app.operator(in_folder);
    let waiting = operator.rotate(Rotation::Published, None).await.expect("a key");
    let done = operator.revoke(waiting.key.key_id()).await.expect("revoked");
    let successor = done.successor.expect("one").expect("made");
    let apart = successor.activate_time - waiting.activate_time;
    assert_eq!((successor.state, apart), (KeyState::Pending, Duration::MICROSECOND));

    // With a waiting key at hand a rotation at once takes that: verifiers know it.
    app.clock.advance(Duration::HOUR);
    let next = operator.rotate(Rotation::AtOnce, None).await.expect("a key");
    assert_eq!((&next.key, next.activate_time), (&successor.key, app.clock.now()));
    eventually("it signs", async || app.code(1, 1).await.key_id == next.key.key_id().to_string()).await;
}

#[tokio::test]
async fn by_the_schedule_a_key_waits_at_all_times_and_need_not_wait_to_the_end() {
    let by_hand = App::with_vault(in_folder).await;
    let (app, begun) = (by_hand.copy(in_folder, QUARTERLY).await, by_hand.clock.now());
    let first = app.code(1, 1).await.key_id;
    let list = until_states(&app, &[State::Active, State::Pending]).await;
    let next = the(&list, State::Pending);
    let signs_from = |key: &VerificationKey| key.activate_time.as_ref().and_then(instant);
    assert_eq!(signs_from(&next), Some(begun + Duration::days(90)));

    let told = app.operator(in_folder).rotate(Rotation::Published, None).await.expect("the same one");
    assert_eq!(told.key.key_id().to_string(), next.key_id);
    assert_eq!(told.activate_time, begun + Duration::days(1), "verifiers have known it for a day then");
    app.clock.advance(Duration::hours(36));
    eventually("it signs", async || app.code(1, 1).await.key_id == next.key_id).await;
    let list = until_states(&app, &[State::Active, State::Pending]).await;
    let third = the(&list, State::Pending);
    assert_eq!(signs_from(&third), Some(begun + Duration::days(91)));

    let told = app.operator(in_folder).rotate(Rotation::Published, None).await.expect("the third");
    assert_eq!(told.activate_time, app.clock.now() + Duration::days(1), "it was made a moment ago");
    app.clock.advance(Duration::days(1));
    eventually("it signs", async || app.code(1, 1).await.key_id == third.key_id).await;
    assert_ne!(third.key_id, first);
}

#[tokio::test]
async fn a_single_key_that_is_kept_by_hand_stays_until_it_is_given_company() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    let by_hand = |folder: &Path| Vault::default().file(folder.join("key.hex"));
    let refused = app.operator(by_hand).rotate(Rotation::AtOnce, None).await;
    assert!(matches!(refused, Err(KeysError::NoPlace)), "{refused:?}");
    app.clock.advance(Duration::days(400));
    let fresh = app.code(1, 1).await;
    assert_eq!(fresh.key_id, code.key_id, "no schedule takes it from the other copies");
    assert_eq!(app.verdict(&code.content).await.0, Verdict::Expired);

    // Revoked it can be all the same, and then nothing signs.
    let done = app.operator(by_hand).revoke(code.key_id.parse().expect("an id")).await.expect("revoked");
    assert!(matches!(done.successor, Some(Err(KeysError::NoPlace))));
    assert!(!app.key_file().exists());
    let refusal = async || app.issue(vec![app.subject(1, 1)]).await.err().map(|refusal| refusal.reason);
    eventually("nothing signs", async || refusal().await.as_deref() == Some("SIGNING_KEY_UNAVAILABLE")).await;

    let with_folder = |folder: &Path| by_hand(folder).folder(folder.join("signing-keys"));
    let app = app.copy(with_folder, KEY_RULES).await;
    eventually("the schedule makes one", async || app.issue(vec![app.subject(1, 1)]).await.is_ok()).await;
}

#[tokio::test]
async fn a_sealed_key_that_cannot_be_opened_is_told_at_start() {
    let key = |digit: &str| KeyEncryptionKeys::parse(&digit.repeat(64)).expect("a key");
    let app = App::with_vault(|_| Vault::default().sealing(key("1"))).await;
    let key_id = app.code(1, 1).await.key_id;
    let told = async |vault: Vault| {
        let keys = entrypass_qr::Keys::open(app.operator(|_| vault)).await;
        keys.err().expect("it does not open").to_string()
    };
    let without = told(Vault::default()).await;
    assert!(
        without.starts_with(&format!("the signing key {key_id} is sealed in the database: set qr.")),
        "{without}"
    );
    let wrong = told(Vault::default().sealing(key("2"))).await;
    assert!(wrong.contains(&format!("{key_id} is sealed")) && wrong.contains("none of the 1 "), "{wrong}");
    let both = KeyEncryptionKeys::parse(&format!("{}\n{}", "2".repeat(64), "1".repeat(64))).expect("keys");
    let copy = app.copy(|_| Vault::default().sealing(both), KEY_RULES).await;
    assert_eq!(copy.code(1, 1).await.key_id, key_id);
}

/// A hardware module that can be out of reach.
#[derive(Debug)]
struct Module {
    key: SigningKey,
    is_away: AtomicBool,
}

#[tonic::async_trait]
impl Signer for Module {
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(SignerError::new("the module does not answer"));
        }
        Ok(self.key.sign(message))
    }
}

#[tokio::test]
async fn a_hardware_module_signs_and_while_it_is_away_nothing_is_issued() {
    let key = SigningKey::from_seed(Algorithm::Es256, &[5; 32]).expect("a key");
    let public = key.verification_key();
    let module = Arc::new(Module { key, is_away: AtomicBool::new(false) });
    let app = App::with_vault(|_| Vault::default().signer(public.clone(), module.clone())).await;
    let code = app.code(1, 1).await;
    assert_eq!(code.key_id, public.key_id().to_string());
    assert_eq!(app.verdict(&code.content).await.0, Verdict::Valid);

    module.is_away.store(true, Ordering::SeqCst);
    let refusal = app.issue(vec![app.subject(1, 1)]).await.expect_err("nobody signs");
    assert_eq!(refusal.is(), (Code::Unavailable, "SIGNING_KEY_UNAVAILABLE"));
    assert_eq!(app.verdict(&code.content).await.0, Verdict::Valid, "verifying needs no private half");
    module.is_away.store(false, Ordering::SeqCst);
    assert!(app.issue(vec![app.subject(1, 1)]).await.is_ok());
}

#[tokio::test]
async fn a_key_verifies_as_long_as_the_longest_display_time_of_any_copy() {
    let app = App::with_vault(in_folder).await;
    let longer = KeyRules { display_for: Duration::hours(2), ..KEY_RULES };
    let patient = app.copy(in_folder, longer).await;
    let content = patient.code(1, 1).await.content;
    app.clock.advance(Duration::SECOND);
    app.operator(in_folder).rotate(Rotation::AtOnce, None).await.expect("a key");
    let list = until_states(&app, &[State::Retired, State::Active]).await;
    let end = the(&list, State::Retired).verify_until_time.as_ref().and_then(instant);
    assert_eq!(end, Some(app.clock.now() + Duration::hours(2) + Duration::MINUTE));
    app.clock.advance(Duration::hours(1));
    assert_eq!(app.verdict(&content).await.0, Verdict::Valid, "on the copy with the short display time too");
}
