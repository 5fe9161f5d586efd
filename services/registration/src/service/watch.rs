//! Following the changes of all registrations.

use std::time::Duration;

use entrypass_proto::registration::v1 as pb;
use futures_util::{Stream, stream};

use super::Registrations;
use crate::{
    change::{Cursor, CursorRefused},
    error::Error,
    feed::Follower,
    wire::{self, Start},
};

/// Most changes in one answer; with it the memory that a follower costs is bounded, however slowly it reads.
const BATCH: u64 = 100;

impl Registrations {
    pub(super) async fn watch(
        &self,
        message: pb::WatchRegistrationsRequest,
    ) -> Result<impl Stream<Item = Result<pb::WatchRegistrationsResponse, Error>> + use<>, Error> {
        let start = wire::start(message)?;
        let extent = self.feed.number().await?;
        let position = match start {
            Start::Oldest => extent.tail,
            Start::Now => extent.head,
            Start::After(cursor) => {
                extent.check(cursor).map_err(|refused| match refused {
                    CursorRefused::Foreign => Error::Invalid(wire::bad_cursor()),
                    CursorRefused::OutOfRange => Error::CursorOutOfRange,
                })?;
                cursor.position
            }
        };
        let watch = Watch {
            feed: extent.feed,
            follower: self.feed.follow(position, matches!(start, Start::Oldest)),
            checkpoint_every: self.config.checkpoint_every,
            // Whoever begins now must learn where that is.
            checkpoint_due: matches!(start, Start::Now),
        };
        Ok(stream::try_unfold(watch, Watch::next))
    }
}

/// One follower's stream. Nothing is read ahead: the next batch is read when the transport has taken the last.
struct Watch {
    feed: u64,
    follower: Follower,
    checkpoint_every: Duration,
    checkpoint_due: bool,
}

impl Watch {
    async fn next(mut self) -> Result<Option<(pb::WatchRegistrationsResponse, Self)>, Error> {
        let wait = if self.checkpoint_due { Duration::ZERO } else { self.checkpoint_every };
        let changes = tokio::select! {
            changes = self.follower.next(BATCH) => changes?,
            () = tokio::time::sleep(wait) => Vec::new(),
        };
        self.checkpoint_due = false;
        let cursor = |position| Cursor { feed: self.feed, position };
        let message = pb::WatchRegistrationsResponse {
            changes: changes
                .iter()
                .map(|(position, change)| wire::change(change, cursor(*position)))
                .collect(),
            cursor: wire::cursor(cursor(self.follower.position())),
        };
        Ok(Some((message, self)))
    }
}
