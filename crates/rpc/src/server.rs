//! Serving routes on a socket.

use std::time::Duration;

use tokio::net::TcpListener;
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};

use crate::EdgeLayer;

/// How often a connection is asked whether its caller lives.
const KEEP_ALIVE_EVERY: Duration = Duration::from_mins(1);

/// A socket that takes connections, and how long it keeps them.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    longest_connection: Option<Duration>,
}

impl Listener {
    /// Asks callers to connect anew when a connection is `longest` old, so that those who found one copy during a rolling restart
    /// spread over all of them again. Calls and streams that are open go on until they end: tonic's grace period would cut them
    /// off without ever having asked.
    #[must_use]
    pub fn connections_up_to(self, longest: Duration) -> Self {
        Self { longest_connection: Some(longest), ..self }
    }
}

impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self { socket, longest_connection: None }
    }
}

/// Serves `routes` on `listener` until `shutdown` resolves; calls in flight are finished first.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: impl Into<Listener>,
    routes: Routes,
    edge: EdgeLayer,
    shutdown: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let Listener { socket, longest_connection } = listener.into();
    let mut server = Server::builder().layer(edge).http2_keepalive_interval(Some(KEEP_ALIVE_EVERY));
    if let Some(longest) = longest_connection {
        server = server.max_connection_age(longest);
    }
    server
        .add_routes(routes)
        .serve_with_incoming_shutdown(TcpIncoming::from(socket).with_nodelay(Some(true)), shutdown)
        .await
}
