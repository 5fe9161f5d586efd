//! What a copy does unasked about the keys: it reads them anew, makes the next one when its time has come, and erases what nobody
//! signs with any more.
//!
//! Every copy does so. Two that meet do each other no harm: a key is made under a lock and after another look, and what is erased is
//! erased.

use std::{collections::HashSet, time::Duration};

use entrypass_token::KeyId;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{error::KeysError, life::KeyState, ring::Keys};

/// How often the table is read: so long at most a revoked key still verifies anywhere.
const EVERY: Duration = Duration::from_secs(2);

/// The job of one copy, with what it has told and done already.
pub(crate) struct Upkeep {
    keys: Keys,
    told: HashSet<(KeyId, bool)>,
    erased: HashSet<KeyId>,
    works: bool,
}

impl Upkeep {
    pub(crate) fn new(keys: Keys) -> Self {
        Self { keys, told: HashSet::new(), erased: HashSet::new(), works: true }
    }

    /// Works until `stopping`.
    pub(crate) async fn run(mut self, stopping: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let work = async {
            loop {
                ticks.tick().await;
                let done = self.once().await;
                if self.works
                    && let Err(error) = &done
                {
                    tracing::warn!(error = chain(error), "the signing keys cannot be looked after for now");
                }
                self.works = done.is_ok();
            }
        };
        stopping.run_until_cancelled(work).await;
    }

    async fn once(&mut self) -> Result<(), KeysError> {
        self.keys.read().await?;
        if self.keys.custody().follow_schedule(&self.keys.stored()).await? {
            tracing::info!("made the next signing key");
            self.keys.read().await?;
        }
        self.tell();
        self.erase().await
    }

    /// Erases private halves that nobody needs. A file that cannot be removed is told of once, and stands in nothing else's way.
    async fn erase(&mut self) -> Result<(), KeysError> {
        for key in self.keys.done_signing() {
            let key_id = key.id();
            if self.erased.contains(&key_id) {
                continue;
            }
            match self.keys.custody().erase(&key).await {
                Err(KeysError::Database(error)) => return Err(error.into()),
                Err(error) => {
                    self.erased.insert(key_id);
                    let error = chain(&error);
                    tracing::warn!(%key_id, error, "the private half of a signing key that signs no more must be erased by hand");
                }
                Ok(()) => {
                    self.erased.insert(key_id);
                }
            }
        }
        Ok(())
    }

    /// Says once of each key that this copy cannot sign with it: while there is time to do something about it, and when it has passed.
    fn tell(&mut self) {
        for (state, key_id, error) in self.keys.unusable() {
            let pending = state == KeyState::Pending;
            if !self.told.insert((key_id, pending)) {
                continue;
            }
            let error = chain(error.as_ref());
            if pending {
                tracing::warn!(%key_id, error, "this copy will not be able to issue codes when the next signing key becomes active");
            } else {
                tracing::error!(%key_id, error, "this copy cannot issue codes");
            }
        }
    }
}

/// The error and its causes in one line.
fn chain(error: &KeysError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
