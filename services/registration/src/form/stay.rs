//! Where the traveller was before entry (旅居史).

use entrypass_document::Country;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::form::stored;

/// The most stays that a form takes.
pub(crate) const MAX_STAYS: usize = 20;

/// One stay in the time before entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stay {
    #[serde(with = "stored::country")]
    pub(crate) country: Country,
    /// May lie before the window that is asked for.
    #[serde(with = "stored::calendar_date")]
    pub(crate) first_date: Date,
    #[serde(with = "stored::calendar_date")]
    pub(crate) last_date: Date,
}
