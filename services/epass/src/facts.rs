//! What a policy is told of somebody, and when that changes by time alone.
//!
//! Pure. Facts are put together for an instant: what lasts from one time to another is told as it is then. What is not recorded is absent, and never
//! taken for "no".

use std::collections::BTreeSet;

use entrypass_ambient::CITY_OFFSET;
use entrypass_policy::{ApplicationState, EvaluationError, Facts, IdentityStrength, PassOrigin, Policy};
use time::{Date, Duration, OffsetDateTime};

use crate::{
    application::{Applicant, Application, Finding, Outcome as Found, State},
    circumstances::{FollowUp, FollowUpOutcome, Quarantine},
    pass::{self, Origin, Pass},
    policy::Simulated,
};

/// The longest time from a fever on that a policy is asked about.
const LONGEST_DAYS: i64 = 36_500;

/// What a registration says of its holder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The number of the resident identity card says that it was first given in the city; nothing for another type.
    pub(crate) of_city: Option<bool>,
    /// They were asked about their health.
    pub(crate) health: bool,
    /// Since when a fever is declared.
    pub(crate) fever_since: Option<OffsetDateTime>,
    /// Symptoms other than a fever are declared.
    pub(crate) symptoms: bool,
    /// The day of entry.
    pub(crate) entry_date: Option<Date>,
    /// Full years on the day on which the registration service was asked. When there will be one more is not known here.
    pub(crate) age: Option<u8>,
    /// A guardian answers for them.
    pub(crate) has_guardian: Option<bool>,
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

impl Declared {
    /// What was declared at an instant that has passed; see [`Person::known_at`]. What was declared before the present revision is not known here.
    pub(crate) fn known_at(self, at: OffsetDateTime) -> Self {
        Self { fever_since: self.fever_since.filter(|since| *since <= at), ..self }
    }
}

impl Finding {
    /// How well the identity is verified, if it is.
    pub(crate) fn verified(&self) -> Option<IdentityStrength> {
        self.strength.filter(|_| self.outcome == Found::Verified)
    }
}

/// The numbers of days at which rules of the level turn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    /// Since a fever.
    fever: BTreeSet<i64>,
    /// Since the entry.
    entry: BTreeSet<i64>,
}

impl Numbers {
    /// Those of all these policies. Rules that count neither days turn by neither, so that nobody's level is decided at hours that change nothing.
    pub(crate) fn of(policies: &[&Policy]) -> Self {
        let of = |group, name| policies.iter().flat_map(|policy| policy.numbers(group, name)).collect();
        Self { fever: of("health", "days_since_fever"), entry: of("trip", "days_since_entry") }
    }
}

impl Person {
    /// The pass that tells how they stand at an instant.
    pub(crate) fn pass(&self, at: OffsetDateTime) -> Option<Pass> {
        Pass::telling(self.passes.iter().cloned(), at)
    }

    /// What was known at an instant that has passed: nothing of what came since. Only where somebody asks for such an instant: clocks of copies differ, and what is there now counts
    /// now.
    pub(crate) fn known_at(self, at: OffsetDateTime) -> Self {
        let Self { mut passes, quarantines, mut follow_ups, last } = self;
        passes.retain(|pass| pass.create_time <= at);
        follow_ups.retain(|follow_up| follow_up.time <= at);
        Self { passes, quarantines, follow_ups, last }
    }

