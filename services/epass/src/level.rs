//! The level (级别, a colour on a screen) of a person's electronic pass.
//!
//! Owns when the level changes by itself, and what is to be followed up. Does not own the rules: those are the policy's, whose default has the levels that the
//! city published. Pure: facts and policies are handed in. A level is decided anew each time it is asked for, so that it never outlives its facts.

use std::sync::Arc;

use entrypass_policy::{Evaluation, EvaluationError, Policy};
use time::{Duration, OffsetDateTime};

pub(crate) use entrypass_policy::Level;

use crate::{
    application::Applicant,
    facts::{Numbers, Person},
};

/// The policies that apply from an instant on, as far as somebody has decided.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    first: Arc<Policy>,
    /// From when others apply, earliest first. `None` where it cannot be loaded.
    later: Vec<(OffsetDateTime, Option<Arc<Policy>>)>,
    numbers: Numbers,
}

/// A level, and what there is to know of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The level.
    pub(crate) level: Level,
    /// When it changes by itself, if nothing happens meanwhile.
    pub(crate) until: Option<OffsetDateTime>,
    /// Until when the community has to follow a declared fever up, or had to.
    pub(crate) follow_up_due: Option<OffsetDateTime>,
}

impl Timeline {
    /// `first`, and those that come `later`.
    pub(crate) fn new(first: Arc<Policy>, later: Vec<(OffsetDateTime, Option<Arc<Policy>>)>) -> Self {
        let all = later.iter().filter_map(|(_, policy)| policy.as_ref()).chain([&first]);
        let numbers = Numbers::of(&all.map(Arc::as_ref).collect::<Vec<_>>());
        Self { first, later, numbers }
    }

    /// The policy that applies at the beginning.
    pub(crate) fn now(&self) -> &Policy {
        &self.first
    }

    /// The policy that applies at an instant after the beginning.
    fn at(&self, at: OffsetDateTime) -> Option<&Policy> {
        let later = self.later.iter().rev().find(|(from, _)| *from <= at);
        let policy = later.map_or(Some(&self.first), |(_, policy)| policy.as_ref());
        policy.map(Arc::as_ref).filter(|policy| policy.covers(at))
    }

    fn turns(&self) -> impl Iterator<Item = OffsetDateTime> {
        let all = self.later.iter().filter_map(|(_, policy)| policy.as_ref()).chain([&self.first]);
        self.later.iter().map(|(from, _)| *from).chain(all.filter_map(|policy| policy.effective_to()))
    }
}

impl Standing {
    /// That of somebody of whom nothing is known.
    pub(crate) const NOBODY: Self = Self { level: Level::None, until: None, follow_up_due: None };
}

/// Decides on the level at `now`, at which `timeline` begins.
pub(crate) fn standing(
    person: &Person,
    applicant: &Applicant,
    timeline: &Timeline,
    now: OffsetDateTime,
) -> Result<Standing, EvaluationError> {
    let facts = person.facts(applicant, now);
    let evaluation = timeline.now().evaluate(&facts, now)?;
    let level = evaluation.level.level;
    let mut turns = person.turns(applicant.declared, &timeline.numbers);
    turns.extend(timeline.turns());
    turns.sort_unstable();
    let mut turns = turns.into_iter().filter(|turn| *turn > now);
    // Where it cannot be told which level it is, it is no longer told to be this one.
    let level_at = |turn: OffsetDateTime| {
        let facts = person.facts(applicant, turn);
        Some(timeline.at(turn)?.evaluate(&facts, turn).ok()?.level.level)
    };
    Ok(Standing {
        level,
        until: turns.find(|turn| level_at(*turn) != Some(level)),
        follow_up_due: follow_up_due(&evaluation, facts.health.fever_since).filter(|_| level != Level::None),
    })
}

