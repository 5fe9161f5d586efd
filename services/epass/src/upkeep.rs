//! What time does by itself: applications that nobody touched end, and what is kept for a time only is forgotten.

use std::sync::Arc;

use entrypass_ambient::Clock;
use entrypass_db::{Database, answers, retention::Retention};
use entrypass_rpc::repeat;
use sea_orm::DbErr;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use crate::store;

/// How long to rest in between.
const EVERY: std::time::Duration = std::time::Duration::from_mins(1);
/// How long the end of a registration is remembered: longer by far than the longest call lasts, whose application it must meet.
const KEEP_ENDS: Duration = Duration::hours(1);

/// Ends and forgets what is older than it may be.
pub(crate) struct Upkeep {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keep_answers: Duration,
    pub(crate) retention: Retention,
    pub(crate) stopping: CancellationToken,
}

impl Upkeep {
    /// Does so once a minute until it is to stop, one copy at a time.
    pub(crate) async fn run(self) {
        repeat("nothing ends or is forgotten for now", EVERY, &self.stopping, || self.keep_up()).await;
        if let Err(error) = self.retention.give_back().await {
            tracing::debug!(%error, "another copy waits for the end of the lease");
        }
    }

    /// Ends and forgets what is old enough now, and says how many decisions are late.
    async fn keep_up(&self) -> Result<(), DbErr> {
        let now = self.clock.now();
        self.retention.remove("lapsed_applications", || self.lapse(now)).await?;
        #[expect(clippy::cast_precision_loss, reason = "no city has that many applications")]
        metrics::gauge!("entrypass_applications_overdue")
            .set(store::queue::overdue(self.database.reader(), now).await? as f64);
        self.forget(now).await
    }

    /// Writes down that the time of some applications is over, and says of how many.
    async fn lapse(&self, now: OffsetDateTime) -> Result<u64, DbErr> {
        let transaction = self.database.begin().await?;
        let lapsed = store::due::lapse(&transaction, self.database.sealer(), now).await?;
        transaction.commit().await?;
        Ok(lapsed)
    }

    async fn forget(&self, now: OffsetDateTime) -> Result<(), DbErr> {
        let transaction = self.database.begin().await?;
        store::forget_ends(&transaction, now.saturating_sub(KEEP_ENDS)).await?;
        transaction.commit().await?;
        let old = now.saturating_sub(self.keep_answers);
        self.retention.remove("answers", || answers::forget(&self.database, old)).await.map(drop)
    }
}
