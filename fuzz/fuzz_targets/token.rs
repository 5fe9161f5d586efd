//! Any bytes as the text of a QR code, and as the message inside one: read without a panic, and never believed.
//!
//! Run with `cargo +nightly fuzz run token`. A good start for the corpus is a text of `crates/token/vectors/tokens.json`.

#![no_main]

use std::sync::LazyLock;

use entrypass_token::{BadSignature, PREFIX, SigningKey, Token, VerificationKey};
use libfuzzer_sys::fuzz_target;

/// Nothing was ever signed with it.
static KEY: LazyLock<VerificationKey> =
    LazyLock::new(|| SigningKey::from_seed(&[0x5e; 32]).verification_key());

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        read(text);
    }
    read(&format!("{PREFIX}{}", base45::encode(bytes)));
});

fn read(text: &str) {
    if let Ok(token) = Token::decode(text) {
        assert_eq!(text.len(), 188, "every token has one length");
        assert_eq!(token.verify(&KEY), Err(BadSignature), "nobody signed it");
    }
}
