//! Why following stopped, and when it is tried again.

use std::{error::Error, mem::Discriminant, time::Duration};

use sea_orm::DbErr;
use thiserror::Error;
use tonic::{Code, Status};
use tower::{
    retry::backoff::{Backoff as _, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff as _},
    util::rng::HasherRng,
};

/// The first pause is between this and twice as long.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// The pause does not grow further: a neighbour that is back is noticed within this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why a stream was not followed further.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("the stream ended")]
    Ended,
    #[error("nothing was heard for too long")]
    Silent,
    #[error("{0:?}: {1}")]
    Neighbour(Code, String),
    #[error("{code:?}: {message}")]
    CursorRefused { cursor: String, code: Code, message: String },
    #[error("another copy moved the position back")]
    OutOfStep,
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
    #[error("a change cannot have its effect: {0}")]
    Effect(#[source] Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// What it means that the neighbour answered `status` after it was given `cursor`.
    pub(crate) fn of(status: &Status, cursor: Option<&str>) -> Self {
        let (code, message) = (status.code(), status.message().to_owned());
        match cursor {
            Some(cursor) if matches!(code, Code::OutOfRange | Code::InvalidArgument) => {
                Self::CursorRefused { cursor: cursor.to_owned(), code, message }
            }
            _ => Self::Neighbour(code, message),
        }
    }

    /// Tells operators.
    fn log(&self) {
        match self {
            Self::Ended | Self::Silent | Self::Neighbour(..) | Self::OutOfStep => {
                tracing::warn!(reason = %self, "lost the changes of registrations; trying again");
            }
            Self::CursorRefused { .. } => {
                tracing::error!(reason = %self, "cannot follow registrations from where it stopped; begins with the oldest change");
            }
            Self::Database(_) => {
                tracing::warn!(reason = %self, "cannot follow registrations; trying again");
            }
            Self::Effect(_) => {
                tracing::error!(reason = %self, "cannot follow registrations; trying again");
            }
        }
    }
}

/// The time in which nothing is followed: from the start, or a failure, to the first batch that was dealt with.
#[derive(Debug)]
pub(crate) struct Outage {
    lasts: bool,
    /// What was logged last, so that a failure is logged once and not at each try.
    logged: Option<Discriminant<Failure>>,
    backoff: ExponentialBackoff,
}

impl Default for Outage {
    fn default() -> Self {
        let maker = ExponentialBackoffMaker::new(SHORTEST_PAUSE, LONGEST_PAUSE, 0.99, HasherRng::new());
        // The default differs in its longest pause only.
        Self { lasts: true, logged: None, backoff: maker.unwrap_or_default().make_backoff() }
    }
}

impl Outage {
    /// Waits after `failure`, each time longer.
    pub(crate) async fn pause(&mut self, failure: &Failure) {
        self.lasts = true;
        let kind = std::mem::discriminant(failure);
        if self.logged.replace(kind) != Some(kind) {
            failure.log();
        }
        self.backoff.next_backoff().await;
    }

    /// A batch was dealt with.
    pub(crate) fn is_over(&mut self) {
        if self.lasts {
            *self = Self { lasts: false, ..Self::default() };
            tracing::info!("follows the changes of registrations");
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, Instant};

    use super::{Failure, LONGEST_PAUSE, Outage, SHORTEST_PAUSE};

    async fn pause(outage: &mut Outage) -> Duration {
        let begun = Instant::now();
        outage.pause(&Failure::Ended).await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_limit_until_something_goes_well() {
        let mut outage = Outage::default();
        for doubled in 0..12 {
            let least = (SHORTEST_PAUSE * 2_u32.pow(doubled)).min(LONGEST_PAUSE);
            let found = pause(&mut outage).await;
            // The timer counts in milliseconds and rounds up.
            let most = (least * 2).min(LONGEST_PAUSE) + Duration::from_millis(1);
            assert!((least..=most).contains(&found), "{doubled}: {found:?}");
        }
        outage.is_over();
        assert!(pause(&mut outage).await <= SHORTEST_PAUSE * 2);
    }
}
