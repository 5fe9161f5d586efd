//! Codes that do not count although their content would still verify, and how one change of a code follows another.

use entrypass_token::CodeId;

/// What happened to a code. The order is the one in which a bundle has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WithdrawalKind {
    /// Withdrawn for good.
    Revoked,
    /// A later code stands in its place. Also for good.
    Superseded,
    /// It does not count before `until`, in seconds after 1970-01-01T00:00:00Z.
    Suspended {
        /// From when on it counts again.
        until: i64,
    },
    /// Its suspension was lifted. Stands in deltas only: a snapshot has nothing to lift.
    Reinstated,
}

/// A change of a code that a verifier must know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Withdrawal {
    /// The code.
    pub code_id: CodeId,
    /// What happened to it.
    pub kind: WithdrawalKind,
    /// From when on nobody needs to know, in seconds after 1970-01-01T00:00:00Z: content of the code that was issued before
    /// the change has expired by then, and none is issued after it while it lasts.
    ///
    /// A bundle rounds it up to a quarter of an hour, and it counts by the bundle's `as_of`. Whoever stores changes keeps them for
    /// [`MAX_BUNDLE_SECONDS`](crate::MAX_BUNDLE_SECONDS) longer, so that no verifier misses that a suspension was lifted.
    pub drop_time: i64,
}

impl Withdrawal {
    /// What is to be known after a later change of the same code.
    ///
    /// What is for good stays, whatever comes after it: a superseded code whose registration is suspended and reinstated
    /// is superseded still. That does not depend on the order.
    fn followed_by(self, later: Self) -> Self {
        use WithdrawalKind::{Reinstated, Revoked, Superseded, Suspended};
        let kind = match (self.kind, later.kind) {
            (Revoked, _) | (_, Revoked) => Revoked,
            (Superseded, _) | (_, Superseded) => Superseded,
            (_, Suspended { until }) => Suspended { until },
            (_, Reinstated) => Reinstated,
        };
        Self { code_id: self.code_id, kind, drop_time: self.drop_time.max(later.drop_time) }
    }

    /// Whether nobody needs to know of it where changes are known up to `as_of`.
    ///
    /// It is kept for as long as a verifier's clock may be behind: see the check `DATA_AGE`.
    pub(crate) fn is_past(&self, as_of: i64) -> bool {
        self.drop_time.saturating_add(crate::CLOCK_LEEWAY) <= as_of
    }
}

/// One entry per code, sorted by code, out of changes in the order in which they happened.
pub(crate) fn settled(mut changes: Vec<Withdrawal>) -> Vec<Withdrawal> {
    changes.sort_by_key(|change| change.code_id);
    let mut settled = Vec::<Withdrawal>::with_capacity(changes.len());
    for change in changes {
        match settled.last_mut() {
            Some(last) if last.code_id == change.code_id => *last = last.followed_by(change),
            _ => settled.push(change),
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use entrypass_token::CodeId;

    use super::{Withdrawal, WithdrawalKind, settled};

    fn change(code: u8, kind: WithdrawalKind, drop_time: i64) -> Withdrawal {
        Withdrawal { code_id: CodeId::from_bytes([code; 16]), kind, drop_time }
    }

    #[test]
    fn what_is_for_good_stays_and_of_the_rest_the_last_counts() {
        use WithdrawalKind::{Reinstated, Revoked, Superseded, Suspended};
        let (short, long) = (Suspended { until: 10 }, Suspended { until: 20 });
        let table = [
            (vec![short], short),
            (vec![long, short], short),
            (vec![short, Reinstated], Reinstated),
            (vec![Reinstated, short], short),
            (vec![Superseded, short, Reinstated], Superseded),
            (vec![short, Superseded], Superseded),
            (vec![Superseded, Revoked], Revoked),
            (vec![Revoked, Superseded, Reinstated], Revoked),
        ];
        for (kinds, expected) in table {
            let changes = kinds.iter().zip(1..).map(|(kind, time)| change(1, *kind, time)).collect();
            let last = kinds.len().try_into().expect("a short list");
            assert_eq!(settled(changes), [change(1, expected, last)], "{kinds:?}");
        }
    }

    #[test]
    fn codes_are_apart_and_in_order() {
        let (one, two) = (change(1, WithdrawalKind::Revoked, 1), change(2, WithdrawalKind::Superseded, 2));
        assert_eq!(settled(vec![two, one, two]), [one, two]);
    }
}
