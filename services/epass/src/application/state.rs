//! Where an application stands, and every step from one state to another.

use thiserror::Error;

use super::Decision;

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Begun and not submitted.
    Draft,
    /// Submitted: the holder's identity is to be verified.
    Submitted,
    /// The holder's identity is being verified.
    IdentityVerifying,
    /// What was registered contradicts itself or the register: to be mended and submitted again.
    VerificationFailed,
    /// Waits for a decision.
    UnderReview,
    /// Can be submitted again.
    ReturnedForCorrection,
    /// Decided; the pass is issued in the same transaction. Rows of an earlier release stay here, with their pass.
    Approved,
    /// A pass was issued with it.
    Issued,
    /// Over; a new application may be made.
    Rejected,
    /// Over, because the holder withdrew it or its registration was cancelled; a new application may be made.
    Withdrawn,
    /// Over by time; a new application may be made.
    Expired,
}

/// What moves an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The traveller submits it, also again.
    Submit,
    /// The traveller withdraws it.
    Withdraw,
    /// The holder's identity begins to be verified.
    Verify,
    /// The verification found a contradiction.
    Contradict,
    /// The verification leaves the decision to a reviewer.
    Examine,
    /// The verification is enough, as the policy has it.
    Grant,
    /// A reviewer decides.
    Decide(Decision),
    /// The pass is issued.
    Issue,
    /// Nobody did anything for too long.
    Lapse,
    /// Its registration ends.
    End(Ending),
}

/// How a registration ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was cancelled.
    Cancelled,
    /// Its time ended.
    Expired,
}

/// The state does not allow the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the state {} does not allow this step", .0.word())]
pub(crate) struct IllegalTransition(pub(crate) State);

use State as S;

/// The steps of each state that is worked on; what is neither here nor in [`OF_ALL_OPEN`] is refused.
const TRANSITIONS: [(State, Step, State); 14] = [
    (S::Draft, Step::Submit, S::Submitted),
    (S::Draft, Step::Lapse, S::Expired),
    (S::Submitted, Step::Verify, S::IdentityVerifying),
    (S::IdentityVerifying, Step::Contradict, S::VerificationFailed),
    (S::IdentityVerifying, Step::Examine, S::UnderReview),
    (S::IdentityVerifying, Step::Grant, S::Approved),
    (S::VerificationFailed, Step::Submit, S::Submitted),
    (S::VerificationFailed, Step::Lapse, S::Expired),
    (S::UnderReview, Step::Decide(Decision::Approve), S::Approved),
    (S::UnderReview, Step::Decide(Decision::ReturnForCorrection), S::ReturnedForCorrection),
    (S::UnderReview, Step::Decide(Decision::Reject), S::Rejected),
    (S::ReturnedForCorrection, Step::Submit, S::Submitted),
    (S::ReturnedForCorrection, Step::Lapse, S::Expired),
    (S::Approved, Step::Issue, S::Issued),
];
/// The steps of every state before the decision.
const OF_ALL_OPEN: [(Step, State); 3] = [
    (Step::Withdraw, S::Withdrawn),
    (Step::End(Ending::Cancelled), S::Withdrawn),
    (Step::End(Ending::Expired), S::Expired),
];

impl State {
    /// Every state.
    pub(crate) const ALL: [Self; 11] = [
        S::Draft,
        S::Submitted,
        S::IdentityVerifying,
        S::VerificationFailed,
        S::UnderReview,
        S::ReturnedForCorrection,
        S::Approved,
        S::Issued,
        S::Rejected,
        S::Withdrawn,
        S::Expired,
    ];
    /// Those before the decision, of which a person has one application at most: the index `one_open_application` has the same.
    pub(crate) const OPEN: [Self; 6] = [
        S::Draft,
        S::Submitted,
        S::IdentityVerifying,
        S::VerificationFailed,
        S::UnderReview,
        S::ReturnedForCorrection,
    ];
    /// Those in which the traveller has something to do, and which end by themselves if nothing is done.
    pub(crate) const LAPSING: [Self; 3] = [S::Draft, S::VerificationFailed, S::ReturnedForCorrection];
    /// Those in which the authority has something to do, by the time that was promised.
    pub(crate) const WAITING: [Self; 3] = [S::Submitted, S::IdentityVerifying, S::UnderReview];

