//! Good bundles, and every verdict that can be had by them.

use entrypass_token::{Algorithm, Claims, SigningKey};
use entrypass_verifier::{
    Contents, FeedId, TrustedKey, Verdict,
    WithdrawalKind::{Reinstated, Revoked, Superseded, Suspended},
};

use super::{Asked, Given, Taken, Vector};
use crate::world::{START, code, key, sign, snapshot, token, trusted, withdrawal};

/// Everything passed.
const GOOD: [&str; 7] = ["+", "+", "+", "+", "+", "offline", "+"];

/// The signing key of most scenes.
pub(super) fn first() -> SigningKey {
    key(Algorithm::EdDsa, 7)
}

/// Another one, of the other algorithm.
pub(super) fn second() -> SigningKey {
    key(Algorithm::Es256, 8)
}

/// The bundle, given at the hour of its `as_of`.
pub(super) fn given(contents: Contents, signer: &SigningKey, outcome: Taken) -> Given {
    Given { now: contents.as_of, bytes: sign(contents, signer), outcome }
}

/// A text, read so many seconds after [`START`], by data of [`START`].
fn asked(text: String, after: i64, verdict: Verdict, checks: [&'static str; 7]) -> Asked {
    Asked { text, now: START + after, verdict, checks, data_age: Some(after.max(0)) }
}

/// The checks of a code that is good but for one.
fn but(place: usize, reason: &'static str) -> [&'static str; 7] {
    let mut checks = GOOD;
    checks[place] = reason;
    checks
}

pub(super) fn all() -> Vec<Vector> {
    vec![
        every_verdict(),
        too_old(),
        nothing_held(),
        clock_behind(),
        es256(),
        retired_key(),
        deltas(),
        overlapping(),
    ]
}

/// Code 1 revoked, 2 superseded, 3 suspended for two minutes.
fn withdrawn() -> Contents {
    let suspended = Suspended { until: START + 120 };
    let entries = vec![withdrawal(1, Revoked), withdrawal(2, Superseded), withdrawal(3, suspended)];
    snapshot(&first(), entries)
}

fn issued(issuer: &str, issued_at: i64, expires_at: i64) -> String {
    let issuer = issuer.parse().expect("two capitals are an issuer");
    let claims = Claims::new(issuer, code(4), 1, issued_at, expires_at);
    first().issue(&claims.expect("the claims keep the rules"))
}

fn forged(text: &str) -> String {
    let (front, last) = text.split_at(150);
    let other = if last.starts_with('0') { "1" } else { "0" };
    format!("{front}{other}{}", &last[1..])
}

fn every_verdict() -> Vector {
    let of = |number| token(&first(), number);
    let no_key = ["+", "KEY_UNKNOWN", "-", "-", "-", "offline", "+"];
    let not_then = ["+", "KEY_NOT_SIGNING_THEN", "+", "-", "-", "offline", "+"];
    let other_issuer = ["+", "ISSUER_UNKNOWN", "+", "-", "-", "offline", "+"];
    let forgery = ["+", "+", "WRONG_SIGNATURE", "-", "-", "offline", "+"];
    let no_token = ["MALFORMED_TEXT", "-", "-", "-", "-", "offline", "+"];
    let revoked_and_expired = ["+", "+", "+", "CONTENT_EXPIRED", "CODE_REVOKED", "offline", "+"];
    let asked = vec![
        asked(of(4), 100, Verdict::Valid, GOOD),
        asked(of(4), 0, Verdict::Valid, GOOD),
        asked(of(4), -1, Verdict::NotYetValid, but(3, "NOT_YET_ISSUED")),
        asked(of(4), 359, Verdict::Valid, GOOD),
        asked(of(4), 360, Verdict::Expired, but(3, "CONTENT_EXPIRED")),
        asked(of(1), 100, Verdict::Revoked, but(4, "CODE_REVOKED")),
        asked(of(1), 360, Verdict::Revoked, revoked_and_expired),
        asked(of(2), 100, Verdict::Superseded, but(4, "CODE_SUPERSEDED")),
        asked(of(3), 119, Verdict::Suspended, but(4, "CODE_SUSPENDED")),
        asked(of(3), 120, Verdict::Valid, GOOD),
        asked(token(&second(), 4), 100, Verdict::UnknownKey, no_key),
        asked(issued("FS", START - 60, START + 300), 100, Verdict::Valid, GOOD),
        asked(issued("FS", START - 61, START + 300), 100, Verdict::UnknownKey, not_then),
        asked(issued("GZ", START, START + 300), 100, Verdict::UnknownKey, other_issuer),
        asked(forged(&of(4)), 100, Verdict::BadSignature, forgery),
        asked("https://example.com".to_owned(), 100, Verdict::Malformed, no_token),
        asked(String::new(), 100, Verdict::Malformed, no_token),
    ];
    let given = vec![given(withdrawn(), &first(), Taken::Accepted)];
    Vector { name: "every verdict by one snapshot", pins: vec![first()], given, asked }
}

fn too_old() -> Vector {
    let of = |number| token(&first(), number);
    let long_lived = || issued("FS", START, START + 5_000);
    let expired = ["+", "+", "+", "CONTENT_EXPIRED", "+", "offline", "DATA_TOO_OLD"];
    let revoked = ["+", "+", "+", "CONTENT_EXPIRED", "CODE_REVOKED", "offline", "DATA_TOO_OLD"];
    let no_key = ["+", "KEY_UNKNOWN", "-", "-", "-", "offline", "DATA_TOO_OLD"];
    let no_token = ["MALFORMED_TEXT", "-", "-", "-", "-", "offline", "DATA_TOO_OLD"];
    let asked = vec![
        asked(long_lived(), 899, Verdict::Valid, GOOD),
        asked(long_lived(), 900, Verdict::CannotDecide, but(6, "DATA_TOO_OLD")),
        asked(of(4), 900, Verdict::Expired, expired),
        asked(of(1), 900, Verdict::Revoked, revoked),
        asked(token(&second(), 4), 900, Verdict::CannotDecide, no_key),
        asked("no token".to_owned(), 900, Verdict::Malformed, no_token),
    ];
    let late = Given { now: START + 1_000, ..given(withdrawn(), &first(), Taken::Accepted) };
    Vector {
        name: "a bundle that is too old is taken, and makes nothing VALID",
        pins: vec![first()],
        given: vec![late],
        asked,
    }
}

fn nothing_held() -> Vector {
    let no_data = ["+", "KEY_UNKNOWN", "-", "-", "-", "offline", "NO_DATA"];
    let no_token = ["MALFORMED_TEXT", "-", "-", "-", "-", "offline", "NO_DATA"];
    let unaged = |asked| Asked { data_age: None, ..asked };
    let asked = vec![
        unaged(asked(token(&first(), 4), 100, Verdict::CannotDecide, no_data)),
        unaged(asked("no token".to_owned(), 100, Verdict::Malformed, no_token)),
    ];
    Vector { name: "without a bundle nothing is decided", pins: vec![first()], given: Vec::new(), asked }
}

fn clock_behind() -> Vector {
    let text = || issued("FS", START - 30, START + 300);
    let asked = vec![
        asked(text(), -60, Verdict::Valid, GOOD),
        asked(text(), -61, Verdict::CannotDecide, but(6, "CLOCK_BEHIND")),
    ];
    let given = vec![given(withdrawn(), &first(), Taken::Accepted)];
    Vector { name: "a clock that is behind the bundle decides nothing", pins: vec![first()], given, asked }
}

fn es256() -> Vector {
    let contents = snapshot(&second(), vec![withdrawal(1, Revoked)]);
    let asked = vec![
        asked(token(&second(), 4), 100, Verdict::Valid, GOOD),
        asked(token(&second(), 1), 100, Verdict::Revoked, but(4, "CODE_REVOKED")),
    ];
    let given = vec![given(contents, &second(), Taken::Accepted)];
    Vector { name: "bundle and tokens with ES256", pins: vec![second()], given, asked }
}

fn retired_key() -> Vector {
    let (signs_until, verifies_until) = (Some(START + 60), Some(START + 360));
    let retired = TrustedKey { signs_until, verifies_until, ..trusted(&first()) };
    let contents = Contents { keys: vec![retired, trusted(&second())], ..snapshot(&second(), Vec::new()) };
    let not_then = ["+", "KEY_NOT_SIGNING_THEN", "+", "-", "-", "offline", "+"];
    let outlives = ["+", "CONTENT_OUTLIVES_KEY", "+", "-", "-", "offline", "+"];
    let asked = vec![
        asked(token(&first(), 4), 130, Verdict::Valid, GOOD),
        asked(issued("FS", START + 119, START + 360), 130, Verdict::Valid, GOOD),
        asked(issued("FS", START + 120, START + 360), 130, Verdict::UnknownKey, not_then),
        asked(issued("FS", START, START + 361), 130, Verdict::UnknownKey, outlives),
    ];
    let given = vec![given(contents, &second(), Taken::Accepted)];
    Vector { name: "a retired key verifies what it may have signed", pins: vec![second()], given, asked }
}

/// A delta of version 6 after version 5, a minute after [`START`].
pub(super) fn delta() -> Contents {
    let (as_of, not_after) = (START + 60, START + 960);
    Contents { version: 6, since: Some(5), as_of, not_after, ..snapshot(&first(), Vec::new()) }
}

fn deltas() -> Vector {
    let suspended = Suspended { until: START + 900 };
    let changes = vec![
        withdrawal(2, Reinstated),
        withdrawal(3, Reinstated),
        withdrawal(4, suspended),
        withdrawal(5, Revoked),
    ];
    let second = Contents { withdrawals: changes, ..delta() };
    let keep_alive =
        Contents { version: 6, since: Some(6), as_of: START + 100, not_after: START + 1_000, ..delta() };
    let given = vec![
        given(Contents { since: Some(4), ..delta() }, &first(), Taken::Refused("NEEDS_SNAPSHOT")),
        given(withdrawn(), &first(), Taken::Accepted),
        given(Contents { version: 7, since: Some(6), ..delta() }, &first(), Taken::Refused("NEEDS_SNAPSHOT")),
        given(Contents { feed: FeedId([1; 16]), ..delta() }, &first(), Taken::Refused("NEEDS_SNAPSHOT")),
        given(second, &first(), Taken::Accepted),
        given(keep_alive, &first(), Taken::Accepted),
        given(withdrawn(), &first(), Taken::Refused("GOES_BACK")),
        given(Contents { version: 5, ..delta() }, &first(), Taken::Refused("GOES_BACK")),
    ];
    let at = |number, verdict, checks| Asked {
        data_age: Some(50),
        ..asked(token(&first(), number), 150, verdict, checks)
    };
    let asked = vec![
        at(1, Verdict::Revoked, but(4, "CODE_REVOKED")),
        at(2, Verdict::Superseded, but(4, "CODE_SUPERSEDED")),
        at(3, Verdict::Valid, GOOD),
        at(4, Verdict::Suspended, but(4, "CODE_SUSPENDED")),
        at(5, Verdict::Revoked, but(4, "CODE_REVOKED")),
        at(6, Verdict::Valid, GOOD),
    ];
    Vector { name: "deltas change what they name; what is for good stays", pins: vec![first()], given, asked }
}

fn overlapping() -> Vector {
    let entries = vec![withdrawal(1, Revoked), withdrawal(3, Superseded)];
    let lagging = Contents {
        since: Some(2),
        version: 8,
        as_of: START - 20,
        not_after: START + 880,
        withdrawals: entries,
        ..delta()
    };
    let other_feed = Contents { feed: FeedId([1; 16]), version: 1, since: None, ..delta() };
    let older_feed =
        Contents { feed: FeedId([2; 16]), version: 9, since: None, as_of: START + 59, ..delta() };
    let given = vec![
        given(withdrawn(), &first(), Taken::Accepted),
        given(lagging, &first(), Taken::Accepted),
        given(other_feed, &first(), Taken::Accepted),
        given(older_feed, &first(), Taken::Refused("GOES_BACK")),
    ];
    let asked = vec![Asked { data_age: Some(40), ..asked(token(&first(), 1), 100, Verdict::Valid, GOOD) }];
    Vector { name: "an overlapping delta, and a snapshot of another feed", pins: vec![first()], given, asked }
}
