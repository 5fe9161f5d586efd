//! Reads field after field and collects every rule that is broken on the way.
//!
//! A field that cannot be read is `None` from there on, and so is one that was left out and may be: the collected
//! violations tell the two apart. Rules between fields look at those that could be read.

use entrypass_document::Country;
use entrypass_rule::{Rule, Violations, calendar_date};

use crate::form::FormRules;
use crate::form::number::Bounded;
use crate::form::rule::{self, Checked};
use crate::form::text::{is_blank, is_hyphen};

pub(super) struct Reader<'a> {
    pub(super) rules: &'a FormRules,
    pub(super) broken: Violations,
}

impl Reader<'_> {
    pub(super) fn required<T>(&mut self, field: &str, raw: &str, parse: fn(&str) -> Checked<T>) -> Option<T> {
        self.broken.take(field, parse(raw))
    }

    pub(super) fn optional<T>(&mut self, field: &str, raw: &str, parse: fn(&str) -> Checked<T>) -> Option<T> {
        if is_absent(raw) { None } else { self.required(field, raw, parse) }
    }

    /// Refuses a text that another field excludes.
    pub(super) fn absent(&mut self, field: &str, raw: &str, rule: Rule) {
        if !is_absent(raw) {
            self.broken.add(field, rule);
        }
    }

    pub(super) fn message<M>(&mut self, field: &str, message: Option<M>) -> Option<M> {
        if message.is_none() {
            self.broken.add(field, Rule::required());
        }
        message
    }

    /// Reads an enum's number; `known` answers `None` for the value that stands for "not given".
    pub(super) fn choice<W: TryFrom<i32>, T>(
        &mut self,
        field: &str,
        number: i32,
        known: fn(W) -> Option<T>,
    ) -> Option<T> {
        let choice = W::try_from(number).map_err(|_| {
            vec![rule::unknown_value("须为所列选项之一", "must be one of the values of the enum")]
        });
        let read = choice.and_then(|wire| known(wire).ok_or_else(|| vec![Rule::required()]));
        self.broken.take(field, read)
    }

    pub(super) fn optional_choice<W: TryFrom<i32>, T>(
        &mut self,
        field: &str,
        number: i32,
        known: fn(W) -> Option<T>,
    ) -> Option<T> {
        if number == 0 { None } else { self.choice(field, number, known) }
    }

    /// Reads a number of which 0 stands for "not stated".
    pub(super) fn optional_number<const MIN: i32, const MAX: i32>(
        &mut self,
        field: &str,
        number: i32,
    ) -> Option<Bounded<MIN, MAX>> {
        if number == 0 { None } else { self.broken.take(field, Bounded::new(number)) }
    }

    pub(super) fn country(&mut self, field: &str, raw: &str) -> Option<Country> {
        let accept_specimens = self.rules.accept_specimens;
        let country = match Country::parse(raw, accept_specimens) {
            _ if is_absent(raw) => Err([Rule::required()]),
            Some(country) => Ok(country),
            None => Err([rule::unknown_country()]),
        };
        self.broken.take(field, country)
    }

    pub(super) fn date(&mut self, field: &str, raw: &str) -> Option<time::Date> {
        self.required(field, raw, calendar_date)
    }

    /// Notes the rule that a readable value breaks, if any.
    pub(super) fn note(&mut self, field: &str, broken: Option<Rule>) {
        if let Some(rule) = broken {
            self.broken.add(field, rule);
        }
    }
}

/// Whether a field was left out: empty, blank, or the dash that people put where they have nothing to say.
pub(crate) fn is_absent(raw: &str) -> bool {
    raw.chars().all(|c| is_blank(c) || is_hyphen(c))
}