    /// The facts at an instant, of somebody of whom a registration says what `applicant` has.
    pub(crate) fn facts(&self, applicant: &Applicant, at: OffsetDateTime) -> Facts {
        let mut facts = Facts::new(applicant.registration_state, applicant.document_type);
        facts.document.of_city = applicant.declared.of_city;
        let Declared { health, symptoms, entry_date, age, has_guardian, .. } = applicant.declared;
        facts.person.age = age;
        facts.person.has_guardian = has_guardian;
        facts.trip.entry_date = entry_date;
        facts.health.fever_since = self.fever_since(applicant.declared);
        // Who was asked and declared none has none; who was not asked may have one.
        facts.health.fever = health.then_some(facts.health.fever_since.is_some());
        facts.health.symptoms = health.then_some(symptoms);
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
    pub(crate) fn simulated(
        &self,
        policy: &Policy,
        applicant: &Applicant,
        at: OffsetDateTime,
    ) -> Result<Simulated, EvaluationError> {
        let facts = self.facts(applicant, at);
        let evaluation = policy.evaluate(&facts, at)?;
        Ok(Simulated {
            unmet: evaluation.unmet().map(|rule| rule.id.clone()).collect(),
            level: evaluation.level.level,
            level_rule: evaluation.level.id.clone(),
            follow_up_days: evaluation.level.follow_up_days,
            auto_approve: self.approves_itself(policy, applicant, at)?,
        })
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
    pub(crate) fn turns(&self, declared: Declared, numbers: &Numbers) -> Vec<OffsetDateTime> {
        let mut turns: Vec<_> = self.quarantines.iter().flat_map(Quarantine::turns).collect();
        turns.extend(self.passes.iter().filter_map(|pass| pass.expire_time));
        turns.extend(self.last.and_then(|last| last.lapses()));
        // Full days of 24 hours from the one, and days of the calendar from the other.
        let fever = self.fever_since(declared).map(|since| (since, &numbers.fever));
        let entry = declared.entry_date.map(|day| day.midnight().assume_offset(CITY_OFFSET));
        for (since, numbers) in fever.into_iter().chain(entry.map(|since| (since, &numbers.entry))) {
            let days = numbers.iter().filter(|days| (-LONGEST_DAYS..LONGEST_DAYS).contains(*days));
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
    use entrypass_policy::{ApplicationState, Datum, Fact};
    use time::{
        Duration, OffsetDateTime,
        macros::{date, datetime},
    };
    use uuid::Uuid;

    use super::{
        Declared, FollowUp, FollowUpOutcome, IdentityStrength, LastApplication, Numbers, Pass, Person, State,
        application_state, pass,
    };
    use crate::{application::Applicant, samples::approving};

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
        assert_eq!(person.turns(applicant.declared, &Numbers::default()), [NOW]);
        // Moved on by the release before, which leaves the hour as it is.
        let moved =
            Person { last: Some(LastApplication { state: State::UnderReview, ..last }), ..Person::default() };
        assert_eq!(moved.facts(&applicant, NOW).application.state, ApplicationState::UnderReview);
        assert!(moved.turns(applicant.declared, &Numbers::default()).is_empty());
        let strength = person.facts(&applicant, NOW).identity.strength;
        assert_eq!(strength, Some(IdentityStrength::RealName));
        assert_eq!(Person::default().facts(&applicant, NOW).identity.strength, None);
    }

    #[test]
    fn what_came_since_does_not_count_for_an_instant_that_has_passed() {
        let days = |days| NOW + Duration::days(days);
        let follow_up = |time| FollowUp {
            id: Uuid::nil(),
            traveller: Uuid::nil(),
            outcome: FollowUpOutcome::Cleared,
            time,
        };
        let pass = |create_time| Pass { create_time, ..Pass::sample(pass::State::Active) };
        // What there is, and whether at NOW there were a pass and a fever.
        let table = [
            ((Some(days(0)), None, None), (true, Some(false))),
            ((Some(NOW + Duration::MICROSECOND), None, None), (false, Some(false))),
            ((None, Some(days(-1)), None), (false, Some(true))),
            ((None, Some(days(0)), None), (false, Some(true))),
            ((None, Some(NOW + Duration::MICROSECOND), None), (false, Some(false))),
            ((None, Some(days(-2)), Some(days(-1))), (false, Some(false))),
            ((None, Some(days(-2)), Some(NOW + Duration::MICROSECOND)), (false, Some(true))),
        ];
        for ((created, fever_since, seen), expected) in table {
            let (passes, follow_ups) =
                (created.map(pass).into_iter().collect(), seen.map(follow_up).into_iter().collect());
            let person = Person { passes, follow_ups, ..Person::default() }.known_at(NOW);
            let declared = Declared { health: true, fever_since, ..Declared::default() }.known_at(NOW);
            let facts = person.facts(&Applicant { declared, ..Applicant::sample() }, NOW);
            assert_eq!((facts.pass.origin.is_some(), facts.health.fever), expected, "{created:?} {seen:?}");
        }
    }

    #[test]
    fn what_nobody_was_asked_is_absent_and_not_no() {
        let fever = Some(NOW);
        let table = [
            (Declared::default(), (None, None)),
            (Declared { health: true, ..Declared::default() }, (Some(false), Some(false))),
            (Declared { health: true, fever_since: fever, ..Declared::default() }, (Some(true), Some(false))),
            (Declared { health: true, symptoms: true, ..Declared::default() }, (Some(false), Some(true))),
        ];
        for (declared, expected) in table {
            let facts = Person::default().facts(&Applicant { declared, ..Applicant::sample() }, NOW);
            assert_eq!((facts.health.fever, facts.health.symptoms), expected, "{declared:?}");
        }
    }

    #[test]
    fn days_since_entry_turn_at_midnight_in_the_city() {
        let declared = Declared { entry_date: Some(date!(2026 - 11 - 20)), ..Declared::default() };
        let turns = Person::default().turns(declared, &Numbers { entry: [-1, 3].into(), fever: [7].into() });
        let midnight = datetime!(2026-11-19 16:00 UTC);
        let expected = [-1, 0, 3, 4].map(|days| midnight + Duration::days(days));
        assert_eq!(turns, expected);
        // The days count one more from there on, and not before.
        let applicant = Applicant { declared, ..Applicant::sample() };
        let days = |at| {
            let facts = Person::default().facts(&applicant, at);
            Fact::named("trip", "days_since_entry").expect("a fact").read(&facts, at)
        };
        for (turn, number) in expected.into_iter().zip([-1, 0, 3, 4]) {
            assert_eq!(days(turn), Some(Datum::Int(number)));
            assert_eq!(days(turn - Duration::MICROSECOND), Some(Datum::Int(number - 1)));
        }
    }

    #[test]
    fn what_waits_for_its_decision_does_not_stand_against_its_own_approval() {
        let policy = approving(2, "REAL_PERSON");
        let approves = |state, verified| {
            let last = Some(LastApplication { state, lapse_time: None, verified });
            let person = Person { last, ..Person::default() };
            let outcome = person.simulated(&policy, &Applicant::sample(), NOW).expect("in force");
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
