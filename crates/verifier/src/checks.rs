//! The checks of one decision, and the one rule by which they make the verdict, online and offline alike.

use crate::{Check, Reason, Verdict};

/// How one check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Made and passed.
    Passed,
    /// Made and failed.
    Failed(Reason),
    /// Not made.
    NotPerformed(Reason),
}

impl Outcome {
    /// Why the check failed or was not made.
    #[must_use]
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Passed => None,
            Self::Failed(reason) | Self::NotPerformed(reason) => Some(reason),
        }
    }

    /// `PASSED`, `FAILED` or `NOT_PERFORMED`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Failed(_) => "FAILED",
            Self::NotPerformed(_) => "NOT_PERFORMED",
        }
    }
}

/// From a judgement to the outcome of a check that was made.
impl From<Result<(), Reason>> for Outcome {
    fn from(judged: Result<(), Reason>) -> Self {
        judged.map_or_else(Self::Failed, |()| Self::Passed)
    }
}

/// Every check with its outcome.
///
/// Until it is set, a check counts as left out because of an earlier one, which is never good enough for
/// [`Verdict::Valid`]: a check that somebody forgets cannot let a code pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks([Outcome; Check::ALL.len()]);

impl Default for Checks {
    fn default() -> Self {
        Self([Outcome::NotPerformed(Reason::EarlierCheckFailed); Check::ALL.len()])
    }
}

impl Checks {
    /// Notes how a check went.
    pub fn set(&mut self, check: Check, outcome: impl Into<Outcome>) {
        self.0[check as usize] = outcome.into();
    }

    /// The same, with how one more check went.
    #[must_use]
    pub fn with(mut self, check: Check, outcome: impl Into<Outcome>) -> Self {
        self.set(check, outcome);
        self
    }

    /// How a check went.
    #[must_use]
    pub const fn outcome(&self, check: Check) -> Outcome {
        self.0[check as usize]
    }

    /// Every check with its outcome, in the order of [`Check::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Check, Outcome)> + '_ {
        Check::ALL.iter().copied().zip(self.0)
    }

    /// What the checks make together: the verdict of the gravest reason (see [`Reason`]).
    ///
    /// VALID only if every check passed, except for one that was left out because there is no network; and without any reason
    /// that says something, `CANNOT_DECIDE`.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let gravest =
            self.0.iter().filter_map(|outcome| outcome.reason()).filter(|r| r.verdict().is_some()).min();
        if let Some(verdict) = gravest.and_then(Reason::verdict) {
            return verdict;
        }
        let good =
            |outcome: &Outcome| matches!(outcome, Outcome::Passed | Outcome::NotPerformed(Reason::Offline));
        if self.0.iter().all(good) { Verdict::Valid } else { Verdict::CannotDecide }
    }
}

#[cfg(test)]
mod tests {
    use super::{Checks, Outcome};
    use crate::{Check, Reason, Verdict};

    fn passed() -> Checks {
        Check::ALL.iter().fold(Checks::default(), |checks, check| checks.with(*check, Outcome::Passed))
    }

    #[test]
    fn only_with_every_check_passed_a_code_is_valid() {
        assert_eq!(passed().verdict(), Verdict::Valid);
        for check in Check::ALL {
            for reason in Reason::ALL {
                let failed = passed().with(*check, Outcome::Failed(*reason));
                assert_ne!(failed.verdict(), Verdict::Valid, "{failed:?}");
                let left_out = passed().with(*check, Outcome::NotPerformed(*reason));
                let good = left_out.verdict() == Verdict::Valid;
                assert_eq!(good, *reason == Reason::Offline, "{left_out:?}");
            }
        }
        assert_eq!(Checks::default().verdict(), Verdict::CannotDecide);
    }

    #[test]
    fn the_verdict_names_what_will_not_mend_itself() {
        use Check::{Code, DataAge, Key, Registration, Time};
        let table = [
            (vec![(Time, Reason::ContentExpired), (Code, Reason::CodeRevoked)], Verdict::Revoked),
            (
                vec![(Code, Reason::CodeSuperseded), (Registration, Reason::RegistrationCancelled)],
                Verdict::Revoked,
            ),
            (
                vec![(Code, Reason::CodeRevoked), (Registration, Reason::RegistrationMissing)],
                Verdict::NotFound,
            ),
            (
                vec![(Code, Reason::CodeSuspended), (Registration, Reason::RegistrationAmended)],
                Verdict::Superseded,
            ),
            (
                vec![(Code, Reason::CodeSuspended), (Registration, Reason::RegistrationExpired)],
                Verdict::Expired,
            ),
            (vec![(Code, Reason::CodeSuspended), (Time, Reason::ContentExpired)], Verdict::Suspended),
            (vec![(Time, Reason::ContentExpired), (DataAge, Reason::DataTooOld)], Verdict::Expired),
            (vec![(Time, Reason::NotYetIssued), (DataAge, Reason::ClockBehind)], Verdict::NotYetValid),
            (vec![(Key, Reason::KeyUnknown), (DataAge, Reason::DataTooOld)], Verdict::CannotDecide),
            (vec![(Key, Reason::KeyRevoked), (DataAge, Reason::DataTooOld)], Verdict::UnknownKey),
            (vec![(Code, Reason::CodeRevoked), (DataAge, Reason::DataTooOld)], Verdict::Revoked),
        ];
        for (wrong, expected) in table {
            let checks = wrong
                .iter()
                .fold(passed(), |checks, (check, reason)| checks.with(*check, Outcome::Failed(*reason)));
            assert_eq!(checks.verdict(), expected, "{wrong:?}");
        }
    }

    #[test]
    fn who_could_not_be_asked_is_not_overlooked() {
        let unasked = Outcome::NotPerformed(Reason::NeighbourUnavailable);
        assert_eq!(passed().with(Check::Registration, unasked).verdict(), Verdict::CannotDecide);
    }

    #[test]
    fn each_word_is_one_thing() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::from_word(verdict.word()), Some(*verdict));
        }
        for reason in Reason::ALL {
            assert_eq!(Reason::from_word(reason.word()), Some(*reason));
        }
        for check in Check::ALL {
            assert_eq!(Check::from_word(check.word()), Some(*check));
        }
        assert_eq!(Verdict::from_word("valid"), None);
    }
}
