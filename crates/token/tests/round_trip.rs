//! What is issued is read back, in 188 characters, and nothing else is.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

use std::sync::LazyLock;

use entrypass_token::{
    Algorithm, BadSignature, Claims, CodeId, Draft, MAX_TEXT_LENGTH, PREFIX, SigningKey, Token,
    VerificationKey,
};
use proptest::prelude::*;

const INSTANTS: std::ops::RangeInclusive<i64> = 0x1_0000..=0xffff_ffff;
/// What a QR code writes in alphanumeric mode (ISO/IEC 18004), and Base45 out of it.
const ALPHANUMERIC: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

prop_compose! {
    fn any_claims()(
        issuer in "[A-Z0-9]{2}",
        code_id: [u8; 16],
        revision in 1..=0xffff_u32,
        (issued_at, expires_at) in (INSTANTS, INSTANTS).prop_filter("they differ", |(one, other)| one != other),
    ) -> Claims {
        let issuer = issuer.parse().expect("the pattern is the issuer's");
        let (first, last) = (issued_at.min(expires_at), issued_at.max(expires_at));
        Claims::new(issuer, CodeId::from_bytes(code_id), revision, first, last).expect("the claims keep the rules")
    }
}

prop_compose! {
    fn any_key()(seed: [u8; 32], elliptic: bool) -> SigningKey {
        key(if elliptic { Algorithm::Es256 } else { Algorithm::EdDsa }, &seed)
    }
}

const SEED: [u8; 32] = [0x5e; 32];

/// A key with a text that it signed. Made once: without optimisation, making a key takes as long as verifying.
struct Signed {
    key: VerificationKey,
    text: String,
}

static SIGNED: LazyLock<[Signed; 2]> = LazyLock::new(|| {
    [Algorithm::EdDsa, Algorithm::Es256].map(|algorithm| {
        let key = key(algorithm, &SEED);
        Signed { key: key.verification_key(), text: key.issue(&claims()) }
    })
});

fn key(algorithm: Algorithm, seed: &[u8; 32]) -> SigningKey {
    SigningKey::from_seed(algorithm, seed).expect("the seed is a key: one in 2^32 is none")
}

fn claims() -> Claims {
    let issuer = "FS".parse().expect("two capitals are an issuer");
    let claims = Claims::new(issuer, CodeId::from_bytes([0xc0; 16]), 258, 1_767_225_600, 1_767_225_900);
    claims.expect("the claims keep the rules")
}

fn message(text: &str) -> Vec<u8> {
    base45::decode(text.strip_prefix(PREFIX).expect("a token has the prefix")).expect("a token is Base45")
}

fn text(message: &[u8]) -> String {
    format!("{PREFIX}{}", base45::encode(message))
}

impl Signed {
    fn accepts(&self, text: &str) -> bool {
        Token::decode(text).is_ok_and(|token| token.verify(&self.key).is_ok())
    }

    fn name(&self) -> &'static str {
        self.key.algorithm().name()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_token_is_read_back_and_has_188_characters(claims in any_claims(), key in any_key()) {
        let text = key.issue(&claims);
        prop_assert_eq!(message(&text).len(), 122);
        prop_assert_eq!(text.len(), 188);
        prop_assert!(text.len() <= MAX_TEXT_LENGTH);
        prop_assert!(text.bytes().all(|character| ALPHANUMERIC.contains(&character)));
        let token = Token::decode(&text).expect("what was issued can be read");
        prop_assert_eq!(token.key_id(), key.verification_key().key_id());
        prop_assert_eq!(token.verify(&key.verification_key()), Ok(&claims));
        prop_assert_eq!(key.issue(&claims), text, "the same claims make the same token");
    }

    #[test]
    fn every_key_is_read_back_from_its_published_form(key in any_key()) {
        let key = key.verification_key();
        prop_assert_eq!(VerificationKey::from_cose_key(&key.to_cose_key()), Ok(key));
    }
}

