//! What a verifier needs of a key's life: not only whose signature it verifies, but when it may have signed.

use entrypass_token::{Claims, VerificationKey};

use crate::{CLOCK_LEEWAY, Reason};

/// A key with the time in which it signs. All instants are seconds after 1970-01-01T00:00:00Z.
///
/// Without them whoever steals a retired key, or finds it in an old backup, could go on making tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The public key.
    pub key: VerificationKey,
    /// From when on it signs.
    pub signs_from: i64,
    /// From when on it signs no more; none while its end is not set.
    pub signs_until: Option<i64>,
    /// Nothing that it signed holds for longer than up to here; none while its end is not set.
    pub verifies_until: Option<i64>,
}

impl TrustedKey {
    /// Whether the key may have signed at `instant`, give or take
    /// [`CLOCK_LEEWAY_SECONDS`](entrypass_token::CLOCK_LEEWAY_SECONDS): the clocks of the copies
    /// that sign are not one.
    #[must_use]
    pub fn signs_at(&self, instant: i64) -> bool {
        self.signs_between(instant, instant)
    }

    /// Whether the key may have signed at some instant from `first` to `last`, with the same leeway.
    pub(crate) fn signs_between(&self, first: i64, last: i64) -> bool {
        last >= self.signs_from.saturating_sub(CLOCK_LEEWAY) && !self.has_ended_by(first)
    }

    /// Whether the key signs no more at `instant`, with the same leeway.
    pub(crate) fn has_ended_by(&self, instant: i64) -> bool {
        self.signs_until.is_some_and(|end| instant >= end.saturating_add(CLOCK_LEEWAY))
    }

    /// Whether the key may have made these claims, whose signature is looked at elsewhere.
    ///
    /// The error is [`Reason::KeyNotSigningThen`] or [`Reason::ContentOutlivesKey`].
    pub fn accepts(&self, claims: &Claims) -> Result<(), Reason> {
        if !self.signs_at(claims.issued_at().into()) {
            return Err(Reason::KeyNotSigningThen);
        }
        if self.verifies_until.is_some_and(|end| i64::from(claims.expires_at()) > end) {
            return Err(Reason::ContentOutlivesKey);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use entrypass_token::{Algorithm, Claims, CodeId, SigningKey};

    use super::TrustedKey;
    use crate::Reason;

    fn key(signs_until: Option<i64>, verifies_until: Option<i64>) -> TrustedKey {
        let key = SigningKey::from_seed(Algorithm::EdDsa, &[7; 32]).expect("any seed is a key of EdDSA");
        let key = key.verification_key();
        TrustedKey { key, signs_from: 1_000_000, signs_until, verifies_until }
    }

    #[test]
    fn a_key_is_believed_for_the_time_in_which_it_signs() {
        let issuer = "FS".parse().expect("two capitals are an issuer");
        let retired = key(Some(1_001_000), Some(1_001_360));
        let table = [
            (999_939, 1_000_300, Err(Reason::KeyNotSigningThen)),
            (999_940, 1_000_300, Ok(())),
            (1_001_059, 1_001_360, Ok(())),
            (1_001_060, 1_001_360, Err(Reason::KeyNotSigningThen)),
            (1_000_999, 1_001_361, Err(Reason::ContentOutlivesKey)),
        ];
        for (issued_at, expires_at, expected) in table {
            let claims = Claims::new(issuer, CodeId::from_bytes([1; 16]), 1, issued_at, expires_at)
                .expect("the claims keep the rules");
            assert_eq!(retired.accepts(&claims), expected, "{issued_at} {expires_at}");
            let still_signing = key(None, None).accepts(&claims);
            assert_eq!(still_signing.is_ok(), issued_at >= 999_940, "{issued_at} {expires_at}");
        }
    }

    #[test]
    fn instants_at_the_ends_of_the_world_do_no_harm() {
        let forever = TrustedKey { signs_from: i64::MIN, signs_until: Some(i64::MAX), ..key(None, None) };
        assert!(forever.signs_at(0));
    }
}
