//! Every mistake is told with its place and its rule.

use entrypass_policy::Policy;

use crate::{FULL, policy};

/// The mistakes of [`FULL`] with `from` replaced by `to`.
fn told(from: &str, to: &str) -> String {
    assert!(FULL.contains(from), "{from}");
    Policy::parse(&FULL.replacen(from, to, 1))
        .map_or_else(|errors| errors.to_string(), |_| "nothing".to_owned())
}

#[test]
fn a_document_without_mistakes_is_taken() {
    assert_eq!(policy(FULL).trials().len(), 6);
}

#[test]
fn each_mistake_is_told_with_its_place() {
    for (from, to, expected) in MISTAKES {
        let told = told(from, to);
        assert!(told.contains(expected), "{to}: {told}");
    }
}

/// What stands in [`FULL`], what is put there, and what is told of it.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("name = \"full\"", "name = \"Full!\"", "name: 1 to 40 of a-z 0-9 -"),
    ("version = 7", "version = 0", "version: 1 or more"),
    ("version = 7", "version = -7", "line 4: "),
    ("version = 7", "version = 7\nvresion = 8", "line 5: unknown field `vresion`"),
    ("version = 7", "", "missing field `version`"),
    ("version = 7", "version = = 7", "line 4: "),
    (
        "\"2027-01-01T00:00:00+08:00\"",
        "\"2026-01-01T00:00:00+08:00\"",
        "effective_to: later than effective_from",
    ),
    ("\"2027-01-01T00:00:00+08:00\"", "\"2027-01-01\"", "line 6: "),
    ("\"MINOR_NEEDS_GUARDIAN\"", "\"Minor\"", "eligibility[2] (Minor): an id is A-Z"),
    (
        "\"JUST_ARRIVED\"",
        "\"MINOR_NEEDS_GUARDIAN\"",
        "levels[2] (MINOR_NEEDS_GUARDIAN): another rule has this id",
    ),
    ("requires", "requirse", "unknown field `requirse`"),
    (
        "registration.state == 'ACTIVE'",
        "registration.state == 'ACTVE'",
        "eligibility[1] (REGISTRATION_NOT_ACTIVE).requires: \"ACTVE\" is none of",
    ),
    (
        "trip.days_since_entry < 3",
        "trip.days < 3",
        "levels[2] (JUST_ARRIVED).when: there is no fact \"trip.days\"",
    ),
    (
        "has(identity.strength) && identity.strength == 'REAL_PERSON' && ",
        "person.age > 1 && ",
        "review.auto_approve: person.age may be absent",
    ),
    (
        "zh_cn = \"登记有效\"",
        "zh_cn = \"\"",
        "eligibility[1] (REGISTRATION_NOT_ACTIVE).rule: a text has 1 to 200",
    ),
    ("en = \"in quarantine\"", "en = \"in\\u0007\"", "levels[1] (IN_QUARANTINE).text: a text has 1 to 200"),
    ("follow_up_days = 3", "", "levels[2] (JUST_ARRIVED).follow_up_days: 1 to 365 with TEMPORARY"),
    ("follow_up_days = 3", "follow_up_days = 366", "levels[2] (JUST_ARRIVED).follow_up_days: 1 to 365"),
    ("level = \"DENY\"", "level = \"DENY\"\nfollow_up_days = 3", "levels[1] (IN_QUARANTINE).follow_up_days"),
    ("level = \"DENY\"", "level = \"RED\"", "line 28: unknown variant `RED`"),
    (
        "when = \"has(health.in_quarantine) && health.in_quarantine\"",
        "",
        "levels[1] (IN_QUARANTINE).when: every rule of a level has a condition but the last",
    ),
    (
        "level = \"ALLOW_VISITOR\"\ntext",
        "level = \"ALLOW_VISITOR\"\nwhen = \"true\"\ntext",
        "levels[3] (ANYBODY).when: every rule of a level has a condition but the last",
    ),
    ("promised_days = 20", "promised_days = 0", "review.promised_days: 1 to 365"),
    ("lapse_days = 30", "lapse_days = 0", "review.lapse_days: 1 to 365"),
    ("\"REAL_NAME\"\nauto", "\"STRONG\"\nauto", "unknown variant `STRONG`"),
    ("person.age = 14", "person.years = 14", "unknown field `years`"),
    ("\"PASSPORT\"", "\"PASPORT\"", "unknown variant `PASPORT`"),
    ("person.age = 14", "person.age = 256", "line 53: "),
    (
        "\"2026-11-22T08:00:00+08:00\"",
        "\"2025-11-22T08:00:00+08:00\"",
        "tests[1] (a grown-up who was there).as_of: within",
    ),
    (
        "person.age = 14",
        "person.age = 12",
        "tests[1] (a grown-up who was there): expected unmet [], level ALLOW_VISITOR, auto_approve true; \
             found unmet [MINOR_NEEDS_GUARDIAN], level ALLOW_VISITOR, auto_approve false",
    ),
];

