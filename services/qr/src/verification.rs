//! From what was found out about a scanned code to the verdict. Pure.

use entrypass_token::Freshness;

use crate::code::CodeState;

/// How far the reading of a scanned text came, and what was learnt after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Findings {
    /// Not a token.
    Malformed,
    /// A token that names a key which is not ours.
    UnknownKey,
    /// The key did not sign it.
    BadSignature,
    /// A token of ours.
    Genuine {
        /// How it stands to the hour.
        freshness: Freshness,
        /// What is recorded of the code.
        code: Option<CodeState>,
        /// What is known of its registration.
        registration: RegistrationFinding,
    },
}

/// What is known of a code's registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RegistrationFinding {
    /// Active, and the code stands for its present revision.
    Current,
    /// It has a later revision.
    Amended,
    /// Its time has ended.
    Expired,
    /// It was cancelled.
    Cancelled,
    /// It does not exist.
    Missing,
    /// It could not be asked for.
    Unknown,
}

/// What is decided; the contract, which has the same words, says what each means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    Expired,
    NotYetValid,
    Superseded,
    Revoked,
    Suspended,
    UnknownKey,
    BadSignature,
    Malformed,
    NotFound,
    CannotDecide,
}

/// How one check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Made and passed.
    Passed,
    /// Made and failed.
    Failed,
    /// Not made.
    NotPerformed,
}

impl Findings {
    /// The verdict. Of several things wrong the one that will not mend itself is named: a revoked code that has also expired is
    /// revoked, and asking for a fresh one would not help.
    pub(crate) fn verdict(self) -> Verdict {
        use RegistrationFinding as R;
        let Self::Genuine { freshness, code, registration } = self else {
            return match self {
                Self::UnknownKey => Verdict::UnknownKey,
                Self::BadSignature => Verdict::BadSignature,
                Self::Malformed | Self::Genuine { .. } => Verdict::Malformed,
            };
        };
        match (code, registration, freshness) {
            (None, _, _) | (_, R::Missing, _) => Verdict::NotFound,
            (Some(CodeState::Revoked), _, _) | (_, R::Cancelled, _) => Verdict::Revoked,
            (Some(CodeState::Superseded), _, _) | (_, R::Amended, _) => Verdict::Superseded,
            (_, R::Expired, _) => Verdict::Expired,
            (Some(CodeState::Suspended), _, _) => Verdict::Suspended,
            (_, _, Freshness::Expired) => Verdict::Expired,
            (_, _, Freshness::NotYetValid) => Verdict::NotYetValid,
            (Some(CodeState::Active), R::Unknown, Freshness::Fresh) => Verdict::CannotDecide,
            (Some(CodeState::Active), R::Current, Freshness::Fresh) => Verdict::Valid,
        }
    }

    /// The outcome of each check in the contract's order: format, key, signature, time, code, registration.
    pub(crate) fn outcomes(self) -> [Outcome; 6] {
        use Outcome::{Failed, NotPerformed, Passed};
        let (freshness, code, registration) = match self {
            Self::Malformed => {
                return [Failed, NotPerformed, NotPerformed, NotPerformed, NotPerformed, NotPerformed];
            }
            Self::UnknownKey => {
                return [Passed, Failed, NotPerformed, NotPerformed, NotPerformed, NotPerformed];
            }
            Self::BadSignature => return [Passed, Passed, Failed, NotPerformed, NotPerformed, NotPerformed],
            Self::Genuine { freshness, code, registration } => (freshness, code, registration),
        };
        let passed = |good: bool| if good { Passed } else { Failed };
        let registration = match (code, registration) {
            // Without a record nobody knows which registration to ask for.
            (None, _) | (_, RegistrationFinding::Unknown) => NotPerformed,
            (_, finding) => passed(finding == RegistrationFinding::Current),
        };
        let time = passed(freshness == Freshness::Fresh);
        [Passed, Passed, Passed, time, passed(code == Some(CodeState::Active)), registration]
    }
}

#[cfg(test)]
mod tests {
    use entrypass_token::Freshness::{Expired, Fresh, NotYetValid};

    use super::{Findings, Outcome, RegistrationFinding as R, Verdict};
    use crate::code::CodeState as C;

    #[test]
    fn only_a_fresh_active_current_code_is_valid() {
        let registrations = [R::Current, R::Amended, R::Expired, R::Cancelled, R::Missing, R::Unknown];
        for freshness in [Fresh, NotYetValid, Expired] {
            for code in [None, Some(C::Active), Some(C::Suspended), Some(C::Superseded), Some(C::Revoked)] {
                for registration in registrations {
                    let findings = Findings::Genuine { freshness, code, registration };
                    let good = (freshness, code, registration) == (Fresh, Some(C::Active), R::Current);
                    assert_eq!(findings.verdict() == Verdict::Valid, good, "{findings:?}");
                    let all_passed = findings.outcomes().iter().all(|outcome| *outcome == Outcome::Passed);
                    assert_eq!(all_passed, good, "{findings:?}");
                }
            }
        }
        for findings in [Findings::Malformed, Findings::UnknownKey, Findings::BadSignature] {
            assert_ne!(findings.verdict(), Verdict::Valid);
        }
    }

    #[test]
    fn the_verdict_names_what_will_not_mend_itself() {
        let table = [
            (Fresh, None, R::Unknown, Verdict::NotFound),
            (Fresh, Some(C::Active), R::Missing, Verdict::NotFound),
            (Expired, Some(C::Revoked), R::Amended, Verdict::Revoked),
            (Fresh, Some(C::Active), R::Cancelled, Verdict::Revoked),
            (Fresh, Some(C::Superseded), R::Cancelled, Verdict::Revoked),
            (Fresh, Some(C::Active), R::Amended, Verdict::Superseded),
            (Expired, Some(C::Superseded), R::Unknown, Verdict::Superseded),
            (Expired, Some(C::Active), R::Current, Verdict::Expired),
            (Fresh, Some(C::Active), R::Expired, Verdict::Expired),
            (Fresh, Some(C::Suspended), R::Current, Verdict::Suspended),
            (Expired, Some(C::Suspended), R::Unknown, Verdict::Suspended),
            (Fresh, Some(C::Suspended), R::Amended, Verdict::Superseded),
            (Fresh, Some(C::Suspended), R::Expired, Verdict::Expired),
            (NotYetValid, Some(C::Active), R::Current, Verdict::NotYetValid),
            (Expired, Some(C::Active), R::Unknown, Verdict::Expired),
            (Fresh, Some(C::Active), R::Unknown, Verdict::CannotDecide),
        ];
        for (freshness, code, registration, expected) in table {
            let findings = Findings::Genuine { freshness, code, registration };
            assert_eq!(findings.verdict(), expected, "{findings:?}");
        }
    }
}
