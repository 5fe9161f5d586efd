//! What a verifier says of a text.

use entrypass_token::{Algorithm, Claims, SigningKey};
use entrypass_verifier::{
    Check, Contents, Decision, Outcome, Reason, TrustedKey, Verdict, Verifier,
    WithdrawalKind::{Revoked, Superseded, Suspended},
};
use proptest::prelude::*;

use crate::world::{START, bundle, code, key, pinned, snapshot, token, trusted, withdrawal};

fn signer() -> SigningKey {
    key(Algorithm::EdDsa, 7)
}

/// Holds a snapshot until 900 seconds after [`START`]: code 1 revoked, 2 superseded, 3 suspended for two minutes.
fn verifier() -> Verifier {
    let entries = vec![
        withdrawal(1, Revoked),
        withdrawal(2, Superseded),
        withdrawal(3, Suspended { until: START + 120 }),
    ];
    let mut verifier = pinned(&signer());
    assert_eq!(verifier.accept(&bundle(snapshot(&signer(), entries), &signer()), START), Ok(()));
    verifier
}

/// The checks that neither passed nor were left out because there is no network.
fn wrong(decision: &Decision) -> Vec<(Check, Reason)> {
    let failed = decision.checks.iter().filter_map(|(check, outcome)| match outcome {
        Outcome::Failed(reason) => Some((check, reason)),
        Outcome::Passed | Outcome::NotPerformed(_) => None,
    });
    failed.collect()
}

#[test]
fn each_reason_makes_its_verdict() {
    let other = key(Algorithm::Es256, 9);
    let of = |number| token(&signer(), number);
    let stolen = of_time(START - 70);
    let foreign = issued_as("GZ");
    let broken = flipped(&of(4));
    let expired = (Check::Time, Reason::ContentExpired);
    let too_old = (Check::DataAge, Reason::DataTooOld);
    let table = [
        (of(4), 100, Verdict::Valid, vec![]),
        (of(4), 360, Verdict::Expired, vec![expired]),
        (of(4), -1, Verdict::NotYetValid, vec![(Check::Time, Reason::NotYetIssued)]),
        (of(1), 100, Verdict::Revoked, vec![(Check::Code, Reason::CodeRevoked)]),
        (of(1), 400, Verdict::Revoked, vec![expired, (Check::Code, Reason::CodeRevoked)]),
        (of(2), 100, Verdict::Superseded, vec![(Check::Code, Reason::CodeSuperseded)]),
        (of(3), 119, Verdict::Suspended, vec![(Check::Code, Reason::CodeSuspended)]),
        (of(3), 120, Verdict::Valid, vec![]),
        (
            "https://example.com".to_owned(),
            100,
            Verdict::Malformed,
            vec![(Check::Format, Reason::MalformedText)],
        ),
        (token(&other, 4), 100, Verdict::UnknownKey, vec![(Check::Key, Reason::KeyUnknown)]),
        (stolen, 100, Verdict::UnknownKey, vec![(Check::Key, Reason::KeyNotSigningThen)]),
        (foreign, 100, Verdict::UnknownKey, vec![(Check::Key, Reason::IssuerUnknown)]),
        (broken, 100, Verdict::BadSignature, vec![(Check::Signature, Reason::WrongSignature)]),
        (long_lived(), 900, Verdict::CannotDecide, vec![too_old]),
        (long_lived(), 899, Verdict::Valid, vec![]),
        (of(1), 900, Verdict::Revoked, vec![expired, (Check::Code, Reason::CodeRevoked), too_old]),
        (of(4), 900, Verdict::Expired, vec![expired, too_old]),
        (token(&other, 4), 900, Verdict::CannotDecide, vec![(Check::Key, Reason::KeyUnknown), too_old]),
        (String::new(), 900, Verdict::Malformed, vec![(Check::Format, Reason::MalformedText), too_old]),
    ];
    for (text, after, verdict, reasons) in table {
        let decision = verifier().verify(&text, START + after);
        assert_eq!((decision.verdict, wrong(&decision)), (verdict, reasons), "{text} {after}");
        assert_eq!(decision.data_age, Some(after.max(0)));
    }
}

