//! Where private halves are: files that their owner alone can read, sealed in the database, or behind a signer from outside.

use std::{
    fmt::Write as _,
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use entrypass_ambient::Random;
use entrypass_token::{Algorithm, KeyId, SigningKey, VerificationKey};
use zeroize::Zeroizing;

use super::{
    error::KeysError,
    seal::{KeyEncryptionKeys, Seed, seed},
    signer::{InMemory, Signer},
};
use crate::store::keys::StoredKey;

/// Rights of a key file: read and write for its owner, nothing for anybody else.
const OWNER_ONLY: u32 = 0o600;

/// The places in which a process looks for private halves, and the one in which it keeps new ones: sealed in the database where there is
/// a key-encryption key, else in a folder.
#[derive(Debug, Default)]
pub struct Vault {
    encryption: Option<KeyEncryptionKeys>,
    folder: Option<PathBuf>,
    file: Option<PathBuf>,
    signers: Vec<(VerificationKey, Arc<dyn Signer>)>,
}

/// A key whose private half is kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) key: VerificationKey,
    /// The private half, sealed, if its place is the row.
    pub(crate) sealed: Option<Vec<u8>>,
}

impl Vault {
    /// Seals new private halves in the database, and opens those that are.
    #[must_use]
    pub fn sealing(self, keys: KeyEncryptionKeys) -> Self {
        Self { encryption: Some(keys), ..self }
    }

    /// Keeps private halves as files of `folder`, one a key, which is made when it is needed.
    #[must_use]
    pub fn folder(self, folder: PathBuf) -> Self {
        Self { folder: Some(folder), ..self }
    }

    /// Knows `file` too: a single Ed25519 key (RFC 8032), 64 hexadecimal digits, as releases before the table of keys had it. Where there is
    /// no key yet, this becomes the first, and must be there.
    #[must_use]
    pub fn file(self, file: PathBuf) -> Self {
        Self { file: Some(file), ..self }
    }

    /// Has `key` sign through `signer`, which holds its private half: a hardware module. Where there is no key yet, the first one that is
    /// named so becomes the first.
    #[must_use]
    pub fn signer(mut self, key: VerificationKey, signer: Arc<dyn Signer>) -> Self {
        self.signers.push((key, signer));
        self
    }

    /// Whether a new private half could be kept.
    pub(crate) fn has_room(&self) -> bool {
        self.encryption.is_some() || self.folder.is_some()
    }

    /// The key that others made, and that becomes the first.
    pub(crate) fn given(&self, random: &dyn Random) -> Result<Option<Kept>, KeysError> {
        if let Some((key, _)) = self.signers.first() {
            return Ok(Some(Kept { key: key.clone(), sealed: None }));
        }
        let Some(path) = &self.file else { return Ok(None) };
        let missing = || KeysError::NoFile { path: path.clone() };
        let (key, seed) = self.in_file()?.ok_or_else(missing)?;
        let key = key.verification_key();
        let sealed =
            self.encryption.as_ref().map(|keys| sealed(keys, key.key_id(), &seed, random)).transpose()?;
        Ok(Some(Kept { key, sealed }))
    }

    /// Makes a key, and keeps its private half.
    pub(crate) fn make(&self, algorithm: Algorithm, random: &dyn Random) -> Result<Kept, KeysError> {
        let (key, seed) = draw(algorithm, random)?;
        let key = key.verification_key();
        let id = key.key_id();
        match (&self.encryption, &self.folder) {
            (Some(keys), _) => {
                let sealed = Some(sealed(keys, id, &seed, random)?);
                Ok(Kept { key, sealed })
            }
            (None, Some(folder)) => {
                write(folder, &name(id), &seed)
                    .map_err(|source| KeysError::Io { path: folder.clone(), source })?;
                Ok(Kept { key, sealed: None })
            }
            (None, None) => Err(KeysError::NoPlace),
        }
    }

    /// The private half of `key` sealed under the first key-encryption key, if another one has sealed what its row keeps.
    pub(crate) fn resealed(&self, key: &StoredKey, random: &dyn Random) -> Option<Vec<u8>> {
        self.encryption.as_ref()?.reseal(key.id(), key.sealed.as_ref()?, random)
    }

