//! A code: which revision of which registration it stands for, and how its content is made. Pure.

use entrypass_ambient::Random;
use entrypass_token::{Claims, CodeId, InvalidClaims, Issuer};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// The code of one revision of one registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    /// Random, and all that the content says of whom it belongs to.
    pub(crate) id: CodeId,
    /// The registration.
    pub(crate) registration: Uuid,
    /// The revision that it stands for.
    pub(crate) revision: u16,
    /// What the database knows of it.
    pub(crate) state: CodeState,
    /// When the suspension of its registration's codes ends, if there is one.
    pub(crate) suspended_until: Option<OffsetDateTime>,
}

/// What the database knows of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeState {
    /// May be shown.
    Active,
    /// Does not count for a while.
    Suspended,
    /// The registration has a later revision, whose code is recorded.
    Superseded,
    /// Revoked with its registration.
    Revoked,
}

impl Code {
    /// Its state at this hour: a suspension ends by itself.
    pub(crate) fn state_at(&self, now: OffsetDateTime) -> CodeState {
        let suspended = self.suspended_until.is_some_and(|until| now < until);
        if suspended && self.state == CodeState::Active { CodeState::Suspended } else { self.state }
    }
}

/// A registration that a code is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) registration: Uuid,
    pub(crate) revision: u16,
    pub(crate) expire_time: OffsetDateTime,
}

/// A fresh code id.
pub(crate) fn new_id(random: &dyn Random) -> CodeId {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    CodeId::from_bytes(bytes)
}

/// From when to when a code's content counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the contract's names")]
pub(crate) struct Period {
    pub(crate) issue_time: OffsetDateTime,
    pub(crate) expire_time: OffsetDateTime,
    pub(crate) refresh_time: OffsetDateTime,
}

impl Period {
    /// The period of content that is signed `now` for a registration that ends at `registration_end`.
    ///
    /// Whole seconds, as a token counts them. It is time for fresh content when two thirds have passed, so that a screen that is
    /// offline for a moment still shows a good code.
    pub(crate) fn starting(
        now: OffsetDateTime,
        display_for: Duration,
        registration_end: OffsetDateTime,
    ) -> Self {
        let second = |instant: OffsetDateTime| instant.replace_nanosecond(0).unwrap_or(instant);
        let issue_time = second(now);
        let expire_time = second((issue_time + display_for).min(registration_end));
        let refresh_time = second(issue_time + (expire_time - issue_time) * 2 / 3);
        Self { issue_time, expire_time, refresh_time }
    }

    /// What the token says of `code` in this period.
    pub(crate) fn claims(&self, issuer: Issuer, code: &Code) -> Result<Claims, InvalidClaims> {
        Claims::new(
            issuer,
            code.id,
            code.revision.into(),
            self.issue_time.unix_timestamp(),
            self.expire_time.unix_timestamp(),
        )
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::Period;

    #[test]
    fn content_counts_for_the_display_time_and_never_longer_than_its_registration() {
        let now = datetime!(2026-11-23 08:00:00.9 UTC);
        let display_for = Duration::minutes(15);
        let long = Period::starting(now, display_for, now + Duration::days(30));
        assert_eq!(long.issue_time, datetime!(2026-11-23 08:00:00 UTC));
        assert_eq!(long.refresh_time, datetime!(2026-11-23 08:10:00 UTC));
        assert_eq!(long.expire_time, datetime!(2026-11-23 08:15:00 UTC));

        let short = Period::starting(now, display_for, datetime!(2026-11-23 08:05:00 UTC));
        assert_eq!(short.expire_time, datetime!(2026-11-23 08:05:00 UTC));
        assert!(short.refresh_time < short.expire_time);
    }
}
