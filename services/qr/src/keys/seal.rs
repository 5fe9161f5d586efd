//! Key-encryption keys, and the private halves that are sealed under them in the database.

use std::fmt;

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _,
    aead::{Aead as _, Payload},
};
use entrypass_ambient::Random;
use entrypass_token::KeyId;
use thiserror::Error;
use zeroize::Zeroizing;

/// The 32 bytes that a private key is made from.
pub(crate) type Seed = Zeroizing<[u8; 32]>;

/// Length of the nonce in front of what is sealed (RFC 8439).
const NONCE_LENGTH: usize = 12;

/// Keys under which private signing keys are kept in the database. The first one seals; all of them open, so that one can take
/// another's place.
#[derive(Clone)]
pub struct KeyEncryptionKeys(Vec<Seed>);

/// The text holds no keys. It is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyEncryptionKeysError {
    /// There is none.
    #[error("there is no key-encryption key: 64 hexadecimal digits are one, `openssl rand -hex 32` makes it")]
    Empty,
    /// One is not a key.
    #[error("key-encryption key {number} is not 64 hexadecimal digits")]
    Format {
        /// Which one, counted from 1.
        number: usize,
    },
}

impl KeyEncryptionKeys {
    /// Reads keys of 64 hexadecimal digits, one a line.
    ///
    /// # Errors
    /// When there is none, or one is not a key.
    pub fn parse(text: &str) -> Result<Self, KeyEncryptionKeysError> {
        let read = |(index, word)| seed(word).ok_or(KeyEncryptionKeysError::Format { number: index + 1 });
        let keys = text.split_whitespace().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(KeyEncryptionKeysError::Empty) } else { Ok(Self(keys)) }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Seals the private half of the key `id`: a random nonce, then ChaCha20-Poly1305 (RFC 8439). The id is bound to it, so that nobody
    /// who can write the table can put one key in another's place.
    pub(crate) fn seal(&self, id: KeyId, seed: &Seed, random: &dyn Random) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LENGTH];
        random.fill(&mut nonce);
        let payload = Payload { msg: seed.as_ref(), aad: id.as_bytes() };
        let sealed = cipher(self.0.first()?).encrypt(&nonce.into(), payload).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Self::seal`] has sealed for the key `id`, under whichever of the keys.
    pub(crate) fn open(&self, id: KeyId, sealed: &[u8]) -> Option<Seed> {
        self.0.iter().find_map(|key| open_under(key, id, sealed))
    }

    /// What another than the first key has sealed, sealed under the first.
    pub(crate) fn reseal(&self, id: KeyId, sealed: &[u8], random: &dyn Random) -> Option<Vec<u8>> {
        let (first, others) = self.0.split_first()?;
        if open_under(first, id, sealed).is_some() {
            return None;
        }
        let seed = others.iter().find_map(|key| open_under(key, id, sealed))?;
        self.seal(id, &seed, random)
    }
}

impl fmt::Debug for KeyEncryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyEncryptionKeys({}, secret)", self.count())
    }
}

fn open_under(key: &Seed, id: KeyId, sealed: &[u8]) -> Option<Seed> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
    let payload = Payload { msg: sealed, aad: id.as_bytes() };
    let opened = Zeroizing::new(cipher(key).decrypt(&(*nonce).into(), payload).ok()?);
    opened.as_slice().try_into().ok().map(Zeroizing::new)
}

fn cipher(key: &Seed) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new((&**key).into())
}

/// The 32 bytes that 64 hexadecimal digits are.
pub(crate) fn seed(text: &str) -> Option<Seed> {
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut seed = Zeroizing::new([0; 32]);
    for (position, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(position * 2..position * 2 + 2)?, 16).ok()?;
    }
    Some(seed)
}

#[cfg(test)]
mod tests {
    use entrypass_ambient::SeededRandom;
    use entrypass_token::KeyId;
    use zeroize::Zeroizing;

    use super::{KeyEncryptionKeys, KeyEncryptionKeysError};

    const ID: KeyId = KeyId::from_bytes([3; 8]);

    fn keys(text: &str) -> KeyEncryptionKeys {
        KeyEncryptionKeys::parse(text).expect("keys")
    }

    #[test]
    fn the_first_seals_and_all_open() {
        let (old, new) = ("01".repeat(32), "02".repeat(32));
        let random = SeededRandom::new(1);
        let seed = Zeroizing::new([9; 32]);
        let by_old = keys(&old).seal(ID, &seed, &random).expect("sealed");
        assert_eq!(by_old.len(), 12 + 32 + 16);
        assert!(!by_old.windows(4).any(|bytes| bytes == [9; 4]), "it is not there in the clear");
        let both = keys(&format!("{new}\n{old}\n"));
        assert_eq!(both.open(ID, &by_old), Some(seed.clone()));
        let by_new = both.seal(ID, &seed, &random).expect("sealed");
        assert_eq!((keys(&old).open(ID, &by_new), keys(&new).open(ID, &by_new)), (None, Some(seed)));
    }

    #[test]
    fn only_what_another_key_has_sealed_is_sealed_anew() {
        let (old, new) = ("01".repeat(32), "02".repeat(32));
        let (random, seed) = (SeededRandom::new(1), Zeroizing::new([9; 32]));
        let by_old = keys(&old).seal(ID, &seed, &random).expect("sealed");
        let both = keys(&format!("{new}\n{old}"));
        let by_new = both.reseal(ID, &by_old, &random).expect("sealed anew");
        assert_eq!(keys(&new).open(ID, &by_new), Some(seed));
        assert_eq!(both.reseal(ID, &by_new, &random), None, "it is done");
        assert_eq!(keys(&new).reseal(ID, &by_old, &random), None, "nothing here opens it");
    }

    #[test]
    fn what_was_tampered_with_or_moved_to_another_key_does_not_open() {
        let keys = keys(&"ab".repeat(32));
        let sealed = keys.seal(ID, &Zeroizing::new([9; 32]), &SeededRandom::new(1)).expect("sealed");
        assert!(keys.open(ID, &sealed).is_some());
        assert_eq!(keys.open(KeyId::from_bytes([4; 8]), &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(keys.open(ID, &changed), None, "byte {at}");
        }
        for length in 0..sealed.len() {
            assert_eq!(keys.open(ID, &sealed[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn what_is_no_key_is_told_by_its_place_and_not_repeated() {
        let good = "01".repeat(32);
        for empty in ["", "\n \n"] {
            assert_eq!(KeyEncryptionKeys::parse(empty).err(), Some(KeyEncryptionKeysError::Empty));
        }
        for bad in
            ["5ec7e7", &"5".repeat(65), &"g".repeat(64), &"é".repeat(32), &format!("+1{}", "0".repeat(62))]
        {
            let error = KeyEncryptionKeys::parse(&format!("{good}\n{bad}")).expect_err(bad);
            assert_eq!(error, KeyEncryptionKeysError::Format { number: 2 });
        }
        assert_eq!(format!("{:?}", keys(&good)), "KeyEncryptionKeys(1, secret)");
    }
}
