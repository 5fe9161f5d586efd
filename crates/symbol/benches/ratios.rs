//! How much faster a picture is made than by others: `cargo bench --package entrypass-symbol`, with `-- --goals` to fail when
//! the goal is missed, and with `-- --instructions` to count instructions too, which needs `valgrind`.
//!
//! Each ratio is against another painter in the same run and in turns, so that a slow or a busy machine slows both; the median
//! of many short rounds drops what disturbs one of them. All make a PNG of the same text, at the same level and size, in 1-bit greyscale.

use std::{
    hint::black_box,
    io::{self, Write as _},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use entrypass_symbol::{ErrorCorrection, ModuleSize, Symbol};
use fast_qr::{ECL, QRBuilder};
use png::{BitDepth, ColorType, Compression, Filter};
use qrcode::{Color, EcLevel, QrCode};

const ROUNDS: usize = 101;
/// So many different texts, so that no branch is learnt by heart.
const TEXTS: u64 = 8;
/// As long as a token.
const TEXT_LENGTH: usize = 188;
/// What a caller gets who states no size, in pixels.
const MODULE: u32 = 6;
const QUIET_ZONE: usize = 4;
/// At least so many times as fast as every other painter.
const GOAL: f64 = 5.0;

type Failure = Box<dyn std::error::Error>;
type Level = (&'static str, ErrorCorrection, ECL, EcLevel);

const LEVELS: [Level; 4] = [
    ("L", ErrorCorrection::Low, ECL::L, EcLevel::L),
    ("M", ErrorCorrection::Medium, ECL::M, EcLevel::M),
    ("Q", ErrorCorrection::Quartile, ECL::Q, EcLevel::Q),
    ("H", ErrorCorrection::High, ECL::H, EcLevel::H),
];
/// The level that callers get who ask for none.
const DEFAULT_LEVEL: Level = LEVELS[2];

struct Painter {
    name: &'static str,
    png: fn(&str, Level) -> Result<Vec<u8>, Failure>,
}

const OURS: Painter = Painter { name: "ours", png: ours };

const OTHERS: [Painter; 3] = [
    // The settings of `png` that are the fastest for such a picture, of all that it has.
    Painter {
        name: "fast_qr, png Up/Fast",
        png: |text, level| by_fast_qr(text, level, Filter::Up, Compression::Fast),
    },
    Painter {
        name: "fast_qr, png None/Balanced",
        png: |text, level| by_fast_qr(text, level, Filter::NoFilter, Compression::Balanced),
    },
    Painter { name: "qrcode, png Up/Fast", png: by_qrcode },
];

fn ours(text: &str, (_, level, ..): Level) -> Result<Vec<u8>, Failure> {
    Ok(Symbol::encode(text, level)?.png(ModuleSize::try_from(MODULE)?)?)
}

fn by_fast_qr(
    text: &str,
    level: Level,
    filter: Filter,
    compression: Compression,
) -> Result<Vec<u8>, Failure> {
    let code = QRBuilder::new(text).ecl(level.2).build().map_err(|_| "fast_qr failed")?;
    png(&bitmap(code.size, |x, y| code[y][x].value()), code.size, filter, compression)
}

fn by_qrcode(text: &str, level: Level) -> Result<Vec<u8>, Failure> {
    let code = QrCode::with_error_correction_level(text, level.3)?;
    let bitmap = bitmap(code.width(), |x, y| code[(x, y)] == Color::Dark);
    png(&bitmap, code.width(), Filter::Up, Compression::Fast)
}

/// Rows of pixels, eight to a byte, 1 is light: one drawn for each row of modules, and repeated.
fn bitmap(width: usize, is_dark: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let module = MODULE as usize;
    let side = (width + 2 * QUIET_ZONE) * module;
    let mut bitmap = vec![0xff; side.div_ceil(8) * side];
    let lines = bitmap.chunks_exact_mut(side.div_ceil(8) * module).skip(QUIET_ZONE).take(width);
    for (y, lines) in lines.enumerate() {
        let (first, others) = lines.split_at_mut(side.div_ceil(8));
        for x in (0..width).filter(|x| is_dark(*x, y)) {
            for pixel in (QUIET_ZONE + x) * module..(QUIET_ZONE + x + 1) * module {
                first[pixel / 8] &= !(0x80 >> (pixel % 8));
            }
        }
        others.chunks_exact_mut(first.len()).for_each(|line| line.copy_from_slice(first));
    }
    bitmap
}

fn png(bitmap: &[u8], width: usize, filter: Filter, compression: Compression) -> Result<Vec<u8>, Failure> {
    let side = u32::try_from(width + 2 * QUIET_ZONE)? * MODULE;
    let mut image = Vec::new();
    let mut encoder = png::Encoder::new(&mut image, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.set_compression(compression);
    encoder.set_filter(filter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bitmap)?;
    writer.finish()?;
    Ok(image)
}

/// Base45 as it comes out of a signature, from a generator of Knuth's.
fn texts() -> Vec<String> {
    const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let text = |seed: u64| {
        let mut state = seed;
        let mut character = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(ALPHABET[(state >> 33) as usize % ALPHABET.len()])
        };
        (0..TEXT_LENGTH).map(|_| character()).collect()
    };
    (1..=TEXTS).map(text).collect()
}

/// How many bytes the pictures have on average.
fn bytes(painter: &Painter, texts: &[String], level: Level) -> Result<usize, Failure> {
    let mut sum = 0;
    for text in texts {
        let image = (painter.png)(text, level)?;
        // Where the width and the height stand: otherwise these would not be the same pictures.
        assert_eq!(image[16..24], ours(text, level)?[16..24], "{}", painter.name);
        sum += image.len();
    }
    Ok(sum / texts.len())
}

fn paint(painter: &Painter, texts: &[String], level: Level) -> Duration {
    let start = Instant::now();
    for text in texts {
        assert!(black_box((painter.png)(black_box(text), level)).is_ok());
    }
    start.elapsed()
}

/// How many times as long the other one takes: the median of the rounds' ratios. Who is first changes with each round.
fn ratio(other: &Painter, texts: &[String], level: Level) -> f64 {
    let round = |round: usize| {
        let (ours, theirs) = if round.is_multiple_of(2) {
            let ours = paint(&OURS, texts, level);
            (ours, paint(other, texts, level))
        } else {
            let theirs = paint(other, texts, level);
            (paint(&OURS, texts, level), theirs)
        };
        theirs.as_secs_f64() / ours.as_secs_f64()
    };
    let mut ratios: Vec<f64> = (0..ROUNDS).map(round).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}

/// Prints the ratios; whether all of them reach the goal.
fn compare(texts: &[String]) -> Result<bool, Failure> {
    let mut output = io::stdout().lock();
    let mut met = true;
    writeln!(
        output,
        "{:<7}{:<28}{:>7}{:>12}{:>8}{:>6}",
        "PNG", "against", "bytes", "its bytes", "ratio", "goal"
    )?;
    for level in LEVELS {
        let our_bytes = bytes(&OURS, texts, level)?;
        for other in &OTHERS {
            let (its_bytes, ratio) = (bytes(other, texts, level)?, ratio(other, texts, level));
            met &= ratio >= GOAL;
            let (level, name) = (level.0, other.name);
            writeln!(output, "{level:<7}{name:<28}{our_bytes:>7}{its_bytes:>12}{ratio:>8.1}{GOAL:>6.1}")?;
        }
    }
    Ok(met)
}

/// Prints the instructions that a picture of the default level takes, by running each painter under `callgrind`.
fn count_instructions() -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    writeln!(output, "{:<35}{:>13}", "PNG Q", "instructions")?;
    for (place, painter) in [OURS].iter().chain(&OTHERS).enumerate() {
        // Starting, and whatever is drawn once for all, is in both.
        let instructions = (collected(place, 2)? - collected(place, 1)?) / TEXTS;
        writeln!(output, "{:<35}{instructions:>13}", painter.name)?;
    }
    Ok(())
}

fn collected(painter: usize, times: u8) -> Result<u64, Failure> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["--paint".to_owned(), painter.to_string(), times.to_string()])
        .output()?;
    let report = String::from_utf8(run.stderr)?;
    let count = report.lines().find_map(|line| line.split_once("Collected : "));
    Ok(count.ok_or("callgrind has counted nothing")?.1.trim().parse()?)
}

fn main() -> Result<ExitCode, Failure> {
    let texts = texts();
    let arguments: Vec<String> = std::env::args().collect();
    let is_asked = |option: &str| arguments.iter().any(|argument| argument == option);
    if let [_, option, painter, times] = &arguments[..]
        && option == "--paint"
    {
        let painters = [&OURS].into_iter().chain(&OTHERS).collect::<Vec<_>>();
        for _ in 0..times.parse()? {
            paint(painters[painter.parse::<usize>()?], &texts, DEFAULT_LEVEL);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let met = compare(&texts)?;
    if is_asked("--instructions") {
        count_instructions()?;
    }
    Ok(if met || !is_asked("--goals") { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
