//! Why a document is no policy, and why a policy cannot decide.

use std::fmt;

use thiserror::Error;

use crate::{evaluation::Outcome, expression::ExpressionFault};

/// Everything that is wrong with a document, at least one mistake.
///
/// The structure of the document is judged first, and only its first mistake is told; then everything that the document says.
/// Its tests are run once nothing else is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(pub(crate) Vec<Mistake>);

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {fault}")]
pub struct Mistake {
    /// Where: `eligibility[2] (ALREADY_COMPLETED).requires`, counted from 1, or the line.
    pub place: String,
    /// What.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// The document is longer than 64 KiB.
    #[error("a document has at most 65536 bytes")]
    TooLong,
    /// The document is no TOML, or a key is missing, unknown, or of another type.
    #[error("{0}")]
    Structure(String),
    /// A value breaks a rule, which this is.
    #[error("{0}")]
    Value(&'static str),
    /// An expression is none that a policy may have.
    #[error(transparent)]
    Expression(ExpressionFault),
    /// A test comes out otherwise.
    #[error("expected {expected}; found {found}")]
    TestFails {
        /// As the document says.
        expected: Outcome,
        /// As its rules say.
        found: Outcome,
    },
    /// No test shows this.
    #[error("no test in which {0}")]
    NotTested(&'static str),
}

/// Why a policy cannot decide. Whoever asked has to answer that it cannot be decided, and must not guess.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// The policy is not in force at the time that was asked about.
    #[error("the policy is not in force at the time that was asked about")]
    NotInForce,
    /// A rule has no outcome. The checks on load rule it out.
    #[error("the rule {0} has no outcome")]
    NoOutcome(String),
}

impl PolicyErrors {
    /// The mistakes, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}
