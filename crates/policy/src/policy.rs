//! A policy: a document that was read, checked, and has proven itself by its own tests.

use std::collections::BTreeSet;

use entrypass_rule::Text;
use time::OffsetDateTime;

use crate::{
    digest::Digest,
    document::{Document, Grade, Requirement, Review as WrittenReview, Wording},
    error::{Fault, Mistake, PolicyErrors},
    expression::Expression,
    trial::Trial,
    vocabulary::Fact,
    words::{IdentityStrength, Level},
};

/// As many bytes a document has at most.
const MAX_BYTES: usize = 65_536;
/// As many rules of one kind a document has at most.
const MAX_RULES: usize = 50;
/// As many different numbers the rules of the level have at most. A level may change at each of them by time alone, and is looked at there for whoever asks until when it
/// is what it is.
const MAX_NUMBERS: usize = 64;
/// As many tests a document has at most.
const MAX_TESTS: usize = 500;

/// A policy that can be asked.
#[derive(Debug)]
pub struct Policy {
    text: String,
    name: String,
    version: u32,
    effective_from: OffsetDateTime,
    effective_to: Option<OffsetDateTime>,
    eligibility: Vec<EligibilityRule>,
    levels: Vec<LevelRule>,
    review: Review,
    trials: Vec<Trial>,
}

/// A rule of the offer.
#[derive(Debug)]
pub struct EligibilityRule {
    /// The reason for machines, when it is not met.
    pub id: String,
    pub(crate) requires: Expression,
    /// The rule for people.
    pub rule: Text,
    /// The reason for people, when it is not met.
    pub unmet: Text,
}

/// A rule of the level.
#[derive(Debug)]
pub struct LevelRule {
    /// The reason for machines.
    pub id: String,
    /// The level that it gives.
    pub level: Level,
    pub(crate) when: Option<Expression>,
    /// The reason for people.
    pub text: Text,
    /// Days within which the community follows up; with TEMPORARY only.
    pub follow_up_days: Option<u16>,
}

/// How applications are decided on.
#[derive(Debug)]
pub struct Review {
    /// How strong an applicant's proof of identity must be at least.
    pub identity_strength: IdentityStrength,
    pub(crate) auto_approve: Option<Expression>,
    /// Calendar days from submission within which a decision is promised.
    pub promised_days: Option<u16>,
    /// Calendar days after which ends what an applicant has to go on with and leaves alone.
    pub lapse_days: u16,
}

impl EligibilityRule {
    /// The expression, as it was written.
    #[must_use]
    pub fn requires(&self) -> &str {
        self.requires.text()
    }
}

impl LevelRule {
    /// The expression, as it was written; the last rule of a policy has none.
    #[must_use]
    pub fn when(&self) -> Option<&str> {
        self.when.as_ref().map(Expression::text)
    }
}

impl Review {
    /// The expression, as it was written; none where a reviewer decides on every application.
    #[must_use]
    pub fn auto_approve(&self) -> Option<&str> {
        self.auto_approve.as_ref().map(Expression::text)
    }
}

