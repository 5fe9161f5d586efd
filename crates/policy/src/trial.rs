//! The tests inside a document: run, and counted for what they show.

use time::OffsetDateTime;

use crate::{
    error::{Fault, Mistake},
    evaluation::{Evaluation, Outcome},
    facts::Facts,
    policy::Policy,
};

/// A test that a document brings along.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What it shows.
    pub name: String,
    /// The time that is asked about.
    pub as_of: OffsetDateTime,
    /// What is known of somebody.
    pub facts: Facts,
    /// What must come out.
    pub expected: Outcome,
}

impl Policy {
    /// Runs every test; what fails, and what no test shows.
    pub(crate) fn try_out(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut evaluations = Vec::new();
        for (at, trial) in (1..).zip(self.trials()) {
            let place = || format!("tests[{at}] ({})", trial.name);
            match self.evaluate(&trial.facts, trial.as_of) {
                Ok(evaluation) => {
                    let (expected, found) = (trial.expected.clone(), evaluation.outcome());
                    if expected != found {
                        mistakes
                            .push(Mistake { place: place(), fault: Fault::TestFails { expected, found } });
                    }
                    evaluations.push(evaluation);
                }
                Err(_) => mistakes.push(Mistake {
                    place: format!("{}.as_of", place()),
                    fault: Fault::Value("within effective_from and effective_to"),
                }),
            }
        }
        mistakes.extend(self.untested(&evaluations));
        mistakes
    }

    /// A rule that no test shows both ways may say anything.
    fn untested(&self, evaluations: &[Evaluation<'_>]) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut demand = |shown: bool, place: String, what: &'static str| {
            if !shown {
                mistakes.push(Mistake { place, fault: Fault::NotTested(what) });
            }
        };
        for (at, rule) in self.eligibility().iter().enumerate() {
            let place = || format!("eligibility[{}] ({})", at + 1, rule.id);
            demand(evaluations.iter().any(|all| all.eligibility[at].met), place(), "this rule is met");
            demand(evaluations.iter().any(|all| !all.eligibility[at].met), place(), "this rule is not met");
        }
        for (at, rule) in self.levels().iter().enumerate() {
            let decides = evaluations.iter().any(|all| all.level.id == rule.id);
            demand(decides, format!("levels[{}] ({})", at + 1, rule.id), "this rule decides");
        }
        if self.review().auto_approve.is_some() {
            let place = || "review.auto_approve".to_owned();
            demand(evaluations.iter().any(|all| all.auto_approve), place(), "this is so");
            // An application that is not eligible shows nothing of it.
            let refused = evaluations.iter().any(|all| all.eligible() && !all.auto_approve);
            demand(refused, place(), "this is not so and everything else is");
        }
        mistakes
    }
}
