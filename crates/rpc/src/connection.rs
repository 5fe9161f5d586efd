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
