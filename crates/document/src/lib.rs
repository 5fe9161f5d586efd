//! Identity and travel documents, as travellers type them at an entry point.
//!
//! Owns: the document types, the normal form of their numbers, every rule that a number must keep, what a
//! number says about its holder (birth date, sex, nationality), the key that tells two documents apart, the
//! mask under which a number may be shown, and the country codes of ICAO Doc 9303.
//! Does not own: the form around the document (names, dates, contacts), the database, or the clock. "Today" is
//! an argument, nothing here does input or output, and nothing here proves that a document was really issued.
//!
//! A [`Document`] cannot be wrong: its only constructor answers with **all** the rules that an input breaks.
//! Numbers are personal data, so no type here prints one, neither by `Display` nor by `Debug`.
//!
//! ```
//! use entrypass_document::{Document, DocumentInput, DocumentType, Rules, Sex};
//! use time::macros::date;
//!
//! let rules = Rules { today: date!(2026-11-23), accept_specimens: false };
//! let input = DocumentInput {
//!     document_type: DocumentType::ResidentIdCard,
//!     number: "440699-19850101-0016",
//!     issuing_state: "",
//! };
//! let document = Document::parse(&input, rules).expect("a synthetic number that keeps every rule");
//! assert_eq!(document.birth_date(), Some(date!(1985-01-01)));
//! assert_eq!(document.sex(), Some(Sex::Male));
//! assert_eq!(document.masked_number(), "44**************16");
//! ```

mod birth_date;
mod check_digit;
mod citizen_number;
mod country;
mod document;
mod document_type;
mod foreign_resident;
mod mismatch;
mod normalise;
mod rule;
mod rule_text;
mod sex;
mod spelling;

pub use country::Country;
pub use document::{Document, DocumentInput, Rules, mask_number};
pub use document_type::DocumentType;
pub use rule::BrokenRule;
pub use sex::Sex;