#[test]
fn a_rule_without_a_test_is_refused() {
    let (rules, tests) = FULL.split_once("[[tests]]").expect("tests");
    let tests: Vec<_> = tests.split("[[tests]]").collect();
    let table = [
        (0, "review.auto_approve: no test in which this is so", 0),
        (2, "eligibility[1] (REGISTRATION_NOT_ACTIVE): no test in which this rule is not met", 3),
        (3, "levels[2] (JUST_ARRIVED): no test in which this rule decides", 1),
        (5, "levels[1] (IN_QUARANTINE): no test in which this rule decides", 1),
    ];
    for (left_out, expected, mistakes) in table {
        let mut text = rules.to_owned();
        for (_, test) in tests.iter().enumerate().filter(|(at, _)| *at != left_out) {
            text.push_str("[[tests]]");
            text.push_str(test);
        }
        match Policy::parse(&text) {
            // The quarantined one shows it too.
            Ok(_) => assert_eq!((left_out, mistakes), (0, 0)),
            Err(errors) => {
                assert!(errors.to_string().contains(expected), "{errors}");
                assert_eq!(errors.iter().count(), mistakes, "{errors}");
            }
        }
    }
    let constant = told("registration.state == 'ACTIVE'", "true");
    assert!(constant.contains("no test in which this rule is not met"), "{constant}");
}

#[test]
fn every_mistake_is_told_and_not_only_the_first() {
    let text = FULL
        .replace("'ACTIVE'", "'ACTVE'")
        .replace("health.in_quarantine", "health.quarantine")
        .replace("= 20", "= 0");
    let errors = Policy::parse(&text).expect_err("three mistakes").to_string();
    assert_eq!(errors.lines().count(), 4, "{errors}");
}

#[test]
fn a_document_is_bounded() {
    let padded = |length: usize| format!("{FULL}{}", "#".repeat(length - FULL.len()));
    assert!(Policy::parse(&padded(65_536)).is_ok());
    let told = Policy::parse(&padded(65_537)).expect_err("too long").to_string();
    assert_eq!(told, "document: a document has at most 65536 bytes");
    let rule = FULL.split_once("[[levels]]").expect("levels").1.split_once("[[levels]]").expect("a second").0;
    let many =
        FULL.replacen("[[levels]]", &format!("{}[[levels]]", format!("[[levels]]{rule}").repeat(50)), 1);
    let told = Policy::parse(&many).expect_err("too many").to_string();
    assert!(told.contains("levels: 1 to 50 rules"), "{told}");
    let with = |count: i64| {
        let numbers: Vec<_> = (3..3 + count).map(|number| number.to_string()).collect();
        let wanted =
            format!("trip.days_since_entry < 3 && !(trip.days_since_entry in [{}])", numbers.join(","));
        Policy::parse(&FULL.replacen("trip.days_since_entry < 3", &wanted, 1))
    };
    assert!(with(64).is_ok());
    let told = with(65).expect_err("too many").to_string();
    assert_eq!(told, "levels: the conditions of the levels have 64 different numbers at most");
}
