//! What a policy is told of somebody, and when that changes by time alone.
//!
//! Pure. Facts are put together for an instant: what lasts from one time to another is told as it is then. What is not recorded is absent, and never
//! taken for "no".

use std::collections::BTreeSet;

use entrypass_policy::{
    ApplicationState, EvaluationError, Facts, IdentityStrength, Outcome, PassOrigin, Policy,
};
use time::{Duration, OffsetDateTime};

use crate::{
    application::{Applicant, Application, Finding, Outcome as Found, State},
    circumstances::{FollowUp, FollowUpOutcome, Quarantine},
    pass::{self, Origin, Pass},
};

/// The longest time from a fever on that a policy is asked about.
const LONGEST_DAYS: i64 = 36_500;

/// What a registration says of its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The number of the resident identity card says that it was first given in the city; nothing for another type.
    pub(crate) of_city: Option<bool>,
    /// Since when a fever is declared.
    pub(crate) fever_since: Option<OffsetDateTime>,
}

/// What is known here of one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    /// All their passes.
    pub(crate) passes: Vec<Pass>,
    /// Every quarantine that is known.
    pub(crate) quarantines: Vec<Quarantine>,
    /// Every follow-up of a fever that is known.
    pub(crate) follow_ups: Vec<FollowUp>,
    /// The last application.
    pub(crate) last: Option<LastApplication>,
}

/// What matters of a person's last application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastApplication {
    /// Where it stands, as far as somebody wrote it down.
    pub(crate) state: State,
    /// When it ends by itself.
    pub(crate) lapse_time: Option<OffsetDateTime>,
    /// How well the holder's identity was verified for it.
    pub(crate) verified: Option<IdentityStrength>,
}

impl LastApplication {
    /// What matters of `application`.
    pub(crate) fn of(application: &Application) -> Self {
        Self {
            state: application.state,
            lapse_time: application.lapse_time,
            verified: application.finding.as_ref().and_then(Finding::verified),
        }
    }

    /// Where it stands at an instant.
    fn state(&self, at: OffsetDateTime) -> State {
        if self.lapses().is_some_and(|lapse| lapse <= at) { State::Expired } else { self.state }
    }

    /// When it ends by itself. The release before moves on what was returned, and leaves the hour as it is: nothing ends by it then.
    fn lapses(&self) -> Option<OffsetDateTime> {
        self.lapse_time.filter(|_| State::LAPSING.contains(&self.state))
    }
}

impl Finding {
    /// How well the identity is verified, if it is.
    pub(crate) fn verified(&self) -> Option<IdentityStrength> {
        self.strength.filter(|_| self.outcome == Found::Verified)
    }
}

impl Person {
    /// The pass that tells how they stand at an instant.
    pub(crate) fn pass(&self, at: OffsetDateTime) -> Option<Pass> {
        Pass::telling(self.passes.iter().cloned(), at)
    }

    /// The facts at an instant, of somebody of whom a registration says what `applicant` has.
    pub(crate) fn facts(&self, applicant: &Applicant, at: OffsetDateTime) -> Facts {
        let mut facts = Facts::new(applicant.registration_state, applicant.document_type);
        facts.document.of_city = applicant.declared.of_city;
        facts.health.fever_since = self.fever_since(applicant.declared);
        facts.health.fever = applicant.declared.fever_since.map(|_| facts.health.fever_since.is_some());
        let begun = self.quarantines.iter().filter(|quarantine| quarantine.from <= at);
        facts.health.quarantine_until = begun.map(Quarantine::ends).max();
        if let Some(pass) = self.pass(at).filter(|pass| pass.is_live(at)) {
            facts.pass.origin = Some(match pass.origin {
                Origin::Application => PassOrigin::Application,
                Origin::External { .. } => PassOrigin::External,
            });
            facts.pass.suspended = pass.state(at) == pass::State::Suspended;
        }
        facts.application.state =
            self.last.map_or(ApplicationState::None, |last| application_state(last.state(at)));
        facts.identity.strength = self.last.and_then(|last| last.verified);
        facts
    }

    /// What `policy` says at an instant. Whether an application would be approved by itself is asked as for its submission: what waits for its decision
    /// does not stand against itself.
    pub(crate) fn outcome(
        &self,
        policy: &Policy,
        applicant: &Applicant,
        at: OffsetDateTime,
    ) -> Result<Outcome, EvaluationError> {
        let outcome = policy.evaluate(&self.facts(applicant, at), at)?.outcome();
        Ok(Outcome { auto_approve: self.approves_itself(policy, applicant, at)?, ..outcome })
    }

    /// Whether an application would be approved by itself, as for its submission.
    pub(crate) fn approves_itself(
        &self,
        policy: &Policy,
        applicant: &Applicant,
        at: OffsetDateTime,
    ) -> Result<bool, EvaluationError> {
        let mut facts = self.facts(applicant, at);
        if self.last.is_some_and(|last| State::WAITING.contains(&last.state(at))) {
            facts.application.state = ApplicationState::Draft;
        }
        Ok(policy.evaluate(&facts, at)?.auto_approve)
    }

