//! Following the changes of all registrations.

use entrypass_feed::{Answer, Start};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::timestamp;
use futures_util::{Stream, TryStreamExt as _};

use super::Registrations;
use crate::{change::Change, error::Error, store::Rows, wire};

impl Registrations {
    pub(super) async fn watch(
        &self,
        message: pb::WatchRegistrationsRequest,
    ) -> Result<impl Stream<Item = Result<pb::WatchRegistrationsResponse, Error>> + use<>, Error> {
        let pb::WatchRegistrationsRequest { cursor, start } = message;
        let start = Start::parse(&cursor, start)?;
        let database = self.database.clone();
        let read = move |position, size| {
            let database = database.clone();
            async move { Rows::new(database.reader(), database.sealer()).changes(position, size).await }
        };
        let changes = self.feed.watch(start, self.config.checkpoint_every, read).await?;
        Ok(changes.map_ok(told))
    }
}

fn told(answer: Answer<Change>) -> pb::WatchRegistrationsResponse {
    let Answer { changes, cursor, as_of } = answer;
    pb::WatchRegistrationsResponse {
        changes: changes.iter().map(|(place, change)| wire::change(change, *place)).collect(),
        cursor: cursor.to_string(),
        as_of_time: as_of.map(timestamp),
    }
}
