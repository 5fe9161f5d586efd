//! Forgetting what is kept for a time only.

use std::sync::Arc;

use entrypass_ambient::Clock;
use entrypass_db::{answers, retention::Retention};
use entrypass_rpc::repeat;
use time::Duration;
use tokio_util::sync::CancellationToken;

use crate::{error::Error, store::Store};

/// How long to rest in between.
const EVERY: std::time::Duration = std::time::Duration::from_mins(1);

/// Forgets what is older than it must be.
pub(crate) struct Upkeep {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keep_answers: Duration,
    pub(crate) keep_verifications: Duration,
    pub(crate) retention: Retention,
    pub(crate) stopping: CancellationToken,
}

impl Upkeep {
    /// Forgets once a minute until it is to stop, one copy at a time.
    pub(crate) async fn run(self) {
        repeat("nothing is forgotten for now", EVERY, &self.stopping, || self.forget()).await;
        if let Err(error) = self.retention.give_back().await {
            tracing::debug!(%error, "another copy waits for the end of the lease");
        }
    }

    /// Forgets what is old enough now.
    async fn forget(&self) -> Result<(), Error> {
        let now = self.clock.now();
        self.retention.remove("withdrawals", || self.store.remove_dropped(now)).await?;
        let old = now.saturating_sub(self.keep_verifications);
        self.retention.remove("verifications", || self.store.forget_verifications(old)).await?;
        let old = now.saturating_sub(self.keep_answers);
        self.retention.remove("answers", || answers::forget(self.store.database(), old)).await?;
        Ok(())
    }
}
