//! An application for an electronic pass, and what each step makes of it.
//!
//! Pure. Does not own who may apply ([`crate::eligibility`]), what the policy says of deadlines and approval ([`crate::decision`]), nor the
//! pass that an approval brings ([`crate::pass`]).

mod claim;
mod identity;
mod review;
mod state;

use entrypass_document::DocumentType;
use entrypass_policy::RegistrationState;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{facts::Declared, text::Note};

pub(crate) use claim::{Claim, Reviewer};
pub(crate) use identity::{Finding, Outcome, Strength, Task, strength_from_word};
pub(crate) use review::{Decision, Review};
pub(crate) use state::{Ending, IllegalTransition, State, Step};

/// What the registration service says about the holder of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Applicant {
    /// Id of the registration.
    pub(crate) registration: Uuid,
    /// Id of the person.
    pub(crate) traveller: Uuid,
    /// Its present revision.
    pub(crate) revision: i32,
    /// Where the registration stands.
    pub(crate) registration_state: RegistrationState,
    /// Type of the registered document; nothing for one that this program does not know.
    pub(crate) document_type: Option<DocumentType>,
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
    /// The registration under which it was begun or submitted last.
    pub(crate) registration: Uuid,
    /// 1 for the person's first application, one more for each further one. Says which is the last: two ids of one
    /// millisecond are in no order, and clocks are set back.
    pub(crate) ordinal: i32,
    /// Where it stands.
    pub(crate) state: State,
    /// What the reviewer noted with the last decision.
    pub(crate) review_note: Note,
    /// Who decided last.
    pub(crate) reviewed_by: Option<Reviewer>,
    /// How often it was submitted.
    pub(crate) submission_count: i32,
    /// 1 at first, one more with each change. A claim and a try of the verification are no changes.
    pub(crate) revision: i32,
    /// By when a decision on the last submission was promised; nothing for a draft, and for what an earlier release took.
    pub(crate) promise_time: Option<OffsetDateTime>,
    /// When it ends by itself, if the traveller does nothing.
    pub(crate) lapse_time: Option<OffsetDateTime>,
    /// Which reviewer has it.
    pub(crate) claim: Option<Claim>,
    /// What the verification of identity found last.
    pub(crate) finding: Option<Finding>,
    /// What is to be done for the verification of identity.
    pub(crate) task: Option<Task>,
    /// When it was begun.
    pub(crate) create_time: OffsetDateTime,
    /// When it changed last.
    pub(crate) update_time: OffsetDateTime,
}

impl Applicant {
    /// What was declared at an instant that has passed; see [`Declared::known_at`].
    pub(crate) fn known_at(&self, at: OffsetDateTime) -> Self {
        Self { declared: self.declared.known_at(at), ..*self }
    }
}

impl Application {
    /// The applicant's next application, `last` being the one before: a draft that ends by itself at `lapse_time`.
    pub(crate) fn drafted(
        id: Uuid,
        applicant: &Applicant,
        last: Option<&Self>,
        lapse_time: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            traveller: applicant.traveller,
            registration: applicant.registration,
            ordinal: last.map_or(1, |last| last.ordinal + 1),
            state: State::Draft,
            review_note: Note::default(),
            reviewed_by: None,
            submission_count: 0,
            revision: 1,
            promise_time: None,
            lapse_time: Some(lapse_time),
            claim: None,
            finding: None,
            task: None,
            create_time: now,
            update_time: now,
        }
    }

    /// This application, submitted under `registration` with a decision promised by `promise_time`, if one is. The reviewer's note stays: the next
    /// reviewer reads it. What the verification found before does not.
    pub(crate) fn submitted(
        &self,
        registration: Uuid,
        promise_time: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalTransition> {
        Ok(Self {
            registration,
            submission_count: self.submission_count + 1,
            promise_time,
            finding: None,
            task: Some(Task { tries: 0, next: now }),
            ..self.stepped(Step::Submit, now)?
        })
    }

    /// This application, withdrawn by its traveller.
    pub(crate) fn withdrawn(&self, now: OffsetDateTime) -> Result<Self, IllegalTransition> {
        self.stepped(Step::Withdraw, now)
    }

    /// This application after a reviewer's decision. One that is returned ends by itself at `lapse_time`.
    pub(crate) fn reviewed(
        &self,
        review: Review,
        reviewer: Reviewer,
        lapse_time: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalTransition> {
        let decided = self.stepped(Step::Decide(review.decision()), now)?;
        let returned = decided.state == State::ReturnedForCorrection;
        Ok(Self {
            review_note: review.into_note(),
            reviewed_by: Some(reviewer),
            lapse_time: returned.then_some(lapse_time),
            ..decided
        })
    }

    /// This application with its pass.
    pub(crate) fn issued(&self, now: OffsetDateTime) -> Result<Self, IllegalTransition> {
        self.stepped(Step::Issue, now)
    }

    /// This application after its registration ended.
    pub(crate) fn ended(&self, ending: Ending, now: OffsetDateTime) -> Result<Self, IllegalTransition> {
        self.stepped(Step::End(ending), now)
    }

    /// This application as it is at `now`: over, if nobody did anything for too long. The same whenever it is asked, so that what is shown before
    /// the lapse is written down is what is written down.
    pub(crate) fn at(self, now: OffsetDateTime) -> Self {
        match self.lapse_time.filter(|lapse| *lapse <= now).map(|lapse| self.stepped(Step::Lapse, lapse)) {
            Some(Ok(lapsed)) => lapsed,
            Some(Err(_)) | None => self,
        }
    }

    /// A decision is owed at `now`, and was promised before.
    pub(crate) fn is_overdue(&self, now: OffsetDateTime) -> bool {
        State::WAITING.contains(&self.state) && self.promise_time.is_some_and(|promised| promised < now)
    }

    /// What every step does: whoever had a claim or a task has it no longer, and no deadline of the state before counts.
    fn stepped(&self, step: Step, now: OffsetDateTime) -> Result<Self, IllegalTransition> {
        Ok(Self {
            state: self.state.after(step)?,
            revision: self.revision + 1,
            lapse_time: None,
            claim: None,
            task: None,
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
mod tests;
