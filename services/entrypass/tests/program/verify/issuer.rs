//! An issuer of tokens and bundles.

use entrypass_token::{Algorithm, Claims, CodeId, SigningKey};
use entrypass_verifier::{Contents, Draft, FeedId, Thumbprint, TrustedKey, Withdrawal, WithdrawalKind};

/// 2026-01-01T00:00:00Z.
pub(super) const START: i64 = 1_767_225_600;

fn key() -> SigningKey {
    SigningKey::from_seed(Algorithm::EdDsa, &[7; 32]).expect("any seed is a key of EdDSA")
}

/// A key that signs nothing here.
pub(super) fn other_key() -> SigningKey {
    SigningKey::from_seed(Algorithm::Es256, &[8; 32]).expect("the seed is a key")
}

/// The thumbprint of the issuer's key.
pub(super) fn thumbprint() -> String {
    thumbprint_of(&key())
}

pub(super) fn thumbprint_of(key: &SigningKey) -> String {
    Thumbprint(key.verification_key().thumbprint()).to_string()
}

pub(super) fn withdrawal(number: u8, kind: WithdrawalKind) -> Withdrawal {
    Withdrawal { code_id: CodeId::from_bytes([number; 16]), kind, drop_time: START + 3_600 }
}

/// A snapshot of version 5 at [`START`] that holds for a quarter of an hour.
pub(super) fn snapshot(withdrawals: Vec<Withdrawal>) -> Contents {
    let key = key().verification_key();
    Contents {
        issuer: "FS".parse().expect("two capitals are an issuer"),
        feed: FeedId([0xfe; 16]),
        version: 5,
        since: None,
        as_of: START,
        not_after: START + 900,
        keys: vec![TrustedKey { key, signs_from: START, signs_until: None, verifies_until: None }],
        withdrawals,
    }
}

/// The bundle's bytes, signed.
pub(super) fn bundle(contents: Contents) -> Vec<u8> {
    let draft = Draft::new(contents, &key().verification_key()).expect("the contents keep the rules");
    let signature = key().sign(draft.to_be_signed());
    draft.finish(signature)
}

/// A token of five minutes, issued a minute after [`START`].
pub(super) fn token(number: u8) -> String {
    issued(number, START + 360)
}

/// A token that outlives every bundle.
pub(super) fn long_lived(number: u8) -> String {
    issued(number, u32::MAX.into())
}

fn issued(number: u8, expires_at: i64) -> String {
    let issuer = "FS".parse().expect("two capitals are an issuer");
    let claims = Claims::new(issuer, CodeId::from_bytes([number; 16]), 1, START + 60, expires_at);
    key().issue(&claims.expect("the claims keep the rules"))
}
