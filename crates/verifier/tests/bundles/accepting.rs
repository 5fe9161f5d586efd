//! Which bundles a verifier accepts, and what it has of them.

use entrypass_token::{Algorithm, SigningKey};
use entrypass_verifier::{
    Contents, FeedId, Refused, TrustedKey, Verdict, Verifier,
    WithdrawalKind::{Reinstated, Revoked, Superseded, Suspended},
};

use crate::world::{START, bundle, key, pinned, snapshot, token, trusted, withdrawal};

fn first() -> SigningKey {
    key(Algorithm::EdDsa, 7)
}

fn second() -> SigningKey {
    key(Algorithm::Es256, 8)
}

/// A verifier that holds the snapshot of version 5 with these keys.
fn holding(keys: Vec<TrustedKey>) -> Verifier {
    let mut verifier = pinned(&first());
    let contents = Contents { keys, ..snapshot(&first(), Vec::new()) };
    assert_eq!(verifier.accept(&bundle(contents, &first()), START), Ok(()));
    verifier
}

/// A delta of version 6 after version 5, a minute after [`START`].
fn delta(keys: Vec<TrustedKey>) -> Contents {
    let (as_of, not_after) = (START + 60, START + 960);
    Contents { version: 6, since: Some(5), as_of, not_after, keys, ..snapshot(&first(), Vec::new()) }
}

#[test]
fn the_first_bundle_is_of_a_pinned_key() {
    let mut verifier = pinned(&first());
    let foreign = bundle(snapshot(&second(), Vec::new()), &second());
    let refused = Refused::UntrustedKey(second().verification_key().key_id());
    assert_eq!(verifier.accept(&foreign, START), Err(refused));
    assert_eq!(verifier.progress(), None);
}

#[test]
fn a_pinned_key_signs_only_in_its_time() {
    for (signs_from, signs_until) in [(START + 961, None), (START - 90, Some(START - 60))] {
        let keys = vec![TrustedKey { signs_from, signs_until, ..trusted(&first()) }];
        let contents = Contents { keys, ..snapshot(&first(), Vec::new()) };
        let refused = pinned(&first()).accept(&bundle(contents, &first()), START);
        assert_eq!(refused, Err(Refused::UntrustedKey(first().verification_key().key_id())));
    }
}

#[test]
fn keys_of_an_accepted_bundle_sign_the_next_and_no_others() {
    let both = vec![trusted(&first()), trusted(&second())];
    let mut verifier = holding(both.clone());
    assert_eq!(verifier.accept(&bundle(delta(both), &second()), START + 60), Ok(()));
    // The pinned key is no longer among the keys: it may have been revoked.
    let mut verifier = holding(vec![trusted(&first()), trusted(&second())]);
    let dropped = bundle(delta(vec![trusted(&second())]), &second());
    assert_eq!(verifier.accept(&dropped, START + 60), Ok(()));
    let revoked = bundle(Contents { version: 7, ..delta(vec![trusted(&first())]) }, &first());
    let refused = Err(Refused::UntrustedKey(first().verification_key().key_id()));
    assert_eq!(verifier.accept(&revoked, START + 60), refused);
}

#[test]
fn a_retired_key_signs_no_bundle_whichever_hour_it_names() {
    let retired = TrustedKey { signs_until: Some(START - 30), ..trusted(&first()) };
    let mut verifier = holding(vec![retired.clone(), trusted(&second())]);
    let later = bundle(delta(vec![retired, trusted(&second())]), &second());
    assert_eq!(verifier.accept(&later, START + 60), Ok(()));
    // Who has stolen it writes another end, and an hour at which it was still right to sign.
    let contents = Contents {
        version: 9,
        as_of: START - 60,
        not_after: START + 86_000,
        ..delta(vec![trusted(&first())])
    };
    let refused = Err(Refused::UntrustedKey(first().verification_key().key_id()));
    assert_eq!(verifier.accept(&bundle(contents, &first()), START + 60), refused);
}

#[test]
fn a_published_key_may_be_activated_early() {
    let pending = TrustedKey { signs_from: START + 86_400, ..trusted(&second()) };
    let mut verifier = holding(vec![trusted(&first()), pending]);
    assert_eq!(verifier.accept(&bundle(delta(vec![trusted(&second())]), &second()), START + 60), Ok(()));
}

