//! Following the changes of all registrations.

use std::time::Duration;

use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::timestamp;
use futures_util::{Stream, stream};

use super::Registrations;
use crate::{
    change::{Cursor, CursorRefused},
    error::Error,
    feed::{Follower, Next},
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
            first: Some(start),
        };
        Ok(stream::try_unfold(watch, Watch::next))
    }
}

/// One follower's stream. Nothing is read ahead: the next batch is read when the transport has taken the last.
struct Watch {
    feed: u64,
    follower: Follower,
    checkpoint_every: Duration,
    /// Where it begins, until the first answer.
    first: Option<Start>,
}

impl Watch {
    async fn next(mut self) -> Result<Option<(pb::WatchRegistrationsResponse, Self)>, Error> {
        let Next { changes, as_of } = match self.first.take() {
            // Whoever begins now must learn where that is, whatever has happened since.
            Some(Start::Now) => self.follower.here(),
            // Whoever takes a stream up wants to know how far it is behind, and not only when something happens.
            Some(Start::Oldest | Start::After(_)) => self.follower.next(BATCH, Duration::ZERO).await?,
            None => self.follower.next(BATCH, self.checkpoint_every).await?,
        };
        let cursor = |position| Cursor { feed: self.feed, position };
        let message = pb::WatchRegistrationsResponse {
            changes: changes
                .iter()
                .map(|(position, change)| wire::change(change, cursor(*position)))
                .collect(),
            cursor: wire::cursor(cursor(self.follower.position())),
            as_of_time: as_of.map(timestamp),
        };
        Ok(Some((message, self)))
    }
}
