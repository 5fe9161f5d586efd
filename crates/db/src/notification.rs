//! PostgreSQL's notifications, as a hint that something is to be looked at. Nothing may depend on one that comes.

use std::time::Duration;

use sea_orm::{
    DbBackend,
    sqlx::{self, postgres::PgListener},
};

use crate::Database;

/// How long a listener that lost its connection rests before it tries again.
const REST: Duration = Duration::from_secs(1);

impl Database {
    /// Calls `heard` for each notification on `channel`, and after each interruption, when some may have been missed. Takes a
    /// connection of the pool for itself, and never ends. On SQLite, which has no notifications, it only never ends.
    pub async fn heed(&self, channel: &str, mut heard: impl FnMut()) {
        if self.backend() != DbBackend::Postgres {
            return std::future::pending().await;
        }
        loop {
            if let Err(error) = self.listen(channel, &mut heard).await {
                tracing::debug!(%error, channel, "notifications are interrupted");
            }
            tokio::time::sleep(REST).await;
        }
    }

    async fn listen(&self, channel: &str, heard: &mut impl FnMut()) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(self.postgres_pool()).await?;
        listener.listen(channel).await?;
        heard();
        // `None` says that the connection broke; some may have been missed then too.
        while listener.try_recv().await?.is_some() {
            heard();
        }
        Ok(())
    }
}
