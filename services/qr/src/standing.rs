//! How the codes of a registration stand: whether they count, and what changes that. Pure.

use thiserror::Error;
use time::OffsetDateTime;

/// An enum of words, each with its one spelling in the database.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// As it is stored.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The one that is stored as `word`.
            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// Why codes were withdrawn; the contract, which has the same words, says what each means.
    Reason {
        HolderRequest = "HOLDER_REQUEST",
        LostOrCopied = "LOST_OR_COPIED",
        DataError = "DATA_ERROR",
        FraudSuspected = "FRAUD_SUSPECTED",
        FraudConfirmed = "FRAUD_CONFIRMED",
        HealthOrder = "HEALTH_ORDER",
        RegistrationCancelled = "REGISTRATION_CANCELLED",
        Other = "OTHER",
    }
}

/// How the codes of a registration stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The code of the present revision counts.
    Active,
    /// None counts for a while.
    Suspended(Suspension),
    /// None counts any more.
    Revoked(Revocation),
}

/// Codes that do not count for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Suspension {
    /// When it ends by itself; a whole second.
    pub(crate) until: OffsetDateTime,
    pub(crate) reason: Reason,
    pub(crate) since: OffsetDateTime,
}

/// Codes that do not count any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Revocation {
    /// `None` when the first release revoked them, which kept no reason.
    pub(crate) reason: Option<Reason>,
    pub(crate) fraud: bool,
    pub(crate) since: OffsetDateTime,
}

/// What somebody wants to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Revoke { reason: Reason, fraud: bool },
    Suspend { until: OffsetDateTime, reason: Reason },
    Reinstate,
}

/// The codes are revoked, which is for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the codes are revoked, for good")]
pub(crate) struct Final;

impl Standing {
    /// How they stand after `change`, which is made `now`.
    ///
    /// A revocation keeps the reason and the time that it had first; that it was fraud can be found out later. A suspension takes the place
    /// of the one that runs, and has lasted since that began.
    pub(crate) fn after(self, change: Change, now: OffsetDateTime) -> Result<Self, Final> {
        match (self, change) {
            (Self::Revoked(first), Change::Revoke { fraud, .. }) => {
                Ok(Self::Revoked(Revocation { fraud: first.fraud || fraud, ..first }))
            }
            (Self::Revoked(_), Change::Suspend { .. } | Change::Reinstate) => Err(Final),
            (_, Change::Revoke { reason, fraud }) => {
                Ok(Self::Revoked(Revocation { reason: Some(reason), fraud, since: now }))
            }
            (Self::Suspended(running), Change::Suspend { until, reason }) => {
                Ok(Self::Suspended(Suspension { until, reason, ..running }))
            }
            (Self::Active, Change::Suspend { until, reason }) => {
                Ok(Self::Suspended(Suspension { until, reason, since: now }))
            }
            (_, Change::Reinstate) => Ok(Self::Active),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::{Change, Final, Reason, Revocation, Standing, Suspension};

    #[test]
    fn a_revocation_is_for_good_and_everything_else_is_not() {
        let (then, now) = (datetime!(2026-11-23 08:00 UTC), datetime!(2026-11-23 09:00 UTC));
        let (soon, late) = (datetime!(2026-11-24 08:00 UTC), datetime!(2026-12-24 08:00 UTC));
        let revoked =
            |reason, fraud, since| Standing::Revoked(Revocation { reason: Some(reason), fraud, since });
        let suspended = |until, reason, since| Standing::Suspended(Suspension { until, reason, since });
        let (other, fraud) = (Reason::Other, Reason::FraudConfirmed);
        let suspend = |until, reason| Change::Suspend { until, reason };
        let revoke = |reason, fraud| Change::Revoke { reason, fraud };
        let active = Standing::Active;
        let (was_suspended, was_revoked) = (suspended(soon, other, then), revoked(other, false, then));
        let table = [
            (active, revoke(fraud, true), Ok(revoked(fraud, true, now))),
            (active, suspend(soon, other), Ok(suspended(soon, other, now))),
            (active, Change::Reinstate, Ok(active)),
            (was_suspended, suspend(late, fraud), Ok(suspended(late, fraud, then))),
            (was_suspended, suspend(soon, other), Ok(was_suspended)),
            (was_suspended, Change::Reinstate, Ok(active)),
            (was_suspended, revoke(other, false), Ok(revoked(other, false, now))),
            (was_revoked, revoke(fraud, false), Ok(was_revoked)),
            (was_revoked, revoke(fraud, true), Ok(revoked(other, true, then))),
            (revoked(other, true, then), revoke(fraud, false), Ok(revoked(other, true, then))),
            (was_revoked, suspend(soon, other), Err(Final)),
            (was_revoked, Change::Reinstate, Err(Final)),
        ];
        for (before, change, expected) in table {
            assert_eq!(before.after(change, now), expected, "{before:?} {change:?}");
        }
    }

    #[test]
    fn each_reason_is_stored_as_one_word() {
        for word in ["HOLDER_REQUEST", "DATA_ERROR", "REGISTRATION_CANCELLED", "OTHER"] {
            assert_eq!(Reason::from_word(word).map(Reason::word), Some(word));
        }
        assert_eq!(Reason::from_word("other"), None);
    }
}
