//! HTTP/2 by hand (RFC 9113), as no well-behaved client speaks it.

use std::{collections::BTreeSet, io, time::Duration};

use entrypass_tls::Tls;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The largest window that there is.
const WINDOW: u32 = (1 << 31) - 1;
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(1);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// A connection on which nothing is done that a test does not do.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    next_stream: u32,
}

/// A frame that was read.
#[derive(Debug)]
pub(crate) struct Frame {
    kind: u8,
    flags: u8,
    pub(crate) stream: u32,
    payload: Vec<u8>,
}

impl Connection {
    /// Connects to `address` (https://host:port) and proves who calls. The receive buffer of the socket is small, so that what is not
    /// read stays with the sender.
    pub(crate) async fn prove(address: &str, tls: &Tls) -> io::Result<Self> {
        let place = address.trim_start_matches("https://").parse().expect("an address");
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4096)?;
        let stream = socket.connect(place).await?;
        stream.set_nodelay(true)?;
        let stream = tls.connect("127.0.0.1", stream).await?;
        Ok(Self { stream, next_stream: 1 })
    }

    /// The same, and begins to speak, until it knows how much it may send. Whoever answers may send as much as there is.
    pub(crate) async fn open(address: &str, tls: &Tls) -> io::Result<Self> {
        let mut connection = Self::prove(address, tls).await?;
        connection.stream.write_all(PREFACE).await?;
        // SETTINGS_INITIAL_WINDOW_SIZE.
        let settings = [&[0, 4], WINDOW.to_be_bytes().as_slice()].concat();
        connection.send(SETTINGS, 0, 0, &settings).await?;
        connection.send(WINDOW_UPDATE, 0, 0, &(WINDOW - 65_535).to_be_bytes()).await?;
        while connection.frame().await?.kind != WINDOW_UPDATE {}
        Ok(connection)
    }

    /// Calls `path` with `message`, whose end is said, or not.
    pub(crate) async fn call(&mut self, path: &str, message: &[u8], timeout: &str) -> io::Result<u32> {
        let stream = self.begin(path, timeout).await?;
        let length = u32::try_from(message.len()).expect("a short message");
        let message = [&[0], length.to_be_bytes().as_slice(), message].concat();
        self.send(DATA, END_STREAM, stream, &message).await?;
        Ok(stream)
    }

    /// Calls `path`, and says nothing more.
    pub(crate) async fn begin(&mut self, path: &str, timeout: &str) -> io::Result<u32> {
        self.begin_with(path, timeout, &[]).await
    }

    /// The same with `more` metadata.
    pub(crate) async fn begin_with(
        &mut self,
        path: &str,
        timeout: &str,
        more: &[(&str, &str)],
    ) -> io::Result<u32> {
        let stream = self.next_stream;
        self.next_stream += 2;
        self.send(HEADERS, END_HEADERS, stream, &headers(path, timeout, more)).await?;
        Ok(stream)
    }

    /// Sends a part of a message on `stream`.
    pub(crate) async fn data(&mut self, stream: u32, part: &[u8]) -> io::Result<()> {
        self.send(DATA, 0, stream, part).await
    }

    /// Gives `stream` up.
    pub(crate) async fn reset(&mut self, stream: u32) -> io::Result<()> {
        const CANCEL: u32 = 8;
        self.send(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()).await
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
        let frame = [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat();
        self.stream.write_all(&frame).await?;
        self.stream.flush().await
    }

    /// The next frame; what has to be acknowledged is. An error when the connection has ended.
    pub(crate) async fn frame(&mut self) -> io::Result<Frame> {
        tokio::time::timeout(PATIENCE, self.read_frame()).await.expect("a frame in time")
    }

    /// Reads until each of `streams` has ended. An error when the connection has ended before.
    pub(crate) async fn ends(&mut self, streams: impl IntoIterator<Item = u32>) -> io::Result<()> {
        let mut open: BTreeSet<_> = streams.into_iter().collect();
        while !open.is_empty() {
            let frame = self.frame().await?;
            if frame.ends_stream() {
                open.remove(&frame.stream);
            }
        }
        Ok(())
    }

    async fn read_frame(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length.try_into().expect("a length")];
        self.stream.read_exact(&mut payload).await?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let frame = Frame { kind: head[3], flags: head[4], stream, payload };
        if frame.flags & ACK == 0 && (frame.kind == SETTINGS || frame.kind == PING) {
            let payload = if frame.kind == PING { frame.payload.as_slice() } else { &[] };
            // Whoever has ended the connection reads no more, and has said why.
            let _ = self.send(frame.kind, ACK, 0, payload).await;
        }
        Ok(frame)
    }
}

impl Frame {
    /// Whether it ends its stream.
    pub(crate) fn ends_stream(&self) -> bool {
        let last = matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0;
        last || self.kind == RST_STREAM
    }

    /// The error code of the end of the connection.
    pub(crate) fn goes_away(&self) -> Option<u32> {
        let code = self.payload.get(4..8)?.try_into().ok()?;
        (self.kind == GOAWAY).then(|| u32::from_be_bytes(code))
    }
}

/// The headers of a gRPC call, each in plain (RFC 7541, 6.2.2).
fn headers(path: &str, timeout: &str, more: &[(&str, &str)]) -> Vec<u8> {
    // POST and https of the static table.
    let mut block = vec![0x83, 0x87];
    let all = [
        (":path", path),
        (":authority", "127.0.0.1"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("grpc-timeout", timeout),
    ];
    for (name, value) in all.into_iter().chain(more.iter().copied()) {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).expect("below 127"));
            block.extend(text.as_bytes());
        }
    }
    block
}
