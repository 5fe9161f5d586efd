//! Signatures that are not the known key's, or not in the one spelling that each has.

use crate::{
    cases::{Case, Outcome, case},
    forge::{
        OTHER_ED25519, OTHER_P256, P256, PROTECTED, PROTECTED_ES256, Parts, Signer, altered, text, unhex,
    },
};

/// The order of Ed25519's base point, little-endian.
const ED25519_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
/// The order of P-256, big-endian.
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

pub(crate) fn all() -> Vec<Case> {
    [of_other_keys(), of_another_algorithm(), with_eddsa(), with_es256()].into_iter().flatten().collect()
}

fn bad(name: &'static str, text: String) -> Case {
    case(name, text, Outcome::BadSignature)
}

fn signed_by(signer: Signer, protected: &str) -> String {
    Parts { signer, protected: protected.to_owned(), ..Parts::default() }.text()
}

fn of_other_keys() -> Vec<Case> {
    let unknown = |name, text| case(name, text, Outcome::UnknownKey);
    let (other, other_es256) = ("a2 01 27 04 48 5c840f7a40230170", "a2 01 26 04 48 d0a4a8710d07765e");
    vec![
        unknown("signed by a key that is not known", signed_by(OTHER_ED25519, other)),
        unknown(
            "signed by the known key in the name of another",
            Parts::header("866eefbd6718c884", "5c840f7a40230170").text(),
        ),
        bad("signed by another key in the name of the known one", signed_by(OTHER_ED25519, PROTECTED)),
        unknown("ES256: signed by a key that is not known", signed_by(OTHER_P256, other_es256)),
        bad(
            "ES256: signed by another key in the name of the known one",
            signed_by(OTHER_P256, PROTECTED_ES256),
        ),
    ]
}

/// The header's algorithm is not the one of the key that it names; each of both keys has signed it.
fn of_another_algorithm() -> Vec<Case> {
    let naming_eddsa = PROTECTED_ES256.replace("01 26", "01 27");
    let naming_es256 = PROTECTED.replace("01 27", "01 26");
    vec![
        bad(
            "EdDSA in the name of the ES256 key, signed with EdDSA",
            Parts { protected: naming_eddsa.clone(), ..Parts::default() }.text(),
        ),
        bad("EdDSA in the name of the ES256 key, signed by that key", signed_by(P256, &naming_eddsa)),
        bad("ES256 in the name of the EdDSA key, signed with ES256", signed_by(P256, &naming_es256)),
        bad(
            "ES256 in the name of the EdDSA key, signed by that key",
            Parts { protected: naming_es256, ..Parts::default() }.text(),
        ),
    ]
}

fn with_eddsa() -> Vec<Case> {
    let parts = Parts::default();
    let signature = parts.signature();
    let (r, _) = signature.split_at(32);
    let with = |s: &str| parts.text_with(&[r, unhex(s).as_slice()].concat());
    let changed = |from, to| Parts::payload(from, to).text_with(&signature);
    vec![
        bad("one bit of R changed", parts.text_with(&altered(&signature, &[(0, signature[0] ^ 1)]))),
        bad("one bit of S changed", parts.text_with(&altered(&signature, &[(32, signature[32] ^ 1)]))),
        bad(
            "the same signature with the group order added to S (RFC 8032, section 5.1.7)",
            parts.text_with(&malleated(&signature)),
        ),
        bad("S equal to the group order", with(ED25519_ORDER)),
        bad("S of 256 ones", with(&"ff".repeat(32))),
        bad("S of zero", with(&"00".repeat(32))),
        bad("a signature of zeros", parts.text_with(&[0; 64])),
        bad("R is the neutral point, S is made to fit", parts.text_with(&unhex(R_NEUTRAL))),
        bad(
            "R is the neutral point in a second spelling, S is made to fit",
            parts.text_with(&unhex(R_RESPELT)),
        ),
        bad("revision raised after signing", changed("0f0003", "0f0004")),
        bad("expiry put off after signing", changed("1a6955ba2c", "1a6955ba2d")),
    ]
}

