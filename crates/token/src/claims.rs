//! What a token says: CWT claims (RFC 8392) that hold by construction, and when they hold.

use std::{fmt, num::NonZeroU16, str::FromStr};

use crate::CodeId;

/// How far ahead of the verifier's clock the issuer's may be, in seconds.
///
/// It excuses only a token that seems issued in the future. There is none after the expiry: a displayed code
/// lives for minutes and is refreshed on request, so that leeway there would only lengthen a screenshot's life.
pub const CLOCK_LEEWAY_SECONDS: u32 = 60;

/// Every instant takes exactly five bytes of deterministic CBOR from here on (1970-01-01T18:12:16Z) ...
const FIRST_INSTANT: i64 = 0x1_0000;
/// ... up to here (2106-02-07T06:28:15Z); a later one takes nine and the text would not fit QR version 9-Q.
const LAST_INSTANT: i64 = u32::MAX as i64;

/// Who issued the token: exactly two characters out of `A-Z` and `0-9` (claim `iss`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Issuer([u8; 2]);

/// The text is no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an issuer is exactly two characters out of A-Z and 0-9")]
pub struct InvalidIssuer;

impl Issuer {
    pub(crate) const fn bytes(self) -> [u8; 2] {
        self.0
    }
}

impl FromStr for Issuer {
    type Err = InvalidIssuer;

    fn from_str(text: &str) -> Result<Self, InvalidIssuer> {
        let characters = <[u8; 2]>::try_from(text.as_bytes()).map_err(|_| InvalidIssuer)?;
        let permitted = characters.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        permitted.then_some(Self(characters)).ok_or(InvalidIssuer)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.0.map(char::from);
        write!(f, "{first}{second}")
    }
}

/// What a token says. Nothing in it identifies the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    issuer: Issuer,
    code_id: CodeId,
    revision: NonZeroU16,
    issued_at: u32,
    expires_at: u32,
}

/// The first rule that the claims break.
///
/// They come from a configuration and a store, not from a form, so that nobody is served by a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClaims {
    /// The revision is 0 or above 65535.
    #[error("a revision is a number from 1 to 65535")]
    Revision,
    /// An instant is before 1970-01-01T18:12:16Z or after 2106-02-07T06:28:15Z.
    #[error("an instant is from 65536 to 4294967295 seconds after 1970-01-01T00:00:00Z")]
    Instant,
    /// The token would expire at or before the instant of its issue.
    #[error("a token expires after it was issued")]
    ExpiresBeforeIssued,
}

impl Claims {
    /// Puts the claims together.
    ///
    /// `revision` is the registration's, from 1 to 65535. `issued_at` and `expires_at` are seconds after
    /// 1970-01-01T00:00:00Z, from 65536 to 4294967295, the first before the second.
    pub fn new(
        issuer: Issuer,
        code_id: CodeId,
        revision: u32,
        issued_at: i64,
        expires_at: i64,
    ) -> Result<Self, InvalidClaims> {
        let revision =
            u16::try_from(revision).ok().and_then(NonZeroU16::new).ok_or(InvalidClaims::Revision)?;
        let (issued_at, expires_at) = (instant(issued_at)?, instant(expires_at)?);
        if expires_at <= issued_at {
            return Err(InvalidClaims::ExpiresBeforeIssued);
        }
        Ok(Self { issuer, code_id, revision, issued_at, expires_at })
    }

    /// Who issued the token.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        self.issuer
    }

    /// Which code this is.
    #[must_use]
    pub fn code_id(&self) -> CodeId {
        self.code_id
    }

    /// The registration's revision that the code stands for: a lower one than the registration's is superseded.
    #[must_use]
    pub fn revision(&self) -> NonZeroU16 {
        self.revision
    }

    /// When the token was issued, in seconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn issued_at(&self) -> u32 {
        self.issued_at
    }

    /// From when on the token does not hold, in seconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn expires_at(&self) -> u32 {
        self.expires_at
    }

    /// Whether the token holds at `now`, in seconds after 1970-01-01T00:00:00Z.
    ///
    /// It holds from [`CLOCK_LEEWAY_SECONDS`] before its issue and up to, but not including, its expiry: the
    /// `exp` claim names the instant "on or after which" it must not be accepted (RFC 7519, section 4.1.4, to
    /// which RFC 8392, section 3.1.4, refers).
    #[must_use]
    pub fn freshness_at(&self, now: i64) -> Freshness {
        if now >= i64::from(self.expires_at) {
            Freshness::Expired
        } else if now < i64::from(self.issued_at) - i64::from(CLOCK_LEEWAY_SECONDS) {
            Freshness::NotYetValid
        } else {
            Freshness::Fresh
        }
    }
}

fn instant(seconds: i64) -> Result<u32, InvalidClaims> {
    if !(FIRST_INSTANT..=LAST_INSTANT).contains(&seconds) {
        return Err(InvalidClaims::Instant);
    }
    u32::try_from(seconds).map_err(|_| InvalidClaims::Instant)
}

/// How a token stands to the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// The token holds now.
    Fresh,
    /// The token's issue lies in the future, by more than clocks may differ.
    NotYetValid,
    /// The token's expiry has come.
    Expired,
}

#[cfg(test)]
mod tests {
    use super::{Claims, Freshness, InvalidClaims, Issuer};
    use crate::CodeId;

    fn claims(revision: u32, issued_at: i64, expires_at: i64) -> Result<Claims, InvalidClaims> {
        let issuer = "FS".parse().expect("two capitals are an issuer");
        Claims::new(issuer, CodeId::from_bytes([1; 16]), revision, issued_at, expires_at)
    }

    #[test]
    fn an_issuer_is_two_capitals_or_digits() {
        for text in ["FS", "A0", "00", "Z9"] {
            assert_eq!(text.parse::<Issuer>().expect(text).to_string(), text);
        }
        for text in ["", "F", "FSP", "fs", "F ", "F-", "粤", "Ä"] {
            assert!(text.parse::<Issuer>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn claims_that_break_a_rule_are_refused_by_its_name() {
        let first = 0x1_0000;
        let last = i64::from(u32::MAX);
        let table = [
            (1, first, last, None),
            (65_535, last - 1, last, None),
            (0, first, last, Some(InvalidClaims::Revision)),
            (65_536, first, last, Some(InvalidClaims::Revision)),
            (1, first - 1, last, Some(InvalidClaims::Instant)),
            (1, i64::MIN, last, Some(InvalidClaims::Instant)),
            (1, first, last + 1, Some(InvalidClaims::Instant)),
            (1, first, first, Some(InvalidClaims::ExpiresBeforeIssued)),
            (1, last, first, Some(InvalidClaims::ExpiresBeforeIssued)),
        ];
        for (revision, issued_at, expires_at, broken) in table {
            let result = claims(revision, issued_at, expires_at);
            assert_eq!(result.err(), broken, "{revision} {issued_at} {expires_at}");
        }
    }

    #[test]
    fn a_token_holds_from_a_minute_before_its_issue_until_its_expiry() {
        let claims = claims(1, 1_000_000, 1_000_300).expect("the claims keep the rules");
        let table = [
            (i64::MIN, Freshness::NotYetValid),
            (999_939, Freshness::NotYetValid),
            (999_940, Freshness::Fresh),
            (1_000_000, Freshness::Fresh),
            (1_000_299, Freshness::Fresh),
            (1_000_300, Freshness::Expired),
            (i64::MAX, Freshness::Expired),
        ];
        for (now, expected) in table {
            assert_eq!(claims.freshness_at(now), expected, "{now}");
        }
    }
}
