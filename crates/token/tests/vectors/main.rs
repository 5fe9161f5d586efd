//! The test vectors for other implementations, `vectors/tokens.json`, and this implementation's answers to them.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod cases;
mod forge;

use std::{fs, path::PathBuf};

use cases::{Case, Outcome};
use entrypass_token::{Algorithm, Freshness, SigningKey, Token, VerificationKey};
use forge::{SEED, hex, unhex};
use serde_json::{Value, json};

#[test]
fn every_vector_has_the_outcome_that_it_names() {
    let key = signing_key().verification_key();
    for case in cases::all() {
        assert_eq!(found(&case, &key), expected(&case), "{}", case.name);
    }
}

#[test]
fn the_published_file_holds_these_vectors() {
    let published = fs::read_to_string(path()).expect("the file of vectors is checked in");
    let made = serde_json::to_string_pretty(&document()).expect("the vectors are JSON") + "\n";
    if published != made {
        let beside = [env!("CARGO_TARGET_TMPDIR"), "tokens.json"].iter().collect::<PathBuf>();
        fs::write(&beside, made).expect("the file of vectors can be written");
        panic!("{} differs from the vectors; they are in {}", path().display(), beside.display());
    }
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "vectors", "tokens.json"].iter().collect()
}

fn signing_key() -> SigningKey {
    let seed = unhex(SEED).try_into().expect("a seed has 32 bytes");
    SigningKey::from_seed(Algorithm::EdDsa, &seed).expect("any seed is a key of EdDSA")
}

/// An outcome as it stands in the file: `VALID` with the claims, `MALFORMED` with the first reason.
fn expected(case: &Case) -> Value {
    match case.outcome {
        Outcome::Valid(said) => json!({ "outcome": "VALID", "claims": {
            "issuer": said.issuer,
            "code_id": said.code_id,
            "revision": said.revision,
            "issued_at": said.issued_at,
            "expires_at": said.expires_at,
        }}),
        Outcome::Expired => json!({ "outcome": "EXPIRED" }),
        Outcome::NotYetValid => json!({ "outcome": "NOT_YET_VALID" }),
        Outcome::UnknownKey => json!({ "outcome": "UNKNOWN_KEY" }),
        Outcome::BadSignature => json!({ "outcome": "BAD_SIGNATURE" }),
        Outcome::Malformed(reason) => json!({ "outcome": "MALFORMED", "reason": reason }),
    }
}

fn found(case: &Case, key: &VerificationKey) -> Value {
    let token = match Token::decode(&case.text) {
        Ok(token) => token,
        Err(malformed) => return json!({ "outcome": "MALFORMED", "reason": malformed.reason() }),
    };
    if token.key_id() != key.key_id() {
        return json!({ "outcome": "UNKNOWN_KEY" });
    }
    let Ok(claims) = token.verify(key) else {
        return json!({ "outcome": "BAD_SIGNATURE" });
    };
    match claims.freshness_at(case.now) {
        Freshness::Expired => json!({ "outcome": "EXPIRED" }),
        Freshness::NotYetValid => json!({ "outcome": "NOT_YET_VALID" }),
        Freshness::Fresh => json!({ "outcome": "VALID", "claims": {
            "issuer": claims.issuer().to_string(),
            "code_id": claims.code_id().to_string(),
            "revision": claims.revision().get(),
            "issued_at": claims.issued_at(),
            "expires_at": claims.expires_at(),
        }}),
    }
}

fn document() -> Value {
    let key = signing_key().verification_key();
    json!({
        "description": "Read each text with only this key known and the clock at `now` (seconds after \
            1970-01-01T00:00:00Z). The outcome is binding; the reason of MALFORMED is the first that this \
            implementation meets. What is called \"unsigned\" has an empty signature; every other message is \
            properly signed unless its name says otherwise. The format: SPECIFICATION.md.",
        "key": {
            "seed": SEED,
            "public_key": hex(&key.public_key_bytes()),
            "key_id": key.key_id().to_string(),
            "cose_key": hex(&key.to_cose_key()),
        },
        "vectors": cases::all().iter().map(vector).collect::<Vec<_>>(),
    })
}

fn vector(case: &Case) -> Value {
    let mut vector = json!({ "name": case.name, "text": case.text, "now": case.now });
    let outcome = expected(case).as_object().cloned().unwrap_or_default();
    vector.as_object_mut().expect("a vector is an object").extend(outcome);
    vector
}
