//! An electronic pass: issued here with the approval of an application, or recorded as issued by another channel.

use entrypass_ambient::Random;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::text::{ChannelNumber, Issuer};

/// What own pass numbers begin with.
const PREFIX: &str = "EP";

/// A pass. A person has at most one, wherever it was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pass {
    /// Its id.
    pub(crate) id: Uuid,
    /// The person.
    pub(crate) traveller: Uuid,
    /// Its number, safe to quote. Own ones have the form of [`entrypass_reference::draw`]: `EP-7K3M-Q9TX-4HZD-C`, with an
    /// ISO 7064 MOD 37,36 check character at the end.
    pub(crate) number: String,
    /// Who issued it.
    pub(crate) origin: Origin,
    /// When it was issued.
    pub(crate) issue_time: OffsetDateTime,
    /// When it became known here.
    pub(crate) create_time: OffsetDateTime,
}

/// Where a pass was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Here, on approval of an application.
    Application,
    /// By another channel.
    External {
        /// The channel's name.
        issuer: String,
    },
}

/// A pass as another channel describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExternalPass {
    /// The channel.
    pub(crate) issuer: Issuer,
    /// The channel's number of the pass.
    pub(crate) number: ChannelNumber,
    /// When the channel issued it.
    pub(crate) issue_time: OffsetDateTime,
}

impl Pass {
    /// The pass that comes with an approval at `now`.
    pub(crate) fn issued(random: &dyn Random, traveller: Uuid, now: OffsetDateTime) -> Self {
        Self {
            id: random.uuid_v7(now),
            traveller,
            number: entrypass_reference::draw(PREFIX, random),
            origin: Origin::Application,
            issue_time: now,
            create_time: now,
        }
    }

    /// The record of a pass that `traveller` has from another channel.
    pub(crate) fn recorded(id: Uuid, traveller: Uuid, external: ExternalPass, now: OffsetDateTime) -> Self {
        Self {
            id,
            traveller,
            number: external.number.into_string(),
            origin: Origin::External { issuer: external.issuer.into_string() },
            issue_time: external.issue_time,
            create_time: now,
        }
    }
}
