//! An application for an electronic pass: its states, and the steps between them.
//!
//! Pure. Does not own who may apply ([`crate::eligibility`]) nor the pass that an approval brings ([`crate::pass`]).

use entrypass_rule::Rule;
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{level::Declared, text::Note};

/// What the registration service says about the holder of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Applicant {
    /// Id of the registration.
    pub(crate) registration: Uuid,
    /// Id of the person.
    pub(crate) traveller: Uuid,
    /// The registration has neither expired nor been cancelled.
    pub(crate) registration_active: bool,
    /// The registered document is a resident identity card, and no other type.
    pub(crate) resident_id_card: bool,
    /// What else it says that bears on the level of their pass.
    pub(crate) declared: Declared,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Application {
    /// Its id, a UUID version 7: later applications have larger ones.
    pub(crate) id: Uuid,
    /// The person.
    pub(crate) traveller: Uuid,
    /// The registration under which it was submitted last.
    pub(crate) registration: Uuid,
    /// 1 for the person's first application, one more for each further one. Says which is the last: two ids of one
    /// millisecond are in no order, and clocks are set back.
    pub(crate) ordinal: i32,
    /// Where it stands.
    pub(crate) state: State,
    /// What the reviewer noted with the last decision.
    pub(crate) review_note: Note,
    /// How often it was submitted.
    pub(crate) submission_count: i32,
    /// 1 at first, one more with each change.
    pub(crate) revision: i32,
    /// When it was submitted first.
    pub(crate) create_time: OffsetDateTime,
    /// When it changed last.
    pub(crate) update_time: OffsetDateTime,
}

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Waits for a decision.
    UnderReview,
    /// Can be submitted again.
    ReturnedForCorrection,
    /// A pass was issued with it.
    Approved,
    /// Over; a new application may be made.
    Rejected,
    /// Over, because its registration was cancelled; a new application may be made.
    Withdrawn,
    /// Over, because its registration ended by time; a new application may be made.
    Expired,
}

/// What moves an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The traveller submits it again.
    Resubmit,
    /// A reviewer decides.
    Decide(Decision),
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

/// What a reviewer can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The pass is issued.
    Approve,
    /// The traveller has to mend something.
    ReturnForCorrection,
    /// No pass.
    Reject,
}

/// A decision and its note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    decision: Decision,
    note: Note,
}

/// The state does not allow the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the state {} does not allow this step", .0.word())]
pub(crate) struct IllegalTransition(pub(crate) State);

/// Every step that is allowed; what is not here is refused.
const TRANSITIONS: [(State, Step, State); 8] = [
    (State::UnderReview, Step::Decide(Decision::Approve), State::Approved),
    (State::UnderReview, Step::Decide(Decision::ReturnForCorrection), State::ReturnedForCorrection),
    (State::UnderReview, Step::Decide(Decision::Reject), State::Rejected),
    (State::ReturnedForCorrection, Step::Resubmit, State::UnderReview),
    (State::UnderReview, Step::End(Ending::Cancelled), State::Withdrawn),
    (State::UnderReview, Step::End(Ending::Expired), State::Expired),
    (State::ReturnedForCorrection, Step::End(Ending::Cancelled), State::Withdrawn),
    (State::ReturnedForCorrection, Step::End(Ending::Expired), State::Expired),
];

impl State {
    /// Every state.
    const ALL: [Self; 6] = [
        Self::UnderReview,
        Self::ReturnedForCorrection,
        Self::Approved,
        Self::Rejected,
        Self::Withdrawn,
        Self::Expired,
    ];
    /// The states that an application can leave.
    pub(crate) const OPEN: [Self; 2] = [Self::UnderReview, Self::ReturnedForCorrection];

    /// The state that `step` leads to.
    pub(crate) fn after(self, step: Step) -> Result<Self, IllegalTransition> {
        let mut allowed = TRANSITIONS.into_iter().filter(|(from, by, _)| (*from, *by) == (self, step));
        allowed.next().map(|(_, _, to)| to).ok_or(IllegalTransition(self))
    }

    /// The state as it stands in the database and in error metadata: the published enum's value without its prefix.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::UnderReview => "UNDER_REVIEW",
            Self::ReturnedForCorrection => "RETURNED_FOR_CORRECTION",
            Self::Approved => "APPROVED",
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

impl Review {
    /// A decision with its note.
    ///
    /// # Errors
    /// Whoever returns or rejects must tell the traveller why.
    pub(crate) fn new(decision: Decision, note: Note) -> Result<Self, [Rule; 1]> {
        let needs_note = match decision {
            Decision::Approve => false,
            Decision::ReturnForCorrection | Decision::Reject => true,
        };
        if needs_note && note.as_str().is_empty() {
            Err([Rule::required()])
        } else {
            Ok(Self { decision, note })
        }
    }
}

impl Application {
    /// The applicant's next application, `last` being the one before.
    pub(crate) fn submitted(
        id: Uuid,
        applicant: &Applicant,
        last: Option<&Self>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            traveller: applicant.traveller,
            registration: applicant.registration,
            ordinal: last.map_or(1, |last| last.ordinal + 1),
            state: State::UnderReview,
            review_note: Note::default(),
            submission_count: 1,
            revision: 1,
            create_time: now,
            update_time: now,
        }
    }

