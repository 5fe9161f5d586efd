//! The level (级别, a colour on a screen) of a person's electronic pass.
//!
//! Owns the rule, and when its outcome changes by itself. Pure: the facts are handed in. A level is decided anew each time it is asked for, so
//! that it never outlives its facts.
//!
//! The city's published levels, and what of them can be told:
//!
//! | level | published rule | here |
//! |---|---|---|
//! | `DENY`, red | in quarantine; lifts by itself when that ends | a quarantine is recorded that has begun and not ended; or a fever that nobody has followed up in time |
//! | `TEMPORARY`, yellow | fever without quarantine, to be followed up within 3 days; or identity data tied to an outbreak area | a fever is declared in the health block, where that is collected, and the 3 days are not over |
//! | `ALLOW_LOCAL`, green | household registration or registered residence permit in the city | the resident identity card was first given in the city; a household that moved, and a residence permit, are not recorded |
//! | `ALLOW_VISITOR`, blue | from outside the city, not from an outbreak area | everybody else; no list of outbreak areas is kept |

use time::{Duration, OffsetDateTime};

use crate::circumstances::{FollowUp, FollowUpOutcome, Quarantine};

/// How long somebody with a fever may pass before the community must have followed it up: as the city published it.
const FOLLOW_UP_WITHIN: Duration = Duration::days(3);

/// What a registration says that bears on the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The resident identity card is of the city.
    pub(crate) from_city: bool,
    /// Since when a fever is declared.
    pub(crate) fever_since: Option<OffsetDateTime>,
}

/// A pass that is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ActivePass {
    /// When it ends by itself.
    pub(crate) until: Option<OffsetDateTime>,
}

/// What the rule looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The pass that is active, if there is one.
    pub(crate) pass: Option<ActivePass>,
    /// What the registration says.
    pub(crate) declared: Declared,
    /// Every quarantine of the person that is known.
    pub(crate) quarantines: &'a [Quarantine],
    /// Every follow-up of the person that is known.
    pub(crate) follow_ups: &'a [FollowUp],
}

/// The level of a person's pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// There is no pass that counts.
    None,
    /// Somebody of the city, who may pass.
    AllowLocal,
    /// Somebody from elsewhere, who may pass.
    AllowVisitor,
    /// May pass for now; the community has to follow up.
    Temporary,
    /// Must not pass.
    Deny,
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

impl Standing {
    /// That of somebody of whom nothing is known.
    pub(crate) const NOBODY: Self = Self { level: Level::None, until: None, follow_up_due: None };
}

/// Decides on the level at `now`.
pub(crate) fn standing(facts: Facts<'_>, now: OffsetDateTime) -> Standing {
    let level = level(facts, now);
    let due = follow_up_due(facts);
    let mut turns: Vec<_> = facts.quarantines.iter().flat_map(Quarantine::turns).collect();
    turns.extend(due.into_iter().chain(facts.pass.and_then(|pass| pass.until)));
    turns.sort_unstable();
    let mut turns = turns.into_iter().filter(|turn| *turn > now);
    Standing {
        level,
        until: turns.find(|turn| self::level(facts, *turn) != level),
        follow_up_due: due.filter(|_| level != Level::None),
    }
}

/// The rule: the first line that holds.
fn level(facts: Facts<'_>, at: OffsetDateTime) -> Level {
    let quarantined = facts.quarantines.iter().any(|quarantine| quarantine.holds(at));
    let pass_counts = facts.pass.is_some_and(|pass| pass.until.is_none_or(|end| at < end));
    match follow_up_due(facts) {
        _ if !pass_counts => Level::None,
        _ if quarantined => Level::Deny,
        Some(due) if due <= at => Level::Deny,
        Some(_) => Level::Temporary,
        None if facts.declared.from_city => Level::AllowLocal,
        None => Level::AllowVisitor,
    }
}

/// Until when a fever that is declared is to be followed up; `None` where there is none, or where it was followed up and found to be over.
fn follow_up_due(facts: Facts<'_>) -> Option<OffsetDateTime> {
    let since = facts.declared.fever_since?;
    // What was found before the fever was declared says nothing of it.
    let last = facts.follow_ups.iter().filter(|follow_up| follow_up.time >= since).max_by_key(|it| it.time);
    match last.map(|follow_up| (follow_up.outcome, follow_up.time)) {
        None => Some(since + FOLLOW_UP_WITHIN),
        Some((FollowUpOutcome::Cleared, _)) => None,
        Some((FollowUpOutcome::SeeAgain, seen)) => Some(seen + FOLLOW_UP_WITHIN),
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime, macros::datetime};
    use uuid::Uuid;

    use super::{
        ActivePass, Declared, Facts, FollowUp, FollowUpOutcome, Level, Quarantine, Standing, standing,
    };

    const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);
    const FOR_GOOD: ActivePass = ActivePass { until: None };

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
        let declared = Declared { from_city: true, fever_since: fever.map(days) };
        standing(Facts { pass: Some(FOR_GOOD), declared, quarantines, follow_ups }, NOW)
    }

    fn stands(level: Level, until: Option<i64>, follow_up_due: Option<i64>) -> Standing {
        Standing { level, until: until.map(days), follow_up_due: follow_up_due.map(days) }
    }

    #[test]
    fn without_a_pass_that_counts_there_is_no_level() {
        for from_city in [true, false] {
            for fever_since in [None, Some(NOW)] {
                let declared = Declared { from_city, fever_since };
                let quarantines = [quarantine(-1, 1, None)];
                for pass in [None, Some(ActivePass { until: Some(NOW) })] {
                    let facts = Facts { pass, declared, quarantines: &quarantines, follow_ups: &[] };
                    assert_eq!(standing(facts, NOW), stands(Level::None, None, None), "{facts:?}");
                }
            }
        }
    }

    #[test]
    fn with_nothing_against_them_people_of_the_city_are_local_and_others_visitors() {
        for (from_city, level) in [(true, Level::AllowLocal), (false, Level::AllowVisitor)] {
            let declared = Declared { from_city, fever_since: None };
            for (until, expected) in [(None, None), (Some(days(5)), Some(5))] {
                let pass = Some(ActivePass { until });
                let facts = Facts { pass, declared, quarantines: &[], follow_ups: &[] };
                assert_eq!(standing(facts, NOW), stands(level, expected, None));
            }
        }
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
