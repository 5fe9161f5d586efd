//! Deciding on a scanned code: the words of a decision, the keys that are trusted, the signed bundle that a verifier
//! takes along, and the decision by it without a network.
//!
//! Owns the words that an online and an offline decision share, the rule by which the checks make the verdict, and the bundle's format,
//! `SPECIFICATION.md` field by field. A verifier can depend on this crate and `entrypass-token` alone.
//! Does not own: any input or output, the hour, the token's format, the life of a key, or what is recorded of codes.

mod bundle;
mod checks;
mod contents;
mod layout;
mod thumbprint;
mod trusted_key;
mod verifier;
mod withdrawal;
mod words;

pub use bundle::{Bundle, CONTENT_TYPE, Draft, MAX_BUNDLE_LENGTH, MalformedBundle};
pub use checks::{Checks, Outcome};
pub use contents::{Contents, FeedId, InvalidContents, MAX_BUNDLE_SECONDS, MAX_KEYS};
pub use thumbprint::{InvalidThumbprint, Thumbprint};
pub use trusted_key::TrustedKey;
pub use verifier::{Decision, Progress, Refused, Verifier};
pub use withdrawal::{Withdrawal, WithdrawalKind};
pub use words::{Check, Reason, Verdict};

/// How far two clocks may be apart, in seconds: what the token has, in the type of the instants here.
pub(crate) const CLOCK_LEEWAY: i64 = entrypass_token::CLOCK_LEEWAY_SECONDS as i64;
