//! The bond between a holder's registration and that of somebody who travels along: its states, the steps between them, and who agrees to
//! it. Pure.
//!
//! Both sides agree. Somebody of 14 or over who is registered does so by themselves, with a code that the holder's side hands over; for a
//! child under 14 a guardian declares to be responsible (PIPL articles 28 and 31); and whoever was registered by the holder's side was
//! spoken for when that form was declared. Does not own how many bonds there may be, nor that one ends with either registration: a row
//! whose registration has ended is read as none.

use entrypass_rule::{Rule, Text, Violations};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{form::date, registration::Registration};

/// From this age on a companion agrees by themselves: completed years on the day, by the city's time.
const AGREES_FROM: i32 = 14;

/// The bond between a holder's registration and a companion's.
#[derive(Clone)]
pub(crate) struct Companion {
    /// Its id, a UUID version 7.
    pub(crate) id: Uuid,
    /// The holder's registration.
    pub(crate) holder: Uuid,
    /// What the companion is to the holder.
    pub(crate) relationship: Relationship,
    /// Whether the companion's own side has agreed.
    pub(crate) state: CompanionState,
    /// The name by which the holder's side bound them.
    pub(crate) display_name: String,
    /// The companion's registration.
    pub(crate) registration: Registration,
    /// When it was made.
    pub(crate) create_time: OffsetDateTime,
    /// When one that waits ends by itself. Absent of one that does not wait, and of one that the first release has made.
    pub(crate) confirmation_expire_time: Option<OffsetDateTime>,
    /// When a guardian declared to be responsible for the companion.
    pub(crate) guardian_declare_time: Option<OffsetDateTime>,
}

/// What a companion is to the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relationship {
    Parent,
    Child,
    Spouse,
    Relative,
    Colleague,
    Other,
}

/// Whether the companion's own side has agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompanionState {
    /// The holder's side gave document and name.
    Pending,
    /// The companion's side agreed, or a guardian, or the holder registered the companion.
    Confirmed,
}

/// What moves a bond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The holder's side binds somebody registered who can agree by themselves.
    Ask,
    /// The holder's side binds somebody registered for whom a guardian agrees.
    Declare,
    /// The holder's side registers the companion.
    Register,
    /// The companion's side gives the code.
    Confirm,
    /// Either side ends it.
    Unbind,
    /// Nobody gave the code in time.
    RunOut,
}

/// The bond does not take this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IllegalStep;

/// Every step that is allowed, `None` being no bond; what is not here is refused.
const STEPS: [(Option<CompanionState>, Step, Option<CompanionState>); 7] = [
    (None, Step::Ask, Some(CompanionState::Pending)),
    (None, Step::Declare, Some(CompanionState::Confirmed)),
    (None, Step::Register, Some(CompanionState::Confirmed)),
    (Some(CompanionState::Pending), Step::Confirm, Some(CompanionState::Confirmed)),
    (Some(CompanionState::Pending), Step::Unbind, None),
    (Some(CompanionState::Pending), Step::RunOut, None),
    (Some(CompanionState::Confirmed), Step::Unbind, None),
];

/// What `step` makes of a bond in the state `from`.
pub(crate) fn after(from: Option<CompanionState>, step: Step) -> Result<Option<CompanionState>, IllegalStep> {
    let mut allowed = STEPS.into_iter().filter(|(state, by, _)| (*state, *by) == (from, step));
    allowed.next().map(|(_, _, to)| to).ok_or(IllegalStep)
}

/// Whether somebody born on `birth` is too young on the day `today` to agree by themselves.
pub(crate) fn needs_guardian(birth: Date, today: Date) -> bool {
    date::age(birth, today) < AGREES_FROM
}

/// What is wrong with how the holder's side answers for a companion who does or does not need a guardian, if that could be read: with
/// `declared`, the word of a declaration that was made, and with the relationship.
pub(crate) fn guardian_violations(
    needs_guardian: Option<bool>,
    declared: Option<bool>,
    relationship: Option<Relationship>,
) -> Violations {
    let mut violations = Violations::default();
    match (needs_guardian, declared) {
        (Some(false), Some(_)) => violations.add("guardian_declaration", of_age()),
        (Some(true), None) => violations.add("guardian_declaration", guardian_required()),
        (_, Some(false)) => violations.add("guardian_declaration.responsible", not_declared()),
        _ => {}
    }
    let of_a_guardian = |relationship| {
        matches!(relationship, Relationship::Child | Relationship::Relative | Relationship::Other)
    };
    if needs_guardian == Some(true) && relationship.is_some_and(|relationship| !of_a_guardian(relationship)) {
        violations.add("relationship", guardian_required());
    }
    violations
}

