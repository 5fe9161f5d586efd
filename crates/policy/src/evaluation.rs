//! What a policy says of some facts at some time, with every rule's outcome.

use std::fmt;

use entrypass_rule::Text;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    error::EvaluationError,
    expression::{Expression, Situation},
    facts::Facts,
    policy::{EligibilityRule, LevelRule, Policy},
    words::Level,
};

/// What a policy says.
#[derive(Debug)]
pub struct Evaluation<'p> {
    /// Every rule of the offer, in order.
    pub eligibility: Vec<RuleOutcome<'p>>,
    /// Every rule of the level, in order; the first that applies decides.
    pub levels: Vec<LevelOutcome<'p>>,
    /// The rule that decided on the level.
    pub level: &'p LevelRule,
    /// An application may be approved without a reviewer: it is eligible, and the policy says so.
    pub auto_approve: bool,
}

/// One rule of the offer.
#[derive(Debug)]
pub struct RuleOutcome<'p> {
    /// The rule.
    pub rule: &'p EligibilityRule,
    /// What it requires is so.
    pub met: bool,
}

/// One rule of the level.
#[derive(Debug)]
pub struct LevelOutcome<'p> {
    /// The rule.
    pub rule: &'p LevelRule,
    /// What it is for is so, which says nothing of the rules before it.
    pub applies: bool,
}

/// What came out, in words: what tests expect, and what is compared when a draft is simulated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The ids of the rules that are not met, in order. Eligible is who leaves none.
    pub unmet: Vec<String>,
    /// The level.
    pub level: Level,
    /// See [`Evaluation::auto_approve`].
    #[serde(default)]
    pub auto_approve: bool,
}

impl RuleOutcome<'_> {
    /// The rule for people, where it is met; else the reason why not.
    #[must_use]
    pub fn text(&self) -> &Text {
        if self.met { &self.rule.rule } else { &self.rule.unmet }
    }
}

impl<'p> Evaluation<'p> {
    /// No rule is unmet.
    #[must_use]
    pub fn eligible(&self) -> bool {
        self.eligibility.iter().all(|outcome| outcome.met)
    }

    /// The rules that are not met, in order.
    pub fn unmet(&self) -> impl Iterator<Item = &'p EligibilityRule> {
        self.eligibility.iter().filter(|outcome| !outcome.met).map(|outcome| outcome.rule)
    }

    /// What came out, in words.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        Outcome {
            unmet: self.unmet().map(|rule| rule.id.clone()).collect(),
            level: self.level.level,
            auto_approve: self.auto_approve,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unmet [{}], level {}, auto_approve {}",
            self.unmet.join(", "),
            self.level.as_str(),
            self.auto_approve
        )
    }
}

impl Policy {
    /// Decides. The same facts at the same time come out the same each time; the effort is bounded by the size of the document.
    ///
    /// # Errors
    /// The policy is not in force at `as_of`.
    pub fn evaluate(&self, facts: &Facts, as_of: OffsetDateTime) -> Result<Evaluation<'_>, EvaluationError> {
        if !self.covers(as_of) {
            return Err(EvaluationError::NotInForce);
        }
        let situation = Situation::new(facts, as_of);
        let eligibility = self.eligibility().iter().map(|rule| {
            let met = outcome(&rule.requires, &rule.id, &situation)?;
            Ok(RuleOutcome { rule, met })
        });
        let eligibility: Vec<_> = eligibility.collect::<Result<_, _>>()?;
        let levels = self.levels().iter().map(|rule| {
            let applies = rule.when.as_ref().map_or(Ok(true), |when| outcome(when, &rule.id, &situation))?;
            Ok(LevelOutcome { rule, applies })
        });
        let levels: Vec<_> = levels.collect::<Result<_, _>>()?;
        let decides = levels.iter().find(|outcome| outcome.applies).map(|outcome| outcome.rule);
        let level = decides.ok_or_else(|| EvaluationError::NoOutcome("levels".to_owned()))?;
        let wanted = match &self.review().auto_approve {
            Some(wanted) => outcome(wanted, "review.auto_approve", &situation)?,
            None => false,
        };
        let auto_approve = wanted && eligibility.iter().all(|outcome| outcome.met);
        Ok(Evaluation { eligibility, levels, level, auto_approve })
    }
}

fn outcome(of: &Expression, id: &str, situation: &Situation) -> Result<bool, EvaluationError> {
    of.holds(situation).ok_or_else(|| EvaluationError::NoOutcome(id.to_owned()))
}
