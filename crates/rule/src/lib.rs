//! What a broken rule looks like, from a form field to the wire.
//!
//! Owns: the two languages of the system, a text in both, a rule (stable reason and text), the
//! collector that lets validation report **every** violation at once, and how a calendar date is written, which is the same in every request.
//! Does not own: any other rule itself. Those live beside the value they guard (`entrypass-document`, the services'
//! domain files), and their transport form lives in `entrypass-rpc`.

mod date;
mod language;
mod violation;

pub use date::calendar_date;
pub use language::{Language, Text};
pub use violation::{Rule, Violation, Violations};
