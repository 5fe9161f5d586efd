//! Sealing and opening, blind indexes and checksums, with the keys of a ring.

use std::{fmt, sync::Arc};

use entrypass_ambient::Random;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    KeyId, KeyRing, Keys, Place, Purpose,
    format::{self, CONTENT, ENVELOPE, WRAPPED_KEY, Wrapped},
    key::{KEY_LENGTH, Key},
};

/// Parts of what is sealed, as they are bound to their place.
const KEY_PART: &str = "data key";
const CONTENT_PART: &str = "content";

/// Seals and opens for one service. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    ring: KeyRing,
    random: Arc<dyn Random>,
}

/// The key of one person's or one row's data. Kept wrapped only; without its wrapping nothing opens what was sealed with it.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; KEY_LENGTH]>);

/// Why something does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unsealable {
    /// Its key is not in the ring: it was retired too early, or the ring is another's.
    #[error("sealed under the key {0}, which is not in the key ring")]
    UnknownKey(KeyId),
    /// It is not what was sealed for this place.
    #[error("sealed data that was changed, cut off or moved from another place")]
    Damaged,
}

impl Sealer {
    /// How many of the first bytes of something wrapped or sealed say under which key it is.
    pub const FRONT: usize = 1 + KeyId::LENGTH;

    /// Seals with the keys of `ring` and nonces of `random`.
    #[must_use]
    pub fn new(ring: KeyRing, random: Arc<dyn Random>) -> Self {
        Self { ring, random }
    }

    /// The ring.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// The present keys.
    #[must_use]
    pub fn keys(&self) -> Arc<Keys> {
        self.ring.keys()
    }

    /// Draws a data key.
    #[must_use]
    pub fn new_data_key(&self) -> DataKey {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        self.random.fill(key.as_mut_slice());
        DataKey(key)
    }

    /// `key` sealed for `place` under the key in use.
    #[must_use]
    pub fn wrap(&self, place: &Place<'_>, key: &DataKey) -> Vec<u8> {
        self.wrap_as(WRAPPED_KEY, place, key)
    }

    /// The data key that [`Sealer::wrap`] has sealed for `place`.
    pub fn unwrap(&self, place: &Place<'_>, wrapped: &[u8]) -> Result<DataKey, Unsealable> {
        let wrapped = Wrapped::read(WRAPPED_KEY, wrapped).ok_or(Unsealable::Damaged)?;
        self.unwrap_as(WRAPPED_KEY, place, &wrapped)
    }

    /// The same data key under the key in use; `None` when it is already.
    pub fn rewrap(&self, place: &Place<'_>, wrapped: &[u8]) -> Result<Option<Vec<u8>>, Unsealable> {
        let read = Wrapped::read(WRAPPED_KEY, wrapped).ok_or(Unsealable::Damaged)?;
        if read.key_id == self.keys().in_use(Purpose::Encryption) {
            return Ok(None);
        }
        let key = self.unwrap_as(WRAPPED_KEY, place, &read)?;
        Ok(Some(self.wrap(place, &key)))
    }

    /// `content` sealed with `key` for `place`.
    #[must_use]
    pub fn seal_with(&self, key: &DataKey, place: &Place<'_>, content: &[u8]) -> Vec<u8> {
        let bound = place.bound(CONTENT, CONTENT_PART, &[]);
        [&[CONTENT], format::seal(&key.0, &bound, content, &*self.random).as_slice()].concat()
    }

    /// What [`Sealer::seal_with`] has sealed for `place`.
    pub fn open_with(
        &self,
        key: &DataKey,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (&CONTENT, sealed) = sealed.split_first().ok_or(Unsealable::Damaged)? else {
            return Err(Unsealable::Damaged);
        };
        let bound = place.bound(CONTENT, CONTENT_PART, &[]);
        format::open(&key.0, &bound, sealed).ok_or(Unsealable::Damaged)
    }

    /// `content` sealed for `place` with a data key of its own, which is wrapped in front of it.
    #[must_use]
    pub fn seal(&self, place: &Place<'_>, content: &[u8]) -> Vec<u8> {
        let key = self.new_data_key();
        let bound = place.bound(ENVELOPE, CONTENT_PART, &[]);
        let content = format::seal(&key.0, &bound, content, &*self.random);
        [self.wrap_as(ENVELOPE, place, &key), content].concat()
    }