impl Policy {
    /// Reads a document, checks it and runs its tests.
    ///
    /// # Errors
    /// Everything that is wrong with it, as far as it could be read.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        let document = read(text).map_err(|mistake| PolicyErrors(vec![mistake]))?;
        let mut reader = Reader::default();
        let policy = reader.policy(text, document);
        if let (Some(policy), []) = (policy, reader.mistakes.as_slice()) {
            let mistakes = policy.try_out();
            return if mistakes.is_empty() { Ok(policy) } else { Err(PolicyErrors(mistakes)) };
        }
        Err(PolicyErrors(reader.mistakes))
    }

    /// The document, byte for byte.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which document this is.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.text)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a policy can have this name: 1 to 40 of `a-z 0-9 -`.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        (1..=40).contains(&text.len()) && text.bytes().all(allowed)
    }

    /// Its version, 1 or more.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// From when it can be in force.
    #[must_use]
    pub fn effective_from(&self) -> OffsetDateTime {
        self.effective_from
    }

    /// From when it no longer can.
    #[must_use]
    pub fn effective_to(&self) -> Option<OffsetDateTime> {
        self.effective_to
    }

    /// Whether it can be in force at this time.
    #[must_use]
    pub fn covers(&self, as_of: OffsetDateTime) -> bool {
        self.effective_from <= as_of && self.effective_to.is_none_or(|end| as_of < end)
    }

    /// The rules of the offer, in order.
    #[must_use]
    pub fn eligibility(&self) -> &[EligibilityRule] {
        &self.eligibility
    }

    /// The rules of the level, in order.
    #[must_use]
    pub fn levels(&self) -> &[LevelRule] {
        &self.levels
    }

    /// Every number of those rules of the level that name the fact `group.name`. A rule that compares a number of days with numbers as they are written turns where
    /// the days reach one of these, or one more, and nowhere else.
    #[must_use]
    pub fn numbers(&self, group: &str, name: &str) -> BTreeSet<i64> {
        let when = self.levels.iter().filter_map(|rule| rule.when.as_ref());
        when.filter(|when| when.facts().contains(&(group, name))).flat_map(Expression::numbers).collect()
    }

    /// The facts that it names and this system does not record, as `group.name`: its rules on them never apply.
    #[must_use]
    pub fn unrecorded_facts(&self) -> BTreeSet<String> {
        let requires = self.eligibility.iter().map(|rule| &rule.requires);
        let when = self.levels.iter().filter_map(|rule| rule.when.as_ref());
        let all = requires.chain(when).chain(&self.review.auto_approve).flat_map(Expression::facts);
        let unrecorded = all.filter(|(group, name)| Fact::named(group, name).is_some_and(|it| !it.recorded));
        unrecorded.map(|(group, name)| format!("{group}.{name}")).collect()
    }

    /// How applications are decided on.
    #[must_use]
    pub fn review(&self) -> &Review {
        &self.review
    }

    /// Its own tests, in order.
    #[must_use]
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }
}

fn read(text: &str) -> Result<Document, Mistake> {
    if text.len() > MAX_BYTES {
        return Err(Mistake { place: "document".to_owned(), fault: Fault::TooLong });
    }
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        Mistake { place: format!("line {line}"), fault: Fault::Structure(error.message().to_owned()) }
    })
}

/// Judges what a document says, and collects what is wrong.
#[derive(Default)]
struct Reader {
    mistakes: Vec<Mistake>,
    ids: Vec<String>,
}

impl Reader {
    fn policy(&mut self, text: &str, document: Document) -> Option<Policy> {
        self.demand(Policy::is_name(&document.name), "name", "1 to 40 of a-z 0-9 -");
        self.demand(document.version > 0, "version", "1 or more");
        let in_order = document.effective_to.is_none_or(|end| document.effective_from < end);
        self.demand(in_order, "effective_to", "later than effective_from");
        let many = |count| (1..=MAX_RULES).contains(&count);
        self.demand(many(document.eligibility.len()), "eligibility", "1 to 50 rules");
        self.demand(many(document.levels.len()), "levels", "1 to 50 rules");
        self.demand((1..=MAX_TESTS).contains(&document.tests.len()), "tests", "1 to 500 tests");
        if !self.mistakes.is_empty() {
            return None;
        }
        let last = document.levels.len();
        let eligibility: Vec<_> =
            (1..).zip(document.eligibility).map(|(at, rule)| self.requirement(at, rule)).collect();
        let levels: Vec<_> =
            (1..).zip(document.levels).map(|(at, rule)| self.grade(at, rule, at == last)).collect();
        let when = levels.iter().flatten().filter_map(|rule| rule.when.as_ref());
        let numbers: BTreeSet<_> = when.flat_map(Expression::numbers).collect();
        self.demand(
            numbers.len() <= MAX_NUMBERS,
            "levels",
            "the conditions of the levels have 64 different numbers at most",
        );
        let review = self.review(document.review);
        let trials = document.tests.into_iter().map(|test| Trial {
            name: test.name,
            as_of: test.as_of,
            facts: test.facts,
            expected: test.expect,
        });
        Some(Policy {
            text: text.to_owned(),
            name: document.name,
            version: document.version,
            effective_from: document.effective_from,
            effective_to: document.effective_to,
            eligibility: eligibility.into_iter().collect::<Option<_>>()?,
            levels: levels.into_iter().collect::<Option<_>>()?,
            review: review?,
            trials: trials.collect(),
        })
    }

