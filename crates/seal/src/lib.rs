//! Personal data and secrets at rest: what is sealed, under which key, and at which place it may stand.
//!
//! Owns the key ring of one service ([`Keys`], [`KeyRing`]), sealing and opening ([`Sealer`]), the keyed blind indexes by which a sealed value
//! is found, and the keyed checksums of the audit records. Does not own: where a key ring lies (the program), and which columns are sealed (each
//! service's store). Pure: it opens no file and asks no clock.
//!
//! Everything is sealed with XChaCha20-Poly1305. Its nonces are random and of 192 bits: nobody has to count them, and copies need not agree.

mod format;
mod hex;
mod key;
mod keys;
mod place;
mod ring;
mod sealer;

pub use key::{KeyId, Purpose};
pub use keys::{Keys, KeysError, ListedKey};
pub use place::Place;
pub use ring::KeyRing;
pub use sealer::{DataKey, Sealer, Unsealable};
