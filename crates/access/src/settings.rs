//! What a city writes down of its callers. Read by whoever owns the file; judged in `callers.rs`.

use serde::{Deserialize, Deserializer, de};

use crate::{HolderProof, PersonalData};

/// One `[[callers]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerSettings {
    /// What it is called in records, in answers, and in other settings: 1 to 64 of `A-Z a-z 0-9 . _ -`, unique.
    pub name: String,
    /// How its certificate names it: a SPIFFE id or a DNS name, unique.
    pub identity: String,
    /// Its rules; the first that matches an RPC decides, and what none matches is refused.
    pub rpcs: Vec<String>,
    /// How much of a person it is shown.
    #[serde(default)]
    pub personal_data: PersonalData,
    /// Whether it must give the holder's name with a document.
    #[serde(default)]
    pub holder_proof: HolderProof,
    /// The purposes that it may state.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// Whether it must state one; unless given, it must if there is one that it may state.
    pub must_state_purpose: Option<bool>,
    /// Whether it is a service of ours: what it says of the first caller is believed.
    #[serde(default)]
    pub speaks_for_others: bool,
    /// Most requests a second, over a longer time.
    pub requests_per_second: Option<u32>,
    /// Most requests at once before they are counted by the second; as many as in a second unless given.
    pub burst: Option<u32>,
    /// Most unary calls that are not answered yet.
    pub in_flight: Option<u32>,
    /// Most streams that are open.
    pub streams: Option<u32>,
}

/// `[access]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessSettings {
    /// The purposes that there are: each 1 to 64 of `A-Z 0-9 _`, unique.
    pub purposes: Vec<String>,
    /// Who may ask for health.
    pub health: Who,
    /// Who may ask for the contract by reflection.
    pub reflection: Who,
}

/// Whom something is open to that no rule of a caller speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Whoever can connect.
    Anyone,
    /// Callers, by their names.
    Named(Vec<String>),
}

/// What a caller is held to: each number is at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerLimits {
    /// Most requests a second, over a longer time.
    pub requests_per_second: u32,
    /// Most requests at once before they are counted by the second.
    pub burst: u32,
    /// Most unary calls that are not answered yet.
    pub in_flight: u32,
    /// Most streams that are open.
    pub streams: u32,
}

impl Default for AccessSettings {
    fn default() -> Self {
        let purposes =
            ["SELF_SERVICE", "ASSISTED_SERVICE", "CHECKPOINT", "REVIEW", "DATA_SUBJECT_REQUEST", "SUPPORT"];
        Self { purposes: purposes.map(str::to_owned).into(), health: Who::Anyone, reflection: Who::Anyone }
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "\"anyone\" or a list of callers' names")]
        enum Written {
            Word(String),
            Names(Vec<String>),
        }
        match Written::deserialize(deserializer)? {
            Written::Word(word) if word == "anyone" => Ok(Self::Anyone),
            Written::Word(_) => Err(de::Error::custom("must be \"anyone\" or a list of callers' names")),
            Written::Names(names) => Ok(Self::Named(names)),
        }
    }
}