    /// This application, submitted again under `registration`. The reviewer's note stays: the next reviewer reads it.
    pub(crate) fn resubmitted(
        &self,
        registration: Uuid,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalTransition> {
        Ok(Self {
            registration,
            state: self.state.after(Step::Resubmit)?,
            submission_count: self.submission_count + 1,
            revision: self.revision + 1,
            update_time: now,
            ..self.clone()
        })
    }

    /// This application after a reviewer's decision.
    pub(crate) fn reviewed(&self, review: Review, now: OffsetDateTime) -> Result<Self, IllegalTransition> {
        Ok(Self {
            state: self.state.after(Step::Decide(review.decision))?,
            review_note: review.note,
            revision: self.revision + 1,
            update_time: now,
            ..self.clone()
        })
    }

    /// This application after its registration ended.
    pub(crate) fn ended(&self, ending: Ending, now: OffsetDateTime) -> Result<Self, IllegalTransition> {
        Ok(Self {
            state: self.state.after(Step::End(ending))?,
            revision: self.revision + 1,
            update_time: now,
            ..self.clone()
        })
    }

    /// Opaque to callers, different after every change, and never that of another application.
    pub(crate) fn etag(&self) -> String {
        let (_, low) = self.id.as_u64_pair();
        format!("{low:016x}-{:x}", self.revision)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use crate::level::Declared;

    use super::{Applicant, Application, Decision, Ending, IllegalTransition, Note, Review, State, Step};

    const STEPS: [Step; 6] = [
        Step::Resubmit,
        Step::Decide(Decision::Approve),
        Step::Decide(Decision::ReturnForCorrection),
        Step::Decide(Decision::Reject),
        Step::End(Ending::Cancelled),
        Step::End(Ending::Expired),
    ];

    #[test]
    fn every_state_takes_exactly_the_steps_of_the_contract() {
        use State as S;
        let over = [Some(S::Withdrawn), Some(S::Expired)];
        let decided = [Some(S::Approved), Some(S::ReturnedForCorrection), Some(S::Rejected)];
        let table = [
            (S::UnderReview, [None, decided[0], decided[1], decided[2], over[0], over[1]]),
            (S::ReturnedForCorrection, [Some(S::UnderReview), None, None, None, over[0], over[1]]),
            (S::Approved, [None; 6]),
            (S::Rejected, [None; 6]),
            (S::Withdrawn, [None; 6]),
            (S::Expired, [None; 6]),
        ];
        for (state, row) in table {
            for (step, expected) in STEPS.into_iter().zip(row) {
                assert_eq!(state.after(step), expected.ok_or(IllegalTransition(state)), "{state:?} {step:?}");
            }
            let leaves = row.iter().any(Option::is_some);
            assert_eq!(State::OPEN.contains(&state), leaves, "{state:?}");
        }
    }

    #[test]
    fn a_stored_word_is_read_back_and_no_other() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
        assert_eq!(State::from_word("DRAFT"), None);
    }

    #[test]
    fn who_returns_or_rejects_must_say_why() {
        let table = [
            (Decision::Approve, "", true),
            (Decision::Approve, "好", true),
            (Decision::ReturnForCorrection, "", false),
            (Decision::ReturnForCorrection, "照片不清晰", true),
            (Decision::Reject, "", false),
            (Decision::Reject, "不符合条件", true),
        ];
        for (decision, note, expected) in table {
            let review = Review::new(decision, Note::new(note).expect("a good note"));
            assert_eq!(review.is_ok(), expected, "{decision:?} {note:?}");
        }
    }

    #[test]
    fn a_resubmission_counts_and_every_step_changes_the_etag() {
        let applicant = Applicant {
            registration: Uuid::from_u128(1),
            traveller: Uuid::from_u128(2),
            registration_active: true,
            resident_id_card: true,
            declared: Declared { from_city: true, fever_since: None },
        };
        let now = datetime!(2026-11-22 08:00 UTC);
        let first = Application::submitted(Uuid::from_u128(3), &applicant, None, now);
        let note = Note::new("照片不清晰").expect("a good note");
        let review = Review::new(Decision::ReturnForCorrection, note).expect("it has a note");
        let returned = first.reviewed(review, now).expect("it waits for a decision");
        let again = returned.resubmitted(Uuid::from_u128(4), now).expect("it was returned");
        assert_eq!((again.submission_count, again.revision, again.state), (2, 3, State::UnderReview));
        assert_eq!((again.registration, again.traveller), (Uuid::from_u128(4), applicant.traveller));
        assert_eq!(again.review_note, returned.review_note);
        let other = Application { id: Uuid::from_u128(5), ..first.clone() };
        let ended = again.ended(Ending::Cancelled, now).expect("it is open");
        assert_eq!((ended.submission_count, ended.revision, ended.state), (2, 4, State::Withdrawn));
        let etags = [&first, &returned, &again, &ended, &other].map(Application::etag);
        let distinct: std::collections::HashSet<_> = etags.iter().collect();
        assert_eq!(distinct.len(), etags.len(), "{etags:?}");
    }
}
