//! Any bytes as a bundle: read without a panic, in one form only, and never believed; and what a bundle says, drafted anew, is the same bundle.
//!
//! Run with `cargo +nightly fuzz run bundle`. A good start for the corpus is a bundle of `crates/verifier/vectors/bundles.json`.

#![no_main]

use std::sync::LazyLock;

use entrypass_token::{Algorithm, SigningKey};
use entrypass_verifier::{Bundle, Draft, Refused, Thumbprint, Verifier};
use libfuzzer_sys::fuzz_target;

/// Nothing was ever signed with these keys.
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    Verifier::new([Algorithm::EdDsa, Algorithm::Es256].map(|algorithm| {
        let key = SigningKey::from_seed(algorithm, &[0x5e; 32]).expect("the seed is a key");
        Thumbprint(key.verification_key().thumbprint())
    }))
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(bundle) = Bundle::decode(bytes) else { return };
    let refused = VERIFIER.clone().accept(&bundle, i64::MAX).expect_err("nobody signed it");
    assert!(matches!(refused, Refused::UntrustedKey(_) | Refused::WrongSignature), "{refused:?}");
    // What is past is left out of a draft, but may be read.
    let contents = bundle.contents();
    if contents.withdrawals.iter().all(|entry| entry.drop_time > contents.as_of) {
        let draft = Draft::new(contents.clone(), bundle.signer()).expect("what was read keeps the rules");
        let (front, signature) = bytes.split_last_chunk().expect("a bundle ends with its signature");
        assert_eq!(draft.finish(*signature)[..front.len()], *front, "a bundle has one form");
    }
});