    /// The state that `step` leads to.
    pub(crate) fn after(self, step: Step) -> Result<Self, IllegalTransition> {
        let own = TRANSITIONS.into_iter().find(|(from, by, _)| (*from, *by) == (self, step));
        let shared = OF_ALL_OPEN.into_iter().find(|(by, _)| *by == step && Self::OPEN.contains(&self));
        let to = own.map(|(_, _, to)| to).or(shared.map(|(_, to)| to));
        to.ok_or(IllegalTransition(self))
    }

    /// The state as it stands in the database and in error metadata: the published enum's value without its prefix.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted => "SUBMITTED",
            Self::IdentityVerifying => "IDENTITY_VERIFYING",
            Self::VerificationFailed => "VERIFICATION_FAILED",
            Self::UnderReview => "UNDER_REVIEW",
            Self::ReturnedForCorrection => "RETURNED_FOR_CORRECTION",
            Self::Approved => "APPROVED",
            Self::Issued => "ISSUED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Expired => "EXPIRED",
        }
    }

    /// Reads what [`State::word`] wrote.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Ending, IllegalTransition, State, Step};

    /// Every step, in the order of the columns below.
    const STEPS: [Step; 13] = [
        Step::Submit,
        Step::Withdraw,
        Step::Verify,
        Step::Contradict,
        Step::Examine,
        Step::Grant,
        Step::Decide(Decision::Approve),
        Step::Decide(Decision::ReturnForCorrection),
        Step::Decide(Decision::Reject),
        Step::Issue,
        Step::Lapse,
        Step::End(Ending::Cancelled),
        Step::End(Ending::Expired),
    ];

    /// What each step leads to, one character a step: D draft, S submitted, V verifying, F failed, U under review, C returned for
    /// correction, A approved, I issued, R rejected, W withdrawn, E expired; a dot where it is refused.
    const TABLE: [(State, &str); 11] = [
        (State::Draft, "SW........EWE"),
        (State::Submitted, ".WV........WE"),
        (State::IdentityVerifying, ".W.FUA.....WE"),
        (State::VerificationFailed, "SW........EWE"),
        (State::UnderReview, ".W....ACR..WE"),
        (State::ReturnedForCorrection, "SW........EWE"),
        (State::Approved, ".........I..."),
        (State::Issued, "............."),
        (State::Rejected, "............."),
        (State::Withdrawn, "............."),
        (State::Expired, "............."),
    ];

    fn letter(state: State) -> char {
        match state {
            State::Draft => 'D',
            State::Submitted => 'S',
            State::IdentityVerifying => 'V',
            State::VerificationFailed => 'F',
            State::UnderReview => 'U',
            State::ReturnedForCorrection => 'C',
            State::Approved => 'A',
            State::Issued => 'I',
            State::Rejected => 'R',
            State::Withdrawn => 'W',
            State::Expired => 'E',
        }
    }

    #[test]
    fn every_state_takes_exactly_the_steps_of_the_contract() {
        assert_eq!(TABLE.map(|(state, _)| state), State::ALL);
        for (state, row) in TABLE {
            let found: String = STEPS.into_iter().map(|step| state.after(step).map_or('.', letter)).collect();
            assert_eq!(found, row, "{state:?}");
            let refused = STEPS.into_iter().filter_map(|step| state.after(step).err());
            assert!(refused.into_iter().all(|refusal| refusal == IllegalTransition(state)), "{state:?}");
        }
    }

    #[test]
    fn what_is_open_can_be_withdrawn_and_waits_for_one_of_two() {
        for state in State::ALL {
            assert_eq!(State::OPEN.contains(&state), state.after(Step::Withdraw).is_ok(), "{state:?}");
        }
        for state in State::OPEN {
            assert_ne!(State::WAITING.contains(&state), State::LAPSING.contains(&state), "{state:?}");
        }
        for state in State::ALL {
            assert_eq!(State::LAPSING.contains(&state), state.after(Step::Lapse).is_ok(), "{state:?}");
        }
    }

    #[test]
    fn a_stored_word_is_read_back_and_no_other() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
        assert_eq!(State::from_word("NOT_APPLIED"), None);
    }
}
