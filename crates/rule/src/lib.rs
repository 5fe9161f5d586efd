//! What a broken rule looks like, from a form field to the wire.
//!
//! Owns: the two languages of the system, a text in both, a rule (stable reason and text) and the
//! collector that lets validation report **every** violation at once.
//! Does not own: any rule itself. Those live beside the value they guard (`entrypass-document`, the services'
//! domain files), and their transport form lives in `entrypass-rpc`.

mod language;
mod violation;

pub use language::{Language, Text};
pub use violation::{Rule, Violation, Violations};
