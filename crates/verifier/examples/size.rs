//! How big a bundle is and how long it takes, by the number of withdrawn codes: `cargo run --release -p entrypass-verifier --example size`.
//!
//! The number of live codes is no argument: nothing of a code that counts is in a bundle.

#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use entrypass_token::{Algorithm, Claims, CodeId, SigningKey};
use entrypass_verifier::{
    Bundle, Contents, Draft, FeedId, Thumbprint, TrustedKey, Verdict, Verifier, Withdrawal, WithdrawalKind,
};

const START: i64 = 1_767_225_600;
const LOOK_UPS: u32 = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    println!("withdrawn      bytes   draft+sign  read+accept  empty delta  decide");
    for withdrawn in [0, 100, 1_000, 10_000, 100_000, 1_000_000] {
        measure(withdrawn)?;
    }
    Ok(())
}

fn measure(withdrawn: u64) -> Result<(), Box<dyn Error>> {
    let key = SigningKey::from_seed(Algorithm::EdDsa, &[7; 32])?;
    let contents = contents(&key, withdrawn)?;
    let delta = Contents { since: Some(contents.version), withdrawals: Vec::new(), ..contents.clone() };

    let (drafting, bytes) = time(|| sign(contents, &key));
    let bytes = bytes?;
    let pin = Thumbprint(key.verification_key().thumbprint());
    let (accepting, verifier) = time(|| accepted(&bytes, Verifier::new([pin])));
    let verifier = verifier?;
    let delta = sign(delta, &key)?;
    let (following, verifier) = time(|| accepted(&delta, verifier));
    let verifier = verifier?;

    let text = key.issue(&Claims::new("FS".parse()?, CodeId::from_bytes([0; 16]), 1, START, START + 300)?);
    let (deciding, verdict) = time(|| {
        (0..LOOK_UPS).map(|_| black_box(verifier.verify(black_box(&text), START + 60)).verdict).max()
    });
    assert_eq!(verdict, Some(Verdict::Valid), "the code was not withdrawn");
    let length = bytes.len();
    println!(
        "{withdrawn:>9} {length:>10} {:>12?} {:>12?} {:>12?} {:>7?}",
        drafting,
        accepting,
        following,
        deciding / LOOK_UPS
    );
    Ok(())
}

fn contents(key: &SigningKey, withdrawn: u64) -> Result<Contents, Box<dyn Error>> {
    let trusted = TrustedKey {
        key: key.verification_key(),
        signs_from: START,
        signs_until: None,
        verifies_until: None,
    };
    Ok(Contents {
        issuer: "FS".parse()?,
        feed: FeedId([0xfe; 16]),
        version: withdrawn,
        since: None,
        as_of: START,
        not_after: START + 900,
        keys: vec![trusted],
        withdrawals: (0..withdrawn).map(withdrawal).collect(),
    })
}

/// Withdrawn in the course of the last half hour, so that there are several groups.
fn withdrawal(number: u64) -> Withdrawal {
    // A multiplicative generator (Knuth's MMIX) is random enough for an id.
    let mixed = number.wrapping_add(1).wrapping_mul(6_364_136_223_846_793_005).to_be_bytes();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&mixed);
    id[8..].copy_from_slice(&number.to_be_bytes());
    let kind = if number.is_multiple_of(3) { WithdrawalKind::Revoked } else { WithdrawalKind::Superseded };
    let drop_time = START + 1_000 + i64::from((number % 1_800) as u16);
    Withdrawal { code_id: CodeId::from_bytes(id), kind, drop_time }
}

fn sign(contents: Contents, key: &SigningKey) -> Result<Vec<u8>, Box<dyn Error>> {
    let draft = Draft::new(contents, &key.verification_key())?;
    let signature = key.sign(draft.to_be_signed());
    Ok(draft.finish(signature))
}

fn accepted(bytes: &[u8], mut verifier: Verifier) -> Result<Verifier, Box<dyn Error>> {
    verifier.accept(&Bundle::decode(bytes)?, START)?;
    Ok(verifier)
}

fn time<T>(act: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let made = act();
    (begin.elapsed(), made)
}
