//! Several copies of the service on one database agree on the keys.

use std::{
    collections::HashSet,
    path::Path,
    time::{Duration as Wait, Instant},
};

use entrypass_proto::qr::v1::{Verdict, VerifyQrCodesRequest, verification_key::State};
use entrypass_qr::{KeyEncryptionKeys, Rotation, Vault};
use entrypass_testkit::eventually;
use entrypass_token::{Algorithm, SigningKey};
use time::Duration;
use tonic::Code;

use crate::harness::{App, KEY_RULES, QUARTERLY};

/// Private halves sealed in the database.
fn sealed(_: &Path) -> Vault {
    Vault::default().sealing(KeyEncryptionKeys::parse(&"1".repeat(64)).expect("a key"))
}

/// How long a copy may go on with what it has read, with a margin for a busy machine.
const REFRESH: Wait = Wait::from_secs(4);

#[tokio::test]
async fn copies_that_start_at_once_make_one_key() {
    // The copy that has made the surroundings is of another system.
    let beside = App::with_vault(sealed).await;
    let fresh = beside.on_a_fresh_database().await;
    let copies =
        tokio::join!(fresh.start(sealed), fresh.start(sealed), fresh.start(sealed), fresh.start(sealed));
    let mut key_ids = HashSet::new();
    for copy in [&copies.0, &copies.1, &copies.2, &copies.3] {
        assert_eq!(copy.keys().await.keys.len(), 1);
        let code = copy.code(1, 1).await;
        key_ids.insert(code.key_id);
        for other in [&copies.0, &copies.3] {
            assert_eq!(other.verdict(&code.content).await.0, Verdict::Valid);
        }
    }
    assert_eq!(key_ids.len(), 1);
}

#[tokio::test]
async fn a_rotation_while_codes_are_issued_makes_none_that_another_copy_does_not_know() {
    let one = App::with_vault(sealed).await;
    let other = one.copy(sealed, KEY_RULES).await;
    let operator = one.operator(sealed);
    for round in 0..4 {
        one.clock.advance(Duration::SECOND);
        let algorithm = if round % 2 == 0 { Algorithm::Es256 } else { Algorithm::EdDsa };
        let rotation = async {
            let next = operator.rotate(Rotation::AtOnce, Some(algorithm)).await.expect("a key");
            next.key.key_id().to_string()
        };
        let (next, ()) = tokio::join!(rotation, issue_and_verify(&one, &other, 20));
        let mut seen = HashSet::new();
        eventually("both copies sign with the new key", async || {
            for (at, (issuer, verifier)) in [(&one, &other), (&other, &one)].into_iter().enumerate() {
                if issue_and_verify_one(issuer, verifier).await == next {
                    seen.insert(at);
                }
            }
            seen.len() == 2
        })
        .await;
    }
    assert_eq!(one.keys().await.keys.len(), 5);
}

/// Has each copy verify at once what the other has issued, again and again.
async fn issue_and_verify(one: &App, other: &App, times: usize) {
    for _ in 0..times {
        tokio::join!(issue_and_verify_one(one, other), issue_and_verify_one(other, one));
    }
}

/// Gives the key that has signed.
async fn issue_and_verify_one(issuer: &App, verifier: &App) -> String {
    let code = issuer.code(1, 1).await;
    assert_eq!(verifier.verdict(&code.content).await.0, Verdict::Valid, "signed by {}", code.key_id);
    code.key_id
}

