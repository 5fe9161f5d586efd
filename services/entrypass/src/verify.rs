//! The command `verify`: decides on codes without a network, by bundles from files.
//!
//! Owns: where bundles and codes come from, how the decisions are told, and the exit code. Does not own: any rule of a decision
//! (`entrypass-verifier`). It reads no configuration and no data folder, and opens no connection.

mod picture;
mod report;

use std::{
    fs::File,
    io::{self, BufRead, Read as _, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use entrypass_ambient::Clock;
use entrypass_token::{MAX_TEXT_LENGTH, without_additions};
use entrypass_verifier::{Bundle, MAX_BUNDLE_LENGTH, MalformedBundle, Refused, Verdict, Verifier};

use crate::cli::Verify;
use picture::PictureError;

/// Why nothing, or nothing more, was decided.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// Nobody vouches for the bundle.
    #[error(
        "--trust THUMBPRINT is needed at least once: a bundle names its own keys, so that without the thumbprint of one of them, which \
         you got from whoever runs the service and not with the bundle, anybody's bundle would be believed"
    )]
    NoTrust,
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// The file is not a bundle.
    #[error("{} is no bundle", path.display())]
    Malformed { path: PathBuf, source: MalformedBundle },
    /// The bundle is not to be believed, or does not follow the one before.
    #[error("cannot use {}", path.display())]
    Refused { path: PathBuf, source: Refused },
    /// Whoever was to give the codes gave none: that must not look as if all of them were good.
    #[error("there was no code to decide on")]
    Nothing,
    /// Standard input or output failed.
    #[error("standard input or output")]
    Stream(#[from] io::Error),
}

/// A text, or why none could be read, and where it was looked for.
struct Shown {
    source: String,
    text: Result<String, PictureError>,
}

/// Decides on every code, tells each decision, and says by the exit code what is to be thought of all of them.
pub(crate) fn verify(command: &Verify, clock: &dyn Clock) -> Result<ExitCode, VerifyError> {
    let now = || command.at.unwrap_or_else(|| clock.now()).unix_timestamp();
    let verifier = verifier(command, now())?;
    let mut verdicts = Vec::new();
    let mut out = io::stdout().lock();
    let mut decide = |Shown { source, text }: Shown| -> Result<(), VerifyError> {
        match text {
            Ok(text) => {
                let decision = verifier.verify(&text, now());
                verdicts.push(decision.verdict);
                report::write(&mut out, &source, &decision, command.json)?;
            }
            Err(error) => {
                verdicts.push(Verdict::CannotDecide);
                report::write_unread(&mut out, &source, &error, command.json)?;
            }
        }
        Ok(out.flush()?)
    };
    if command.texts.is_empty() && command.images.is_empty() {
        lines(io::stdin().lock(), &mut decide)?;
    } else {
        given(command).into_iter().try_for_each(decide)?;
    }
    if verdicts.is_empty() { Err(VerifyError::Nothing) } else { Ok(exit_code(&verdicts)) }
}

fn verifier(command: &Verify, now: i64) -> Result<Verifier, VerifyError> {
    if command.trust.is_empty() {
        return Err(VerifyError::NoTrust);
    }
    let mut verifier = Verifier::new(command.trust.iter().copied());
    for path in &command.bundles {
        let bytes = read(path, MAX_BUNDLE_LENGTH)
            .map_err(|source| VerifyError::Unreadable { path: path.clone(), source })?;
        let bundle =
            Bundle::decode(&bytes).map_err(|source| VerifyError::Malformed { path: path.clone(), source })?;
        verifier
            .accept(&bundle, now)
            .map_err(|source| VerifyError::Refused { path: path.clone(), source })?;
    }
    Ok(verifier)
}

/// The file, but no more than a byte above `limit`.
fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The codes of the command line.
fn given(command: &Verify) -> Vec<Shown> {
    let texts = (1..).zip(&command.texts);
    let texts = texts.map(|(number, text)| Shown {
        source: format!("text {number}"),
        text: Ok(without_additions(text).to_owned()),
    });
    let mut given = texts.collect::<Vec<_>>();
    for path in &command.images {
        let texts = match picture::codes(path) {
            Ok(texts) => texts.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        given.extend(texts.into_iter().map(|text| Shown { source: path.display().to_string(), text }));
    }
    given
}

/// Hands on each line that is not blank as soon as it is there. Of a line that is too long for a code only so much is kept that it stays too long.
fn lines(
    mut input: impl BufRead,
    decide: &mut impl FnMut(Shown) -> Result<(), VerifyError>,
) -> Result<(), VerifyError> {
    for number in 1_u64.. {
        let mut line = Vec::new();
        // A code, its line break of two bytes at most, and one byte that is too many.
        let limit = MAX_TEXT_LENGTH as u64 + 3;
        if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
        }
        let line = String::from_utf8_lossy(&line);
        let text = without_additions(&line).to_owned();
        if !text.is_empty() {
            decide(Shown { source: format!("line {number}"), text: Ok(text) })?;
        }
    }
    Ok(())
}

fn exit_code(verdicts: &[Verdict]) -> ExitCode {
    let bad = |verdict: &Verdict| !matches!(verdict, Verdict::Valid | Verdict::CannotDecide);
    if verdicts.iter().any(bad) {
        ExitCode::from(2)
    } else if verdicts.contains(&Verdict::CannotDecide) {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    fn read(input: &[u8]) -> Vec<(String, String)> {
        let mut read = Vec::new();
        let mut note = |shown: super::Shown| {
            read.push((shown.source, shown.text.expect("a line has a text")));
            Ok(())
        };
        lines(input, &mut note).expect("memory can be read");
        read
    }

    #[test]
    fn a_line_is_a_code_whatever_stands_in_it_unless_it_is_blank() {
        let line = |number: u32, text: &str| (format!("line {number}"), text.to_owned());
        assert_eq!(read(b""), []);
        assert_eq!(read(b" A B \n\r\n\n\tC\t"), [line(1, "A B "), line(4, "C")]);
        assert_eq!(read(b"\xff\r\n"), [line(1, "\u{fffd}")]);
    }

    #[test]
    fn a_line_without_end_takes_no_memory_and_stays_too_long() {
        for length in [189, 190, 191, 192, 193, 100_000] {
            let input = [vec![b'A'; length].as_slice(), b"\r\nB\n"].concat();
            let read = read(&input);
            assert_eq!(read[0].1.len() > 189, length > 189, "{length}");
            assert!(read[0].1.len() <= 192, "{length}");
            assert_eq!(read[1..], [("line 2".to_owned(), "B".to_owned())], "{length}");
        }
    }
}
