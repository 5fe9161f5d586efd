//! An issuer that signs bundles and tokens.

use entrypass_token::{Algorithm, Claims, CodeId, SigningKey};
use entrypass_verifier::{
    Bundle, Contents, Draft, FeedId, Thumbprint, TrustedKey, Verifier, Withdrawal, WithdrawalKind,
};

/// 2026-01-01T00:00:00Z, a whole quarter of an hour.
pub(crate) const START: i64 = 1_767_225_600;

/// A key that signs from [`START`] on.
pub(crate) fn key(algorithm: Algorithm, seed: u8) -> SigningKey {
    SigningKey::from_seed(algorithm, &[seed; 32]).expect("the seed is a key")
}

/// The key, trusted from [`START`] on.
pub(crate) fn trusted(key: &SigningKey) -> TrustedKey {
    let key = key.verification_key();
    TrustedKey { key, signs_from: START, signs_until: None, verifies_until: None }
}

/// A code id out of one number.
pub(crate) fn code(number: u8) -> CodeId {
    CodeId::from_bytes([number; 16])
}

/// A withdrawal that matters for an hour after [`START`].
pub(crate) fn withdrawal(number: u8, kind: WithdrawalKind) -> Withdrawal {
    Withdrawal { code_id: code(number), kind, drop_time: START + 3_600 }
}

/// A snapshot of version 5 at [`START`] with one key.
pub(crate) fn snapshot(key: &SigningKey, withdrawals: Vec<Withdrawal>) -> Contents {
    Contents {
        issuer: "FS".parse().expect("two capitals are an issuer"),
        feed: FeedId([0xfe; 16]),
        version: 5,
        since: None,
        as_of: START,
        not_after: START + 900,
        keys: vec![trusted(key)],
        withdrawals,
    }
}

/// The bytes of a bundle, signed.
pub(crate) fn sign(contents: Contents, key: &SigningKey) -> Vec<u8> {
    let draft = Draft::new(contents, &key.verification_key()).expect("the contents keep the rules");
    let signature = key.sign(draft.to_be_signed());
    draft.finish(signature)
}

/// The bundle, signed and read.
pub(crate) fn bundle(contents: Contents, key: &SigningKey) -> Bundle {
    Bundle::decode(&sign(contents, key)).expect("what was drafted can be read")
}

/// A verifier with this key pinned, and nothing held.
pub(crate) fn pinned(key: &SigningKey) -> Verifier {
    Verifier::new([Thumbprint(key.verification_key().thumbprint())])
}

/// A token of five minutes, issued a minute after [`START`].
pub(crate) fn token(key: &SigningKey, number: u8) -> String {
    let issuer = "FS".parse().expect("two capitals are an issuer");
    let claims = Claims::new(issuer, code(number), 1, START + 60, START + 360);
    key.issue(&claims.expect("the claims keep the rules"))
}