    /// What signs with `key`.
    pub(crate) fn find(&self, key: &StoredKey) -> Result<Arc<dyn Signer>, KeysError> {
        let (id, algorithm) = (key.id(), key.key.algorithm());
        if let Some((_, signer)) = self.signers.iter().find(|(known, _)| *known == key.key) {
            return Ok(Arc::clone(signer));
        }
        if let Some(sealed) = &key.sealed {
            let seed = self.opened(id, sealed)?;
            return Ok(Arc::new(InMemory(SigningKey::from_seed(algorithm, &seed)?)));
        }
        if let Some((path, seed)) = self.kept(id)? {
            let found = SigningKey::from_seed(algorithm, &seed)?;
            if found.verification_key() != key.key {
                return Err(KeysError::AnotherKey { path, key_id: id });
            }
            return Ok(Arc::new(InMemory(found)));
        }
        let in_file = self.in_file()?.filter(|(found, _)| found.verification_key() == key.key);
        let (found, _) = in_file.ok_or(KeysError::NotHere { key_id: id })?;
        Ok(Arc::new(InMemory(found)))
    }

    /// Removes every file with the private half of the key `id`.
    pub(crate) fn erase(&self, id: KeyId) -> Result<(), KeysError> {
        let in_folder = self.folder.as_ref().map(|folder| folder.join(name(id)));
        let is_it = |key: &SigningKey| key.verification_key().key_id() == id;
        let file = self.file.clone().filter(|_| matches!(self.in_file(), Ok(Some((key, _))) if is_it(&key)));
        for path in in_folder.into_iter().chain(file) {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(KeysError::Io { path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn opened(&self, id: KeyId, sealed: &[u8]) -> Result<Seed, KeysError> {
        let keys = self.encryption.as_ref().ok_or(KeysError::Sealed { key_id: id })?;
        keys.open(id, sealed).ok_or(KeysError::Unopened { key_id: id, count: keys.count() })
    }

    /// What the folder keeps of the key `id`.
    fn kept(&self, id: KeyId) -> Result<Option<(PathBuf, Seed)>, KeysError> {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(name(id))) else { return Ok(None) };
        Ok(read(&path)?.map(|seed| (path, seed)))
    }

    fn in_file(&self) -> Result<Option<(SigningKey, Seed)>, KeysError> {
        let Some(path) = &self.file else { return Ok(None) };
        let Some(seed) = read(path)? else { return Ok(None) };
        Ok(Some((SigningKey::from_seed(Algorithm::EdDsa, &seed)?, seed)))
    }
}

/// Draws a private half. Of ES256's one in 2^32 is none.
fn draw(algorithm: Algorithm, random: &dyn Random) -> Result<(SigningKey, Seed), KeysError> {
    let mut seed = Zeroizing::new([0; 32]);
    random.fill(seed.as_mut());
    if let Ok(key) = SigningKey::from_seed(algorithm, &seed) {
        return Ok((key, seed));
    }
    random.fill(seed.as_mut());
    Ok((SigningKey::from_seed(algorithm, &seed)?, seed))
}

fn sealed(
    keys: &KeyEncryptionKeys,
    id: KeyId,
    seed: &Seed,
    random: &dyn Random,
) -> Result<Vec<u8>, KeysError> {
    keys.seal(id, seed, random).ok_or(KeysError::Seal)
}

fn name(id: KeyId) -> String {
    format!("{id}.hex")
}

/// The text of a file that keeps secrets: nobody but its owner may have rights to it. `None` when there is no such file.
///
/// # Errors
/// When it cannot be read, or is open to others.
pub fn read_private(path: &Path) -> Result<Option<Zeroizing<String>>, KeysError> {
    let io = |source| KeysError::Io { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io(source)),
    };
    let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 { Ok(Some(text)) } else { Err(KeysError::Exposed { path: path.to_owned(), mode }) }
}

fn read(path: &Path) -> Result<Option<Seed>, KeysError> {
    let Some(text) = read_private(path)? else { return Ok(None) };
    seed(text.trim_end()).map(Some).ok_or_else(|| KeysError::Format { path: path.to_owned() })
}

/// Writes a private half beside its place and moves it there, so that a crash never leaves half of it.
fn write(folder: &Path, name: &str, seed: &Seed) -> io::Result<()> {
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in seed.iter() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let (path, half_written) = (folder.join(name), folder.join(format!("{name}.new")));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&half_written)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&half_written, path)?;
    // The new name must survive a power cut as well: the row that names the key will.
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
