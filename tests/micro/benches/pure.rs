//! What one step of the pure crates costs: `just bench-pure` in time (criterion), `just instructions` in instructions (callgrind), which do not
//! change with what else runs on the machine.
//!
//! Every step is real work of a call, over values as long as a registration's. Whether a code is fast beside a bare signature, and a picture beside
//! other painters, is asked by the `ratios` of their crates.

use std::{
    hint::black_box,
    io::{self, Write as _},
    process::{Command, ExitCode},
    sync::Arc,
};

use criterion::Criterion;
use entrypass_ambient::SeededRandom;
use entrypass_document::{Document, DocumentInput, DocumentType, Rules};
use entrypass_policy::{DEFAULT, Policy};
use entrypass_seal::{KeyRing, Keys, Place, Sealer};
use entrypass_symbol::{ErrorCorrection, ModuleSize, Symbol};
use entrypass_token::{Algorithm, Claims, CodeId, SigningKey, Token};
use time::macros::date;

type Failure = Box<dyn std::error::Error>;
/// Something that is done again and again, and whose result says that it was done.
type Step = Box<dyn Fn() -> bool>;

/// As long as a form, sealed.
const FORM: usize = 800;
const PLACE: Place<'static> = Place { table: "revisions", column: "sealed", row: b"0123456789abcdef" };
/// How often a step is done under callgrind, beside once: what is drawn up once for all is in both.
const TIMES: u64 = 21;

fn steps() -> Result<Vec<(&'static str, Step)>, Failure> {
    let mut steps = documents()?;
    steps.extend(seals()?);
    steps.extend(tokens()?);
    steps.extend(policies()?);
    steps.extend(symbols()?);
    Ok(steps)
}

fn documents() -> Result<Vec<(&'static str, Step)>, Failure> {
    // Its county code was never allotted: nobody has this number. The passport is a specimen of ICAO's.
    const CITIZEN: (DocumentType, &str, &str) = (DocumentType::ResidentIdCard, "440699199001011017", "");
    const PASSPORT: (DocumentType, &str, &str) = (DocumentType::Passport, "L898902C3", "UTO");
    let rules = Rules { today: date!(2026 - 11 - 23), accept_specimens: true };
    let parse = move |(document_type, number, issuing_state)| {
        Document::parse(black_box(&DocumentInput { document_type, number, issuing_state }), rules).is_ok()
    };
    if !parse(CITIZEN) || !parse(PASSPORT) {
        return Err("a sample document is not valid".into());
    }
    Ok(vec![
        ("document: parse a citizen's number", Box::new(move || parse(CITIZEN))),
        ("document: parse a passport's number", Box::new(move || parse(PASSPORT))),
    ])
}

fn seals() -> Result<Vec<(&'static str, Step)>, Failure> {
    let random = Arc::new(SeededRandom::new(1));
    let sealer = Sealer::new(KeyRing::new(Keys::generate(random.as_ref())), random);
    let key = sealer.new_data_key();
    let (form, shut) = (vec![0x5e; FORM], sealer.seal_with(&key, &PLACE, &[0x5e; FORM]));
    let wrapped = sealer.wrap(&PLACE, &key);
    sealer.open_with(&key, &PLACE, &shut)?;
    let [sealing, opening, unwrapping, indexing, checking] = [(); 5].map(|()| sealer.clone());
    let opened_with = key.clone();
    Ok(vec![
        (
            "seal: seal a form",
            Box::new(move || !sealing.seal_with(&key, &PLACE, black_box(&form)).is_empty()),
        ),
        (
            "seal: open a form",
            Box::new(move || opening.open_with(&opened_with, &PLACE, black_box(&shut)).is_ok()),
        ),
        ("seal: unwrap a data key", Box::new(move || unwrapping.unwrap(&PLACE, black_box(&wrapped)).is_ok())),
        (
            "seal: blind index of a document",
            Box::new(move || {
                !indexing
                    .blind_indexes("document", black_box(b"RESIDENT_ID_CARD/440699199001011017"))
                    .is_empty()
            }),
        ),
        (
            "seal: MAC of an audit record",
            Box::new(move || checking.mac(black_box(&[b"kiosk", &[7; 200], &[9; 32]])).1 != [0; 32]),
        ),
    ])
}