fn issued(issuer: &str, issued_at: i64, expires_at: i64) -> String {
    let issuer = issuer.parse().expect("two capitals are an issuer");
    let claims = Claims::new(issuer, code(4), 1, issued_at, expires_at);
    signer().issue(&claims.expect("the claims keep the rules"))
}

fn of_time(issued_at: i64) -> String {
    issued("FS", issued_at, START + 360)
}

fn issued_as(issuer: &str) -> String {
    issued(issuer, START, START + 360)
}

fn long_lived() -> String {
    issued("FS", START, START + 5_000)
}

/// The same with another character in the signature.
fn flipped(text: &str) -> String {
    let (front, last) = text.split_at(150);
    let other = if last.starts_with('0') { "1" } else { "0" };
    format!("{front}{other}{}", &last[1..])
}

#[test]
fn a_check_that_has_no_meaning_is_not_made() {
    let skipped = Outcome::NotPerformed(Reason::EarlierCheckFailed);
    let table = [
        ("no code".to_owned(), vec![Check::Key, Check::Signature, Check::Time, Check::Code]),
        (token(&key(Algorithm::Es256, 9), 4), vec![Check::Signature, Check::Time, Check::Code]),
        (flipped(&token(&signer(), 4)), vec![Check::Time, Check::Code]),
        (of_time(START - 70), vec![Check::Time, Check::Code]),
        (token(&signer(), 4), vec![]),
    ];
    for (text, left_out) in table {
        let decision = verifier().verify(&text, START + 100);
        for (check, outcome) in decision.checks.iter() {
            assert_eq!(outcome == skipped, left_out.contains(&check), "{text} {check:?}");
        }
        let offline = Outcome::NotPerformed(Reason::Offline);
        assert_eq!(decision.checks.outcome(Check::Registration), offline);
    }
}

#[test]
fn claims_are_handed_out_only_where_they_can_be_believed() {
    let claims = |text: &str| verifier().verify(text, START + 1_000).claims;
    assert_eq!(claims(&token(&signer(), 1)).map(|claims| claims.code_id()), Some(code(1)));
    for text in [flipped(&token(&signer(), 4)), of_time(START - 70), issued_as("GZ")] {
        assert_eq!(claims(&text), None, "{text}");
    }
}

#[test]
fn without_a_bundle_nothing_can_be_decided() {
    let decision = pinned(&signer()).verify(&token(&signer(), 4), START + 100);
    assert_eq!(decision.verdict, Verdict::CannotDecide);
    assert_eq!(decision.checks.outcome(Check::DataAge), Outcome::Failed(Reason::NoData));
    assert_eq!(decision.data_age, None);
    assert_eq!(pinned(&signer()).verify("no code", START).verdict, Verdict::Malformed);
}

#[test]
fn a_clock_that_was_put_back_decides_nothing() {
    let decision = verifier().verify(&of_time(START - 30), START - 61);
    assert_eq!(decision.verdict, Verdict::CannotDecide);
    assert_eq!(wrong(&decision), [(Check::DataAge, Reason::ClockBehind)]);
    assert_eq!(verifier().verify(&of_time(START - 30), START - 60).verdict, Verdict::Valid);
}

#[test]
fn content_that_outlives_its_key_is_not_believed() {
    let retired =
        TrustedKey { signs_until: Some(START + 60), verifies_until: Some(START + 359), ..trusted(&signer()) };
    let mut verifier = pinned(&signer());
    let contents = Contents { keys: vec![retired], ..snapshot(&signer(), Vec::new()) };
    assert_eq!(verifier.accept(&bundle(contents, &signer()), START), Ok(()));
    let decision = verifier.verify(&token(&signer(), 4), START + 100);
    assert_eq!(decision.verdict, Verdict::UnknownKey);
    assert_eq!(wrong(&decision), [(Check::Key, Reason::ContentOutlivesKey)]);
}

proptest! {
    #[test]
    fn a_bundle_that_is_too_old_makes_nothing_valid(number in any::<u8>(), age in 900..1_000_000_i64, lives in 1..1_000_000_i64) {
        let claims = Claims::new(
            "FS".parse().expect("two capitals are an issuer"),
            code(number),
            1,
            START + age,
            START + age + lives,
        );
        let text = signer().issue(&claims.expect("the claims keep the rules"));
        prop_assert_ne!(verifier().verify(&text, START + age).verdict, Verdict::Valid);
    }
}
