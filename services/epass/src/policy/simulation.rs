//! What a draft would change: two outcomes of one person compared, and how many persons are concerned.

use std::collections::{BTreeMap, BTreeSet};

use entrypass_policy::Level;
use uuid::Uuid;

/// Most persons who are shown as samples.
const SAMPLES: usize = 20;

/// What a policy says of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Simulated {
    /// The ids of the rules that are not met. In which order a policy has them matters to nobody.
    pub(crate) unmet: BTreeSet<String>,
    /// The level.
    pub(crate) level: Level,
    /// The id of the rule that decides on it.
    pub(crate) level_rule: String,
    /// Days within which the community follows up.
    pub(crate) follow_up_days: Option<u16>,
    /// An application would be approved without a reviewer.
    pub(crate) auto_approve: bool,
}

/// One person, by the policy in force and by the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    /// The person.
    pub(crate) traveller: Uuid,
    /// By the policy in force.
    pub(crate) before: Simulated,
    /// By the draft.
    pub(crate) after: Simulated,
}

/// How many persons are concerned, and how.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Persons who were looked at.
    pub(crate) examined: u64,
    /// Those for whom anything is otherwise.
    pub(crate) changed: u64,
    /// Those who are offered the pass by the draft alone.
    pub(crate) newly_offered: u64,
    /// Those who are offered the pass by the policy in force alone.
    pub(crate) newly_withheld: u64,
    /// Those who need no reviewer by the draft alone.
    pub(crate) newly_auto_approved: u64,
    /// Those who need no reviewer by the policy in force alone.
    pub(crate) no_longer_auto_approved: u64,
    /// By the levels before and after.
    pub(crate) levels: BTreeMap<(Level, Level), u64>,
    /// By rule: those whom it newly stands against, and those whom it no longer does.
    pub(crate) rules: BTreeMap<String, (u64, u64)>,
    /// The first for whom anything is otherwise.
    pub(crate) samples: Vec<Compared>,
}

impl Tally {
    /// Counts one person.
    pub(crate) fn add(&mut self, compared: Compared) {
        self.examined += 1;
        let Compared { before, after, .. } = &compared;
        if before == after {
            return;
        }
        self.changed += 1;
        match (before.unmet.is_empty(), after.unmet.is_empty()) {
            (false, true) => self.newly_offered += 1,
            (true, false) => self.newly_withheld += 1,
            _ => {}
        }
        match (before.auto_approve, after.auto_approve) {
            (false, true) => self.newly_auto_approved += 1,
            (true, false) => self.no_longer_auto_approved += 1,
            _ => {}
        }
        if before.level != after.level {
            *self.levels.entry((before.level, after.level)).or_default() += 1;
        }
        for rule in after.unmet.difference(&before.unmet) {
            self.rules.entry(rule.clone()).or_default().0 += 1;
        }
        for rule in before.unmet.difference(&after.unmet) {
            self.rules.entry(rule.clone()).or_default().1 += 1;
        }
        if self.samples.len() < SAMPLES {
            self.samples.push(compared);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Compared, Level, Simulated, Tally, Uuid};

    fn outcome(unmet: &[&str], level: Level, auto_approve: bool) -> Simulated {
        Simulated {
            unmet: unmet.iter().map(|&rule| rule.to_owned()).collect(),
            level,
            level_rule: level.as_str().to_owned(),
            follow_up_days: None,
            auto_approve,
        }
    }

    fn tally(persons: impl IntoIterator<Item = (Simulated, Simulated)>) -> Tally {
        let mut tally = Tally::default();
        for (number, (before, after)) in (1..).zip(persons) {
            tally.add(Compared { traveller: Uuid::from_u128(number), before, after });
        }
        tally
    }

    #[test]
    fn each_kind_of_change_is_counted_once_a_person() {
        let same = || outcome(&["A"], Level::None, false);
        let found = tally([
            (same(), same()),
            (outcome(&[], Level::AllowLocal, true), outcome(&["A", "B"], Level::Deny, false)),
            (outcome(&["A"], Level::AllowLocal, false), outcome(&[], Level::Deny, true)),
            (outcome(&["A"], Level::Deny, false), outcome(&["B"], Level::Deny, false)),
            (outcome(&["A", "B"], Level::None, false), outcome(&["B"], Level::AllowLocal, false)),
        ]);
        assert_eq!((found.examined, found.changed), (5, 4));
        assert_eq!((found.newly_offered, found.newly_withheld), (1, 1));
        assert_eq!((found.newly_auto_approved, found.no_longer_auto_approved), (1, 1));
        let levels = [((Level::None, Level::AllowLocal), 1), ((Level::AllowLocal, Level::Deny), 2)];
        assert!(found.levels.into_iter().eq(levels));
        assert!(found.rules.into_iter().eq([("A".to_owned(), (1, 3)), ("B".to_owned(), (2, 0))]));
        assert_eq!(found.samples.len(), 4);
    }

    #[test]
    fn another_order_is_no_change_and_another_rule_or_term_is() {
        let same = || outcome(&["A", "B"], Level::Temporary, false);
        let found = tally([
            (same(), outcome(&["B", "A"], Level::Temporary, false)),
            (same(), Simulated { level_rule: "OTHER".to_owned(), ..same() }),
            (same(), Simulated { follow_up_days: Some(7), ..same() }),
        ]);
        assert_eq!((found.examined, found.changed), (3, 2));
        assert!(found.levels.is_empty() && found.rules.is_empty());
        let samples: Vec<_> = found.samples.iter().map(|it| it.traveller.as_u128()).collect();
        assert_eq!(samples, [2, 3]);
    }

    #[test]
    fn samples_are_the_first_twenty() {
        let changes = || (outcome(&[], Level::None, false), outcome(&["A"], Level::None, false));
        let found = tally((0..25).map(|_| changes()));
        assert_eq!((found.changed, found.samples.len()), (25, 20));
        assert_eq!(found.samples[19].traveller, Uuid::from_u128(20));
    }
}