    /// What [`Sealer::seal`] has sealed for `place`.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let wrapped = Wrapped::read(ENVELOPE, sealed).ok_or(Unsealable::Damaged)?;
        let key = self.unwrap_as(ENVELOPE, place, &wrapped)?;
        let bound = place.bound(ENVELOPE, CONTENT_PART, &[]);
        format::open(&key.0, &bound, wrapped.rest).ok_or(Unsealable::Damaged)
    }

    /// What [`Sealer::seal`] has sealed, with its data key under the key in use; `None` when it is already. The content itself is neither
    /// opened nor changed.
    pub fn reseal(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, Unsealable> {
        let wrapped = Wrapped::read(ENVELOPE, sealed).ok_or(Unsealable::Damaged)?;
        if wrapped.key_id == self.keys().in_use(Purpose::Encryption) {
            return Ok(None);
        }
        let key = self.unwrap_as(ENVELOPE, place, &wrapped)?;
        Ok(Some([self.wrap_as(ENVELOPE, place, &key).as_slice(), wrapped.rest].concat()))
    }

    /// The key under which something wrapped or sealed is, of which the first [`Sealer::FRONT`] bytes are enough; `None` when it is neither, or
    /// content without its data key.
    #[must_use]
    pub fn key_id_of(sealed: &[u8]) -> Option<KeyId> {
        let (&(WRAPPED_KEY | ENVELOPE), rest) = sealed.split_first()? else { return None };
        rest.first_chunk().map(|id| KeyId::from_bytes(*id))
    }

    /// The first bytes of everything that [`Sealer::seal`] seals while `key` is in use: by these a database finds it.
    #[must_use]
    pub fn front_of_sealed(key: KeyId) -> [u8; Self::FRONT] {
        let mut front = [ENVELOPE; Self::FRONT];
        front.iter_mut().skip(1).zip(key.as_bytes()).for_each(|(to, from)| *to = *from);
        front
    }

    /// By what `value` is found without being known: a keyed digest under each index key, the one in use first. `label` keeps values of different
    /// kinds apart.
    #[must_use]
    pub fn blind_indexes(&self, label: &str, value: &[u8]) -> Vec<(KeyId, [u8; 32])> {
        let parts = [label.as_bytes(), value];
        self.keys().of(Purpose::Index).all().map(|key| (key.id(), digest(key, &parts))).collect()
    }

    /// A keyed checksum over `parts` under the audit key in use.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> (KeyId, [u8; 32]) {
        let keys = self.keys();
        let key = keys.of(Purpose::Audit).first();
        (key.id(), digest(key, parts))
    }

    /// Whether `mac` is the checksum over `parts` under the audit key `id`; not when the ring has no such key. Takes the same time whichever bytes
    /// differ.
    #[must_use]
    pub fn mac_matches(&self, id: KeyId, parts: &[&[u8]], mac: &[u8; 32]) -> bool {
        let keys = self.keys();
        keys.of(Purpose::Audit).find(id).is_some_and(|key| hmac(key, parts).verify_slice(mac).is_ok())
    }

    fn wrap_as(&self, format: u8, place: &Place<'_>, key: &DataKey) -> Vec<u8> {
        let keys = self.keys();
        let wrapping = keys.of(Purpose::Encryption).first();
        let id = wrapping.id();
        let bound = place.bound(format, KEY_PART, id.as_bytes());
        let sealed = format::seal(wrapping.bytes(), &bound, key.0.as_slice(), &*self.random);
        [&[format], id.as_bytes().as_slice(), &sealed].concat()
    }

    fn unwrap_as(&self, format: u8, place: &Place<'_>, wrapped: &Wrapped<'_>) -> Result<DataKey, Unsealable> {
        let (keys, id) = (self.keys(), wrapped.key_id);
        let wrapping = keys.of(Purpose::Encryption).find(id).ok_or(Unsealable::UnknownKey(id))?;
        let bound = place.bound(format, KEY_PART, id.as_bytes());
        let key = format::open(wrapping.bytes(), &bound, wrapped.sealed_key).ok_or(Unsealable::Damaged)?;
        let key = key.as_slice().try_into().map_err(|_| Unsealable::Damaged)?;
        Ok(DataKey(Zeroizing::new(key)))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(***)")
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(***)")
    }
}

/// HMAC-SHA256 (RFC 2104) over `parts`, each behind its length.
fn hmac(key: &Key, parts: &[&[u8]]) -> Hmac<Sha256> {
    // A key shorter than a block is filled with zeros: so says the RFC, and so no length is left that could be wrong.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key.bytes()).for_each(|(to, from)| *to = *from);
    let begun = Hmac::<Sha256>::new((&*block).into());
    parts
        .iter()
        .fold(begun, |hmac, part| hmac.chain_update((part.len() as u64).to_be_bytes()).chain_update(part))
}

fn digest(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    hmac(key, parts).finalize().into_bytes().into()
}
