//! What is issued is read back, in 188 characters, and nothing else is.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

use std::sync::LazyLock;

use ed25519_dalek::Signer as _;
use entrypass_token::{
    BadSignature, Claims, CodeId, MAX_TEXT_LENGTH, PREFIX, SigningKey, Token, VerificationKey,
};
use proptest::prelude::*;

const INSTANTS: std::ops::RangeInclusive<i64> = 0x1_0000..=0xffff_ffff;

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

const SEED: [u8; 32] = [0x5e; 32];
/// Made once: without optimisation, making a key takes as long as verifying.
static KEY: LazyLock<VerificationKey> = LazyLock::new(|| SigningKey::from_seed(&SEED).verification_key());

fn a_text() -> String {
    let issuer = "FS".parse().expect("two capitals are an issuer");
    let claims = Claims::new(issuer, CodeId::from_bytes([0xc0; 16]), 258, 1_767_225_600, 1_767_225_900);
    SigningKey::from_seed(&SEED).issue(&claims.expect("the claims keep the rules"))
}

fn message(text: &str) -> Vec<u8> {
    base45::decode(text.strip_prefix(PREFIX).expect("a token has the prefix")).expect("a token is Base45")
}

fn text(message: &[u8]) -> String {
    format!("{PREFIX}{}", base45::encode(message))
}

fn is_accepted(text: &str) -> bool {
    Token::decode(text).is_ok_and(|token| token.verify(&KEY).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_token_is_read_back_and_has_188_characters(claims in any_claims(), seed: [u8; 32]) {
        let key = SigningKey::from_seed(&seed);
        let text = key.issue(&claims);
        prop_assert_eq!(message(&text).len(), 122);
        prop_assert_eq!(text.len(), 188);
        prop_assert!(text.len() <= MAX_TEXT_LENGTH);
        let token = Token::decode(&text).expect("what was issued can be read");
        prop_assert_eq!(token.key_id(), key.verification_key().key_id());
        prop_assert_eq!(token.verify(&key.verification_key()), Ok(&claims));
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
    }

    #[test]
    fn bytes_changed_at_will_are_never_accepted(at in 0..122_usize, bytes in proptest::collection::vec(any::<u8>(), 1..8)) {
        let good = message(&a_text());
        let mut changed = good.clone();
        changed.splice(at..(at + bytes.len()).min(good.len()), bytes);
        prop_assume!(changed != good);
        prop_assert!(!is_accepted(&text(&changed)));
    }
}

#[test]
fn one_bit_changed_in_the_text_is_never_accepted() {
    let good = a_text();
    assert!(is_accepted(&good));
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // A changed top bit is no UTF-8 and cannot even be asked about.
        let accepted = String::from_utf8(bytes).is_ok_and(|text| is_accepted(&text));
        assert!(!accepted, "bit {bit}");
    }
}

#[test]
fn one_bit_changed_in_the_message_is_never_accepted() {
    let good = message(&a_text());
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_accepted(&text(&bytes)), "bit {bit}");
    }
}

#[test]
fn another_key_verifies_nothing() {
    let token = Token::decode(&a_text()).expect("what was issued can be read");
    let other = SigningKey::from_seed(&[0x5f; 32]).verification_key();
    assert_eq!(token.verify(&other), Err(BadSignature));
}

#[test]
fn a_key_does_not_answer_for_what_it_signed_in_the_name_of_another() {
    let named = SigningKey::from_seed(&[0x5f; 32]).verification_key();
    let token = Token::decode(&a_text()).expect("what was issued can be read");
    let claims = token.verify(&KEY).expect("the key signed it");
    let signer = ed25519_dalek::SigningKey::from_bytes(&SEED);
    let sign = |signed: &[u8]| Ok::<_, String>(signer.sign(signed).to_bytes());
    let token = Token::decode(&entrypass_token::encode(claims, &named, sign).expect("the signer answers"));
    let verified = token.as_ref().map(|token| token.verify(&KEY));
    assert_eq!(verified, Ok(Err(BadSignature)));
}

#[test]
fn a_signer_elsewhere_gets_the_bytes_to_be_signed_and_its_error_comes_back() {
    let token = Token::decode(&a_text()).expect("what was issued can be read");
    let claims = token.verify(&KEY).expect("the key signed it");
    let refused =
        entrypass_token::encode(claims, &KEY, |signed| Err(format!("no slot for {} bytes", signed.len())));
    assert_eq!(refused, Err("no slot for 66 bytes".to_owned()));
    let text =
        entrypass_token::encode(claims, &KEY, |_| Ok::<_, String>([0; 64])).expect("the signer answers");
    let token = Token::decode(&text).expect("the token is well-formed");
    assert_eq!(token.verify(&KEY), Err(BadSignature));
}