#[test]
fn what_is_ahead_of_the_clock_is_refused_and_what_is_old_is_taken() {
    let contents = bundle(snapshot(&first(), Vec::new()), &first());
    assert_eq!(pinned(&first()).accept(&contents, START - 61), Err(Refused::FromTheFuture));
    assert_eq!(pinned(&first()).accept(&contents, START - 60), Ok(()));
    assert_eq!(pinned(&first()).accept(&contents, START + 1_000_000), Ok(()));
}

#[test]
fn versions_do_not_go_back_and_have_no_gap() {
    let keys = || vec![trusted(&first())];
    let other_feed = |contents| Contents { feed: FeedId([0xfd; 16]), ..contents };
    let snapshot = |version| Contents { since: None, version, ..delta(keys()) };
    let table = [
        (delta(keys()), Ok(6)),
        (Contents { version: 5, ..delta(keys()) }, Ok(5)),
        (Contents { since: Some(3), ..delta(keys()) }, Ok(6)),
        (Contents { since: Some(6), ..delta(keys()) }, Err(Refused::NeedsSnapshot)),
        (Contents { since: Some(3), version: 4, ..delta(keys()) }, Err(Refused::GoesBack)),
        (other_feed(delta(keys())), Err(Refused::NeedsSnapshot)),
        (snapshot(9), Ok(9)),
        (snapshot(5), Ok(5)),
        (snapshot(4), Err(Refused::GoesBack)),
        (other_feed(snapshot(1)), Ok(1)),
        (
            Contents { as_of: START - 1, not_after: START + 1, ..other_feed(snapshot(9)) },
            Err(Refused::GoesBack),
        ),
    ];
    for (contents, expected) in table {
        let mut verifier = holding(keys());
        let before = verifier.progress();
        let found = verifier.accept(&bundle(contents.clone(), &first()), START + 60);
        assert_eq!(found, expected.map(|_| ()), "{contents:?}");
        let version = verifier.progress().map(|progress| progress.version);
        assert_eq!(version, expected.ok().or(before.map(|progress| progress.version)), "{contents:?}");
    }
    let refused = pinned(&first()).accept(&bundle(delta(keys()), &first()), START + 60);
    assert_eq!(refused, Err(Refused::NeedsSnapshot));
}

#[test]
fn a_copy_that_lags_takes_no_time_back() {
    let mut verifier = holding(vec![trusted(&first())]);
    let lagging = Contents { as_of: START - 20, not_after: START + 880, ..delta(vec![trusted(&first())]) };
    assert_eq!(verifier.accept(&bundle(lagging, &first()), START), Ok(()));
    let progress = verifier.progress().expect("it holds a bundle");
    assert_eq!((progress.version, progress.as_of, progress.not_after), (6, START, START + 900));
}

#[test]
fn a_delta_changes_what_it_names() {
    let mut verifier = pinned(&first());
    let until = START + 500;
    let held = vec![withdrawal(1, Revoked), withdrawal(2, Suspended { until }), withdrawal(3, Superseded)];
    assert_eq!(verifier.accept(&bundle(snapshot(&first(), held), &first()), START), Ok(()));
    let changes =
        vec![withdrawal(2, Reinstated), withdrawal(3, Reinstated), withdrawal(4, Suspended { until })];
    let contents = Contents { withdrawals: changes, ..delta(vec![trusted(&first())]) };
    assert_eq!(verifier.accept(&bundle(contents, &first()), START + 60), Ok(()));
    let table = [Verdict::Revoked, Verdict::Valid, Verdict::Superseded, Verdict::Suspended, Verdict::Valid];
    for (number, expected) in (1..).zip(table) {
        let found = verifier.verify(&token(&first(), number), START + 100).verdict;
        assert_eq!(found, expected, "code {number}");
    }
    assert_eq!(verifier.withdrawn(), 3);
}

#[test]
fn what_nobody_needs_to_know_is_forgotten() {
    let mut verifier = pinned(&first());
    let held = bundle(snapshot(&first(), vec![withdrawal(1, Revoked)]), &first());
    assert_eq!(verifier.accept(&held, START), Ok(()));
    for (as_of, expected) in [(START + 3_659, 1), (START + 3_660, 0)] {
        let contents = Contents { as_of, not_after: as_of + 900, ..delta(vec![trusted(&first())]) };
        assert_eq!(verifier.accept(&bundle(contents, &first()), as_of), Ok(()));
        assert_eq!(verifier.withdrawn(), expected);
    }
}
