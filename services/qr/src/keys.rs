//! Signing keys: their life, where their private halves are, who changes them, and what a copy of the service knows of them.
//!
//! Owns: the table of keys and what is kept beside it ([`Vault`]), every change of it ([`Custody`]), and the copy's view ([`Keys`]).
//! Does not own: what is signed, and what a signature proves (`entrypass-token`, `entrypass-verifier`).
//!
//! A row holds instants only, and each copy derives from them and its clock which key signs and which verify: nobody has to be told that
//! a key has become active, and the copies change over within the difference of their clocks, which verifiers bear.

mod custody;
mod error;
mod life;
mod ring;
mod seal;
mod signer;
mod upkeep;
mod vault;

pub use custody::{Custody, KeyReport, KeyRules, Revocation, Rotation};
pub use error::KeysError;
pub use life::KeyState;
pub use ring::Keys;
pub use seal::{KeyEncryptionKeys, KeyEncryptionKeysError};
pub use signer::{Signer, SignerError};
pub use vault::{Vault, read_private};

pub(crate) use life::Life;
pub(crate) use ring::{Found, Listed};
pub(crate) use upkeep::Upkeep;
