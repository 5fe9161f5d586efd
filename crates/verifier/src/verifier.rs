//! What a verifier holds, which bundles it accepts, and what it decides by them.

use entrypass_token::{Claims, Freshness, Issuer, KeyId, Token};

use crate::{
    Bundle, CLOCK_LEEWAY, Check, Checks, Contents, FeedId, Outcome, Reason, Thumbprint, TrustedKey, Verdict,
    Withdrawal, WithdrawalKind, withdrawal::settled,
};

/// Decides on codes with what it was given: the thumbprints of keys that somebody vouched for, and bundles.
///
/// The hour is an argument everywhere: seconds after 1970-01-01T00:00:00Z.
#[derive(Debug, Clone)]
pub struct Verifier {
    pins: Vec<Thumbprint>,
    held: Option<Held>,
}

/// What the accepted bundles say together.
#[derive(Debug, Clone)]
struct Held {
    issuer: Issuer,
    progress: Progress,
    keys: Vec<TrustedKey>,
    /// One entry per code, sorted by code.
    withdrawals: Vec<Withdrawal>,
}

/// How far a verifier has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The sequence that it follows.
    pub feed: FeedId,
    /// Every change up to this one is known. The next delta may begin here or earlier.
    pub version: u64,
    /// Up to when the changes of registrations are known.
    pub as_of: i64,
    /// From when on nothing is called VALID.
    pub not_after: i64,
}

/// Why a bundle was not accepted. What the verifier held before, it holds still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its key is not pinned, or, once a bundle was accepted, none of that one's, or one that signs no more.
    #[error("the bundle is signed with key {0}, which is not trusted to sign it")]
    UntrustedKey(KeyId),
    /// The key did not sign it.
    #[error("the bundle was changed: its signature is not that of the key that it names")]
    WrongSignature,
    /// Its `as_of` is ahead of the clock, by more than 60 seconds.
    #[error("the bundle is from the future: a clock is wrong")]
    FromTheFuture,
    /// A delta, but of another feed than what is held, or of a later version, or nothing is held yet. A snapshot is needed.
    #[error("the bundle is a delta that does not follow what is held: a snapshot is needed")]
    NeedsSnapshot,
    /// It knows less than what is held.
    #[error("the bundle is older than what is held")]
    GoesBack,
}

impl Refused {
    /// The stable `UPPER_SNAKE_CASE` word for machines.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UntrustedKey(_) => "UNTRUSTED_KEY",
            Self::WrongSignature => "WRONG_SIGNATURE",
            Self::FromTheFuture => "FROM_THE_FUTURE",
            Self::NeedsSnapshot => "NEEDS_SNAPSHOT",
            Self::GoesBack => "GOES_BACK",
        }
    }
}

/// What was decided of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// What the inspector is told.
    pub verdict: Verdict,
    /// How it came to that.
    pub checks: Checks,
    /// What the code says; none unless a key that is trusted for it has signed it.
    pub claims: Option<Claims>,
    /// How old the data is that this rests on, in seconds after its `as_of`; none without a bundle.
    pub data_age: Option<i64>,
}

impl Verifier {
    /// A verifier that will accept a first bundle of one of these keys, and holds nothing yet.
    ///
    /// Once a bundle was accepted, its keys count, and the pins no more: a pinned key may have been revoked since.
    pub fn new(pins: impl IntoIterator<Item = Thumbprint>) -> Self {
        Self { pins: pins.into_iter().collect(), held: None }
    }

    /// How far it has come; none before the first bundle.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.held.as_ref().map(|held| held.progress)
    }

    /// How many codes are known not to count.
    #[must_use]
    pub fn withdrawn(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.withdrawals.len())
    }

    /// Takes over a snapshot, or what a delta has changed.
    ///
    /// One that is past its `not_after` is taken over too: it makes nothing VALID, but says how old it is.
    pub fn accept(&mut self, bundle: &Bundle, now: i64) -> Result<(), Refused> {
        let contents = bundle.contents();
        let key_id = bundle.signer().key_id();
        self.trusts(bundle).then_some(()).ok_or(Refused::UntrustedKey(key_id))?;
        bundle.is_signed().then_some(()).ok_or(Refused::WrongSignature)?;
        if contents.as_of > now.saturating_add(CLOCK_LEEWAY) {
            return Err(Refused::FromTheFuture);
        }
        self.held = Some(match (&self.held, contents.since) {
            (None, Some(_)) => return Err(Refused::NeedsSnapshot),
            (None, None) => Held::of(contents, None),
            (Some(held), Some(since)) => held.after_delta(contents, since)?,
            (Some(held), None) => held.after_snapshot(contents)?,
        });
        Ok(())
    }

    fn trusts(&self, bundle: &Bundle) -> bool {
        let (contents, signer) = (bundle.contents(), bundle.signer());
        let signing = contents
            .key(signer.key_id())
            .is_some_and(|trusted| trusted.signs_between(contents.as_of, contents.not_after));
        let vouched = match &self.held {
            None => self.pins.contains(&Thumbprint(signer.thumbprint())),
            Some(held) => held.vouches_for(signer, contents.as_of),
        };
        signing && vouched
    }

    /// Decides on what was scanned.
    #[must_use]
    pub fn verify(&self, text: &str, now: i64) -> Decision {
        let mut checks = Checks::default()
            .with(Check::Registration, Outcome::NotPerformed(Reason::Offline))
            .with(Check::DataAge, self.data_age_at(now));
        let claims = self.examine(text, now, &mut checks);
        let data_age = self.held.as_ref().map(|held| now.saturating_sub(held.progress.as_of).max(0));
        Decision { verdict: checks.verdict(), checks, claims, data_age }
    }

    fn data_age_at(&self, now: i64) -> Result<(), Reason> {
        let progress = self.progress().ok_or(Reason::NoData)?;
        if now >= progress.not_after {
            Err(Reason::DataTooOld)
        } else if now.saturating_add(CLOCK_LEEWAY) < progress.as_of {
            Err(Reason::ClockBehind)
        } else {
            Ok(())
        }
    }

    /// The checks that look at the text, up to the first after which the next has no meaning.
    fn examine(&self, text: &str, now: i64, checks: &mut Checks) -> Option<Claims> {
        let token = Token::decode(text);
        checks.set(Check::Format, token.as_ref().map(|_| ()).map_err(|_| Reason::MalformedText));
        let token = token.ok()?;
        let known = self.held.as_ref().and_then(|held| held.key(token.key_id()).map(|key| (held, key)));
        checks.set(Check::Key, known.map(|_| ()).ok_or(Reason::KeyUnknown));
        let (held, trusted) = known?;
        let claims = token.verify(&trusted.key);
        checks.set(Check::Signature, claims.map(|_| ()).map_err(|_| Reason::WrongSignature));
        let claims = claims.ok()?;
        let believed = trusted.accepts(claims).and_then(|()| held.speaks_for(claims.issuer()));
        checks.set(Check::Key, believed);
        believed.ok()?;
        checks.set(Check::Time, fresh(claims.freshness_at(now)));
        checks.set(Check::Code, held.counts(claims, now));
        Some(*claims)
    }
}

