//! One connection: whose it is, and for how long it may stand still.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use entrypass_access::Peer;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};
use tonic::transport::server::Connected;

use crate::places::Place;

/// How long a caller may take to say that it speaks HTTP/2. Only then is it asked whether it lives.
const PREFACE_LIMIT: Duration = Duration::from_secs(10);
/// How many bytes that takes (RFC 9113, 3.4).
const PREFACE_BYTES: usize = 24;
/// How long a caller may take nothing of what waits for it.
const STALL_LIMIT: Duration = Duration::from_secs(30);

/// What a connection is made on.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + 'static> Socket for S {}

/// A connection that ends by itself when its caller says nothing in the beginning, or takes nothing.
pub(crate) struct Connection {
    socket: Pin<Box<dyn Socket>>,
    peer: Peer,
    preface: Option<Preface>,
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

/// What is missing of the preface, and until when.
struct Preface {
    missing: usize,
    limit: Pin<Box<Sleep>>,
}

impl Connection {
    pub(crate) fn new(socket: impl Socket, peer: Peer, place: Place) -> Self {
        let preface = Preface { missing: PREFACE_BYTES, limit: Box::pin(sleep(PREFACE_LIMIT)) };
        Self { socket: Box::pin(socket), peer, preface: Some(preface), stalled: None, _place: place }
    }

    /// Hands `written` on, and ends the connection when it has been pending for too long.
    fn unless_stalled<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL_LIMIT)));
        ready!(limit.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.socket.as_mut().poll_read(context, buffer);
        let Some(preface) = &mut self.preface else { return read };
        preface.missing = preface.missing.saturating_sub(buffer.filled().len() - before);
        if preface.missing == 0 {
            self.preface = None;
            return read;
        }
        if read.is_pending() && preface.limit.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.socket.as_mut().poll_write(context, bytes);
        self.unless_stalled(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.socket.as_mut().poll_write_vectored(context, parts);
        self.unless_stalled(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.socket.as_mut().poll_flush(context);
        self.unless_stalled(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = self.socket.as_mut().poll_shutdown(context);
        self.unless_stalled(context, ended)
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use entrypass_access::Peer;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
        time::{Instant, sleep},
    };

    use super::{Connection, PREFACE_BYTES, PREFACE_LIMIT, STALL_LIMIT};
    use crate::places::Places;

    /// A connection whose caller is the other half, and takes 64 bytes.
    fn connection() -> (Connection, DuplexStream) {
        let (here, there) = duplex(64);
        let place = Arc::new(Places::new(1)).any().expect("a place");
        (Connection::new(here, Peer::default(), place), there)
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_does_not_begin_is_not_waited_for() {
        let (mut connection, mut caller) = connection();
        caller.write_all(&[0; PREFACE_BYTES - 1]).await.expect("sent");
        let began = Instant::now();
        let error = connection.read_to_end(&mut Vec::new()).await.expect_err("too slow");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!((PREFACE_LIMIT..PREFACE_LIMIT * 2).contains(&began.elapsed()), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_has_begun_may_be_silent() {
        let (mut connection, mut caller) = connection();
        caller.write_all(&[0; PREFACE_BYTES]).await.expect("sent");
        connection.read_exact(&mut [0; PREFACE_BYTES]).await.expect("all of it");
        let (read, ()) = tokio::join!(connection.read_u8(), async {
            sleep(PREFACE_LIMIT * 10).await;
            caller.write_u8(7).await.expect("sent");
        });
        assert_eq!(read.expect("the connection lives"), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_takes_nothing_is_given_up_and_a_slow_one_is_not() {
        let (mut connection, mut caller) = connection();
        let (written, ()) = tokio::join!(connection.write_all(&[0; 320]), async {
            for _ in 0..4 {
                sleep(STALL_LIMIT / 2).await;
                caller.read_exact(&mut [0; 64]).await.expect("some of it");
            }
        });
        written.expect("slow, and alive");
        let began = Instant::now();
        let error = connection.write_all(&[0; 320]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!((STALL_LIMIT..STALL_LIMIT * 2).contains(&began.elapsed()), "{:?}", began.elapsed());
    }
}
