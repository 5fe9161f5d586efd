//! The signing key at rest: made on first start, in a file that its owner alone can read.

use std::{
    fmt::Write as _,
    fs, io,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use entrypass_ambient::Random;
use entrypass_token::{Algorithm, KeyId, SigningKey, VerificationKey};
use thiserror::Error;
use zeroize::Zeroizing;

/// Rights of a key file: read and write for its owner, nothing for anybody else.
const OWNER_ONLY: u32 = 0o600;

/// The key that signs, and every key that verifies.
#[derive(Debug)]
pub struct Keys {
    signing: SigningKey,
    verification: VerificationKey,
}

/// Why the key file cannot be used.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("cannot use the signing key {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else can read it.
    #[error("the signing key {path} has mode {mode:o}: only its owner may have rights to it (chmod 600)")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its present mode.
        mode: u32,
    },
    /// It does not hold a key.
    #[error("the signing key {path} is not 64 hexadecimal digits")]
    Format {
        /// The file.
        path: PathBuf,
    },
}

impl Keys {
    /// Reads the Ed25519 private key (RFC 8032) from `path`: 64 hexadecimal digits. Makes it when there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read or made, is no key, or is open to others.
    pub fn open(path: &Path, random: &dyn Random) -> Result<Self, KeyFileError> {
        let seed = match fs::read_to_string(path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                check_mode(path)?;
                parse(&text).ok_or_else(|| KeyFileError::Format { path: path.to_owned() })?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, random)?,
            Err(source) => return Err(KeyFileError::Io { path: path.to_owned(), source }),
        };
        let signing = SigningKey::from_seed(Algorithm::EdDsa, &seed)
            .map_err(|_| KeyFileError::Format { path: path.to_owned() })?;
        let verification = signing.verification_key();
        Ok(Self { signing, verification })
    }

    /// The key that signs.
    pub(crate) fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The key with this id, if it is ours.
    pub(crate) fn find(&self, id: KeyId) -> Option<&VerificationKey> {
        self.all().find(|key| key.key_id() == id)
    }

    /// Every key that verifies.
    pub(crate) fn all(&self) -> impl Iterator<Item = &VerificationKey> {
        std::iter::once(&self.verification)
    }
}

fn check_mode(path: &Path) -> Result<(), KeyFileError> {
    let metadata = fs::metadata(path);
    let mode =
        metadata.map_err(|source| KeyFileError::Io { path: path.to_owned(), source })?.permissions().mode()
            & 0o777;
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(KeyFileError::Exposed { path: path.to_owned(), mode }) }
}

fn parse(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let text = text.trim_end();
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut seed = Zeroizing::new([0; 32]);
    for (position, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(position * 2..position * 2 + 2)?, 16).ok()?;
    }
    Some(seed)
}

/// Writes a new key beside its place and moves it there, so that a crash never leaves half a key.
fn create(path: &Path, random: &dyn Random) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let mut seed = Zeroizing::new([0; 32]);
    random.fill(seed.as_mut());
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in seed.iter() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    let half_written = path.with_extension("new");
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&half_written)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&half_written, path)
    };
    write().map_err(|source| KeyFileError::Io { path: path.to_owned(), source })?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use entrypass_ambient::SeededRandom;

    use super::{KeyFileError, Keys};

    #[test]
    fn a_key_is_made_once_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("signing-key.hex");
        let random = SeededRandom::new(1);
        let first = Keys::open(&path, &random).expect("made").verification.key_id();
        let again = Keys::open(&path, &random).expect("read").verification.key_id();
        assert_eq!(first, again);
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn an_exposed_or_damaged_key_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("signing-key.hex");
        let random = SeededRandom::new(1);
        Keys::open(&path, &random).expect("made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
        assert!(matches!(Keys::open(&path, &random), Err(KeyFileError::Exposed { mode: 0o640, .. })));

        for damaged in ["", "00", &"0".repeat(63), &"g".repeat(64), &"é".repeat(32)] {
            fs::write(&path, damaged).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
            assert!(matches!(Keys::open(&path, &random), Err(KeyFileError::Format { .. })), "{damaged}");
        }
    }
}
