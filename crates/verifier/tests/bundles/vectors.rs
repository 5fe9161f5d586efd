//! The test vectors for other implementations, `vectors/bundles.json`, and this implementation's answers to them.

mod forge;
mod malformed;
mod scenes;
mod trust;

use std::{fs, path::PathBuf};

use entrypass_token::{Algorithm, SigningKey};
use entrypass_verifier::{Bundle, Check, Outcome, Reason, Thumbprint, Verdict, Verifier};
use serde_json::{Value, json};

use crate::world::key;

/// A verifier, what it is given, and then what it is asked.
pub(crate) struct Vector {
    name: &'static str,
    /// The keys that are pinned.
    pins: Vec<SigningKey>,
    given: Vec<Given>,
    asked: Vec<Asked>,
}

/// A bundle, the hour at which it is given, and what becomes of it.
pub(crate) struct Given {
    bytes: Vec<u8>,
    now: i64,
    outcome: Taken,
}

/// What becomes of a bundle.
#[derive(Clone, Copy)]
pub(crate) enum Taken {
    Accepted,
    Malformed(&'static str),
    Refused(&'static str),
}

/// A text, the hour at which it is read, and what is decided.
pub(crate) struct Asked {
    text: String,
    now: i64,
    verdict: Verdict,
    /// An outcome for each check: `+` passed, `-` left out because of an earlier one, `offline`, or the reason for which it failed.
    checks: [&'static str; 7],
    data_age: Option<i64>,
}

fn all() -> Vec<Vector> {
    [scenes::all(), trust::all(), malformed::all()].into_iter().flatten().collect()
}

/// The keys of the vectors, by name.
pub(crate) fn named_keys() -> [(&'static str, Algorithm, SigningKey); 3] {
    let of = |algorithm, seed| (algorithm, key(algorithm, seed));
    [
        ("first", of(Algorithm::EdDsa, 7)),
        ("second", of(Algorithm::Es256, 8)),
        ("other", of(Algorithm::EdDsa, 9)),
    ]
    .map(|(name, (algorithm, key))| (name, algorithm, key))
}

#[test]
fn every_vector_has_the_outcome_that_it_names() {
    for vector in all() {
        let mut verifier = verifier(&vector);
        for (place, given) in vector.given.iter().enumerate() {
            assert_eq!(
                taken(&mut verifier, given),
                outcome(given.outcome),
                "{}: bundle {place}",
                vector.name
            );
        }
        for (place, asked) in vector.asked.iter().enumerate() {
            assert_eq!(decided(&verifier, asked), decision(asked), "{}: text {place}", vector.name);
        }
    }
}

#[test]
fn each_way_of_being_wrong_has_a_vector() {
    let file = serde_json::to_string(&document()).expect("the vectors are JSON");
    let online = ["KEY_REVOKED", "CODE_NOT_RECORDED", "NEIGHBOUR_UNAVAILABLE"];
    for reason in Reason::ALL.iter().map(|reason| reason.word()) {
        let of_registration = reason.starts_with("REGISTRATION_");
        let missing = !file.contains(reason);
        assert_eq!(missing, of_registration || online.contains(&reason), "{reason}");
    }
    let bundles = [
        "NOT_CBOR",
        "TRAILING_BYTES",
        "NOT_COSE_SIGN1",
        "WRONG_HEADERS",
        "INVALID_SIGNATURE_LENGTH",
        "UNKNOWN_FORMAT",
        "WRONG_CONTENTS",
        "INVALID_ISSUER",
        "INVALID_KEY",
        "INVALID_INSTANT",
        "INVALID_VERSION",
        "INVALID_SINCE",
        "INVALID_NOT_AFTER",
        "INVALID_KEY_COUNT",
        "KEY_TWICE",
        "SIGNER_NOT_LISTED",
        "INVALID_DROP_TIME",
        "CODE_TWICE",
        "REINSTATED_IN_SNAPSHOT",
        "WRONG_ALGORITHM",
        "NOT_DETERMINISTIC",
        "UNTRUSTED_KEY",
        "WRONG_SIGNATURE",
        "FROM_THE_FUTURE",
        "NEEDS_SNAPSHOT",
        "GOES_BACK",
    ];
    for reason in bundles {
        assert!(file.contains(&format!("\"{reason}\"")), "{reason}");
    }
}

#[test]
fn the_published_file_holds_these_vectors() {
    let path = [env!("CARGO_MANIFEST_DIR"), "vectors", "bundles.json"].iter().collect::<PathBuf>();
    let published = fs::read_to_string(&path).unwrap_or_default();
    let made = serde_json::to_string_pretty(&document()).expect("the vectors are JSON") + "\n";
    if published != made {
        let beside = [env!("CARGO_TARGET_TMPDIR"), "bundles.json"].iter().collect::<PathBuf>();
        fs::write(&beside, made).expect("the file of vectors can be written");
        panic!("{} differs from the vectors; they are in {}", path.display(), beside.display());
    }
}

fn verifier(vector: &Vector) -> Verifier {
    Verifier::new(vector.pins.iter().map(|pin| Thumbprint(pin.verification_key().thumbprint())))
}

fn taken(verifier: &mut Verifier, given: &Given) -> Value {
    let bundle = match Bundle::decode(&given.bytes) {
        Ok(bundle) => bundle,
        Err(malformed) => return json!({ "outcome": "MALFORMED", "reason": malformed.reason() }),
    };
    match verifier.accept(&bundle, given.now) {
        Ok(()) => json!({ "outcome": "ACCEPTED" }),
        Err(refused) => json!({ "outcome": "REFUSED", "reason": refused.reason() }),
    }
}

fn outcome(taken: Taken) -> Value {
    match taken {
        Taken::Accepted => json!({ "outcome": "ACCEPTED" }),
        Taken::Malformed(reason) => json!({ "outcome": "MALFORMED", "reason": reason }),
        Taken::Refused(reason) => json!({ "outcome": "REFUSED", "reason": reason }),
    }
}

fn decided(verifier: &Verifier, asked: &Asked) -> Value {
    let decision = verifier.verify(&asked.text, asked.now);
    let spelt = |outcome: Outcome| match outcome.reason() {
        Some(reason) => format!("{} {}", outcome.word(), reason.word()),
        None => outcome.word().to_owned(),
    };
    let checks =
        decision.checks.iter().map(|(check, outcome)| (check.word().to_owned(), spelt(outcome).into()));
    json!({
        "verdict": decision.verdict.word(),
        "checks": Value::Object(checks.collect()),
        "data_age": decision.data_age,
    })
}

fn decision(asked: &Asked) -> Value {
    let spelt = |word: &str| match word {
        "+" => "PASSED".to_owned(),
        "-" => "NOT_PERFORMED EARLIER_CHECK_FAILED".to_owned(),
        "offline" => "NOT_PERFORMED OFFLINE".to_owned(),
        reason => format!("FAILED {reason}"),
    };
    let checks = Check::ALL.iter().zip(asked.checks);
    let checks = checks.map(|(check, word)| (check.word().to_owned(), spelt(word).into()));
    json!({
        "verdict": asked.verdict.word(),
        "checks": Value::Object(checks.collect()),
        "data_age": asked.data_age,
    })
}

fn document() -> Value {
    json!({
        "description": "Each vector is a verifier of its own, with these thumbprints pinned. Give it the bundles in their order, \
            each with the clock at `now` (seconds after 1970-01-01T00:00:00Z), then ask it about the texts. All outcomes, \
            verdicts and checks are binding; only the reason of MALFORMED is the first that this implementation meets. \
            Every bundle is properly signed unless its name says otherwise. The format and the rules: SPECIFICATION.md.",
        "keys": named_keys().iter().map(published).collect::<Vec<_>>(),
        "vectors": all().iter().map(rendered).collect::<Vec<_>>(),
    })
}

fn published((name, algorithm, key): &(&str, Algorithm, SigningKey)) -> Value {
    let key = key.verification_key();
    json!({
        "name": name,
        "algorithm": algorithm.name(),
        "cose_key": hex(&key.to_cose_key()),
        "thumbprint": Thumbprint(key.thumbprint()).to_string(),
    })
}

fn rendered(vector: &Vector) -> Value {
    let merged = |mut value: Value, more: Value| {
        let fields = more.as_object().cloned().expect("an outcome is an object");
        value.as_object_mut().expect("a vector is an object").extend(fields);
        value
    };
    let given = vector.given.iter().map(|given| {
        merged(json!({ "bundle": hex(&given.bytes), "now": given.now }), outcome(given.outcome))
    });
    let asked = vector
        .asked
        .iter()
        .map(|asked| merged(json!({ "text": asked.text, "now": asked.now }), decision(asked)));
    let pins = vector.pins.iter().map(|pin| Thumbprint(pin.verification_key().thumbprint()).to_string());
    json!({
        "name": vector.name,
        "pins": pins.collect::<Vec<_>>(),
        "bundles": given.collect::<Vec<_>>(),
        "texts": asked.collect::<Vec<_>>(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
