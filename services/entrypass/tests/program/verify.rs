//! The command `verify`: codes from arguments, lines and pictures, decided by bundles from files.

mod issuer;
mod pictures;

use std::{
    fs,
    io::Write as _,
    process::{Output, Stdio},
};

use entrypass_ambient::{Clock as _, SystemClock};
use entrypass_verifier::{
    Contents,
    WithdrawalKind::{Reinstated, Revoked, Suspended},
};
use issuer::{START, bundle, long_lived, other_key, snapshot, thumbprint, token, withdrawal};
use serde_json::{Value, json};

use crate::{Place, text};

/// A minute and forty seconds after [`START`].
const AT: &str = "2026-01-01T00:01:40Z";

/// A place with the snapshot in `bundle`: code 1 revoked.
fn place() -> Place {
    let place = Place::new();
    fs::write(place.path("bundle"), bundle(snapshot(vec![withdrawal(1, Revoked)]))).expect("written");
    place
}

/// What the program says when it verifies with these arguments, and how it ends.
fn verify(place: &Place, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        place.command("verify").args(arguments).stdin(Stdio::null()).output().expect("the program");
    (status.code(), text(&stdout), text(&stderr))
}

/// The same with the bundle of the place and its key, at [`AT`], in JSON.
fn decided(place: &Place, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let thumbprint = thumbprint();
    let usual = ["--bundle", "bundle", "--trust", &thumbprint, "--at", AT, "--json"];
    let (code, told, wrong) = verify(place, &[usual.as_slice(), arguments].concat());
    assert_eq!(wrong, "", "{arguments:?}");
    (code, told.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect())
}

fn verdicts(decisions: &[Value]) -> Vec<&str> {
    decisions.iter().map(|decision| decision["verdict"].as_str().expect("a word")).collect()
}

#[test]
fn people_are_told_in_a_block() {
    let place = place();
    let arguments = ["--bundle", "bundle", "--trust", &thumbprint(), "--at", AT, &token(4), "no code"];
    let told = "text 1: VALID
  code          04040404040404040404040404040404, revision 1
  holds         from 2026-01-01T00:01:00Z until 2026-01-01T00:06:00Z
  data age      100 s
  FORMAT        passed
  KEY           passed
  SIGNATURE     passed
  TIME          passed
  CODE          passed
  REGISTRATION  not performed: OFFLINE
  DATA_AGE      passed
text 2: MALFORMED
  data age      100 s
  FORMAT        failed: MALFORMED_TEXT
  KEY           not performed: EARLIER_CHECK_FAILED
  SIGNATURE     not performed: EARLIER_CHECK_FAILED
  TIME          not performed: EARLIER_CHECK_FAILED
  CODE          not performed: EARLIER_CHECK_FAILED
  REGISTRATION  not performed: OFFLINE
  DATA_AGE      passed
";
    assert_eq!(verify(&place, &arguments), (Some(2), told.to_owned(), String::new()));
    assert_eq!(fs::read_dir(place.folder.path()).expect("a folder").count(), 1, "nothing was made");
}

#[test]
fn programs_are_told_in_json() {
    let (code, decisions) = decided(&place(), &[&token(1)]);
    let passed = |check: &str| json!({ "check": check, "outcome": "PASSED" });
    let expected = json!({
        "source": "text 1",
        "verdict": "REVOKED",
        "checks": [
            passed("FORMAT"),
            passed("KEY"),
            passed("SIGNATURE"),
            passed("TIME"),
            { "check": "CODE", "outcome": "FAILED", "reason": "CODE_REVOKED" },
            { "check": "REGISTRATION", "outcome": "NOT_PERFORMED", "reason": "OFFLINE" },
            passed("DATA_AGE"),
        ],
        "data_age_seconds": 100,
        "code_id": "01010101010101010101010101010101",
        "revision": 1,
        "issue_time": "2026-01-01T00:01:00Z",
        "expire_time": "2026-01-01T00:06:00Z",
    });
    assert_eq!((code, decisions), (Some(2), vec![expected]));
}

#[test]
fn the_exit_code_is_that_of_the_worst_code() {
    let late = ["--bundle", "bundle", "--trust", &thumbprint(), "--at", "2026-01-01T00:15:00Z"];
    let table = [
        (vec![long_lived(4)], Some(3)),
        (vec![long_lived(1)], Some(2)),
        (vec![long_lived(4), token(4)], Some(2)),
    ];
    for (texts, expected) in table {
        let texts = texts.iter().map(String::as_str).collect::<Vec<_>>();
        let (code, told, wrong) = verify(&place(), &[late.as_slice(), &texts].concat());
        assert_eq!((code, wrong.as_str()), (expected, ""), "{told}");
    }
    assert_eq!(decided(&place(), &[&token(4), &token(5)]).0, Some(0));
}

#[test]
fn without_a_code_nothing_is_said_to_be_good() {
    let place = place();
    let (code, told, wrong) = verify(&place, &["--bundle", "bundle", "--trust", &thumbprint(), "--at", AT]);
    assert_eq!((code, told.as_str()), (Some(1), ""));
    assert_eq!(wrong, "entrypass: there was no code to decide on\n");
}

