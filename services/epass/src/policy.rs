//! Policies of this city: what was added, what applies from when, and what a draft would change.
//!
//! Pure. Does not own what a policy says of somebody (`entrypass-policy`), nor where policies come from ([`crate::policies`]).

mod simulation;

use entrypass_policy::Policy;
use entrypass_rule::{Rule, Text};
use time::OffsetDateTime;

pub(crate) use simulation::{Compared, Simulated, Tally};

/// Which policy something was decided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deciding {
    /// Of its text, 64 hexadecimal digits.
    pub(crate) digest: String,
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: i64,
}

/// A policy as it is kept, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Which it is.
    pub(crate) policy: Deciding,
    /// From when it can be in force.
    pub(crate) effective_from: OffsetDateTime,
    /// From when it no longer can.
    pub(crate) effective_to: Option<OffsetDateTime>,
    /// When and by which caller it was added; nothing for one that was not, and for the one that the schema brought along.
    pub(crate) added: Option<By>,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct By {
    /// The caller.
    pub(crate) caller: String,
    /// When.
    pub(crate) time: OffsetDateTime,
}

/// That a policy was made to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Activation {
    /// 1 and up, without gaps. Of those that apply the one with the highest counts.
    pub(crate) ordinal: i64,
    /// The policy.
    pub(crate) policy: Deciding,
    /// From when it applies.
    pub(crate) applies_from: OffsetDateTime,
    /// When and by which caller it was made to; nothing for the one that the schema brought along.
    pub(crate) activated: Option<By>,
    /// Why; empty for the one that the schema brought along.
    pub(crate) reason: String,
}

/// Which policy is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector {
    /// The one with this text.
    Digest(String),
    /// The one of this name and version.
    Version(String, i64),
}

/// Why somebody makes a policy apply: 1 to 500 characters, blanks trimmed at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grounds(String);

impl Deciding {
    /// Which policy this is.
    pub(crate) fn of(policy: &Policy) -> Self {
        Self {
            digest: policy.digest().to_string(),
            name: policy.name().to_owned(),
            version: i64::from(policy.version()),
        }
    }
}

impl Listed {
    /// What is listed of a policy.
    pub(crate) fn of(policy: &Policy, added: Option<By>) -> Self {
        Self {
            policy: Deciding::of(policy),
            effective_from: policy.effective_from(),
            effective_to: policy.effective_to(),
            added,
        }
    }

    /// It can be in force at this instant.
    pub(crate) fn covers(&self, as_of: OffsetDateTime) -> bool {
        self.effective_from <= as_of && self.effective_to.is_none_or(|end| as_of < end)
    }
}

impl Grounds {
    /// Reads a reason.
    ///
    /// # Errors
    /// The rule that it breaks. Control characters are refused: no screen shows them, and not every database can store U+0000.
    pub(crate) fn new(text: &str) -> Result<Self, [Rule; 1]> {
        let text = text.trim();
        if text.is_empty() {
            return Err([Rule::required()]);
        }
        if text.chars().count() > 500 {
            return Err([Rule::new(
                "LENGTH",
                Text::new("理由最多500个字符", "a reason has at most 500 characters"),
            )]);
        }
        if text.contains(char::is_control) {
            let text = Text::new("理由不能含有控制字符", "a reason has no control characters");
            return Err([Rule::new("CHARACTER", text)]);
        }
        Ok(Self(text.to_owned()))
    }

    /// The reason's text.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Grounds;

    #[test]
    fn a_reason_is_given_and_is_short() {
        let table = [
            (" 疫情风险等级调整 ", Some("疫情风险等级调整")),
            ("", None),
            ("  ", None),
            ("a\u{0}b", None),
            ("a\nb", None),
        ];
        for (text, expected) in table {
            assert_eq!(Grounds::new(text).ok().map(Grounds::into_text).as_deref(), expected, "{text:?}");
        }
        assert!(Grounds::new(&"理".repeat(500)).is_ok() && Grounds::new(&"理".repeat(501)).is_err());
    }
}
