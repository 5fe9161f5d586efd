//! A document as it is written, before anything in it is judged.

use serde::Deserialize;
use time::OffsetDateTime;

use crate::{
    evaluation::Outcome,
    facts::Facts,
    words::{IdentityStrength, Level},
};

/// Unknown keys are refused everywhere: a misspelt one would be a rule that nobody keeps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) version: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) effective_from: OffsetDateTime,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(crate) effective_to: Option<OffsetDateTime>,
    pub(crate) eligibility: Vec<Requirement>,
    pub(crate) levels: Vec<Grade>,
    pub(crate) review: Review,
    pub(crate) tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requirement {
    pub(crate) id: String,
    pub(crate) requires: String,
    pub(crate) rule: Wording,
    pub(crate) unmet: Wording,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grade {
    pub(crate) id: String,
    pub(crate) level: Level,
    pub(crate) when: Option<String>,
    pub(crate) text: Wording,
    pub(crate) follow_up_days: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Review {
    pub(crate) identity_strength: IdentityStrength,
    pub(crate) auto_approve: Option<String>,
    pub(crate) promised_days: Option<u16>,
    pub(crate) lapse_days: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wording {
    pub(crate) zh_cn: String,
    pub(crate) en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    pub(crate) name: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) as_of: OffsetDateTime,
    pub(crate) facts: Facts,
    pub(crate) expect: Outcome,
}
