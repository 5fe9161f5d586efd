//! The test vectors for other implementations, `vectors/tokens.json`, and this implementation's answers to them.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod cases;
mod forge;
mod keys;
mod signatures;

use std::{fs, path::PathBuf};

use cases::{Case, Outcome};
use entrypass_token::{Algorithm, Claims, Freshness, SigningKey, Token, VerificationKey};
use forge::{ED25519, P256, Signer, hex, unhex};
use serde_json::{Value, json};

#[test]
fn every_vector_has_the_outcome_that_it_names() {
    let keys = known_keys();
    for case in cases::all() {
        assert_eq!(found(&case, &keys), expected(&case), "{}", case.name);
    }
}

#[test]
fn issuing_the_claims_of_a_valid_vector_makes_its_text() {
    for case in cases::all() {
        let Outcome::Valid(said) = case.outcome else { continue };
        let key = [ED25519, P256].map(signing_key).into_iter().find(|(key, _)| {
            let named = Token::decode(&case.text).expect("the vector is valid").key_id();
            key.verification_key().key_id() == named
        });
        let issuer = said.issuer.parse().expect("the vector is valid");
        let code_id = said.code_id.parse().expect("the vector is valid");
        let claims = Claims::new(issuer, code_id, said.revision, said.issued_at, said.expires_at);
        let text = key.expect("one of both signed it").0.issue(&claims.expect("the vector is valid"));
        assert_eq!(text, case.text, "{}", case.name);
    }
}

#[test]
fn no_two_vectors_have_one_name() {
    let mut names: Vec<_> = cases::all().iter().map(|case| case.name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1]);
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

/// The key of a signer, with the private key as it stands in the file.
fn signing_key(signer: Signer) -> (SigningKey, &'static str) {
    let (algorithm, secret) = match signer {
        Signer::Ed25519(seed) => (Algorithm::EdDsa, seed),
        Signer::P256(scalar) => (Algorithm::Es256, scalar),
    };
    let seed = unhex(secret).try_into().expect("a private key has 32 bytes");
    (SigningKey::from_seed(algorithm, &seed).expect("the literal is a key"), secret)
}

fn known_keys() -> [VerificationKey; 2] {
    [ED25519, P256].map(|signer| signing_key(signer).0.verification_key())
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

fn found(case: &Case, keys: &[VerificationKey]) -> Value {
    let token = match Token::decode(&case.text) {
        Ok(token) => token,
        Err(malformed) => return json!({ "outcome": "MALFORMED", "reason": malformed.reason() }),
    };
    let Some(key) = keys.iter().find(|key| key.key_id() == token.key_id()) else {
        return json!({ "outcome": "UNKNOWN_KEY" });
    };
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
    let invalid = |key: &keys::BadKey| json!({ "name": key.name, "cose_key": key.cose_key });
    let keys = [ED25519, P256].map(published);
    json!({
        "description": "Read each text with only these keys known and the clock at `now` (seconds after \
            1970-01-01T00:00:00Z). The outcome is binding; the reason of MALFORMED is the first that this \
            implementation meets. What is called \"unsigned\" has an empty signature; every other message is \
            properly signed unless its name says otherwise. Each of the invalid keys must be refused. \
            The format: SPECIFICATION.md.",
        "keys": keys,
        "invalid_keys": keys::ALL.iter().map(invalid).collect::<Vec<_>>(),
        "vectors": cases::all().iter().map(vector).collect::<Vec<_>>(),
    })
}

fn published(signer: Signer) -> Value {
    let (key, private_key) = signing_key(signer);
    let key = key.verification_key();
    let jwk: Value = serde_json::from_str(&key.to_jwk()).expect("a JWK is JSON");
    json!({
        "algorithm": key.algorithm().name(),
        "private_key": private_key,
        "public_key": hex(&key.public_key_bytes()),
        "thumbprint": hex(&key.thumbprint()),
        "key_id": key.key_id().to_string(),
        "cose_key": hex(&key.to_cose_key()),
        "jwk": jwk,
    })
}

fn vector(case: &Case) -> Value {
    let mut vector = json!({ "name": case.name, "text": case.text, "now": case.now });
    let outcome = expected(case).as_object().cloned().unwrap_or_default();
    vector.as_object_mut().expect("a vector is an object").extend(outcome);
    vector
}