proptest! {
    #[test]
    fn no_text_is_read_with_a_panic(text in any::<String>(), encoded in "FSP1:[0-9A-Z $%*+./:-]{0,184}") {
        prop_assert!(Token::decode(&text).is_err());
        prop_assert!(Token::decode(&encoded).is_err());
    }

    #[test]
    fn no_message_is_read_with_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..=122)) {
        prop_assert!(Token::decode(&text(&bytes)).is_err());
        prop_assert!(VerificationKey::from_cose_key(&bytes).is_err());
    }

    #[test]
    fn bytes_changed_at_will_are_never_accepted(at in 0..122_usize, bytes in proptest::collection::vec(any::<u8>(), 1..8)) {
        for signed in SIGNED.iter() {
            let good = message(&signed.text);
            let mut changed = good.clone();
            changed.splice(at..(at + bytes.len()).min(good.len()), bytes.iter().copied());
            prop_assume!(changed != good);
            prop_assert!(!signed.accepts(&text(&changed)));
        }
    }
}

#[test]
fn one_bit_changed_in_the_message_is_never_accepted() {
    for signed in SIGNED.iter() {
        assert!(signed.accepts(&signed.text), "{}", signed.name());
        let good = message(&signed.text);
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!signed.accepts(&text(&bytes)), "{}, bit {bit}", signed.name());
        }
    }
}

#[test]
fn one_bit_changed_in_the_text_is_never_accepted() {
    for signed in SIGNED.iter() {
        for bit in 0..signed.text.len() * 8 {
            let mut bytes = signed.text.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // A changed top bit is no UTF-8 and cannot even be asked about.
            let accepted = String::from_utf8(bytes).is_ok_and(|text| signed.accepts(&text));
            assert!(!accepted, "{}, bit {bit}", signed.name());
        }
    }
}

/// A reader's error correction can also fail towards another character of the alphabet.
#[test]
fn one_other_character_in_the_text_is_never_accepted() {
    for signed in SIGNED.iter() {
        for at in 0..signed.text.len() {
            for &other in ALPHANUMERIC.iter().filter(|&&other| other != signed.text.as_bytes()[at]) {
                let mut bytes = signed.text.clone().into_bytes();
                bytes[at] = other;
                let changed = String::from_utf8(bytes).expect("the alphabet is ASCII");
                assert!(!signed.accepts(&changed), "{}, {at}: {changed}", signed.name());
            }
        }
    }
}

#[test]
fn another_key_verifies_nothing() {
    for signed in SIGNED.iter() {
        let token = Token::decode(&signed.text).expect("what was issued can be read");
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let other = key(algorithm, &[0x5f; 32]).verification_key();
            assert_eq!(token.verify(&other), Err(BadSignature));
        }
    }
}

#[test]
fn a_key_does_not_answer_for_what_it_signed_in_the_name_of_another() {
    for signed in SIGNED.iter() {
        let named = key(signed.key.algorithm(), &[0x5f; 32]).verification_key();
        let draft = Draft::new(&claims(), &named);
        let signature = key(signed.key.algorithm(), &SEED).sign(draft.to_be_signed());
        assert!(signed.key.verifies(draft.to_be_signed(), &signature));
        let token = Token::decode(&draft.finish(signature)).expect("the token is well-formed");
        assert_eq!(token.verify(&signed.key), Err(BadSignature));
    }
}

#[test]
fn a_signer_elsewhere_makes_the_same_token_in_two_steps() {
    for signed in SIGNED.iter() {
        let draft = Draft::new(&claims(), &signed.key);
        assert_eq!(draft.to_be_signed().len(), 66);
        let signature = key(signed.key.algorithm(), &SEED).sign(draft.to_be_signed());
        assert_eq!(draft.finish(signature), signed.text);
        let token = Token::decode(&draft.finish([0; 64])).expect("the token is well-formed");
        assert_eq!(token.verify(&signed.key), Err(BadSignature));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// ECDSA knows two right signatures for each message: a token must not have a second spelling because of that.
    #[test]
    fn the_other_value_for_s_is_refused_and_written_as_the_lower_one(claims in any_claims(), seed: [u8; 32]) {
        let key = key(Algorithm::Es256, &seed);
        let public = key.verification_key();
        let draft = Draft::new(&claims, &public);
        let low = key.sign(draft.to_be_signed());
        let signature = p256::ecdsa::Signature::from_slice(&low).expect("the signature is one");
        let high: [u8; 64] = p256::ecdsa::Signature::from_scalars(signature.r(), -signature.s())
            .expect("neither value is zero").to_bytes().into();
        prop_assert_ne!(high, low);
        prop_assert!(public.verifies(draft.to_be_signed(), &low));
        prop_assert!(!public.verifies(draft.to_be_signed(), &high));
        prop_assert_eq!(draft.finish(high), draft.finish(low));
    }
}
