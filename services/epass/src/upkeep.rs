//! What the service does unasked: writing down which passes have ended, and forgetting what is kept for a time only. Nothing depends on it for being right:
//! a pass that has ended is read as EXPIRED at once.

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_db::{Database, answers, hold, retention::Retention};
use entrypass_feed::Feed;
use entrypass_rpc::repeat;
use entrypass_seal::Sealer;
use sea_orm::DatabaseTransaction;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use crate::{
    error::Error,
    pass::{Pass, Step},
    store,
    text::Note,
};

/// How long to rest in between.
const EVERY: std::time::Duration = std::time::Duration::from_secs(10);
/// Passes whose end one transaction writes down.
const AT_ONCE: u64 = 100;
/// How long the end of a registration is remembered: longer by far than the longest call lasts, whose application it must meet.
const KEEP_ENDS: Duration = Duration::hours(1);

/// The job of one copy of the service.
pub(crate) struct Upkeep {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) feed: Feed,
    pub(crate) keep_answers: Duration,
    pub(crate) keep_changes: Duration,
    pub(crate) keep_circumstances: Duration,
    pub(crate) retention: Retention,
    pub(crate) stopping: CancellationToken,
}

impl Upkeep {
    /// Works until it is to stop; one copy at a time forgets.
    pub(crate) async fn run(self) {
        repeat("upkeep cannot be done for now", EVERY, &self.stopping, || self.once()).await;
        if let Err(error) = self.retention.give_back().await {
            tracing::debug!(%error, "another copy waits for the end of the lease");
        }
    }

    /// Writes down which passes have ended, and forgets what is old enough now.
    async fn once(&self) -> Result<(), Error> {
        while self.expire_some().await? {}
        self.forget().await
    }

    /// Writes down that some passes have ended; `false` when there were none. Every copy does: two that meet do each other no harm.
    async fn expire_some(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let ended = store::ended_passes(self.database.reader(), now, AT_ONCE).await?;
        if ended.is_empty() {
            return Ok(false);
        }
        let transaction = self.database.begin().await?;
        hold(&transaction, ended.iter().map(|pass| pass.traveller)).await?;
        for pass in &ended {
            expire(&transaction, self.database.sealer(), self.random.as_ref(), pass, now).await?;
        }
        transaction.commit().await?;
        self.feed.committed();
        Ok(true)
    }

    /// Forgets what is old enough now.
    async fn forget(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let transaction = self.database.begin().await?;
        store::forget_ends(&transaction, now.saturating_sub(KEEP_ENDS)).await?;
        transaction.commit().await?;
        let old = now.saturating_sub(self.keep_answers);
        self.retention.remove("answers", || answers::forget(&self.database, old)).await?;
        let old = now.saturating_sub(self.keep_circumstances);
        self.retention.remove("circumstances", || self.forget_circumstances(old)).await?;
        let old = now.saturating_sub(self.keep_changes);
        self.retention.remove("changes", || async { Ok::<_, Error>(self.feed.forget(old).await?) }).await?;
        Ok(())
    }

    async fn forget_circumstances(&self, old: OffsetDateTime) -> Result<u64, Error> {
        let transaction = self.database.begin().await?;
        let forgotten = store::forget_circumstances(&transaction, old).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}

/// Writes down that the time of a live pass has ended, whose person is held; nothing when somebody else has done so.
pub(crate) async fn expire(
    transaction: &DatabaseTransaction,
    sealer: &Sealer,
    random: &dyn Random,
    pass: &Pass,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let expired = pass.stepped(Step::Expire, now)?;
    let made = expired.made(random.uuid_v7(now), None, Note::default());
    store::update_pass(transaction, sealer, &expired, &made, now).await?;
    Ok(())
}
