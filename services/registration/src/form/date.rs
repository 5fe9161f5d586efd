//! Calendar dates of the form, and how far apart they may lie.

use entrypass_rule::Rule;
use time::{Date, Duration};

use crate::form::FormRules;
use crate::form::rule;

/// The highest age in completed years; the oldest one ever verified is 122.
const MAX_AGE: i32 = 130;

/// The rule that a birth date breaks: it lies in the past (today included), at most 130 years back.
pub(crate) fn broken_by_birth(birth: Date, today: Date) -> Option<Rule> {
    let month_and_day = |date: Date| (u8::from(date.month()), date.day());
    let age = today.year() - birth.year() - i32::from(month_and_day(today) < month_and_day(birth));
    (birth > today || age > MAX_AGE).then(|| {
        rule::out_of_range(
            format!("出生日期不得晚于今天，年龄不得超过{MAX_AGE}岁"),
            format!("must not be in the future, nor make the traveller older than {MAX_AGE}"),
        )
    })
}

/// The rule that an entry date breaks: it lies within the configured days around the submission.
pub(crate) fn broken_by_entry(entry: Date, rules: &FormRules) -> Option<Rule> {
    let FormRules { submitted, entry_days_before: before, entry_days_after: after, .. } = *rules;
    let earliest = submitted.saturating_sub(Duration::days(before.into()));
    let latest = submitted.saturating_add(Duration::days(after.into()));
    (!(earliest..=latest).contains(&entry)).then(|| {
        rule::out_of_range(
            format!("入境日期须在登记之日前{before}天至后{after}天之间"),
            format!("must lie between {before} days before and {after} days after the day of submission"),
        )
    })
}

/// The rule that a document's expiry date breaks: it is not before the entry date.
pub(crate) fn broken_by_expiry(expire: Date, entry: Date) -> Option<Rule> {
    (expire < entry).then(|| {
        rule::out_of_range("证件有效期不得早于入境日期", "the document must not expire before the entry date")
    })
}

/// The rule that the days of a stay break in themselves.
pub(crate) fn broken_by_order(first: Date, last: Date) -> Option<Rule> {
    (first > last).then(|| {
        rule::out_of_range("开始日期不得晚于结束日期", "the first day must not be after the last one")
    })
}

/// The rule that the last day of a stay breaks: it lies within the configured days before the entry date, or before the submission
/// for an entry that is declared ahead, whose traveller cannot tell yet where they will have been.
pub(crate) fn broken_by_stay(last: Date, entry: Date, rules: &FormRules) -> Option<Rule> {
    let days = rules.travel_history_days;
    let earliest = entry.min(rules.submitted).saturating_sub(Duration::days(days.into()));
    (!(earliest..=entry).contains(&last)).then(|| {
        rule::out_of_range(
            format!("结束日期不得早于登记之日或入境日期之前{days}天，且不得晚于入境日期"),
            format!("the last day must lie within the {days} days before the submission or the entry date, and not after entry"),
        )
    })
}

/// The rule that the date of a test breaks: it is not in the future.
pub(crate) fn broken_by_test(test: Date, today: Date) -> Option<Rule> {
    (test > today)
        .then(|| rule::out_of_range("检测日期不得晚于今天", "the date of the test must not be in the future"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 23);
    const RULES: FormRules = FormRules {
        today: TODAY,
        entry_days_before: 14,
        entry_days_after: 30,
        submitted: TODAY,
        travel_history_days: 21,
        collect_health: false,
        accept_specimens: false,
    };

    #[test]
    fn a_birth_date_lies_within_the_longest_life() {
        let table = [
            (TODAY, true),
            (date!(2026 - 11 - 24), false),
            (date!(1985 - 01 - 01), true),
            (date!(1895 - 11 - 24), true),
            (date!(1895 - 11 - 23), false),
        ];
        for (birth, fits) in table {
            assert_eq!(broken_by_birth(birth, TODAY).is_none(), fits, "{birth}");
        }
    }

    #[test]
    fn an_entry_date_lies_in_the_configured_window() {
        let table = [
            (date!(2026 - 11 - 08), false),
            (date!(2026 - 11 - 09), true),
            (TODAY, true),
            (date!(2026 - 12 - 23), true),
            (date!(2026 - 12 - 24), false),
            (Date::MIN, false),
            (Date::MAX, false),
        ];
        for (entry, fits) in table {
            assert_eq!(broken_by_entry(entry, &RULES).is_none(), fits, "{entry}");
        }
        let amending = FormRules { today: date!(2027 - 01 - 01), ..RULES };
        assert_eq!(broken_by_entry(TODAY, &amending), None, "what time alone has changed");
        assert!(broken_by_entry(date!(2027 - 01 - 01), &amending).is_some(), "put off too far");
    }

    #[test]
    fn a_document_is_valid_on_the_day_of_entry() {
        assert_eq!(broken_by_expiry(TODAY, TODAY), None);
        assert!(broken_by_expiry(date!(2026 - 11 - 22), TODAY).is_some());
    }

    #[test]
    fn a_stay_ends_in_the_window_and_may_begin_before_it() {
        let table = [
            (date!(2026 - 11 - 01), false),
            (date!(2026 - 11 - 02), true),
            (TODAY, true),
            (date!(2026 - 11 - 24), false),
        ];
        for (last, fits) in table {
            assert_eq!(broken_by_stay(last, TODAY, &RULES).is_none(), fits, "{last}");
        }
        assert_eq!(broken_by_stay(Date::MIN, Date::MIN, &RULES), None);
        assert_eq!(broken_by_order(TODAY, TODAY), None);
        assert!(broken_by_order(date!(2026 - 11 - 24), TODAY).is_some());
    }

    #[test]
    fn a_test_was_made_by_today() {
        assert_eq!(broken_by_test(TODAY, TODAY), None);
        assert!(broken_by_test(date!(2026 - 11 - 24), TODAY).is_some());
    }
}
