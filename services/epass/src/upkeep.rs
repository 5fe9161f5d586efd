//! What time does by itself: applications that nobody touched and passes whose time is over end, and what is kept for a time only is forgotten. Nothing
//! depends on it for being right: what has ended by time is read so at once.

use std::sync::Arc;

use entrypass_ambient::Clock;
use entrypass_db::{Database, answers, hold, retention::Retention};
use entrypass_feed::Feed;
use entrypass_rpc::repeat;
use sea_orm::DbErr;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use crate::{error::Error, issuing::Issuing, store};

/// How long to rest in between.
const EVERY: std::time::Duration = std::time::Duration::from_secs(10);
/// Passes whose end one transaction writes down.
const AT_ONCE: u64 = 100;
/// How long the end of a registration is remembered: longer by far than the longest call lasts, whose application it must meet.
const KEEP_ENDS: Duration = Duration::hours(1);

/// Ends and forgets what is older than it may be.
pub(crate) struct Upkeep {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) issuing: Issuing,
    pub(crate) feed: Feed,
    pub(crate) keep_answers: Duration,
    pub(crate) keep_changes: Duration,
    pub(crate) keep_circumstances: Duration,
    pub(crate) retention: Retention,
    pub(crate) stopping: CancellationToken,
}

impl Upkeep {
    /// Does so every few seconds until it is to stop; one copy at a time forgets.
    pub(crate) async fn run(self) {
        repeat("nothing ends or is forgotten for now", EVERY, &self.stopping, || self.keep_up()).await;
        if let Err(error) = self.retention.give_back().await {
            tracing::debug!(%error, "another copy waits for the end of the lease");
        }
    }

    /// Ends and forgets what is old enough now, and says how many decisions are late. Each fails for itself: the first failure is told, and stops none.
    async fn keep_up(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let done = [
            self.expire(now).await,
            self.lapse(now).await,
            self.count_overdue(now).await,
            self.forget_ends(now.saturating_sub(KEEP_ENDS)).await,
            self.forget_answers(now.saturating_sub(self.keep_answers)).await,
            self.forget_circumstances(now.saturating_sub(self.keep_circumstances)).await,
            self.forget_changes(now.saturating_sub(self.keep_changes)).await,
        ];
        done.into_iter().collect()
    }

    async fn expire(&self, now: OffsetDateTime) -> Result<(), Error> {
        while self.expire_some(now).await? {}
        Ok(())
    }

    /// Writes down that some passes have ended; `false` when there were none. Every copy does: two that meet do each other no harm.
    async fn expire_some(&self, now: OffsetDateTime) -> Result<bool, Error> {
        let ended = store::ended_passes(self.database.reader(), now, AT_ONCE).await?;
        if ended.is_empty() {
            return Ok(false);
        }
        let transaction = self.database.begin().await?;
        hold(&transaction, ended.iter().map(|pass| pass.traveller)).await?;
        for pass in &ended {
            self.issuing.expire(&transaction, pass, now).await?;
        }
        transaction.commit().await?;
        self.feed.committed();
        Ok(true)
    }

    /// Writes down that the time of applications is over. Every copy does, as with passes.
    async fn lapse(&self, now: OffsetDateTime) -> Result<(), Error> {
        while self.lapse_some(now).await? > 0 {}
        Ok(())
    }

    async fn lapse_some(&self, now: OffsetDateTime) -> Result<u64, DbErr> {
        let transaction = self.database.begin().await?;
        let lapsed = store::due::lapse(&transaction, self.database.sealer(), now).await?;
        transaction.commit().await?;
        self.feed.committed();
        metrics::counter!("entrypass_applications_lapsed_total").increment(lapsed);
        Ok(lapsed)
    }

    async fn count_overdue(&self, now: OffsetDateTime) -> Result<(), Error> {
        let overdue = store::queue::overdue(self.database.reader(), now).await?;
        #[expect(clippy::cast_precision_loss, reason = "no city has that many applications")]
        metrics::gauge!("entrypass_applications_overdue").set(overdue as f64);
        Ok(())
    }

    async fn forget_ends(&self, old: OffsetDateTime) -> Result<(), Error> {
        let transaction = self.database.begin().await?;
        store::forget_ends(&transaction, old).await?;
        Ok(transaction.commit().await?)
    }

    async fn forget_answers(&self, old: OffsetDateTime) -> Result<(), Error> {
        self.retention.remove("answers", || answers::forget(&self.database, old)).await?;
        Ok(())
    }

    async fn forget_circumstances(&self, old: OffsetDateTime) -> Result<(), Error> {
        let forget = async || {
            let transaction = self.database.begin().await?;
            let forgotten = store::forget_circumstances(&transaction, old).await?;
            transaction.commit().await?;
            Ok::<_, Error>(forgotten)
        };
        self.retention.remove("circumstances", forget).await?;
        Ok(())
    }

    async fn forget_changes(&self, old: OffsetDateTime) -> Result<(), Error> {
        self.retention.remove("changes", || async { Ok::<_, Error>(self.feed.forget(old).await?) }).await?;
        Ok(())
    }
}
