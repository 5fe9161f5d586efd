//! Connections as they come in: accepted, proven over TLS, and no more of them than there is room for.
//!
//! Owns: whom a connection belongs to ([`Peer`]), found once, and the bounds of what strangers and callers hold open. Does not own: what is
//! said on a connection, and what a caller may do.

use std::{collections::VecDeque, io, net::SocketAddr, sync::Arc, time::Duration};

use entrypass_access::Peer;
use entrypass_tls::Tls;
use futures_util::{Stream, stream};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::server::TlsStream;

use crate::{connection::Connection, places::Places};

/// How long a caller may take to prove who it is.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How many callers may be about to prove who they are. A proof takes milliseconds: whoever holds so many places does nothing else, and the one
/// that has been at it for the longest makes room for the next.
const HANDSHAKES: usize = 1000;
/// How long nothing is accepted after the system could not, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(100);

/// A socket, and the connections that are about to become some.
pub(crate) struct Incoming {
    socket: TcpListener,
    tls: Option<Tls>,
    places: Arc<Places>,
    handshakes: JoinSet<Option<Connection>>,
    /// The same, in the order in which they began; some have ended.
    oldest_first: VecDeque<AbortHandle>,
}

impl Incoming {
    pub(crate) fn new(socket: TcpListener, tls: Option<Tls>, connections: usize) -> Self {
        let places = Arc::new(Places::new(connections));
        Self { socket, tls, places, handshakes: JoinSet::new(), oldest_first: VecDeque::new() }
    }

    /// The connections, one after the other, for ever. Dropping it closes the socket and ends handshakes.
    pub(crate) fn connections(self) -> impl Stream<Item = io::Result<Connection>> {
        stream::unfold(self, |mut incoming| async {
            let connection = incoming.next().await;
            Some((Ok(connection), incoming))
        })
    }

    async fn next(&mut self) -> Connection {
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                Some(proven) = self.handshakes.join_next() => match proven {
                    Ok(Some(connection)) => return connection,
                    // Refused, too slow, or one that made room.
                    Ok(None) | Err(_) => continue,
                },
            };
            match (accepted, self.tls.clone()) {
                (Ok((stream, address)), Some(tls)) => self.let_prove(tls, stream, address),
                (Ok((stream, _)), None) => {
                    // Nobody has proven anything: all of them share what there is.
                    if let Some(place) = self.places.any().filter(|_| stream.set_nodelay(true).is_ok()) {
                        return Connection::new(stream, Peer::default(), place);
                    }
                }
                // Of that connection, and of no other.
                (Err(error), _) if is_of_one_connection(&error) => {}
                (Err(error), _) => {
                    tracing::error!(%error, "no connection can be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn let_prove(&mut self, tls: Tls, stream: TcpStream, address: SocketAddr) {
        self.make_room();
        let places = Arc::clone(&self.places);
        let handshake = async move {
            let proven = tokio::time::timeout(HANDSHAKE_LIMIT, prove(&tls, stream)).await;
            let proven = proven.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            let refused =
                |error: &io::Error| tracing::info!(%address, %error, "no connection: no proof of who calls");
            let (stream, peer) = proven.inspect_err(refused).ok()?;
            let caller = peer.identities.first().map(ToString::to_string).unwrap_or_default();
            let Some(place) = places.of(caller.clone()) else {
                tracing::warn!(%address, caller, "no connection: it has as many as the others leave room for");
                return None;
            };
            Some(Connection::new(stream, peer, place))
        };
        self.oldest_first.push_back(self.handshakes.spawn(handshake));
    }

    fn make_room(&mut self) {
        let is_full = self.handshakes.len() >= HANDSHAKES;
        if is_full || self.oldest_first.len() >= 2 * HANDSHAKES {
            self.oldest_first.retain(|handshake| !handshake.is_finished());
        }
        if is_full && let Some(oldest) = self.oldest_first.pop_front() {
            oldest.abort();
        }
    }
}

async fn prove(tls: &Tls, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, Peer)> {
    stream.set_nodelay(true)?;
    tls.accept(stream).await
}

/// Whether the caller was gone before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
