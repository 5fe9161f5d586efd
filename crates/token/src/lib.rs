//! The text of a QR code: what it says, how it is written and signed, and how it is read strictly.
//!
//! Owns the token's format, `SPECIFICATION.md` field by field: the claims, the keys that sign and verify them,
//! the one accepted form of the text, and the words for every way of being wrong. A verifier can depend on this
//! crate alone.
//! Does not own: any input or output, the hour, random bytes, the life of a key, revocation, or the picture.
//!
//! ```
//! use entrypass_token::{Algorithm, Claims, CodeId, Freshness, Issuer, SigningKey, Token};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SigningKey::from_seed(Algorithm::EdDsa, &[7; 32])?;
//! let claims = Claims::new("FS".parse::<Issuer>()?, CodeId::from_bytes([1; 16]), 1, 1_767_225_600, 1_767_225_900)?;
//! let text = key.issue(&claims);
//!
//! let token = Token::decode(&text)?;
//! let verified = token.verify(&key.verification_key())?;
//! assert_eq!(verified.freshness_at(1_767_225_660), Freshness::Fresh);
//! # Ok(())
//! # }
//! ```

mod claims;
mod id;
mod key;
mod layout;
mod malformed;
mod token;

pub use claims::{CLOCK_LEEWAY_SECONDS, Claims, Freshness, InvalidClaims, InvalidIssuer, Issuer};
pub use id::{CodeId, InvalidId, KeyId};
pub use key::{Algorithm, InvalidKey, SigningKey, UnknownAlgorithm, VerificationKey};
pub use malformed::Malformed;
pub use token::{BadSignature, Draft, MAX_TEXT_LENGTH, PREFIX, Token, without_additions};