/// Until when a fever that began, or was seen last, at `since` is to be followed up: as the first rule has it that wants it followed up, whether it decides
/// or a stronger one does.
fn follow_up_due(evaluation: &Evaluation<'_>, since: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
    let mut applying = evaluation.levels.iter().filter(|outcome| outcome.applies);
    let days = applying.find_map(|outcome| outcome.rule.follow_up_days)?;
    since?.checked_add(Duration::days(i64::from(days)))
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime, macros::datetime};
    use uuid::Uuid;

    use entrypass_policy::DEFAULT;

    use super::{Applicant, Arc, Level, Person, Policy, Standing, Timeline};
    use crate::{
        circumstances::{FollowUp, FollowUpOutcome, Quarantine},
        facts::Declared,
        pass::{Pass, State},
    };

    const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);
    /// A pass for good.
    const FOR_GOOD: Option<OffsetDateTime> = None;

    fn policy(text: &str) -> Arc<Policy> {
        Arc::new(Policy::parse(text).expect("a policy"))
    }

    fn applicant(of_city: bool, fever_since: Option<OffsetDateTime>) -> Applicant {
        let declared = Declared { of_city: Some(of_city), health: true, fever_since, ..Declared::default() };
        Applicant { declared, ..Applicant::sample() }
    }

    fn pass(expire_time: Option<OffsetDateTime>) -> Vec<Pass> {
        vec![Pass { expire_time, ..Pass::sample(State::Active) }]
    }

    fn standing(person: &Person, applicant: Applicant) -> Standing {
        let timeline = Timeline::new(policy(DEFAULT), Vec::new());
        super::standing(person, &applicant, &timeline, NOW).expect("in force")
    }

    fn days(days: i64) -> OffsetDateTime {
        NOW + Duration::days(days)
    }

    fn quarantine(from: i64, until: i64, end: Option<i64>) -> Quarantine {
        Quarantine {
            id: Uuid::nil(),
            traveller: Uuid::nil(),
            from: days(from),
            until: days(until),
            end: end.map(days),
            create_time: days(from),
        }
    }

    fn follow_up(time: i64, outcome: FollowUpOutcome) -> FollowUp {
        FollowUp { id: Uuid::nil(), traveller: Uuid::nil(), outcome, time: days(time) }
    }

    fn of(fever: Option<i64>, quarantines: &[Quarantine], follow_ups: &[FollowUp]) -> Standing {
        let (quarantines, follow_ups) = (quarantines.to_vec(), follow_ups.to_vec());
        let person = Person { passes: pass(FOR_GOOD), quarantines, follow_ups, last: None };
        standing(&person, applicant(true, fever.map(days)))
    }

    fn stands(level: Level, until: Option<i64>, follow_up_due: Option<i64>) -> Standing {
        Standing { level, until: until.map(days), follow_up_due: follow_up_due.map(days) }
    }

    #[test]
    fn without_a_pass_that_counts_there_is_no_level() {
        for of_city in [true, false] {
            for fever_since in [None, Some(NOW)] {
                let quarantines = vec![quarantine(-1, 1, None)];
                let suspended = vec![Pass::sample(State::Suspended)];
                for passes in [Vec::new(), pass(Some(NOW)), suspended] {
                    let person = Person { passes, quarantines: quarantines.clone(), ..Person::default() };
                    let found = standing(&person, applicant(of_city, fever_since));
                    assert_eq!(found, stands(Level::None, None, None), "{person:?}");
                }
            }
        }
    }

    #[test]
    fn with_nothing_against_them_people_of_the_city_are_local_and_others_visitors() {
        for (of_city, level) in [(true, Level::AllowLocal), (false, Level::AllowVisitor)] {
            for (until, expected) in [(None, None), (Some(days(5)), Some(5))] {
                let person = Person { passes: pass(until), ..Person::default() };
                assert_eq!(standing(&person, applicant(of_city, None)), stands(level, expected, None));
            }
        }
    }

    /// Everybody is a visitor by it.
    fn visitors() -> String {
        let local = "has(person.household_in_city) ? person.household_in_city : has(document.of_city) && document.of_city";
        let text = DEFAULT.replacen(local, "has(person.household_in_city) && person.household_in_city", 1);
        assert_ne!(text, DEFAULT);
        // Those of the city by the number of their cards are so no more.
        let text = text.replace("document.of_city = true, ", "person.household_in_city = true, ");
        text.replace(
            "person.household_in_city = true, person.household_in_city = false",
            "person.household_in_city = false",
        )
    }

    #[test]
    fn a_policy_that_comes_ends_the_level_of_the_one_before() {
        let person = Person { passes: pass(FOR_GOOD), ..Person::default() };
        let (local, timeline) = (applicant(true, None), |later| Timeline::new(policy(DEFAULT), later));
        let table = [
            // Another text that says the same.
            (vec![(days(1), Some(policy(&format!("{DEFAULT}# again\n"))))], None),
            (vec![(days(1), Some(policy(&visitors())))], Some(1)),
            (vec![(days(1), Some(policy(DEFAULT))), (days(2), Some(policy(&visitors())))], Some(2)),
            // One that cannot be loaded.
            (vec![(days(3), None)], Some(3)),
        ];
        for (later, expected) in table {
            let found = super::standing(&person, &local, &timeline(later), NOW).expect("in force");
            assert_eq!(found, stands(Level::AllowLocal, expected, None));
        }
        let until = "effective_from = \"2020-03-01T08:00:00+08:00\"\n";
        let text = DEFAULT.replacen(until, &format!("{until}effective_to = \"2026-12-02T08:00:00Z\"\n"), 1);
        let ending = Timeline::new(policy(&text), Vec::new());
        let found = super::standing(&person, &local, &ending, NOW).expect("in force");
        assert_eq!(found, stands(Level::AllowLocal, Some(10), None));
    }

    #[test]
    fn a_quarantine_denies_from_its_beginning_to_its_end_and_not_longer() {
        use Level::{AllowLocal, Deny};
        let table: [(&[Quarantine], Standing); 9] = [
            (&[quarantine(0, 14, None)], stands(Deny, Some(14), None)),
            (&[quarantine(-14, 0, None)], stands(AllowLocal, None, None)),
            (&[quarantine(2, 5, None)], stands(AllowLocal, Some(2), None)),
            // Ended sooner, or given up before it began.
            (&[quarantine(-3, 5, Some(-1))], stands(AllowLocal, None, None)),
            (&[quarantine(-3, 5, Some(0))], stands(AllowLocal, None, None)),
            (&[quarantine(2, 5, Some(0))], stands(AllowLocal, None, None)),
            // One after the other without a break, and with one.
            (&[quarantine(-3, 5, None), quarantine(5, 9, None)], stands(Deny, Some(9), None)),
            (&[quarantine(-3, 5, None), quarantine(1, 7, None)], stands(Deny, Some(7), None)),
            (&[quarantine(6, 9, None), quarantine(-3, 5, None)], stands(Deny, Some(5), None)),
        ];
        for (quarantines, expected) in table {
            assert_eq!(of(None, quarantines, &[]), expected, "{quarantines:?}");
        }
    }

    #[test]
    fn a_fever_is_to_be_followed_up_within_three_days() {
        use FollowUpOutcome::{Cleared, SeeAgain};
        use Level::{AllowLocal, Deny, Temporary};
        let table: [(i64, &[FollowUp], Standing); 9] = [
            (0, &[], stands(Temporary, Some(3), Some(3))),
            (-2, &[], stands(Temporary, Some(1), Some(1))),
            (-3, &[], stands(Deny, None, Some(0))),
            (-9, &[], stands(Deny, None, Some(-6))),
            (-2, &[follow_up(-1, Cleared)], stands(AllowLocal, None, None)),
            // Late, and still as good.
            (-9, &[follow_up(-1, Cleared)], stands(AllowLocal, None, None)),
            (-9, &[follow_up(-1, SeeAgain)], stands(Temporary, Some(2), Some(2))),
            (-9, &[follow_up(-1, Cleared), follow_up(-4, SeeAgain)], stands(AllowLocal, None, None)),
            // Of an earlier fever.
            (-1, &[follow_up(-2, Cleared)], stands(Temporary, Some(2), Some(2))),
        ];
        for (fever, follow_ups, expected) in table {
            assert_eq!(of(Some(fever), &[], follow_ups), expected, "{fever} {follow_ups:?}");
        }
    }

    #[test]
    fn what_denies_for_longer_says_until_when() {
        use Level::{Deny, Temporary};
        // In quarantine until tomorrow; the fever may be followed up until the day after.
        let both = of(Some(-1), &[quarantine(-1, 1, None)], &[]);
        assert_eq!(both, stands(Deny, Some(1), Some(2)));
        // The follow-up is missed while they are in quarantine, and goes on denying.
        let both = of(Some(-1), &[quarantine(-1, 5, None)], &[]);
        assert_eq!(both, stands(Deny, None, Some(2)));
        let before = of(Some(-1), &[quarantine(1, 5, None)], &[]);
        assert_eq!(before, stands(Temporary, Some(1), Some(2)));
    }
}
