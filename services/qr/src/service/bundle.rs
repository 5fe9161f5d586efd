//! The offline bundle: a snapshot, or a stream of what is new.

use std::time::Duration;

use entrypass_proto::qr::v1 as pb;
use futures_util::{Stream, stream};

use super::Codes;
use crate::{bundles::Bundles, error::Error, wire};

/// How long those who watch hear nothing at most: well below the least time for which a bundle holds, and below what proxies bear.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

impl Codes {
    pub(super) async fn bundle(&self) -> Result<pb::GetVerificationBundleResponse, Error> {
        let built = self.bundles.build(None).await?;
        Ok(pb::GetVerificationBundleResponse { bundle: Some(wire::bundle(&built)) })
    }

    pub(super) async fn watch_bundle(
        &self,
        message: pb::WatchVerificationBundleRequest,
    ) -> Result<impl Stream<Item = Result<pb::WatchVerificationBundleResponse, Error>> + use<>, Error> {
        let pb::WatchVerificationBundleRequest { cursor } = message;
        let extent = self.bundles.look().await?;
        let cursor = wire::bundle_cursor(&cursor)?;
        if cursor.is_some_and(|cursor| cursor.feed.0 != *extent.feed.as_bytes()) {
            return Err(wire::bad_cursor().into());
        }
        let since = cursor.map(|cursor| cursor.version);
        if since.is_some_and(|since| since > extent.version) {
            return Err(Error::CursorOutOfRange);
        }
        let watch = Watch { bundles: self.bundles.clone(), since, at_once: true };
        Ok(stream::try_unfold(watch, Watch::next))
    }
}

/// One verifier's stream. Nothing is built ahead: the next delta is built when the transport has taken the last, and has then all that happened
/// meanwhile, once. So a verifier that reads slowly costs no more memory than any other.
struct Watch {
    bundles: Bundles,
    since: Option<u64>,
    at_once: bool,
}

impl Watch {
    async fn next(mut self) -> Result<Option<(pb::WatchVerificationBundleResponse, Self)>, Error> {
        if !self.at_once {
            let later = self.bundles.later_than(self.since.unwrap_or_default());
            // In either case there is something to say.
            let _: Result<(), _> = tokio::time::timeout(KEEP_ALIVE, later).await;
        }
        let built = self.bundles.build(self.since).await?;
        (self.at_once, self.since) = (false, Some(built.version));
        let bundle = Some(wire::bundle(&built));
        Ok(Some((pb::WatchVerificationBundleResponse { bundle }, self)))
    }
}
