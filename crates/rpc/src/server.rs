//! Serving routes on a socket.

use std::time::Duration;

use entrypass_tls::Tls;
use tokio::net::TcpListener;
use tonic::{service::Routes, transport::Server};

use crate::{EdgeLayer, incoming::Incoming};

/// How often a connection is asked whether its caller lives.
const KEEP_ALIVE_EVERY: Duration = Duration::from_mins(1);
/// How long it may take to say so.
const KEEP_ALIVE_LIMIT: Duration = Duration::from_secs(20);
/// Calls and streams of one connection at once; others wait at the caller.
const STREAMS: u32 = 200;
/// Most bytes of a call's metadata, in the counting of HTTP/2 (RFC 9113, 6.5.2). Ours are some 500.
const METADATA_BYTES: u32 = 16 * 1024;
/// How much of one request may be on its way, in bytes. Bigger ones are read bit by bit.
const STREAM_WINDOW: u32 = 64 * 1024;
/// How much of all requests of a connection may be on its way or wait to be read, in bytes.
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// How many calls a caller may open and give up before they were looked at, until its connection is ended: it costs work, and is no stream
/// (CVE-2023-44487).
const GIVEN_UP: usize = 50;
/// How many of its calls may be reset for mistakes of its own (CVE-2025-8671). What still comes for a call that was refused before its message had
/// come is one of them, and in an overload there are many.
const MISTAKES: usize = 1024;
/// Connections at once unless it is set.
const CONNECTIONS: usize = 10_000;

/// A socket that takes connections, who may make them, and how long it keeps them.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Tls>,
    connections: usize,
    longest_connection: Option<Duration>,
}

impl Listener {
    /// Takes connections over mutual TLS only, with the certificate, and from the callers, that `tls` says at that time. Requests have the
    /// caller's [`entrypass_access::Peer`] in their extensions; without TLS it is nobody.
    #[must_use]
    pub fn over_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Keeps `most` connections at once (10000 unless set), and of one caller as many as the others leave room for: the next are closed.
    #[must_use]
    pub fn connections_at_once(self, most: usize) -> Self {
        Self { connections: most, ..self }
    }

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
        Self { socket, tls: None, connections: CONNECTIONS, longest_connection: None }
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
    let Listener { socket, tls, connections, longest_connection } = listener.into();
    let mut server = Server::builder()
        .layer(edge)
        .http2_keepalive_interval(Some(KEEP_ALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_LIMIT))
        .max_concurrent_streams(STREAMS)
        .http2_max_header_list_size(METADATA_BYTES)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_pending_accept_reset_streams(Some(GIVEN_UP))
        .http2_max_local_error_reset_streams(Some(MISTAKES));
    if let Some(longest) = longest_connection {
        server = server.max_connection_age(longest);
    }
    let incoming = Incoming::new(socket, tls, connections).connections();
    server.add_routes(routes).serve_with_incoming_shutdown(incoming, shutdown).await
}