fn fresh(freshness: Freshness) -> Result<(), Reason> {
    match freshness {
        Freshness::Fresh => Ok(()),
        Freshness::NotYetValid => Err(Reason::NotYetIssued),
        Freshness::Expired => Err(Reason::ContentExpired),
    }
}

impl Held {
    /// What a bundle says after `before`, whose times it does not take back.
    fn of(contents: &Contents, before: Option<&Progress>) -> Self {
        let &Contents { issuer, feed, version, as_of, not_after, .. } = contents;
        let mut held = Self {
            issuer,
            progress: Progress { feed, version, as_of, not_after },
            keys: contents.keys.clone(),
            withdrawals: settled(contents.withdrawals.clone()),
        };
        // Of two copies of the service one may have followed the registrations further, and both are right.
        if let Some(before) = before.filter(|before| before.as_of > as_of) {
            (held.progress.as_of, held.progress.not_after) = (before.as_of, before.not_after);
        }
        held
    }

    fn after_snapshot(&self, contents: &Contents) -> Result<Self, Refused> {
        let before = &self.progress;
        if contents.feed != before.feed {
            // Versions of two feeds cannot be compared, but hours can.
            return if contents.as_of < before.as_of {
                Err(Refused::GoesBack)
            } else {
                Ok(Self::of(contents, None))
            };
        }
        if contents.version < before.version {
            return Err(Refused::GoesBack);
        }
        Ok(Self::of(contents, Some(before)))
    }

    fn after_delta(&self, contents: &Contents, since: u64) -> Result<Self, Refused> {
        let before = &self.progress;
        if contents.feed != before.feed || since > before.version {
            return Err(Refused::NeedsSnapshot);
        }
        if contents.version < before.version {
            return Err(Refused::GoesBack);
        }
        let mut held = Self::of(contents, Some(before));
        held.withdrawals = settled([self.withdrawals.as_slice(), &contents.withdrawals].concat());
        let as_of = held.progress.as_of;
        held.withdrawals.retain(|entry| entry.kind != WithdrawalKind::Reinstated && !entry.is_past(as_of));
        Ok(held)
    }

    /// Whether a key may sign a bundle that follows this one.
    ///
    /// A key that is published and not yet active may, so that it can be activated early: the bundle itself says from when on it signs. One
    /// that signs no more may not, whichever hour the bundle claims to be of.
    fn vouches_for(&self, signer: &entrypass_token::VerificationKey, as_of: i64) -> bool {
        let latest = as_of.max(self.progress.as_of);
        self.key(signer.key_id()).is_some_and(|known| known.key == *signer && !known.has_ended_by(latest))
    }

    fn key(&self, id: KeyId) -> Option<&TrustedKey> {
        self.keys.iter().find(|trusted| trusted.key.key_id() == id)
    }

    fn speaks_for(&self, issuer: Issuer) -> Result<(), Reason> {
        if issuer == self.issuer { Ok(()) } else { Err(Reason::IssuerUnknown) }
    }

    fn counts(&self, claims: &Claims, now: i64) -> Result<(), Reason> {
        let code = claims.code_id();
        let Ok(at) = self.withdrawals.binary_search_by_key(&code, |entry| entry.code_id) else {
            return Ok(());
        };
        match self.withdrawals.get(at).map(|entry| entry.kind) {
            Some(WithdrawalKind::Revoked) => Err(Reason::CodeRevoked),
            Some(WithdrawalKind::Superseded) => Err(Reason::CodeSuperseded),
            Some(WithdrawalKind::Suspended { until }) if now < until => Err(Reason::CodeSuspended),
            Some(WithdrawalKind::Suspended { .. } | WithdrawalKind::Reinstated) | None => Ok(()),
        }
    }
}
