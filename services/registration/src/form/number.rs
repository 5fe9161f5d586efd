//! Numbers of the form that have limits.

use serde::{Deserialize, Serialize};

use crate::form::rule::{self, Checked};

/// A number from `MIN` to `MAX`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i32")]
pub(crate) struct Bounded<const MIN: i32, const MAX: i32>(i32);

impl<const MIN: i32, const MAX: i32> Bounded<MIN, MAX> {
    /// Checks the limits.
    pub(crate) fn new(number: i32) -> Checked<Self> {
        if (MIN..=MAX).contains(&number) {
            Ok(Self(number))
        } else {
            let (zh_cn, en) = (format!("须在{MIN}至{MAX}之间"), format!("must be from {MIN} to {MAX}"));
            Err(vec![rule::out_of_range(zh_cn, en)])
        }
    }

    /// The number.
    pub(crate) fn get(self) -> i32 {
        self.0
    }
}

impl<const MIN: i32, const MAX: i32> TryFrom<i32> for Bounded<MIN, MAX> {
    type Error = String;

    fn try_from(number: i32) -> Result<Self, String> {
        Self::new(number).map_err(|_| format!("not from {MIN} to {MAX}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Bounded;

    #[test]
    fn both_limits_belong_to_the_range() {
        for (number, fits) in [(i32::MIN, false), (0, false), (1, true), (3650, true), (3651, false)] {
            assert_eq!(Bounded::<1, 3650>::new(number).is_ok(), fits, "{number}");
        }
    }
}
