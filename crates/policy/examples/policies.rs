//! What the documents named on the command line say: of the facts of their tests and of generated ones, one JSON object for each document.
//!
//! `tests/interop/policies.mjs` holds another implementation of CEL against it.

use std::{
    env, fs,
    io::{self, Write as _},
};

use entrypass_document::DocumentType;
use entrypass_policy::{
    ApplicationState, Datum, FACTS, Facts, IdentityStrength, PassOrigin, Policy, RegistrationState,
};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};

type Failure = Box<dyn std::error::Error>;

/// As many facts are generated for each document.
const GENERATED: usize = 2000;
const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 +8);

fn main() -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    for path in env::args().skip(1) {
        let policy =
            Policy::parse(&fs::read_to_string(&path)?).map_err(|errors| format!("{path}:\n{errors}"))?;
        writeln!(output, "{}", told(&policy)?)?;
    }
    Ok(())
}

fn told(policy: &Policy) -> Result<Value, Failure> {
    let eligibility = policy.eligibility().iter();
    let levels = policy.levels().iter();
    let mut draws = Draws(0x9e37_79b9_7f4a_7c15);
    let written = policy.trials().iter().map(|trial| (trial.facts.clone(), trial.as_of));
    let generated = (0..GENERATED).map(|_| draws.facts());
    let cases = written.chain(generated).map(|(facts, as_of)| case(policy, &facts, as_of));
    Ok(json!({
        "name": policy.name(),
        "eligibility": eligibility.map(|rule| json!({ "id": rule.id, "requires": rule.requires() })).collect::<Vec<_>>(),
        "levels": levels.map(|rule| json!({ "id": rule.id, "when": rule.when() })).collect::<Vec<_>>(),
        "auto_approve": policy.review().auto_approve(),
        "cases": cases.collect::<Result<Vec<_>, _>>()?,
    }))
}

fn case(policy: &Policy, facts: &Facts, as_of: OffsetDateTime) -> Result<Value, Failure> {
    let evaluation = policy.evaluate(facts, as_of)?;
    let mut groups = Map::new();
    for fact in &FACTS {
        let group = groups.entry(fact.group).or_insert_with(|| json!({}));
        if let Some(datum) = fact.read(facts, as_of) {
            group[fact.name] = match datum {
                Datum::Bool(yes) => yes.into(),
                Datum::Int(number) => number.into(),
                Datum::Word(word) => word.into(),
            };
        }
    }
    Ok(json!({
        "facts": groups,
        "met": evaluation.eligibility.iter().map(|outcome| outcome.met).collect::<Vec<_>>(),
        "applies": evaluation.levels.iter().map(|outcome| outcome.applies).collect::<Vec<_>>(),
        "level": evaluation.level.id,
        "auto_approve": evaluation.auto_approve,
    }))
}

/// Draws that are the same each time (xorshift64).
struct Draws(u64);

impl Draws {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % count
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn maybe<T>(&mut self, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| draw(self))
    }

    fn flag(&mut self) -> Option<bool> {
        self.maybe(|draws| draws.below(2) == 1)
    }

    fn days(&mut self) -> Duration {
        Duration::days(i64::try_from(self.below(11)).unwrap_or(0) - 5)
    }

    /// Where a rule has a border, often at it.
    fn facts(&mut self) -> (Facts, OffsetDateTime) {
        let state = self.one_of(RegistrationState::ALL);
        let mut facts = Facts::new(state, self.maybe(|draws| draws.one_of(&DocumentType::ALL)));
        facts.document.of_city = self.flag();
        facts.person.age = self.maybe(|draws| draws.one_of(&[0, 13, 14, 17, 18, 19, 99, 100, 255]));
        facts.person.has_guardian = self.flag();
        facts.person.household_in_city = self.flag();
        facts.person.residence_permit_in_city = self.flag();
        facts.trip.entry_date = self.maybe(|draws| (NOW + draws.days()).date());
        facts.trip.outbreak_area = self.flag();
        facts.health.fever = self.flag();
        facts.health.fever_since = self.maybe(|draws| NOW + draws.days());
        facts.health.symptoms = self.flag();
        facts.health.quarantine_until = self.maybe(|draws| NOW + draws.days());
        facts.identity.strength = self.maybe(|draws| draws.one_of(IdentityStrength::ALL));
        facts.pass.origin = self.maybe(|draws| draws.one_of(PassOrigin::ALL));
        facts.pass.suspended = self.below(3) == 0;
        facts.application.state = self.one_of(ApplicationState::ALL);
        (facts, NOW + self.days())
    }
}
