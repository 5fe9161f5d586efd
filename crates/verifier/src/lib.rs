//! Deciding on a scanned code: the words of a decision, the keys that are trusted, and what they may have signed.
//!
//! Owns the words that an online and an offline decision share, and the rule by which the checks make the verdict.
//! Does not own: any input or output, the hour, the token's format (`entrypass-token`), or what is recorded of codes.

mod checks;
mod trusted_key;
mod words;

pub use checks::{Checks, Outcome};
pub use trusted_key::TrustedKey;
pub use words::{Check, Reason, Verdict};
