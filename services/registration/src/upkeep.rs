//! What the service does unasked, every few seconds: it writes down which registrations have ended, and removes what is kept no longer.
//!
//! Every copy writes down ends; two that meet do each other no harm. One at a time removes. Nothing depends on it for being right: an ended registration is read as
//! expired at once, and an answer that is kept too long is still the first one.

use std::sync::Arc;

use entrypass_ambient::Clock;
use entrypass_db::{Database, answers, retention::Retention};
use entrypass_feed::Feed;
use entrypass_rpc::repeat;
use time::Duration;
use tokio_util::sync::CancellationToken;

use crate::{Config, Deps, error::Error, store::Rows};

/// Registrations that one transaction writes down as ended, or removes.
const AT_ONCE: u64 = 100;

/// The job of one copy of the service.
pub(crate) struct Upkeep {
    database: Database,
    clock: Arc<dyn Clock>,
    feed: Feed,
    every: std::time::Duration,
    keep_answers: Duration,
    keep_changes: Duration,
    keep_registrations: Duration,
    retention: Retention,
}

impl Upkeep {
    pub(crate) fn new(config: &Config, deps: &Deps, feed: Feed) -> Self {
        let holder = deps.random.uuid_v7(deps.clock.now());
        let clock = Arc::clone(&deps.clock);
        Self {
            retention: Retention::new(deps.database.clone(), clock, "registration", holder),
            keep_registrations: config.keep_registrations,
            database: deps.database.clone(),
            clock: Arc::clone(&deps.clock),
            feed,
            every: config.upkeep_every,
            keep_answers: config.keep_answers,
            keep_changes: config.keep_changes,
        }
    }

    /// Works until `stopping`.
    pub(crate) async fn run(self, stopping: CancellationToken) {
        repeat("upkeep cannot be done for now", self.every, &stopping, || self.once()).await;
        if let Err(error) = self.retention.give_back().await {
            tracing::debug!(%error, "another copy waits for the end of the lease");
        }
    }

    async fn once(&self) -> Result<(), Error> {
        while self.expire_some().await? > 0 {}
        let now = self.clock.now();
        let old = now - self.keep_answers;
        self.retention.remove("answers", || answers::forget(&self.database, old)).await?;
        self.retention.remove("registrations", || self.forget_registrations()).await?;
        self.retention.remove("changes", || self.feed.forget(now - self.keep_changes)).await?;
        self.retention.remove("failed_proofs", || self.forget_tallies()).await?;
        Ok(())
    }

    async fn forget_registrations(&self) -> Result<u64, Error> {
        let now = self.clock.now();
        let transaction = self.database.begin().await?;
        let rows = Rows::new(&transaction, self.database.sealer());
        let forgotten = rows.forget_registrations(now - self.keep_registrations, AT_ONCE, now).await?;
        transaction.commit().await?;
        if forgotten > 0 {
            self.feed.committed();
        }
        Ok(forgotten as u64)
    }

    async fn expire_some(&self) -> Result<usize, Error> {
        let transaction = self.database.begin().await?;
        let expired =
            Rows::new(&transaction, self.database.sealer()).expire_some(AT_ONCE, self.clock.now()).await?;
        transaction.commit().await?;
        if expired > 0 {
            self.feed.committed();
        }
        Ok(expired)
    }

    async fn forget_tallies(&self) -> Result<u64, Error> {
        let transaction = self.database.begin().await?;
        let rows = Rows::new(&transaction, self.database.sealer());
        let forgotten = rows.forget_tallies(self.clock.now()).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}
