//! Who may call what, and what they are shown: the decision, without a network.

mod shown;

pub use shown::{HolderProof, PersonalData};
