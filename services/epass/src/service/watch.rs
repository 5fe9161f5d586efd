//! Following what happens to applications, passes and levels.

use std::time::Duration;

use entrypass_feed::Start;
use entrypass_proto::epass::v1 as pb;
use futures_util::{Stream, TryStreamExt as _};

use super::Epass;
use crate::{error::Error, store, wire};

/// How often a follower is told that nothing happened.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

impl Epass {
    pub(super) async fn watch(
        &self,
        message: pb::WatchElectronicPassesRequest,
    ) -> Result<impl Stream<Item = Result<pb::WatchElectronicPassesResponse, Error>> + use<>, Error> {
        let pb::WatchElectronicPassesRequest { cursor, start } = message;
        let start = Start::parse(&cursor, start)?;
        let database = self.database.clone();
        let read = move |position, size| {
            let database = database.clone();
            async move { store::changes(database.reader(), position, size).await }
        };
        let changes = self.feed.watch(start, CHECKPOINT_EVERY, read).await?;
        Ok(changes.map_ok(wire::render_changes))
    }
}
