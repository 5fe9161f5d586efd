//! A broken rule, where it was broken, and the collector of all of them.

use crate::Text;

/// A rule that some input can break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Stable `UPPER_SNAKE_CASE` word for machines, published in `entrypass.errors.v1.ViolationReason`.
    pub reason: &'static str,
    /// The rule for people. It names the rule and its limits, never the value that broke it.
    pub text: Text,
}

impl Rule {
    /// A rule from its reason and its wording in Simplified Chinese and English.
    #[must_use]
    pub fn new(reason: &'static str, text: Text) -> Self {
        Self { reason, text }
    }

    /// `REQUIRED`: the field is missing or empty.
    #[must_use]
    pub fn required() -> Self {
        Self::new("REQUIRED", Text::new("此项必填", "required"))
    }
}

/// One rule broken by one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request, as in `google.rpc.BadRequest`: `form.travel_history[2].country`.
    pub field: String,
    /// The rule it breaks.
    pub rule: Rule,
}

/// Collects every violation of one request, so that the caller can mend all of them in one go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Notes that `field` breaks `rule`.
    pub fn add(&mut self, field: impl Into<String>, rule: Rule) {
        self.0.push(Violation { field: field.into(), rule });
    }

    /// Unwraps `result`, or notes each rule it breaks under `field`.
    pub fn take<T, R: Into<Rule>>(
        &mut self,
        field: &str,
        result: Result<T, impl IntoIterator<Item = R>>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(rules) => {
                for rule in rules {
                    self.add(field, rule.into());
                }
                None
            }
        }
    }

    /// `result`, its broken rules as violations of the one `field` that a request has.
    pub fn at<T, R: Into<Rule>>(
        field: &str,
        result: Result<T, impl IntoIterator<Item = R>>,
    ) -> Result<T, Self> {
        let mut violations = Self::default();
        let value = violations.take(field, result);
        violations.finish(|| value)
    }

    /// Unwraps `result`, or takes over its violations, whose paths are already complete.
    pub fn collect<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        result.map_err(|more| self.extend(more)).ok()
    }

    /// What `build` makes of the parts, when nothing was broken; or else every violation. `build` can use `?` on each part: a
    /// part that is missing has left a violation.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Self> {
        if !self.is_empty() {
            return Err(self);
        }
        build().ok_or(self)
    }

    /// Takes over the violations of a nested value, whose paths are already complete.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether nothing was broken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The violations in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }

    /// `Err` with everything collected, or `Ok` when nothing was broken.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self(vec![violation])
    }
}