fn tokens() -> Result<Vec<(&'static str, Step)>, Failure> {
    const ISSUED: i64 = 1_767_225_600;
    let claims = Claims::new("FS".parse()?, CodeId::from_bytes([7; 16]), 1, ISSUED, ISSUED + 300)?;
    let mut steps: Vec<(&'static str, Step)> = Vec::new();
    for (issue, verify, algorithm) in [
        ("token: sign and encode, EdDSA", "token: decode and verify, EdDSA", Algorithm::EdDsa),
        ("token: sign and encode, ES256", "token: decode and verify, ES256", Algorithm::Es256),
    ] {
        let key = SigningKey::from_seed(algorithm, &[0x5e; 32])?;
        let public = key.verification_key();
        let text = key.issue(&claims);
        steps.push((issue, Box::new(move || !key.issue(black_box(&claims)).is_empty())));
        let verifies =
            move || Token::decode(black_box(&text)).is_ok_and(|token| token.verify(&public).is_ok());
        steps.push((verify, Box::new(verifies)));
    }
    Ok(steps)
}

fn policies() -> Result<Vec<(&'static str, Step)>, Failure> {
    let policy = Policy::parse(DEFAULT)?;
    let one = policy.trials().first().ok_or("the policy has no tests")?.clone();
    Ok(vec![
        (
            "policy: decide on one person",
            Box::new(move || policy.evaluate(black_box(&one.facts), one.as_of).is_ok()),
        ),
        ("policy: read and try out a document", Box::new(|| Policy::parse(black_box(DEFAULT)).is_ok())),
    ])
}

fn symbols() -> Result<Vec<(&'static str, Step)>, Failure> {
    let text = format!("FSP1:{}", "7KHP48AS10027BC3".repeat(11));
    let (drawn, size) = (Symbol::encode(&text, ErrorCorrection::Quartile)?, ModuleSize::try_from(6)?);
    Ok(vec![
        (
            "symbol: encode a code",
            Box::new(move || Symbol::encode(black_box(&text), ErrorCorrection::Quartile).is_ok()),
        ),
        ("symbol: draw it as PNG", Box::new(move || drawn.png(black_box(size)).is_ok())),
    ])
}

/// Does the step at `place` so often: what callgrind looks at.
fn work(place: &str, times: &str) -> Result<(), Failure> {
    let steps = steps()?;
    let (_, step) = steps.get(place.parse::<usize>()?).ok_or("there is no such step")?;
    for _ in 0..times.parse::<u64>()? {
        assert!(step());
    }
    Ok(())
}

/// Prints how many instructions each step takes.
fn count_instructions() -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    for (place, (name, _)) in steps()?.iter().enumerate() {
        let instructions = (collected(place, TIMES)? - collected(place, 1)?) / (TIMES - 1);
        writeln!(output, "{name:<40}{instructions:>12}")?;
    }
    Ok(())
}

fn collected(place: usize, times: u64) -> Result<u64, Failure> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["--work".to_owned(), place.to_string(), times.to_string()])
        .output()?;
    let report = String::from_utf8(run.stderr)?;
    let count = report.lines().find_map(|line| line.split_once("Collected : "));
    Ok(count.ok_or_else(|| format!("callgrind has counted nothing: {report}"))?.1.trim().parse()?)
}

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[1..] {
        [option, place, times] if option == "--work" => work(place, times)?,
        [option, ..] if option == "--instructions" => count_instructions()?,
        _ => {
            let mut criterion = Criterion::default().configure_from_args();
            for (name, step) in steps()? {
                criterion.bench_function(name, |bencher| bencher.iter(&step));
            }
            criterion.final_summary();
        }
    }
    Ok(ExitCode::SUCCESS)
}
