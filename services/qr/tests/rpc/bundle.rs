//! The offline bundle, with a verifier as its user: what it decides in a tunnel, and how soon it learns.

use std::{path::Path, time::Duration as StdDuration};

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    qr::v1::{VerificationBundle, WatchVerificationBundleResponse},
    registration::v1::registration_change::Kind,
};
use entrypass_qr::{KeyRules, Rotation, Vault};
use entrypass_testkit::{Refusal, eventually};
use entrypass_verifier::{Bundle, Refused, Thumbprint, Verdict, Verifier};
use time::Duration;
use tonic::{Code, Streaming};

use crate::harness::{App, KEY_RULES, registration};

/// How long a delta may take that takes no time: the poll, and a busy machine.
const SOON: StdDuration = StdDuration::from_secs(8);

/// A verifier that was given the thumbprint of the first key.
async fn verifier(app: &App) -> Verifier {
    let request = entrypass_proto::qr::v1::ListVerificationKeysRequest::default();
    let keys = app.client().list_verification_keys(request).await.expect("keys").into_inner().keys;
    let pinned = keys.iter().map(|key| {
        let key = entrypass_token::VerificationKey::from_cose_key(&key.cose_key).expect("a key");
        Thumbprint(key.thumbprint())
    });
    Verifier::new(pinned)
}

fn accept(verifier: &mut Verifier, app: &App, bundle: &VerificationBundle) -> Result<(), Refused> {
    let bundle = Bundle::decode(&bundle.bundle).expect("a bundle of the one form");
    verifier.accept(&bundle, app.clock.now().unix_timestamp())
}

fn verdict(verifier: &Verifier, app: &App, content: &str) -> Verdict {
    verifier.verify(content, app.clock.now().unix_timestamp()).verdict
}

async fn next(stream: &mut Streaming<WatchVerificationBundleResponse>) -> VerificationBundle {
    let message = tokio::time::timeout(SOON, stream.message()).await.expect("in time");
    message.expect("a bundle").expect("a stream that goes on").bundle.expect("a bundle")
}

#[tokio::test]
async fn in_a_tunnel_a_verifier_decides_by_the_last_bundle_as_long_as_it_holds() {
    use Verdict::{CannotDecide, Expired, Revoked, Superseded, Suspended, Valid};
    let app = App::new().await;
    let [valid, old, revoked, suspended] =
        [app.code(1, 1).await, app.code(2, 1).await, app.code(3, 1).await, app.code(4, 1).await];
    app.changed(2, Kind::Amended, 2).await;
    app.revoke(registration(3)).await.expect("revoked");
    app.suspend(4, Duration::minutes(5)).await.expect("suspended");
    app.followed().await;
    let bundle = app.bundle().await.expect("a snapshot");
    assert_eq!((bundle.revoked_count, bundle.superseded_count, bundle.suspended_count), (1, 1, 1));
    assert_eq!((bundle.reinstated_count, bundle.since_version), (0, None));
    assert_eq!(bundle.key_ids, std::slice::from_ref(&valid.key_id));

    let mut verifier = verifier(&app).await;
    assert_eq!(verdict(&verifier, &app, &valid.content), Verdict::CannotDecide, "without any bundle");
    accept(&mut verifier, &app, &bundle).expect("a bundle of a pinned key");
    let decided = |verifier: &Verifier| {
        [&valid, &old, &revoked, &suspended].map(|code| verdict(verifier, &app, &code.content))
    };
    assert_eq!(decided(&verifier), [Valid, Superseded, Revoked, Suspended]);
    app.clock.advance(Duration::minutes(5));
    assert_eq!(decided(&verifier), [Valid, Superseded, Revoked, Valid], "the suspension has ended by itself");

    // Fresh content of what is valid; then the bundle is too old.
    let fresh = app.code(1, 1).await;
    app.clock.advance(Duration::minutes(10));
    assert_eq!(verdict(&verifier, &app, &fresh.content), CannotDecide);
    assert_eq!(verdict(&verifier, &app, &revoked.content), Revoked, "whatever the age of the bundle");
    assert_eq!(verdict(&verifier, &app, &valid.content), Expired);
    app.followed().await;
    let later = app.bundle().await.expect("a snapshot");
    accept(&mut verifier, &app, &later).expect("a later one");
    assert_eq!(verdict(&verifier, &app, &fresh.content), Valid);
    accept(&mut verifier, &app, &bundle).expect("nothing was withdrawn in between");
    assert_eq!(verdict(&verifier, &app, &fresh.content), Valid, "the hour is not taken back");
    app.revoke(registration(1)).await.expect("revoked");
    accept(&mut verifier, &app, &app.bundle().await.expect("a snapshot")).expect("a later version");
    assert_eq!(accept(&mut verifier, &app, &later), Err(Refused::GoesBack));
    assert_eq!(verdict(&verifier, &app, &fresh.content), Revoked);
}

