//! How sealed things are laid out in bytes. What any release wrote stays readable: a new layout gets a new first byte.
//!
//! | first byte | then |
//! |---|---|
//! | 1: a wrapped data key | key id (8), nonce (24), the data key under the key-encryption key (48) |
//! | 2: content under a data key that is kept elsewhere | nonce (24), content (its length and 16) |
//! | 3: content with a data key of its own | key id (8), nonce (24), the data key (48), nonce (24), content (its length and 16) |

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use entrypass_ambient::Random;
use zeroize::Zeroizing;

use crate::key::{KEY_LENGTH, KeyId};

pub(crate) const WRAPPED_KEY: u8 = 1;
pub(crate) const CONTENT: u8 = 2;
pub(crate) const ENVELOPE: u8 = 3;

/// Length of the nonce.
const NONCE_LENGTH: usize = 24;
/// Length of a data key that is sealed, nonce included.
const SEALED_KEY_LENGTH: usize = NONCE_LENGTH + KEY_LENGTH + 16;

/// A data key in front of whatever else there is.
pub(crate) struct Wrapped<'a> {
    pub(crate) key_id: KeyId,
    pub(crate) sealed_key: &'a [u8],
    pub(crate) rest: &'a [u8],
}

impl<'a> Wrapped<'a> {
    /// Reads what begins with `format`.
    pub(crate) fn read(format: u8, bytes: &'a [u8]) -> Option<Self> {
        let (first, bytes) = bytes.split_first()?;
        let (key_id, bytes) = bytes.split_first_chunk()?;
        let (sealed_key, rest) = bytes.split_at_checked(SEALED_KEY_LENGTH)?;
        // A key alone ends with itself.
        let whole = format == ENVELOPE || rest.is_empty();
        (*first == format && whole).then_some(Self { key_id: KeyId::from_bytes(*key_id), sealed_key, rest })
    }
}

/// A nonce and `content` sealed with `key`, for the place that is `bound`.
#[expect(clippy::expect_used, reason = "only 256 GB at once are refused, which no message of ours can have")]
pub(crate) fn seal(key: &[u8; KEY_LENGTH], bound: &[u8], content: &[u8], random: &dyn Random) -> Vec<u8> {
    let mut nonce = [0; NONCE_LENGTH];
    random.fill(&mut nonce);
    let payload = Payload { msg: content, aad: bound };
    let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).expect("less than 256 GB");
    [nonce.as_slice(), &sealed].concat()
}

/// What [`seal`] has sealed; `None` when key, place or any byte is another.
pub(crate) fn open(key: &[u8; KEY_LENGTH], bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
    let payload = Payload { msg: sealed, aad: bound };
    cipher(key).decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

fn cipher(key: &[u8; KEY_LENGTH]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}