fn guardian_required() -> Rule {
    let text = Text::new(
        format!("未满{AGREES_FROM}周岁的同行人须由监护人声明负责，关系须为子女、亲属或其他"),
        format!(
            "a companion under {AGREES_FROM} needs a guardian's declaration, and is a child, a relative or other to the holder"
        ),
    );
    Rule::new("GUARDIAN_REQUIRED", text)
}

fn not_declared() -> Rule {
    Rule::new("NOT_DECLARED", Text::new("须声明对同行人负责", "the responsibility must be declared"))
}

fn of_age() -> Rule {
    let text = Text::new(
        format!("年满{AGREES_FROM}周岁的同行人由本人确认，不得由监护人声明"),
        format!("a companion of {AGREES_FROM} or over agrees by themselves: no declaration for them"),
    );
    Rule::new("EXCLUDED", text)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::{
        CompanionState::{Confirmed, Pending},
        IllegalStep,
        Relationship::{Child, Colleague, Other, Parent, Relative, Spouse},
        Step::{Ask, Confirm, Declare, Register, RunOut, Unbind},
        after, guardian_violations, needs_guardian,
    };

    #[test]
    fn a_bond_takes_these_steps_and_no_others() {
        let allowed = [
            (None, Ask, Some(Pending)),
            (None, Declare, Some(Confirmed)),
            (None, Register, Some(Confirmed)),
            (Some(Pending), Confirm, Some(Confirmed)),
            (Some(Pending), Unbind, None),
            (Some(Pending), RunOut, None),
            (Some(Confirmed), Unbind, None),
        ];
        for from in [None, Some(Pending), Some(Confirmed)] {
            for step in [Ask, Declare, Register, Confirm, Unbind, RunOut] {
                let expected = allowed.iter().find(|(state, by, _)| (*state, *by) == (from, step));
                let expected = expected.map(|(_, _, to)| *to).ok_or(IllegalStep);
                assert_eq!(after(from, step), expected, "{from:?} {step:?}");
            }
        }
    }

    #[test]
    fn a_child_is_under_14_until_the_14th_birthday() {
        let table = [
            (date!(2012 - 11 - 24), date!(2026 - 11 - 23), true),
            (date!(2012 - 11 - 23), date!(2026 - 11 - 23), false),
            (date!(2012 - 11 - 22), date!(2026 - 11 - 23), false),
            (date!(2026 - 11 - 23), date!(2026 - 11 - 23), true),
            // No year in which somebody turns 14 is a leap year when that of their birth was one.
            (date!(2012 - 02 - 29), date!(2026 - 02 - 28), true),
            (date!(2012 - 02 - 29), date!(2026 - 03 - 01), false),
        ];
        for (birth, today, expected) in table {
            assert_eq!(needs_guardian(birth, today), expected, "{birth} on {today}");
        }
    }

    #[test]
    fn a_guardian_declares_for_a_child_and_for_nobody_else() {
        let table: [(_, _, _, &[&str]); 12] = [
            (Some(true), Some(true), Some(Child), &[]),
            (Some(true), Some(true), Some(Relative), &[]),
            (Some(true), Some(true), Some(Other), &[]),
            (Some(true), Some(true), Some(Parent), &["relationship GUARDIAN_REQUIRED"]),
            (Some(true), Some(true), Some(Spouse), &["relationship GUARDIAN_REQUIRED"]),
            (Some(true), Some(true), Some(Colleague), &["relationship GUARDIAN_REQUIRED"]),
            (
                Some(true),
                None,
                Some(Parent),
                &["guardian_declaration GUARDIAN_REQUIRED", "relationship GUARDIAN_REQUIRED"],
            ),
            (Some(true), Some(false), None, &["guardian_declaration.responsible NOT_DECLARED"]),
            (Some(false), None, Some(Colleague), &[]),
            (Some(false), Some(true), Some(Child), &["guardian_declaration EXCLUDED"]),
            (Some(false), Some(false), Some(Child), &["guardian_declaration EXCLUDED"]),
            // Nobody knows how old they are, whose form cannot be read.
            (None, Some(false), Some(Colleague), &["guardian_declaration.responsible NOT_DECLARED"]),
        ];
        for (needed, declared, relationship, expected) in table {
            let broken = guardian_violations(needed, declared, relationship);
            let broken: Vec<_> = broken
                .iter()
                .map(|violation| format!("{} {}", violation.field, violation.rule.reason))
                .collect();
            assert_eq!(broken, expected, "{needed:?} {declared:?} {relationship:?}");
        }
    }
}
