//! What a verification cannot judge, because the key ring lacks the audit key: neither good nor a finding.

use std::{collections::BTreeMap, fmt, sync::Arc};

use entrypass_seal::{KeyId, Keys, Purpose};

use crate::{
    inspection::{Filed, Place},
    record::Mac,
};

/// How much is under an audit key that is not in the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unjudged {
    /// The key.
    pub key: KeyId,
    /// Records, of which nobody can say whether they were changed.
    pub records: u64,
    /// Positions, of which nobody can say whether they follow from the one before.
    pub places: u64,
}

/// Counts it, by key.
pub(crate) struct UnknownKeys {
    ring: Arc<Keys>,
    keys: BTreeMap<KeyId, Unjudged>,
}

impl fmt::Display for Unjudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, records, places } = self;
        let counted = |count: u64, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            more => Some(format!("{more} {what}s")),
        };
        let parts = [counted(*records, "record"), counted(*places, "position")];
        let what: Vec<_> = parts.into_iter().flatten().collect();
        let verb = if records + places == 1 { "is" } else { "are" };
        write!(f, "{} {verb} under the key {key}, which is not in the key ring", what.join(" and "))
    }
}

impl UnknownKeys {
    pub(crate) fn to(ring: Arc<Keys>) -> Self {
        Self { ring, keys: BTreeMap::new() }
    }

    /// Whether the key of a record is unknown, which counts it. Not of one without a place that waits for none: whoever gives places
    /// gave it none either.
    pub(crate) fn record(&mut self, Filed { signed, position, waits }: &Filed) -> bool {
        let unknown = signed.mac.filter(|_| position.is_some() || *waits).and_then(|mac| self.of(mac));
        unknown.is_some_and(|under| {
            under.records += 1;
            true
        })
    }

    /// Whether the key of a place's link is unknown, which counts it.
    pub(crate) fn place(&mut self, place: &Place) -> bool {
        place.link.and_then(|link| self.of(link)).is_some_and(|under| {
            under.places += 1;
            true
        })
    }

    /// What was counted, by key.
    pub(crate) fn counted(self) -> Vec<Unjudged> {
        self.keys.into_values().collect()
    }

    /// What is under the key of `mac`, if that is unknown.
    fn of(&mut self, mac: Mac) -> Option<&mut Unjudged> {
        let key = KeyId::from_bytes(mac.key);
        let unknown = !self.ring.has(Purpose::Audit, key);
        unknown.then(|| self.keys.entry(key).or_insert(Unjudged { key, records: 0, places: 0 }))
    }
}
