//! What a process runs of one service.

use futures_util::future::BoxFuture;
use tonic::service::Routes;

/// A service, ready to be run: its routes are to be mounted on a listener or called in process, its background is to be spawned.
pub struct Service {
    /// The RPCs.
    pub routes: Routes,
    /// What the service does unasked: it follows feeds and keeps its tables in order. Ends by itself once the service is told to stop.
    pub background: BoxFuture<'static, ()>,
}
