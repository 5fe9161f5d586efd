//! Any bytes as the text of a QR code, as the message inside one, and as a published key: read without a panic, and
//! never believed.
//!
//! Run with `cargo +nightly fuzz run token`. A good start for the corpus is a text of `crates/token/vectors/tokens.json`.

#![no_main]

use std::sync::LazyLock;

use entrypass_token::{Algorithm, BadSignature, PREFIX, SigningKey, Token, VerificationKey};
use libfuzzer_sys::fuzz_target;

/// Nothing was ever signed with them.
static KEYS: LazyLock<[VerificationKey; 2]> = LazyLock::new(|| {
    [Algorithm::EdDsa, Algorithm::Es256].map(|algorithm| {
        SigningKey::from_seed(algorithm, &[0x5e; 32]).expect("the seed is a key").verification_key()
    })
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        read(text);
    }
    read(&format!("{PREFIX}{}", base45::encode(bytes)));
    if let Ok(key) = VerificationKey::from_cose_key(bytes) {
        assert_eq!(key.to_cose_key(), bytes, "a key has one form");
        if let Some(signature) = bytes.last_chunk() {
            assert!(!key.verifies(b"", signature), "nobody signed it");
        }
    }
});

fn read(text: &str) {
    if let Ok(token) = Token::decode(text) {
        assert_eq!(text.len(), 188, "every token has one length");
        for key in KEYS.iter() {
            assert_eq!(token.verify(key), Err(BadSignature), "nobody signed it");
        }
    }
}