/// S = SHA-512(R || A || message) * a for the secret scalar a, so that S * B = R + k * A with R the neutral point: right for
/// a verifier that does not look at the order of R.
const R_NEUTRAL: &str = "0100000000000000000000000000000000000000000000000000000000000000
    269f90217d55b2315390927046198739de1b4d1b19961b169a75c054af8d590e";
/// The same with y = 1 + (2^255 - 19) for R.
const R_RESPELT: &str = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
    ec024fe2cde1b82f10ed02f2b2beb9f08bc89bbb3f2da8c2d9954a297f3a3405";

#[test]
fn the_neutral_point_satisfies_a_lax_verifier() {
    use ed25519_dalek::Verifier as _;
    let signature: [u8; 64] = unhex(R_NEUTRAL).try_into().expect("a signature has 64 bytes");
    let Signer::Ed25519(seed) = crate::forge::ED25519 else { unreachable!("it is an Ed25519 key") };
    let seed = unhex(seed).try_into().expect("a seed has 32 bytes");
    let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    let signature = ed25519_dalek::Signature::from_bytes(&signature);
    assert!(key.verify(&Parts::default().to_be_signed(), &signature).is_ok(), "it is crafted well");
}

/// A signature (R, S) under which a lax verifier would take S + L for S.
fn malleated(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(32);
    let mut carry = 0;
    let sum = s.iter().zip(unhex(ED25519_ORDER)).map(|(&left, right)| {
        let sum = u16::from(left) + u16::from(right) + carry;
        carry = sum >> 8;
        u8::try_from(sum & 0xff).expect("the value is masked")
    });
    r.iter().copied().chain(sum).collect()
}

fn with_es256() -> Vec<Case> {
    let parts = Parts::es256();
    let signature = parts.signature();
    let (r, s) = signature.split_at(32);
    let with_r = |r: &str| parts.text_with(&[unhex(r).as_slice(), s].concat());
    let with_s = |s: &str| parts.text_with(&[r, unhex(s).as_slice()].concat());
    let (zero, ones) = ("00".repeat(32), "ff".repeat(32));
    let other = Parts::es256().with_payload("0f0003", "0f0004");
    vec![
        bad("ES256: one bit of r changed", parts.text_with(&altered(&signature, &[(31, signature[31] ^ 1)]))),
        bad("ES256: one bit of s changed", parts.text_with(&altered(&signature, &[(63, signature[63] ^ 1)]))),
        bad("ES256: the higher value for s, n - s", parts.text_with(&with_high_s(&signature))),
        bad("ES256: r of zero", with_r(&zero)),
        bad("ES256: r equal to the group order", with_r(P256_ORDER)),
        bad("ES256: r of 256 ones", with_r(&ones)),
        bad("ES256: s of zero", with_s(&zero)),
        bad("ES256: s equal to the group order", with_s(P256_ORDER)),
        bad("ES256: s of 256 ones", with_s(&ones)),
        bad("ES256: a signature of zeros", parts.text_with(&[0; 64])),
        bad("ES256: r and s exchanged", parts.text_with(&[s, r].concat())),
        bad("ES256: revision raised after signing", other.text_with(&signature)),
        case(
            "ES256: a signature in DER, cut to 64 bytes",
            text(&parts.message_with(&parts.payload_item(), &in_der(&signature)[..64])),
            Outcome::BadSignature,
        ),
    ]
}

fn with_high_s(signature: &[u8]) -> Vec<u8> {
    let low = p256::ecdsa::Signature::from_slice(signature).expect("it is a signature");
    let high = p256::ecdsa::Signature::from_scalars(low.r(), -low.s()).expect("no value is zero");
    assert_eq!(high.normalize_s(), low, "the signature to begin with has the lower value");
    high.to_bytes().to_vec()
}

fn in_der(signature: &[u8]) -> Vec<u8> {
    let signature = p256::ecdsa::Signature::from_slice(signature).expect("it is a signature");
    signature.to_der().as_bytes().to_vec()
}