#[test]
fn each_line_of_standard_input_is_a_code() {
    let place = place();
    let arguments = ["--bundle", "bundle", "--trust", &thumbprint(), "--at", AT, "--json"];
    let mut command = place.command("verify");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut program = command.spawn().expect("the program");
    let lines = format!("{}\r\n{}\n{}\n", token(4), token(1), "A".repeat(100_000));
    let mut input = program.stdin.take().expect("a pipe");
    input.write_all(lines.as_bytes()).expect("written");
    drop(input);
    let output = program.wait_with_output().expect("it ends");
    let told = text(&output.stdout);
    let decisions =
        told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>();
    assert_eq!(verdicts(&decisions), ["VALID", "REVOKED", "MALFORMED"]);
    assert_eq!(decisions[2]["source"], "line 3");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn deltas_follow_a_snapshot() {
    let place = Place::new();
    let suspended = Suspended { until: START + 900 };
    let held = vec![withdrawal(1, Revoked), withdrawal(2, suspended)];
    fs::write(place.path("bundle"), bundle(snapshot(held))).expect("written");
    let changes = vec![withdrawal(2, Reinstated), withdrawal(3, suspended)];
    let delta = Contents { version: 6, since: Some(5), ..snapshot(changes) };
    fs::write(place.path("delta"), bundle(delta)).expect("written");
    let texts = [1, 2, 3].map(token);
    let texts = texts.iter().map(String::as_str).collect::<Vec<_>>();
    let (_, before) = decided(&place, &texts);
    assert_eq!(verdicts(&before), ["REVOKED", "SUSPENDED", "VALID"]);
    let (_, after) = decided(&place, &[["--bundle", "delta"].as_slice(), &texts].concat());
    assert_eq!(verdicts(&after), ["REVOKED", "VALID", "SUSPENDED"]);
}

#[test]
fn without_an_hour_it_is_now() {
    let place = Place::new();
    let now = SystemClock.now().unix_timestamp();
    let fresh = Contents { as_of: now, not_after: now + 900, ..snapshot(Vec::new()) };
    fs::write(place.path("fresh"), bundle(fresh)).expect("written");
    fs::write(place.path("old"), bundle(snapshot(Vec::new()))).expect("written");
    for (file, code, verdict) in [("fresh", Some(0), "VALID"), ("old", Some(3), "CANNOT_DECIDE")] {
        let arguments = ["--bundle", file, "--trust", &thumbprint(), &long_lived(4)];
        let (found, told, _) = verify(&place, &arguments);
        assert_eq!(found, code, "{told}");
        assert!(told.starts_with(&format!("text 1: {verdict}\n")), "{told}");
    }
}

#[test]
fn what_cannot_be_used_is_told_in_one_line() {
    let place = place();
    let mut changed = fs::read(place.path("bundle")).expect("written before");
    *changed.last_mut().expect("not empty") ^= 1;
    fs::write(place.path("changed"), changed).expect("written");
    fs::write(place.path("no-bundle"), "not CBOR at all").expect("written");
    let delta = Contents { since: Some(4), ..snapshot(Vec::new()) };
    fs::write(place.path("delta"), bundle(delta)).expect("written");
    let (ours, other) = (thumbprint(), issuer::thumbprint_of(&other_key()));
    let signer = &ours[..16];
    let table = [
        (
            vec!["--bundle", "bundle"],
            "--trust THUMBPRINT is needed at least once: a bundle names its own keys, ".to_owned(),
        ),
        (vec!["--bundle", "missing", "--trust", &ours], "cannot read missing: No such file".to_owned()),
        (
            vec!["--bundle", "no-bundle", "--trust", &ours],
            "no-bundle is no bundle: the bundle is not ".to_owned(),
        ),
        (
            vec!["--bundle", "changed", "--trust", &ours],
            "cannot use changed: the bundle was changed: ".to_owned(),
        ),
        (
            vec!["--bundle", "bundle", "--trust", &other],
            format!("cannot use bundle: the bundle is signed with key {signer}, which is not trusted "),
        ),
        (
            vec!["--bundle", "delta", "--trust", &ours],
            "cannot use delta: the bundle is a delta that does not ".to_owned(),
        ),
        (
            vec!["--bundle", "bundle", "--trust", &ours, "--at", "2025-12-31T23:00:00Z"],
            "cannot use bundle: the bundle is from the future: ".to_owned(),
        ),
    ];
    for (arguments, expected) in table {
        let (code, told, wrong) = verify(&place, &[arguments.as_slice(), &["FSP1:"]].concat());
        assert_eq!((code, told.as_str()), (Some(1), ""), "{arguments:?}");
        let line = wrong.strip_prefix("entrypass: ").unwrap_or(&wrong);
        assert!(line.starts_with(&expected) && line.lines().count() == 1, "{arguments:?}: {wrong}");
    }
}

#[test]
fn wrong_use_is_not_taken_for_a_verdict() {
    for arguments in [
        vec!["--trust", "00"],
        vec!["--bundle", "bundle", "--trust", "00", "TEXT"],
        vec!["--bundle", "bundle", "--at", "yesterday"],
        vec!["--bundel", "bundle"],
    ] {
        let (code, told, wrong) = verify(&place(), &arguments);
        assert_eq!((code, told.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(wrong.starts_with("error: "), "{arguments:?}: {wrong}");
    }
    assert_eq!(verify(&place(), &["--help"]).0, Some(0));
}
