//! What a bundle says, and the rules that it keeps.

use entrypass_token::{Issuer, KeyId};

use crate::{TrustedKey, Withdrawal, WithdrawalKind, withdrawal::settled};

/// A bundle holds for no longer than this after its `as_of`: one day, in seconds.
///
/// A stolen key, once it signs no more, could otherwise make a bundle with which nothing is ever too old.
pub const MAX_BUNDLE_SECONDS: i64 = 86_400;

/// A bundle names no more keys than this.
pub const MAX_KEYS: usize = 64;

/// Every instant of a bundle is from 0 to this: 2106-02-07T06:28:15Z, which is a token's last, too.
const LAST_INSTANT: i64 = u32::MAX as i64;

/// A version fits a signed integer of 64 bits, which is what databases have.
const LAST_VERSION: u64 = i64::MAX as u64;

/// Drop times are rounded up to this many seconds, so that a quarter of an hour's withdrawals are one group.
const DROP_TIME_STEP: i64 = 900;

/// Which sequence of versions a bundle belongs to. Another one begins when a database is lost or restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FeedId(pub [u8; 16]);

/// What a bundle says. All instants are seconds after 1970-01-01T00:00:00Z, from 0 to 4294967295.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Whose tokens it is about.
    pub issuer: Issuer,
    /// Which sequence the versions belong to.
    pub feed: FeedId,
    /// How far it goes, from 0 to 2^63 - 1: every change up to this one is in it, or in what it builds upon.
    pub version: u64,
    /// What it builds upon: every change after this version is in it. None: everything is in it (a snapshot).
    pub since: Option<u64>,
    /// Up to when the changes of registrations are known; not the hour at which the bundle was made.
    pub as_of: i64,
    /// From when on nothing may be called VALID by it: after `as_of`, by [`MAX_BUNDLE_SECONDS`] at most.
    pub not_after: i64,
    /// All keys whose tokens count, from 1 to [`MAX_KEYS`], in deltas as well. One of them signs the bundle.
    pub keys: Vec<TrustedKey>,
    /// The codes that do not count, and in a delta those that count again.
    pub withdrawals: Vec<Withdrawal>,
}

/// The first rule that the contents break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContents {
    /// An instant is before 1970-01-01T00:00:00Z or after 2106-02-07T06:28:15Z.
    #[error("an instant is from 0 to 4294967295 seconds after 1970-01-01T00:00:00Z")]
    Instant,
    /// A version is above 2^63 - 1.
    #[error("a version is a number from 0 to 9223372036854775807")]
    Version,
    /// A delta would go back.
    #[error("a delta goes from a version to the same or a later one")]
    Since,
    /// The bundle would hold for no time at all, or for more than a day.
    #[error("a bundle ends after as_of, by 86400 seconds at most")]
    NotAfter,
    /// There is no key, or there are too many.
    #[error("a bundle names from 1 to 64 keys")]
    KeyCount,
    /// Two keys have the same id.
    #[error("a bundle names each key once")]
    KeyTwice,
    /// The key that signs the bundle is none of its keys.
    #[error("a bundle names the key that signs it")]
    SignerNotListed,
    /// A drop time is no whole quarter of an hour.
    #[error("a drop time is a multiple of 900 seconds")]
    DropTime,
    /// Two entries are about the same code.
    #[error("a bundle has each code once")]
    CodeTwice,
    /// A snapshot lifts a suspension.
    #[error("a snapshot reinstates nothing")]
    ReinstatedInSnapshot,
    /// More than [`MAX_BUNDLE_LENGTH`](crate::MAX_BUNDLE_LENGTH) bytes.
    #[error("a bundle is at most 16777216 bytes long")]
    TooLong,
}

impl InvalidContents {
    /// The stable `UPPER_SNAKE_CASE` word for machines.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Instant => "INVALID_INSTANT",
            Self::Version => "INVALID_VERSION",
            Self::Since => "INVALID_SINCE",
            Self::NotAfter => "INVALID_NOT_AFTER",
            Self::KeyCount => "INVALID_KEY_COUNT",
            Self::KeyTwice => "KEY_TWICE",
            Self::SignerNotListed => "SIGNER_NOT_LISTED",
            Self::DropTime => "INVALID_DROP_TIME",
            Self::CodeTwice => "CODE_TWICE",
            Self::ReinstatedInSnapshot => "REINSTATED_IN_SNAPSHOT",
            Self::TooLong => "TOO_LONG",
        }
    }
}

