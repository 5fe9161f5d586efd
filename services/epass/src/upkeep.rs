//! Forgetting what is kept for a time only.

use std::sync::Arc;

use entrypass_ambient::Clock;
use entrypass_db::{Database, answers, retention::Retention};
use entrypass_rpc::repeat;
use sea_orm::DbErr;
use time::Duration;
use tokio_util::sync::CancellationToken;

use crate::store;

/// How long to rest in between.
const EVERY: std::time::Duration = std::time::Duration::from_mins(1);
/// How long the end of a registration is remembered: longer by far than the longest call lasts, whose application it must meet.
const KEEP_ENDS: Duration = Duration::hours(1);

/// Forgets what is older than it must be.
pub(crate) struct Upkeep {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keep_answers: Duration,
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
    async fn forget(&self) -> Result<(), DbErr> {
        let now = self.clock.now();
        let transaction = self.database.begin().await?;
        store::forget_ends(&transaction, now.saturating_sub(KEEP_ENDS)).await?;
        transaction.commit().await?;
        let old = now.saturating_sub(self.keep_answers);
        self.retention.remove("answers", || answers::forget(&self.database, old)).await.map(drop)
    }
}
