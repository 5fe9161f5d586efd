//! The list of callers as a city writes it: what it comes to, and which mistakes are told.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod decisions;
mod explanations;
mod properties;
mod settings;

use std::collections::BTreeSet;

use entrypass_access::{AccessError, AccessSettings, CallerLimits, CallerSettings, Callers};
use serde::Deserialize;

/// What callers without numbers of their own may take.
const USUAL: CallerLimits = CallerLimits { requests_per_second: 10, burst: 20, in_flight: 30, streams: 4 };

/// The part of a configuration that is about callers.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    access: AccessSettings,
    #[serde(default)]
    callers: Vec<CallerSettings>,
}

/// The RPCs that there are.
fn rpcs() -> BTreeSet<String> {
    let all =
        ["a.v1.Pass/GetPass", "a.v1.Pass/GetOffer", "a.v1.Pass/Submit", "a.v1.Pass/Watch", "b.v1.Codes/Get"];
    all.map(str::to_owned).into()
}

/// Judges a configuration.
fn judge(text: &str) -> Result<Callers, AccessError> {
    let file: File = toml::from_str(text).expect("in form");
    Callers::new(&file.callers, &file.access, USUAL, rpcs())
}

/// A list without a mistake.
fn callers(text: &str) -> Callers {
    judge(text).expect(text)
}

/// A caller with these further lines.
fn caller(name: &str, lines: &str) -> String {
    format!("[[callers]]\nname = '{name}'\nidentity = 'spiffe://city.example/{name}'\n{lines}\n")
}
