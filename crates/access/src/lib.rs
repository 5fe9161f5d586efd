//! Who may call what, and what they are shown: the decision, without a network.
//!
//! Owns: what a caller is called and how a certificate names it ([`Identity`], [`Peer`]), the list of callers with their rules
//! ([`Callers`]), which rule decides ([`Decision`]), and saying so ([`Explanation`]). Does not own: where the settings stand, how a
//! connection is proven, or how a refusal travels; and it counts nothing.

mod callers;
mod decision;
mod error;
mod explanation;
mod identity;
mod pattern;
mod settings;
mod shown;

pub use callers::{Callers, KnownCaller};
pub use decision::{Decision, Refusal, Rule};
pub use error::{AccessError, Fault};
pub use explanation::Explanation;
pub use identity::{Identity, NotAnIdentity, Peer};
pub use pattern::Pattern;
pub use settings::{AccessSettings, CallerLimits, CallerSettings, Who};
pub use shown::{HolderProof, PersonalData};
