//! Eligibility as data: what a policy document may say, and what it says of some facts at some time.
//!
//! Owns: the facts that rules may look at ([`Facts`], [`FACTS`]), the document with its checks ([`Policy::parse`]), and the decision with
//! every rule's outcome ([`Policy::evaluate`]). Does not own: where facts come from, which policy is active, what a decision leads to.
//! Pure: time is an argument.
//!
//! # The document
//!
//! TOML, so that it can be commented and compared line by line; at most 64 KiB. [`DEFAULT`] is one.
//!
//! | key | holds |
//! |---|---|
//! | `name` | 1 to 40 of `a-z 0-9 -` |
//! | `version` | 1 or more; name and version together are for people, [`Policy::digest`] says which text it is |
//! | `effective_from`, `effective_to` | RFC 3339, in quotes; from is included, to is not, and may be left out |
//! | `[[eligibility]]` | the rules of the offer, each asked: `id`, `requires` (true when the rule is met), `rule` and `unmet` (texts) |
//! | `[[levels]]` | the first whose `when` is true decides: `id`, `level`, `when`, `text`, `follow_up_days`; the last has no `when` |
//! | `[review]` | `identity_strength` that an applicant needs, `auto_approve`, `promised_days`, `lapse_days` |
//! | `[[tests]]` | `name`, `as_of`, `facts`, `expect` with `unmet`, `level`, `auto_approve` |
//!
//! A text is `{ zh_cn = "...", en = "..." }`. An `id` is the reason for machines: `A-Z 0-9 _`. `follow_up_days` stands with the level
//! TEMPORARY and only there: days within which the community follows up. `auto_approve` is left out where a reviewer decides on every
//! application, and otherwise approves those of it that are eligible. `promised_days` are calendar days from submission to decision, and left out where nothing is promised.
//! `lapse_days` are calendar days after which ends what an applicant begun, or got back, and left alone.
//!
//! A rule says what must be so, not what stands in the way: then what is not known leaves a rule unmet, and nobody is let through by a gap.
//!
//! # Tests
//!
//! A document proves itself: it is refused when one of its tests fails, and when a rule has no test in which it is met or none in which it
//! is not; likewise each level must decide in one, and `auto_approve` come out both ways.
//!
//! # Expressions
//!
//! The Common Expression Language (CEL), of which this much: facts; `true`, `false`, whole numbers and words in quotes;
//! `&&`, `||`, `!`, `? :`; `==`, `!=`, `<`, `<=`, `>`, `>=`; `in` with a list of words or numbers; `has(fact)`. That much is total: no loop, no arithmetic, nothing that
//! can fail. What is written is checked before it counts: each fact is one, each word is one that the fact can have, both sides of a comparison are
//! alike, and a fact that may be absent is asked for with `has` before it is read. Every outcome of a checked expression is `true` or `false`, for all facts.

mod check;
mod digest;
mod document;
mod error;
mod evaluation;
mod expression;
mod facts;
mod policy;
mod trial;
mod vocabulary;
mod words;

pub use digest::Digest;
pub use error::{EvaluationError, Fault, Mistake, PolicyErrors};
pub use evaluation::{Evaluation, LevelOutcome, Outcome, RuleOutcome};
pub use expression::{ExpressionFault, Position};
pub use facts::{
    ApplicationFacts, DocumentFacts, Facts, HealthFacts, IdentityFacts, PassFacts, PersonFacts,
    RegistrationFacts, TripFacts,
};
pub use policy::{EligibilityRule, LevelRule, Policy, Review};
pub use trial::Trial;
pub use vocabulary::{Datum, FACTS, Fact, Kind};
pub use words::{ApplicationState, IdentityStrength, Level, PassOrigin, RegistrationState};

/// The policy of a system that was given no other: the rule of the operation guide, and the levels that Foshan published.
pub const DEFAULT: &str = include_str!("../policies/foshan-2020.toml");