#[tokio::test]
async fn a_revoked_key_stops_verifying_on_every_copy_within_seconds() {
    let one = App::with_vault(sealed).await;
    let other = one.copy(sealed, KEY_RULES).await;
    one.clock.advance(Duration::SECOND);
    let code = one.code(1, 1).await;
    for copy in [&one, &other] {
        assert_eq!(copy.verdict(&code.content).await.0, Verdict::Valid);
    }
    let done = one.operator(sealed).revoke(code.key_id.parse().expect("an id")).await.expect("revoked");
    let successor = done.successor.expect("one").expect("made").key.key_id().to_string();
    let begun = Instant::now();
    for copy in [&one, &other] {
        eventually("it is revoked", async || copy.verdict(&code.content).await.0 == Verdict::UnknownKey)
            .await;
        assert_eq!(copy.code(1, 1).await.key_id, successor);
    }
    assert!(begun.elapsed() < REFRESH, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_sealed_private_half_is_erased_when_no_clock_needs_it_any_more() {
    let one = App::with_vault(sealed).await;
    let other = one.copy(sealed, KEY_RULES).await;
    one.clock.advance(Duration::SECOND);
    let first = one.code(1, 1).await;
    one.operator(sealed).rotate(Rotation::AtOnce, None).await.expect("a key");
    eventually("it signs", async || one.code(1, 1).await.key_id != first.key_id).await;
    assert_eq!(one.sealed_keys().await, 2, "a copy whose clock is behind may still sign with the first");
    one.clock.advance(Duration::MINUTE);
    eventually("it is erased", async || one.sealed_keys().await == 1).await;
    for copy in [&one, &other] {
        assert_eq!(copy.verdict(&first.content).await.0, Verdict::Valid, "it verifies without");
    }
    let last = other.code(1, 1).await;
    one.operator(sealed).revoke(last.key_id.parse().expect("an id")).await.expect("revoked");
    assert_eq!(one.sealed_keys().await, 1, "of a revoked key it is erased at once");
}

#[tokio::test]
async fn of_two_copies_one_makes_the_key_that_is_due() {
    let first = App::with_vault(sealed).await;
    let (one, other) = (first.copy(sealed, QUARTERLY).await, first.copy(sealed, QUARTERLY).await);
    for round in 1..=3 {
        for copy in [&one, &other] {
            eventually("the next key is known", async || {
                copy.keys().await.keys.iter().any(|key| key.state() == State::Pending)
            })
            .await;
        }
        let all = one.operator(sealed).list().await.expect("the keys").len();
        assert_eq!(all, round + 1);
        one.clock.advance(Duration::days(90));
        issue_and_verify(&one, &other, 1).await;
    }
}

#[tokio::test]
async fn a_copy_without_the_private_half_verifies_and_refuses_to_issue() {
    let here = |folder: &Path| Vault::default().folder(folder.join("here"));
    let there = |folder: &Path| Vault::default().folder(folder.join("there"));
    let one = App::with_vault(here).await;
    let other = one.copy(there, KEY_RULES).await;
    let code = one.code(1, 1).await;
    assert_eq!(other.verdict(&code.content).await.0, Verdict::Valid);
    let refusal = other.issue(vec![other.subject(1, 1)]).await.expect_err("it is in another folder");
    assert_eq!(refusal.is(), (Code::Unavailable, "SIGNING_KEY_UNAVAILABLE"));
    let listed = one.operator(there).list().await.expect("the keys");
    assert!(matches!(listed[0].usable, Some(Err(entrypass_qr::KeysError::NotHere { .. }))));

    // Copied by hand, it is found within seconds.
    let (from, to) = (one.key_file().with_file_name("here"), one.key_file().with_file_name("there"));
    std::fs::create_dir(&to).expect("made");
    let name = format!("{}.hex", code.key_id);
    std::fs::copy(from.join(&name), to.join(&name)).expect("copied");
    eventually("it issues", async || other.issue(vec![other.subject(1, 1)]).await.is_ok()).await;
}

#[tokio::test]
async fn keys_of_nobody_hold_nobody_up() {
    let app = App::with_vault(sealed).await;
    let genuine = app.code(1, 1).await;
    let known = &app.keys().await.keys[0].cose_key;
    let key = entrypass_token::VerificationKey::from_cose_key(known).expect("a key");
    let token = entrypass_token::Token::decode(&genuine.content).expect("a token");
    let claims = token.verify(&key).expect("genuine");
    let foreign = |number: u8| {
        let key = SigningKey::from_seed(Algorithm::EdDsa, &[number; 32]).expect("a key");
        key.issue(claims)
    };
    let contents = (1..100).map(foreign).chain([genuine.content.clone()]).collect();
    let request = VerifyQrCodesRequest { contents, ..Default::default() };
    let begun = Instant::now();
    let decisions = app.client().verify_qr_codes(request).await.expect("decisions").into_inner().decisions;
    let (good, unknown) = decisions.split_last().expect("as many as were asked for");
    assert_eq!(good.verdict(), Verdict::Valid);
    assert!(unknown.iter().all(|decision| decision.verdict() == Verdict::UnknownKey));
    for _ in 0..20 {
        assert_eq!(app.verdict(&foreign(1)).await.0, Verdict::UnknownKey);
    }
    assert!(begun.elapsed() < Wait::from_secs(10), "119 readings take longer: {:?}", begun.elapsed());
}
