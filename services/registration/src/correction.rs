//! A correction of what no amendment changes: what is asked for, and what becomes of it. Pure.
//!
//! Owns: the states and the steps between them, and the texts of both sides. Does not own: which fields are of the identity (`wire::form`), and what an
//! approval makes of the registration (`service::review`).

use entrypass_document::Document;
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::form::{
    Identity,
    text::{checked_text, free_text},
};

/// Most corrections of one registration, whatever became of them. Nobody who means it needs more.
pub(crate) const CORRECTION_LIMIT: u64 = 50;

checked_text! {
    /// What one side has to say to the other, at most 500 characters.
    Remark, |raw| free_text(raw, 1, 500)
}

/// A correction.
#[derive(Debug, Clone)]
pub(crate) struct Correction {
    /// Its unguessable id.
    pub(crate) id: Uuid,
    /// The registration that it is of.
    pub(crate) registration: Uuid,
    /// The person.
    pub(crate) traveller: Uuid,
    /// Where it stands.
    pub(crate) state: CorrectionState,
    /// What is asked for.
    pub(crate) wanted: Wanted,
    /// What the reviewer said.
    pub(crate) note: Option<Remark>,
    /// When it was asked for.
    pub(crate) create_time: OffsetDateTime,
    /// When it was decided or withdrawn.
    pub(crate) end_time: Option<OffsetDateTime>,
    /// The revision that its approval made.
    pub(crate) revision: Option<u16>,
}

/// What a correction asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The identity as it was to become when it was asked for. Only what `paths` name is meant.
    pub(crate) identity: Identity,
    /// Paths of the form.
    pub(crate) paths: Vec<String>,
    /// The document, where it is wrong.
    pub(crate) document: Option<Document>,
    /// The wrong one. Absent where none is, and of what was asked for before that was kept.
    pub(crate) instead_of: Option<Document>,
    /// Why.
    pub(crate) reason: Remark,
}

/// Where a correction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CorrectionState {
    /// It waits for a reviewer.
    Pending,
    Approved,
    Rejected,
    Withdrawn,
    /// Its registration ended while it waited. Read, never written, as the end of a registration itself is.
    Lapsed,
}

/// What somebody does with a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CorrectionStep {
    Approve,
    Reject,
    Withdraw,
}

/// Why a correction does not take a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum StepRefused {
    /// It changed since the caller read it.
    #[error("the correction changed since it was read")]
    EtagMismatch,
    /// It does not wait any more.
    #[error("the correction does not wait for a reviewer")]
    NotPending(CorrectionState),
}

impl CorrectionState {
    /// The state of what is `stored`, whose registration is active or has ended.
    pub(crate) fn of(stored: Self, registration_is_active: bool) -> Self {
        match stored {
            Self::Pending if !registration_is_active => Self::Lapsed,
            state => state,
        }
    }

    /// The state after `step`; `None` where it is not taken.
    pub(crate) fn after(self, step: CorrectionStep) -> Option<Self> {
        match (self, step) {
            (Self::Pending, CorrectionStep::Approve) => Some(Self::Approved),
            (Self::Pending, CorrectionStep::Reject) => Some(Self::Rejected),
            (Self::Pending, CorrectionStep::Withdraw) => Some(Self::Withdrawn),
            (Self::Approved | Self::Rejected | Self::Withdrawn | Self::Lapsed, _) => None,
        }
    }
}

impl Correction {
    /// Opaque to callers, and different once it has ended.
    pub(crate) fn etag(&self) -> String {
        let (_, low) = self.id.as_u64_pair();
        let ended = u8::from(self.end_time.is_some());
        format!("{:08x}-{ended}", low & 0xffff_ffff)
    }

    /// The correction after a step by somebody who read `etag`.
    pub(crate) fn taking(
        self,
        step: CorrectionStep,
        etag: &str,
        note: Option<Remark>,
        now: OffsetDateTime,
    ) -> Result<Self, StepRefused> {
        if self.etag() != etag {
            return Err(StepRefused::EtagMismatch);
        }
        let state = self.state.after(step).ok_or(StepRefused::NotPending(self.state))?;
        Ok(Self { state, note, end_time: Some(now), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        CorrectionState::{self, Approved, Lapsed, Pending, Rejected, Withdrawn},
        CorrectionStep::{Approve, Reject, Withdraw},
        Remark,
    };

    const STATES: [CorrectionState; 5] = [Pending, Approved, Rejected, Withdrawn, Lapsed];

    #[test]
    fn only_one_that_waits_takes_a_step() {
        for (step, after) in [(Approve, Approved), (Reject, Rejected), (Withdraw, Withdrawn)] {
            for state in STATES {
                assert_eq!(state.after(step), (state == Pending).then_some(after), "{state:?} {step:?}");
            }
        }
    }

    #[test]
    fn one_that_waits_lapses_with_its_registration_and_no_other_does() {
        for state in STATES {
            assert_eq!(CorrectionState::of(state, true), state);
            assert_eq!(CorrectionState::of(state, false), if state == Pending { Lapsed } else { state });
        }
    }

    #[test]
    fn a_remark_says_something_in_500_characters() {
        assert!(Remark::parse(&"字".repeat(500)).is_ok());
        let reasons = |text: &str| {
            let broken = Remark::parse(text).expect_err("refused");
            broken.into_iter().map(|rule| rule.reason).collect::<Vec<_>>()
        };
        assert_eq!(reasons(&"字".repeat(501)), ["LENGTH"]);
        assert_eq!(reasons(" "), ["REQUIRED"]);
        assert_eq!(reasons("..."), ["CHARACTER"]);
        assert_eq!(format!("{:?}", Remark::parse("1985")), "Ok(Remark(***))");
    }
}
