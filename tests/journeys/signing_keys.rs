//! Signing keys as an official sees them change: at the command line, and on travellers' screens.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    gateway::v1::ListVerificationKeysRequest,
    qr::v1::{QrCode, Verdict, VerificationKey, verification_key::State},
};
use entrypass_testkit::eventually;
use time::Duration;

journeys!(
    a_code_shown_before_a_rotation_stays_good_until_it_runs_out,
    after_a_revocation_what_the_key_signed_is_nobodys_and_fresh_codes_are_good,
    a_rotation_by_the_hour_is_announced_from_the_first_day,
);

/// A system that keeps its signing keys in the database.
const SEALED: &str = "[qr]\nkey_encryption_keys = 'key-encryption-keys'\nalgorithm = 'ES256'";

/// The code on the traveller's screen. A pass is shown without it when the code's service is slower than its share of the time.
async fn code(system: &System, traveller: &Traveller) -> QrCode {
    let mut shown = None;
    eventually("a code is shown", async || {
        shown = traveller.entry_pass(system).await.expect("a pass").qr_code;
        shown.is_some()
    })
    .await;
    shown.expect("a code")
}

/// The keys, as a partner system is told of them.
async fn keys(system: &System) -> Vec<VerificationKey> {
    let answer = system.pass.clone().list_verification_keys(ListVerificationKeysRequest {}).await;
    answer.expect("the keys").into_inner().keys
}

/// Waits until fresh codes are signed with the key.
async fn until_signing(system: &System, traveller: &Traveller, key_id: &str) {
    eventually("fresh codes have the new key", async || code(system, traveller).await.key_id == key_id).await;
}

/// The state of the key, as the operator's list has it.
async fn listed(system: &System, key_id: &str) -> String {
    let list = system.told("signing-keys list").await;
    let line = list.lines().find(|line| line.starts_with(key_id)).expect("the key");
    line.split_whitespace().nth(2).expect("a state").to_owned()
}

async fn a_code_shown_before_a_rotation_stays_good_until_it_runs_out(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let before = wang.register(&system, "wang").await.expect("registered").qr_code.expect("a code");

    let told = system.told("signing-keys rotate --at-once").await;
    let (next, rest) = told.split_at(16);
    assert_eq!(rest, " (EdDSA) signs from 2026-11-23T02:00:00Z on\n");
    until_signing(&system, &wang, next).await;
    assert_eq!(
        (listed(&system, &before.key_id).await, listed(&system, next).await),
        ("RETIRED".into(), "ACTIVE".into())
    );
    assert_eq!(system.verdict(&before.content).await, Verdict::Valid);
    assert_eq!(system.verdict(&code(&system, &wang).await.content).await, Verdict::Valid);

    system.clock.advance(Duration::minutes(15));
    assert_eq!(system.verdict(&before.content).await, Verdict::Expired);
    system.clock.advance(Duration::minutes(1));
    assert_eq!(listed(&system, &before.key_id).await, "EXPIRED");
    assert_eq!(system.verdict(&before.content).await, Verdict::Expired, "never somebody else's");
    assert_eq!(system.verdict(&code(&system, &wang).await.content).await, Verdict::Valid);
}

async fn after_a_revocation_what_the_key_signed_is_nobodys_and_fresh_codes_are_good(mode: Mode) {
    let system = System::configured(mode, SEALED).await;
    let wang = Traveller::wang();
    let before = wang.register(&system, "wang").await.expect("registered").qr_code.expect("a code");
    assert_eq!(system.verdict(&before.content).await, Verdict::Valid);

    let told = system.told(&format!("signing-keys revoke {}", before.key_id)).await;
    let mut lines = told.lines();
    assert_eq!(lines.next(), Some(format!("{} is revoked", before.key_id).as_str()));
    let (next, rest) = lines.next().expect("another key").split_at(16);
    assert_eq!(rest, " (ES256) signs from 2026-11-23T02:00:00Z on");
    eventually("the key is nobody's", async || system.verdict(&before.content).await == Verdict::UnknownKey)
        .await;
    let fresh = code(&system, &wang).await;
    assert_eq!(fresh.key_id, next);
    assert_eq!(system.verdict(&fresh.content).await, Verdict::Valid);
    let told = keys(&system).await;
    let states: Vec<_> = told.iter().map(|key| (key.key_id.as_str(), key.state())).collect();
    let gone_and_there = [(before.key_id.as_str(), State::Revoked), (next, State::Active)];
    assert_eq!(states.get(..2), Some(gone_and_there.as_slice()), "{states:?}");
}

async fn a_rotation_by_the_hour_is_announced_from_the_first_day(mode: Mode) {
    let system = System::configured(mode, "[registration]\nvalid_days = 365").await;
    let wang = Traveller::wang();
    let first = wang.register(&system, "wang").await.expect("registered").qr_code.expect("a code").key_id;
    let [of_first, next] = keys(&system).await.try_into().expect("two keys");
    assert_eq!((of_first.state(), next.state()), (State::Active, State::Pending));
    assert_eq!(of_first.retire_time, next.activate_time);
    // The first key counts as a day old: it was taken over.
    system.clock.advance(Duration::days(89) - Duration::SECOND);
    let before = code(&system, &wang).await;
    assert_eq!(before.key_id, first);

    system.clock.advance(Duration::SECOND);
    let after = code(&system, &wang).await;
    assert_eq!(after.key_id, next.key_id);
    for shown in [before, after] {
        assert_eq!(system.verdict(&shown.content).await, Verdict::Valid);
    }
    eventually("the one after it is announced", async || {
        keys(&system).await.last().is_some_and(|last| last.state() == State::Pending)
    })
    .await;
}