    /// Every instant at which time alone may change what rules say that are written with these numbers.
    pub(crate) fn turns(&self, declared: Declared, numbers: &BTreeSet<i64>) -> Vec<OffsetDateTime> {
        let mut turns: Vec<_> = self.quarantines.iter().flat_map(Quarantine::turns).collect();
        turns.extend(self.passes.iter().filter_map(|pass| pass.expire_time));
        turns.extend(self.last.and_then(|last| last.lapses()));
        if let Some(since) = self.fever_since(declared) {
            let days = numbers.iter().filter(|days| (0..LONGEST_DAYS).contains(*days));
            let days = days.flat_map(|days| [*days, days + 1]);
            turns.extend(days.filter_map(|days| since.checked_add(Duration::days(days))));
        }
        turns
    }

    /// Since when a declared fever is to be followed up: since it was declared, or seen last. `None` where there is none, or where it was followed up and
    /// found to be over.
    pub(crate) fn fever_since(&self, declared: Declared) -> Option<OffsetDateTime> {
        let since = declared.fever_since?;
        // What was found before the fever was declared says nothing of it.
        let last =
            self.follow_ups.iter().filter(|follow_up| follow_up.time >= since).max_by_key(|it| it.time);
        match last.map(|follow_up| (follow_up.outcome, follow_up.time)) {
            None => Some(since),
            Some((FollowUpOutcome::Cleared, _)) => None,
            Some((FollowUpOutcome::SeeAgain, seen)) => Some(seen),
        }
    }
}

fn application_state(state: State) -> ApplicationState {
    match state {
        State::Draft => ApplicationState::Draft,
        State::Submitted => ApplicationState::Submitted,
        State::IdentityVerifying => ApplicationState::IdentityVerifying,
        State::VerificationFailed => ApplicationState::VerificationFailed,
        State::UnderReview => ApplicationState::UnderReview,
        State::ReturnedForCorrection => ApplicationState::ReturnedForCorrection,
        State::Approved => ApplicationState::Approved,
        State::Issued => ApplicationState::Issued,
        State::Rejected => ApplicationState::Rejected,
        State::Withdrawn => ApplicationState::Withdrawn,
        State::Expired => ApplicationState::Expired,
    }
}

#[cfg(test)]
mod tests {
    use entrypass_policy::{ApplicationState, DEFAULT, Policy};
    use time::{Duration, OffsetDateTime, macros::datetime};

    use super::{BTreeSet, IdentityStrength, LastApplication, Person, State, application_state};
    use crate::application::Applicant;

    const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);

    #[test]
    fn states_have_one_set_of_words() {
        let words = State::ALL.map(State::word);
        assert_eq!(State::ALL.map(|state| application_state(state).as_str()), words);
        assert_eq!(ApplicationState::ALL.len(), words.len() + 1);
    }

    #[test]
    fn an_application_is_told_as_it_stands_at_the_instant() {
        let last = LastApplication {
            state: State::Draft,
            lapse_time: Some(NOW),
            verified: Some(IdentityStrength::RealName),
        };
        let person = Person { last: Some(last), ..Person::default() };
        let applicant = Applicant::sample();
        let at = |at| person.facts(&applicant, at).application.state;
        assert_eq!(at(NOW - Duration::MICROSECOND), ApplicationState::Draft);
        assert_eq!(at(NOW), ApplicationState::Expired);
        assert_eq!(person.turns(applicant.declared, &BTreeSet::new()), [NOW]);
        // Moved on by the release before, which leaves the hour as it is.
        let moved =
            Person { last: Some(LastApplication { state: State::UnderReview, ..last }), ..Person::default() };
        assert_eq!(moved.facts(&applicant, NOW).application.state, ApplicationState::UnderReview);
        assert!(moved.turns(applicant.declared, &BTreeSet::new()).is_empty());
        let strength = person.facts(&applicant, NOW).identity.strength;
        assert_eq!(strength, Some(IdentityStrength::RealName));
        assert_eq!(Person::default().facts(&applicant, NOW).identity.strength, None);
    }

    #[test]
    fn what_waits_for_its_decision_does_not_stand_against_its_own_approval() {
        let wanted = "lapse_days = 30\nauto_approve = \"has(identity.strength) && identity.strength == 'REAL_PERSON'\"";
        let proven = "document.type = \"RESIDENT_ID_CARD\", identity.strength = \"REAL_PERSON\" }\n\
                      expect = { unmet = [], level = \"NONE\", auto_approve = true }";
        let given = "document.type = \"RESIDENT_ID_CARD\" }\nexpect = { unmet = [], level = \"NONE\" }";
        let text = DEFAULT.replacen("lapse_days = 30", wanted, 1).replacen(given, proven, 1);
        let policy = Policy::parse(&text).expect("a policy");
        let approves = |state, verified| {
            let last = Some(LastApplication { state, lapse_time: None, verified });
            let person = Person { last, ..Person::default() };
            let outcome = person.outcome(&policy, &Applicant::sample(), NOW).expect("in force");
            assert_eq!(outcome.unmet.is_empty(), !State::WAITING.contains(&state), "{state:?}");
            outcome.auto_approve
        };
        for state in State::WAITING.into_iter().chain([State::Draft]) {
            assert!(approves(state, Some(IdentityStrength::RealPerson)), "{state:?}");
            assert!(
                !approves(state, Some(IdentityStrength::RealName)) && !approves(state, None),
                "{state:?}"
            );
        }
    }
}
