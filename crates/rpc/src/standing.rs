//! On whose behalf a call is made, for what, and what is shown for it; and the metadata in which services tell each other.

use std::sync::Arc;

use entrypass_access::{HolderProof, KnownCaller, PersonalData};
use http::HeaderMap;

use crate::{Caller, caller};

/// The metadata key of the purpose that a caller states.
pub(crate) const PURPOSE: &str = "entrypass-purpose";
/// The metadata key of how much the first caller is shown: "full" or "masked".
const PERSONAL_DATA: &str = "entrypass-personal-data";
/// The metadata key of whether the first caller must prove who the holder is: "required" or "waived".
const HOLDER_PROOF: &str = "entrypass-holder-proof";
/// Most characters of a purpose.
const LONGEST_PURPOSE: usize = 64;

/// On whose behalf a call is made, and what is shown for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The first caller.
    pub(crate) caller: Caller,
    /// Who is at the other end of the connection.
    pub(crate) peer: Caller,
    pub(crate) purpose: Option<Arc<str>>,
    pub(crate) personal_data: PersonalData,
    pub(crate) holder_proof: HolderProof,
}

impl Standing {
    /// What whoever calls says of itself, where nobody is listed and everybody is on this machine. It can ask for less than everything,
    /// and holders are proven.
    pub(crate) fn claimed(headers: &HeaderMap) -> Self {
        let caller = Caller::read(text(headers, caller::HEADER));
        Self {
            peer: caller.clone(),
            caller,
            purpose: stated_purpose(headers),
            personal_data: personal_data(headers).unwrap_or(PersonalData::Full),
            holder_proof: HolderProof::Required,
        }
    }

    /// What `relay`, which is believed, says of the first caller. What it does not say is the least. Without a caller it calls for itself.
    pub(crate) fn relayed(headers: &HeaderMap, relay: Caller) -> Self {
        Self {
            caller: text(headers, caller::HEADER)
                .map_or_else(|| relay.clone(), |name| Caller::read(Some(name))),
            peer: relay,
            purpose: stated_purpose(headers),
            personal_data: personal_data(headers).unwrap_or_default(),
            holder_proof: text(headers, HOLDER_PROOF).and_then(HolderProof::parse).unwrap_or_default(),
        }
    }

    /// That of `known`. Of what a service of ours says of somebody else, all is believed; without that it calls for itself.
    pub(crate) fn known(headers: &HeaderMap, known: &KnownCaller) -> Self {
        let itself = Caller::read(Some(known.name()));
        if known.speaks_for_others() && !is_itself(headers, known) {
            return Self::relayed(headers, itself);
        }
        Self {
            caller: itself.clone(),
            peer: itself,
            purpose: stated_purpose(headers),
            personal_data: known.personal_data(),
            holder_proof: known.holder_proof(),
        }
    }

    /// Somebody of whom nothing is known, and who is shown the least.
    pub(crate) fn unknown() -> Self {
        Self::relayed(&HeaderMap::new(), Caller::read(None))
    }

    /// What the next hop is told.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let purpose = self.purpose.as_deref().map(|purpose| (PURPOSE, purpose));
        let always = [
            (caller::HEADER, self.caller.as_str()),
            (PERSONAL_DATA, self.personal_data.as_str()),
            (HOLDER_PROOF, self.holder_proof.as_str()),
        ];
        always.into_iter().chain(purpose)
    }
}

/// The purpose that is stated in the form of one: 1 to 64 of `A-Z 0-9 _`.
pub(crate) fn stated_purpose(headers: &HeaderMap) -> Option<Arc<str>> {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let usable =
        |purpose: &&str| (1..=LONGEST_PURPOSE).contains(&purpose.len()) && purpose.bytes().all(allowed);
    text(headers, PURPOSE).filter(usable).map(Into::into)
}

/// Whether `known` says that it calls for itself.
pub(crate) fn is_itself(headers: &HeaderMap, known: &KnownCaller) -> bool {
    text(headers, caller::HEADER).is_none_or(|name| name == known.name())
}

fn personal_data(headers: &HeaderMap) -> Option<PersonalData> {
    text(headers, PERSONAL_DATA).map(|value| PersonalData::parse(value).unwrap_or_default())
}

pub(crate) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