#[tokio::test]
async fn without_registration_there_is_no_bundle_that_holds() {
    let app = App::new().await;
    let refused = app.bundle().await.expect_err("nothing was followed yet");
    assert_eq!(refused.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    assert_eq!(refused.fact("service"), "registration");
    let code = app.code(1, 1).await;
    app.followed().await;
    let mut verifier = verifier(&app).await;
    let mut stream = app.watch("").await.expect("a stream");
    accept(&mut verifier, &app, &next(&mut stream).await).expect("a bundle");

    // From now on nothing is heard of registrations.
    app.clock.advance(Duration::minutes(14));
    app.bundle().await.expect("it still holds, for a minute");
    assert_eq!(verdict(&verifier, &app, &code.content), Verdict::Valid);
    app.clock.advance(Duration::MINUTE);
    let refused = app.bundle().await.expect_err("too old");
    assert_eq!(refused.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    assert_eq!(
        app.watch("").await.expect("begins").message().await.expect_err("ends").code(),
        Code::Unavailable
    );
    // Whoever watches is told too, instead of being left with what is too old.
    app.revoke(registration(1)).await.expect("revoked");
    let ended = tokio::time::timeout(SOON, stream.message()).await.expect("in time").expect_err("too old");
    assert_eq!(Refusal::from(ended).is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    let fresh = app.code(2, 1).await;
    assert_eq!(verdict(&verifier, &app, &fresh.content), Verdict::CannotDecide);
}

#[tokio::test]
async fn who_watches_learns_each_change_as_it_happens_also_by_another_copy() {
    let app = App::new().await;
    let (code, other) = (app.code(1, 1).await, app.code(2, 1).await);
    app.followed().await;
    let copy = app.again().await;
    let mut verifier = verifier(&app).await;
    let mut stream = app.watch("").await.expect("a stream");
    let mut last = next(&mut stream).await;
    accept(&mut verifier, &app, &last).expect("a snapshot");
    assert_eq!(last.since_version, None);
    let mut learn = async |verifier: &mut Verifier, expected: Verdict| {
        let delta = next(&mut stream).await;
        assert_eq!(delta.since_version, Some(last.version));
        accept(verifier, &app, &delta).expect("a delta that follows");
        assert_eq!(verdict(verifier, &app, &code.content), expected);
        assert_eq!(verdict(verifier, &app, &other.content), Verdict::Valid);
        last = delta;
    };
    app.suspend(1, Duration::minutes(5)).await.expect("suspended");
    learn(&mut verifier, Verdict::Suspended).await;
    copy.reinstate(1).await.expect("lifted");
    learn(&mut verifier, Verdict::Valid).await;
    app.changed(1, Kind::Amended, 2).await;
    learn(&mut verifier, Verdict::Superseded).await;
    copy.revoke(registration(1)).await.expect("revoked");
    learn(&mut verifier, Verdict::Revoked).await;
}

#[tokio::test]
async fn a_stream_is_taken_up_where_it_ended() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    app.followed().await;
    let mut verifier = verifier(&app).await;
    let mut stream = app.watch("").await.expect("a stream");
    let first = next(&mut stream).await;
    accept(&mut verifier, &app, &first).expect("a snapshot");
    drop(stream);
    for number in 1..4 {
        app.revoke(registration(number)).await.expect("revoked");
    }
    let again = app.again().await;
    again.followed().await;
    let mut stream = again.watch(&first.cursor).await.expect("at another copy");
    let delta = next(&mut stream).await;
    assert_eq!((delta.since_version, delta.revoked_count), (Some(first.version), 1), "what has codes");
    accept(&mut verifier, &app, &delta).expect("a delta that follows");
    assert_eq!(verdict(&verifier, &app, &code.content), Verdict::Revoked);

    again.stopping.cancel();
    let ended = tokio::time::timeout(SOON, stream.message()).await.expect("in time").expect_err("it stops");
    assert_eq!(Refusal::from(ended).is(), (Code::Unavailable, "SHUTTING_DOWN"));
    let mut stream = app.watch(&delta.cursor).await.expect("at the first copy");
    let nothing = next(&mut stream).await;
    assert_eq!((nothing.version, nothing.since_version), (delta.version, Some(delta.version)), "at once");
    accept(&mut verifier, &app, &nothing).expect("an empty delta");
}

#[tokio::test]
async fn a_cursor_of_another_system_or_of_the_future_is_refused() {
    let app = App::new().await;
    app.followed().await;
    let cursor = app.bundle().await.expect("a snapshot").cursor;
    let (feed, version) = cursor.split_at(32);
    let future = format!("{feed}{:016x}", u64::from_str_radix(version, 16).expect("a number") + 1);
    let refused = app.watch(&future).await.expect_err("not there yet");
    assert_eq!(refused.is(), (Code::OutOfRange, "CURSOR_OUT_OF_RANGE"));
    let other = app.another("other.hex").await;
    other.followed().await;
    let foreign = other.bundle().await.expect("a snapshot").cursor;
    for bad in ["x", &cursor.to_uppercase().replace('0', "O"), &foreign, feed] {
        let refused = app.watch(bad).await.expect_err(bad);
        assert_eq!(refused.broken, ["cursor BAD_CURSOR"], "{bad}");
    }
}

#[tokio::test]
async fn what_cannot_verify_any_more_is_neither_told_nor_kept() {
    let app = App::new().await;
    for number in 1..4 {
        app.code(number, 1).await;
        app.revoke(registration(number)).await.expect("revoked");
    }
    app.suspend(9, Duration::MINUTE).await.expect("suspended");
    app.followed().await;
    let before = app.bundle().await.expect("a snapshot");
    assert_eq!(before.revoked_count, 3);
    app.clock.advance(Duration::minutes(19));
    app.followed().await;
    let after = app.bundle().await.expect("a snapshot");
    assert_eq!((after.revoked_count, after.version), (0, before.version));
    assert!(after.bundle.len() < before.bundle.len());
    // Whoever holds a bundle of the day before may still have to learn what came after it. The upkeep is that of a copy that starts now.
    app.clock.advance(Duration::DAY);
    let _copy = app.again().await;
    eventually("nothing is kept", async || {
        app.count("withdrawals").await == 0 && app.count("suspensions").await == 0
    })
    .await;
}

#[tokio::test]
async fn a_bundle_does_not_grow_with_codes_that_count() {
    let app = App::new().await;
    for number in 1..4 {
        app.code(number, 1).await;
        app.revoke(registration(number)).await.expect("revoked");
    }
    app.followed().await;
    let few = app.bundle().await.expect("a snapshot");
    for group in 1..10 {
        let subjects = (0..32).map(|number| app.subject(group * 100 + number, 1)).collect();
        app.issue(subjects).await.expect("32 more codes");
    }
    app.clock.advance(Duration::SECOND);
    app.followed().await;
    let many = app.bundle().await.expect("a snapshot");
    assert_ne!(many.as_of_time, few.as_of_time, "it was built anew");
    assert_eq!((many.bundle.len(), many.version), (few.bundle.len(), few.version));
}

#[tokio::test]
async fn what_the_first_release_withdrew_is_told_as_well() {
    let app = App::new().await;
    let [superseded, revoked, long_ago] = [app.code(1, 1).await, app.code(2, 1).await, app.code(3, 1).await];
    app.followed().await;
    let mut verifier = verifier(&app).await;
    let mut stream = app.watch("").await.expect("a stream");
    accept(&mut verifier, &app, &next(&mut stream).await).expect("a snapshot");
    // As its statements are.
    let (now, day) = (app.clock.now().unix_timestamp() * 1_000_000, 86_400_000_000);
    for (id, number, state, other, at) in [
        (&superseded.code_id, 1, "SUPERSEDED", 2, now),
        (&revoked.code_id, 2, "REVOKED", 0, now),
        (&long_ago.code_id, 3, "SUPERSEDED", 2, now - 2 * day),
    ] {
        app.first_release_withdraws(id, &registration(number), state, other, at).await;
    }
    let delta = next(&mut stream).await;
    assert_eq!((delta.superseded_count, delta.revoked_count), (1, 1), "content of the third has expired");
    accept(&mut verifier, &app, &delta).expect("a delta");
    assert_eq!(verdict(&verifier, &app, &superseded.content), Verdict::Superseded);
    assert_eq!(verdict(&verifier, &app, &revoked.content), Verdict::Revoked);
}

/// Whoever follows misses nothing, however many withdraw at once.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_withdrawals_at_once_none_is_missed() {
    const NUMBERS: u128 = 24;
    let app = App::new().await;
    let copy = app.again().await;
    let mut codes = Vec::new();
    for number in 0..NUMBERS {
        codes.push(app.code(number, 1).await);
    }
    app.followed().await;
    let mut verifier = verifier(&app).await;
    let mut stream = app.watch("").await.expect("a stream");
    accept(&mut verifier, &app, &next(&mut stream).await).expect("a snapshot");
    let withdraw = async |app: &App, numbers: std::ops::Range<u128>| {
        for number in numbers {
            app.revoke(registration(number)).await.expect("revoked");
        }
    };
    let follow = async {
        while codes.iter().any(|code| verdict(&verifier, &app, &code.content) == Verdict::Valid) {
            let delta = next(&mut stream).await;
            accept(&mut verifier, &app, &delta).expect("a delta that follows");
        }
    };
    tokio::join!(withdraw(&app, 0..NUMBERS / 2), withdraw(&copy, NUMBERS / 2..NUMBERS), follow);
}

fn in_folder(folder: &Path) -> Vault {
    Vault::default().folder(folder.join("signing-keys"))
}

#[tokio::test]
async fn a_withdrawal_is_told_as_long_as_any_copy_shows_codes() {
    let app = App::with_vault(in_folder).await;
    let longer = KeyRules { display_for: Duration::hours(2), ..KEY_RULES };
    let patient = app.copy(in_folder, longer).await;
    let shown = patient.code(1, 1).await;
    // By the copy whose own codes last a quarter of an hour.
    app.revoke(registration(1)).await.expect("revoked");
    app.clock.advance(Duration::minutes(110));
    app.followed().await;
    let mut verifier = verifier(&app).await;
    accept(&mut verifier, &app, &app.bundle().await.expect("a snapshot")).expect("a bundle");
    assert_eq!(verdict(&verifier, &app, &shown.content), Verdict::Revoked);
}

#[tokio::test]
async fn who_watches_learns_of_a_change_of_keys() {
    let app = App::with_vault(in_folder).await;
    let before = app.code(1, 1).await;
    app.followed().await;
    let mut verifier = verifier(&app).await;
    let mut stream = app.watch("").await.expect("a stream");
    let first = next(&mut stream).await;
    accept(&mut verifier, &app, &first).expect("a snapshot");

    // No two keys begin at the same hour.
    app.clock.advance(Duration::SECOND);
    let operator = app.operator(in_folder);
    let successor = operator.rotate(Rotation::AtOnce, None).await.expect("a key").key.key_id().to_string();
    let delta = next(&mut stream).await;
    assert!(delta.version > first.version, "an older bundle is not as good");
    assert!(delta.key_ids.contains(&successor));
    accept(&mut verifier, &app, &delta).expect("signed by a key that is known");
    eventually("codes have the new key", async || app.code(1, 1).await.key_id == successor).await;
    let after = app.code(1, 1).await;
    assert_eq!(verdict(&verifier, &app, &after.content), Verdict::Valid);

    let retired = before.key_id.parse().expect("an id");
    operator.revoke(retired).await.expect("revoked");
    let delta = next(&mut stream).await;
    assert_eq!(delta.key_ids, [successor], "and signed by it");
    accept(&mut verifier, &app, &delta).expect("a delta");
    assert_eq!(verdict(&verifier, &app, &before.content), Verdict::UnknownKey);
    let revoked = Err(Refused::UntrustedKey(retired));
    assert_eq!(accept(&mut verifier, &app, &first), revoked, "nothing that it signed counts");
}

/// What signs was revoked a moment ago, and this copy has not read it yet.
#[tokio::test]
async fn a_bundle_is_signed_by_a_key_that_is_in_it() {
    let app = App::with_vault(in_folder).await;
    let before = app.code(1, 1).await;
    app.followed().await;
    app.operator(in_folder).revoke(before.key_id.parse().expect("an id")).await.expect("revoked");
    let bundle = app.bundle().await.expect("a snapshot");
    assert_eq!(bundle.key_ids.len(), 1);
    assert!(!bundle.key_ids.contains(&before.key_id));
    assert!(Bundle::decode(&bundle.bundle).expect("a bundle").is_signed());
}
