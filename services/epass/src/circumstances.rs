//! What the authority records of a person that bears on the level of their pass: quarantines, and follow-ups of a fever.
//!
//! Pure. Does not own what follows from them ([`crate::level`]). Nothing here says where or why: a place of quarantine or a diagnosis is nobody's
//! business at a checkpoint, and is not collected.

use entrypass_rule::{Rule, Text};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// The longest quarantine that is recorded at once: more is a slip of the pen. A longer one is recorded again.
const LONGEST: Duration = Duration::days(90);
/// How long before its beginning, or after it, a quarantine is recorded at most.
const FROM_WITHIN: Duration = Duration::days(90);

/// A quarantine of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quarantine {
    /// Its id.
    pub(crate) id: Uuid,
    /// The person.
    pub(crate) traveller: Uuid,
    /// When it begins.
    pub(crate) from: OffsetDateTime,
    /// When it ends by itself.
    pub(crate) until: OffsetDateTime,
    /// When it was ended before that.
    pub(crate) end: Option<OffsetDateTime>,
    /// When it was recorded.
    pub(crate) create_time: OffsetDateTime,
}

/// That the community has followed a person's fever up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FollowUp {
    /// Its id.
    pub(crate) id: Uuid,
    /// The person.
    pub(crate) traveller: Uuid,
    /// What came of it.
    pub(crate) outcome: FollowUpOutcome,
    /// When it was recorded.
    pub(crate) time: OffsetDateTime,
}

/// What came of a follow-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FollowUpOutcome {
    /// The fever that was declared does not stand against the holder any more.
    Cleared,
    /// The person was seen, and has to be seen again.
    SeeAgain,
}

/// The quarantine is over, so that there is nothing to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over;

impl Quarantine {
    /// A quarantine that is recorded at `now`. Whether its times are [`broken`] was asked before.
    pub(crate) fn recorded(
        id: Uuid,
        traveller: Uuid,
        (from, until): (OffsetDateTime, OffsetDateTime),
        now: OffsetDateTime,
    ) -> Self {
        Self { id, traveller, from, until, end: None, create_time: now }
    }

    /// When it begins, and when it ends.
    pub(crate) fn turns(&self) -> [OffsetDateTime; 2] {
        [self.from, self.ends()]
    }

    /// This quarantine, ended at `now`; also one that has not begun yet.
    ///
    /// # Errors
    /// When it has ended already.
    pub(crate) fn ended(self, now: OffsetDateTime) -> Result<Self, Over> {
        if self.ends() <= now { Err(Over) } else { Ok(Self { end: Some(now), ..self }) }
    }

    /// When it ends, or ended.
    pub(crate) fn ends(&self) -> OffsetDateTime {
        self.end.unwrap_or(self.until)
    }
}

/// What is wrong with a quarantine from `from` until `until` that is recorded at `now`, by the field.
pub(crate) fn broken(
    from: OffsetDateTime,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Vec<(&'static str, Rule)> {
    let mut broken = Vec::new();
    if (from - now).abs() > FROM_WITHIN {
        let text = Text::new("开始时间与现在相差不得超过90天", "at most 90 days before or after now");
        broken.push(("from_time", Rule::new("OUT_OF_RANGE", text)));
    }
    if until <= from || until - from > LONGEST {
        let text =
            Text::new("须晚于开始时间，且最长90天", "after the beginning, and at most 90 days after it");
        broken.push(("until_time", Rule::new("OUT_OF_RANGE", text)));
    } else if until <= now {
        let text = Text::new("须晚于现在", "after now: what is over stands against nobody");
        broken.push(("until_time", Rule::new("OUT_OF_RANGE", text)));
    }
    broken
}

impl FollowUpOutcome {
    /// The outcome as it stands in the database: the published enum's value without its prefix.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cleared => "CLEARED",
            Self::SeeAgain => "SEE_AGAIN",
        }
    }

    /// Reads what [`FollowUpOutcome::word`] wrote.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Cleared, Self::SeeAgain].into_iter().find(|outcome| outcome.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime, macros::datetime};
    use uuid::Uuid;

    use super::{FollowUpOutcome, Over, Quarantine, broken};

    const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);

    #[test]
    fn a_quarantine_ends_after_it_begins_and_is_not_over_when_it_is_recorded() {
        let days = |days| NOW + Duration::days(days);
        let table: [(i64, i64, &[&str]); 9] = [
            (0, 14, &[]),
            (-13, 1, &[]),
            (90, 180, &[]),
            (-89, 1, &[]),
            (-14, 0, &["until_time"]),
            (3, 3, &["until_time"]),
            (3, 2, &["until_time"]),
            (0, 91, &["until_time"]),
            (-91, 200, &["from_time", "until_time"]),
        ];
        for (from, until, expected) in table {
            let fields: Vec<_> = broken(days(from), days(until), NOW).into_iter().map(|(at, _)| at).collect();
            assert_eq!(fields, expected, "{from} {until}");
        }
    }

    #[test]
    fn it_is_ended_once() {
        let until = NOW + Duration::DAY;
        let quarantine = Quarantine::recorded(Uuid::nil(), Uuid::nil(), (NOW, until), NOW);
        assert_eq!(quarantine.turns(), [NOW, until]);
        let ended = quarantine.ended(NOW + Duration::HOUR).expect("it holds");
        assert_eq!(ended.turns(), [NOW, NOW + Duration::HOUR]);
        assert_eq!(ended.ended(NOW + Duration::hours(2)), Err(Over));
        assert_eq!(quarantine.ended(until), Err(Over));
    }

    #[test]
    fn a_stored_outcome_is_read_back_and_no_other() {
        for outcome in [FollowUpOutcome::Cleared, FollowUpOutcome::SeeAgain] {
            assert_eq!(FollowUpOutcome::from_word(outcome.word()), Some(outcome));
        }
        assert_eq!(FollowUpOutcome::from_word("SICK"), None);
    }
}
