//! What a token costs beyond its signature: `cargo bench --package entrypass-token`, with `-- --goals` to fail when a goal is missed.
//!
//! Only ratios are printed. Each is against the bare signature of the same library, measured in the same run and in turns, so
//! that a slow or a busy machine slows both; the median of many short rounds drops what disturbs one of them.

use std::{
    hint::black_box,
    io::{self, Write as _},
    process::ExitCode,
    time::{Duration, Instant},
};

use ed25519_dalek::Signer as _;
use entrypass_token::{Algorithm, Claims, CodeId, Draft, SigningKey, Token, VerificationKey};
use p256::ecdsa::signature::Verifier as _;

const ROUNDS: usize = 1501;
/// So many different tokens, so that no branch is learnt by heart.
const TOKENS: u8 = 4;
const SEED: [u8; 32] = [0x5e; 32];

/// At most so many times the bare verification, or signing.
const VERIFY_GOAL: f64 = 1.25;
const ISSUE_GOAL: f64 = 1.5;

type Failure = Box<dyn std::error::Error>;

/// Both sides of a ratio: each goes through all tokens once.
struct Comparison<'a> {
    name: &'static str,
    goal: f64,
    bare: Box<dyn FnMut() + 'a>,
    whole: Box<dyn FnMut() + 'a>,
}

impl Comparison<'_> {
    /// The median of the rounds' ratios.
    fn ratio(&mut self) -> f64 {
        let mut ratios: Vec<f64> = (0..ROUNDS).map(|round| self.round(round)).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ROUNDS / 2]
    }

    /// Who is first changes with each round.
    fn round(&mut self, round: usize) -> f64 {
        let (bare, whole) = if round.is_multiple_of(2) {
            let bare = timed(&mut self.bare);
            (bare, timed(&mut self.whole))
        } else {
            let whole = timed(&mut self.whole);
            (timed(&mut self.bare), whole)
        };
        whole.as_secs_f64() / bare.as_secs_f64()
    }
}

fn timed(work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// A token in all its forms.
struct Sample {
    claims: Claims,
    text: String,
    signed: Vec<u8>,
    signature: [u8; 64],
}

fn samples(key: &SigningKey) -> Result<Vec<Sample>, Failure> {
    let public = key.verification_key();
    let sample = |number: u8| {
        let code_id = CodeId::from_bytes([number; 16]);
        let issued_at = 1_767_225_600 + i64::from(number);
        let claims = Claims::new("FS".parse()?, code_id, 1 + u32::from(number), issued_at, issued_at + 300)?;
        let draft = Draft::new(&claims, &public);
        let signature = key.sign(draft.to_be_signed());
        let signed = draft.to_be_signed().to_vec();
        Ok(Sample { claims, text: draft.finish(signature), signed, signature })
    };
    (0..TOKENS).map(sample).collect()
}

fn verifies(text: &str, key: &VerificationKey) -> bool {
    Token::decode(black_box(text)).is_ok_and(|token| token.verify(key).is_ok())
}

fn with_eddsa<'a>(
    samples: &'a [Sample],
    key: &'a SigningKey,
    public: &'a VerificationKey,
) -> [Comparison<'a>; 2] {
    let bare = ed25519_dalek::SigningKey::from_bytes(&SEED);
    let bare_public = bare.verifying_key();
    let signatures: Vec<_> =
        samples.iter().map(|it| ed25519_dalek::Signature::from_bytes(&it.signature)).collect();
    [
        Comparison {
            name: "verify, EdDSA",
            goal: VERIFY_GOAL,
            bare: Box::new(move || {
                for (sample, signature) in samples.iter().zip(&signatures) {
                    assert!(bare_public.verify_strict(black_box(&sample.signed), signature).is_ok());
                }
            }),
            whole: Box::new(|| samples.iter().for_each(|sample| assert!(verifies(&sample.text, public)))),
        },
        Comparison {
            name: "issue, EdDSA",
            goal: ISSUE_GOAL,
            bare: Box::new(move || {
                for sample in samples {
                    black_box(bare.sign(black_box(&sample.signed)));
                }
            }),
            whole: issuing(samples, key),
        },
    ]
}

fn with_es256<'a>(
    samples: &'a [Sample],
    key: &'a SigningKey,
    public: &'a VerificationKey,
) -> Result<[Comparison<'a>; 2], Failure> {
    let bare = p256::ecdsa::SigningKey::from_slice(&SEED)?;
    let bare_public = *bare.verifying_key();
    let signatures = samples
        .iter()
        .map(|it| p256::ecdsa::Signature::from_slice(&it.signature))
        .collect::<Result<Vec<_>, _>>()?;
    Ok([
        Comparison {
            name: "verify, ES256",
            goal: VERIFY_GOAL,
            bare: Box::new(move || {
                for (sample, signature) in samples.iter().zip(&signatures) {
                    assert!(bare_public.verify(black_box(&sample.signed), signature).is_ok());
                }
            }),
            whole: Box::new(|| samples.iter().for_each(|sample| assert!(verifies(&sample.text, public)))),
        },
        Comparison {
            name: "issue, ES256",
            goal: ISSUE_GOAL,
            bare: Box::new(move || {
                for sample in samples {
                    black_box::<p256::ecdsa::Signature>(bare.sign(black_box(&sample.signed)));
                }
            }),
            whole: issuing(samples, key),
        },
    ])
}

fn issuing<'a>(samples: &'a [Sample], key: &'a SigningKey) -> Box<dyn FnMut() + 'a> {
    Box::new(move || {
        for sample in samples {
            black_box(key.issue(black_box(&sample.claims)));
        }
    })
}

fn main() -> Result<ExitCode, Failure> {
    let must_keep_goals = std::env::args().any(|argument| argument == "--goals");
    let (eddsa, es256) =
        (SigningKey::from_seed(Algorithm::EdDsa, &SEED)?, SigningKey::from_seed(Algorithm::Es256, &SEED)?);
    let (eddsa_samples, es256_samples) = (samples(&eddsa)?, samples(&es256)?);
    let (eddsa_public, es256_public) = (eddsa.verification_key(), es256.verification_key());
    let comparisons = with_eddsa(&eddsa_samples, &eddsa, &eddsa_public).into_iter().chain(with_es256(
        &es256_samples,
        &es256,
        &es256_public,
    )?);
    let mut output = io::stdout().lock();
    let mut missed = false;
    writeln!(output, "{:<16}{:>8}{:>8}", "token", "ratio", "goal")?;
    for mut comparison in comparisons {
        let ratio = comparison.ratio();
        missed |= ratio > comparison.goal;
        writeln!(output, "{:<16}{ratio:>8.3}{:>8.2}", comparison.name, comparison.goal)?;
    }
    Ok(if missed && must_keep_goals { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
