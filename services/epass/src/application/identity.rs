//! The verification of the holder's identity, as far as it concerns an application.

pub(crate) use entrypass_policy::IdentityStrength as Strength;
use time::OffsetDateTime;

use super::{Application, IllegalTransition, Step};

/// How a verification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is the holder, as far as the strength says.
    Verified,
    /// Something contradicts.
    Mismatch,
    /// Nothing contradicts, and what is needed could not be verified.
    CannotVerify,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// How much it says; nothing where nobody could be asked.
    pub(crate) strength: Option<Strength>,
    /// The names of the checks that failed.
    pub(crate) failed_checks: Vec<String>,
    /// Which revision of the registration was verified; nothing where nobody could be asked.
    pub(crate) revision: Option<i32>,
}

/// What is to be done for a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    /// How often it was tried.
    pub(crate) tries: i32,
    /// When it is to be tried next: until then whoever tries has the application to themselves.
    pub(crate) next: OffsetDateTime,
}

/// Reads a strength as it stands in the database.
pub(crate) fn strength_from_word(word: &str) -> Option<Strength> {
    Strength::ALL.iter().copied().find(|strength| strength.as_str() == word)
}

impl Outcome {
    /// Every outcome.
    const ALL: [Self; 3] = [Self::Verified, Self::Mismatch, Self::CannotVerify];

    /// As it stands in the database.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Mismatch => "MISMATCH",
            Self::CannotVerify => "CANNOT_VERIFY",
        }
    }

    /// Reads what [`Outcome::word`] wrote.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

impl Finding {
    /// Nobody could be asked.
    pub(crate) fn nobody_answered() -> Self {
        Self { outcome: Outcome::CannotVerify, strength: None, failed_checks: Vec::new(), revision: None }
    }
}

impl Application {
    /// This application while its holder's identity is verified; whoever does so has it until `next`.
    pub(crate) fn verifying(
        &self,
        next: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalTransition> {
        Ok(Self { task: Some(Task { tries: 1, next }), ..self.stepped(Step::Verify, now)? })
    }

    /// This application with what the verification found. Approved where that is `enough`; one that contradicts ends by itself at `lapse_time`.
    pub(crate) fn verified(
        &self,
        finding: Finding,
        enough: bool,
        lapse_time: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalTransition> {
        let (step, lapses) = match finding.outcome {
            Outcome::Mismatch => (Step::Contradict, Some(lapse_time)),
            Outcome::Verified if enough => (Step::Grant, None),
            Outcome::Verified | Outcome::CannotVerify => (Step::Examine, None),
        };
        Ok(Self { finding: Some(finding), lapse_time: lapses, ..self.stepped(step, now)? })
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Strength, strength_from_word};

    #[test]
    fn stored_words_are_read_back_and_no_other() {
        for strength in Strength::ALL {
            assert_eq!(strength_from_word(strength.as_str()), Some(*strength));
        }
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_word(outcome.word()), Some(outcome));
        }
        assert_eq!((strength_from_word("REAL"), Outcome::from_word("")), (None, None));
        assert!(Strength::Formal < Strength::RealName && Strength::RealName < Strength::RealPerson);
    }
}