    fn requirement(&mut self, at: usize, written: Requirement) -> Option<EligibilityRule> {
        let place = format!("eligibility[{at}] ({})", written.id);
        self.id(&place, &written.id);
        let rule = self.wording(&format!("{place}.rule"), written.rule);
        let unmet = self.wording(&format!("{place}.unmet"), written.unmet);
        let requires = self.expression(&format!("{place}.requires"), &written.requires)?;
        Some(EligibilityRule { id: written.id, requires, rule, unmet })
    }

    fn grade(&mut self, at: usize, written: Grade, last: bool) -> Option<LevelRule> {
        let place = format!("levels[{at}] ({})", written.id);
        self.id(&place, &written.id);
        let text = self.wording(&format!("{place}.text"), written.text);
        let days = written.follow_up_days;
        let needs_days = written.level == Level::Temporary;
        let days_fit = days.map_or(!needs_days, |days| needs_days && is_some_days(days));
        self.demand(
            days_fit,
            &format!("{place}.follow_up_days"),
            "1 to 365 with TEMPORARY, and else left out",
        );
        let when_place = format!("{place}.when");
        self.demand(
            written.when.is_none() == last,
            &when_place,
            "every rule of a level has a condition but the last",
        );
        let when = match written.when {
            Some(when) => Some(self.expression(&when_place, &when)?),
            None => None,
        };
        Some(LevelRule { id: written.id, level: written.level, when, text, follow_up_days: days })
    }

    fn review(&mut self, written: WrittenReview) -> Option<Review> {
        let promised_days = written.promised_days;
        self.demand(promised_days.is_none_or(is_some_days), "review.promised_days", "1 to 365, or left out");
        let lapse_days = written.lapse_days;
        self.demand(is_some_days(lapse_days), "review.lapse_days", "1 to 365");
        let auto_approve = match written.auto_approve {
            Some(wanted) => Some(self.expression("review.auto_approve", &wanted)?),
            None => None,
        };
        Some(Review { identity_strength: written.identity_strength, auto_approve, promised_days, lapse_days })
    }

    fn id(&mut self, place: &str, id: &str) {
        self.demand(is_id(id), place, "an id is A-Z and then A-Z 0-9 _, 64 characters at most");
        self.demand(!self.ids.iter().any(|taken| taken == id), place, "another rule has this id");
        self.ids.push(id.to_owned());
    }

    fn wording(&mut self, place: &str, written: Wording) -> Text {
        for text in [&written.zh_cn, &written.en] {
            let fits = (1..=200).contains(&text.chars().count()) && !text.contains(char::is_control);
            self.demand(
                fits,
                place,
                "a text has 1 to 200 characters in each language, and no control characters",
            );
        }
        Text::new(written.zh_cn, written.en)
    }

    fn expression(&mut self, place: &str, written: &str) -> Option<Expression> {
        match Expression::parse(written) {
            Ok(expression) => Some(expression),
            Err(faults) => {
                let mistakes = faults.into_iter().map(Fault::Expression);
                self.mistakes.extend(mistakes.map(|fault| Mistake { place: place.to_owned(), fault }));
                None
            }
        }
    }

    fn demand(&mut self, kept: bool, place: &str, rule: &'static str) {
        if !kept {
            self.mistakes.push(Mistake { place: place.to_owned(), fault: Fault::Value(rule) });
        }
    }
}

fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    (1..=64).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(allowed)
}

fn is_some_days(days: u16) -> bool {
    (1..=365).contains(&days)
}