impl Contents {
    /// Makes of changes in the order in which they happened what a bundle has of them: one entry per code, nothing that nobody needs
    /// to know any more, and drop times rounded up.
    pub(crate) fn compact(&mut self) {
        let (as_of, snapshot) = (self.as_of, self.since.is_none());
        self.withdrawals = settled(std::mem::take(&mut self.withdrawals));
        for entry in &mut self.withdrawals {
            let over = entry.drop_time.rem_euclid(DROP_TIME_STEP);
            entry.drop_time = entry.drop_time.saturating_add((DROP_TIME_STEP - over) % DROP_TIME_STEP);
            // No content is valid any longer; one suspension "for ever" must not leave all verifiers without a bundle.
            if let WithdrawalKind::Suspended { until } = &mut entry.kind {
                *until = (*until).min(LAST_INSTANT);
            }
        }
        // By the rounded time: a verifier keeps a suspension so long, and must be told that it was lifted.
        self.withdrawals
            .retain(|entry| !(entry.is_past(as_of) || snapshot && entry.kind == WithdrawalKind::Reinstated));
    }

    /// Puts keys and withdrawals into the order of the bundle.
    pub(crate) fn sort(&mut self) {
        self.keys.sort_by_key(|trusted| trusted.key.key_id());
        self.withdrawals.sort_by_key(|entry| (entry.kind, entry.drop_time, entry.code_id));
    }

    /// Holds sorted contents to the rules.
    pub(crate) fn check(&self, signer: KeyId) -> Result<(), InvalidContents> {
        self.check_times()?;
        self.check_keys(signer)?;
        self.check_withdrawals()
    }

    fn check_times(&self) -> Result<(), InvalidContents> {
        instant(self.as_of)?;
        instant(self.not_after)?;
        if self.version > LAST_VERSION {
            return Err(InvalidContents::Version);
        }
        if self.since.is_some_and(|since| since > self.version) {
            return Err(InvalidContents::Since);
        }
        let holds = self.not_after - self.as_of;
        if !(1..=MAX_BUNDLE_SECONDS).contains(&holds) {
            return Err(InvalidContents::NotAfter);
        }
        Ok(())
    }

    fn check_keys(&self, signer: KeyId) -> Result<(), InvalidContents> {
        if !(1..=MAX_KEYS).contains(&self.keys.len()) {
            return Err(InvalidContents::KeyCount);
        }
        for trusted in &self.keys {
            let ends = [trusted.signs_until, trusted.verifies_until];
            ends.into_iter().flatten().chain([trusted.signs_from]).try_for_each(instant)?;
        }
        if self.keys.windows(2).any(|pair| pair[0].key.key_id() == pair[1].key.key_id()) {
            return Err(InvalidContents::KeyTwice);
        }
        self.key(signer).map(|_| ()).ok_or(InvalidContents::SignerNotListed)
    }

    fn check_withdrawals(&self) -> Result<(), InvalidContents> {
        for entry in &self.withdrawals {
            instant(entry.drop_time)?;
            if entry.drop_time % DROP_TIME_STEP != 0 {
                return Err(InvalidContents::DropTime);
            }
            match entry.kind {
                WithdrawalKind::Suspended { until } => instant(until)?,
                WithdrawalKind::Reinstated if self.since.is_none() => {
                    return Err(InvalidContents::ReinstatedInSnapshot);
                }
                WithdrawalKind::Reinstated | WithdrawalKind::Revoked | WithdrawalKind::Superseded => {}
            }
        }
        let mut ids = self.withdrawals.iter().map(|entry| entry.code_id).collect::<Vec<_>>();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(InvalidContents::CodeTwice);
        }
        Ok(())
    }

    /// The key with this id.
    #[must_use]
    pub fn key(&self, id: KeyId) -> Option<&TrustedKey> {
        self.keys.iter().find(|trusted| trusted.key.key_id() == id)
    }
}

fn instant(seconds: i64) -> Result<(), InvalidContents> {
    (0..=LAST_INSTANT).contains(&seconds).then_some(()).ok_or(InvalidContents::Instant)
}
