//! One key of a ring: what it is for, and the id by which sealed things name it.

use std::{fmt, str::FromStr};

use entrypass_ambient::Random;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::hex;

/// Length of every key, in bytes.
pub(crate) const KEY_LENGTH: usize = 32;

/// What a key is for. No key is for two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Wraps data keys.
    Encryption,
    /// Makes blind indexes.
    Index,
    /// Makes the checksums of audit records.
    Audit,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Encryption, Self::Index, Self::Audit];

    /// As key rings and the command line write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Encryption => "encryption",
            Self::Index => "index",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a purpose is encryption, index or audit")]
pub struct NoPurpose;

impl FromStr for Purpose {
    type Err = NoPurpose;

    fn from_str(text: &str) -> Result<Self, NoPurpose> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == text).ok_or(NoPurpose)
    }
}

/// Names a key without telling it: the front of a digest of purpose and key. Prints as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; Self::LENGTH]);

impl KeyId {
    /// Its length in bytes.
    pub const LENGTH: usize = 8;

    /// The id that `bytes` are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(Self::LENGTH * 2);
        hex::write(&mut text, &self.0)?;
        f.pad(&text)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The text is no key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 16 hexadecimal digits")]
pub struct NoKeyId;

impl FromStr for KeyId {
    type Err = NoKeyId;

    fn from_str(text: &str) -> Result<Self, NoKeyId> {
        let mut bytes = [0; Self::LENGTH];
        hex::read(text, &mut bytes).ok_or(NoKeyId)?;
        Ok(Self(bytes))
    }
}

/// A key. It has no `Debug`, so that what holds it has none by mistake.
pub(crate) struct Key {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY_LENGTH]>,
}

impl Key {
    pub(crate) fn new(purpose: Purpose, bytes: Zeroizing<[u8; KEY_LENGTH]>) -> Self {
        Self { id: id_of(purpose, &bytes), bytes }
    }

    pub(crate) fn generate(purpose: Purpose, random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        random.fill(bytes.as_mut_slice());
        Self::new(purpose, bytes)
    }

    /// The key that 64 hexadecimal digits are.
    pub(crate) fn parse(purpose: Purpose, text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        hex::read(text, bytes.as_mut_slice())?;
        Some(Self::new(purpose, bytes))
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.bytes
    }

    pub(crate) fn copy(&self) -> Self {
        Self { id: self.id, bytes: self.bytes.clone() }
    }
}

fn id_of(purpose: Purpose, key: &[u8; KEY_LENGTH]) -> KeyId {
    // The names have different lengths and the key one: nothing coincides without prefixes of length.
    let digest =
        Sha256::new().chain_update("entrypass key id ").chain_update(purpose.name()).chain_update(key);
    let mut id = [0; KeyId::LENGTH];
    id.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
    KeyId(id)
}
