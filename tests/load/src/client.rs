//! A caller made of HTTP/2 frames alone (`h2`): no line of it is shared with tonic's client.
//!
//! Owns: connections, one call, and reading its HTTP and gRPC status. Does not own: which calls are made when (`drive`).

use std::{fmt, io, pin::Pin, time::Duration};

use bytes::{BufMut as _, Bytes, BytesMut};
use entrypass_tls::Tls;
use h2::client::SendRequest;
use http::{HeaderMap, Method, StatusCode, uri::PathAndQuery};
use prost::Message;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// How much may be under way to this side, for one stream and for a connection: never what a call waits for.
const WINDOW: u32 = 1 << 20;
/// How long an answer may take before the call counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where calls go, and how.
#[derive(Clone)]
pub struct Target {
    /// `127.0.0.1:PORT`.
    pub address: std::net::SocketAddr,
    /// With what the caller proves who it is; without it there is no TLS.
    pub tls: Option<Tls>,
}

/// A call, ready to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// `/package.Service/Method`.
    pub path: &'static str,
    /// Whom the caller claims to be where there is no TLS.
    pub caller: &'static str,
    /// The message in its frame.
    pub body: Bytes,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The gRPC status.
    pub code: i32,
    /// The message without its frame, empty unless the status is 0; or what the status says.
    pub body: Bytes,
}

/// A connection is lost, or did not answer as gRPC does.
#[derive(Debug)]
pub struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

impl<E: Into<io::Error>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self(error.into().to_string())
    }
}

impl Request {
    /// A call of the gateway's method at `path` by `caller`.
    pub fn new(path: &'static str, caller: &'static str, message: &impl Message) -> Self {
        let length = message.encoded_len();
        let mut body = BytesMut::with_capacity(5 + length);
        body.put_u8(0);
        body.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        // A `BytesMut` grows: it has room for any message.
        message.encode_raw(&mut body);
        Self { path, caller, body: body.freeze() }
    }
}

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// One connection with as many streams as wanted.
#[derive(Clone)]
pub struct Connection {
    send: SendRequest<Bytes>,
    authority: String,
    scheme: &'static str,
}

impl Connection {
    /// Connects.
    pub async fn open(target: &Target) -> Result<Self, Broken> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        let (socket, scheme): (Pin<Box<dyn Socket>>, _) = match &target.tls {
            Some(tls) => (Box::pin(tls.connect("localhost", stream).await?), "https"),
            None => (Box::pin(stream), "http"),
        };
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(WINDOW).initial_connection_window_size(16 * WINDOW);
        let (send, connection) = builder.handshake(socket).await.map_err(broken)?;
        // Its end is seen by the calls that are open.
        tokio::spawn(connection);
        Ok(Self { send, authority: format!("localhost:{}", target.address.port()), scheme })
    }

    /// Makes one call and reads all of its answer.
    pub async fn call(&self, request: &Request) -> Result<Answer, Broken> {
        let answer = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        answer.map_err(|_| Broken(format!("no answer within {PATIENCE:?}")))?
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, Broken> {
        let mut send = self.send.clone().ready().await.map_err(broken)?;
        let (answer, mut body) = send.send_request(self.head(request)?, false).map_err(broken)?;
        body.send_data(request.body.clone(), true).map_err(broken)?;
        let (head, mut body) = answer.await.map_err(broken)?.into_parts();
        if head.status != StatusCode::OK {
            return Err(Broken(format!("HTTP status {}", head.status)));
        }
        // An answer of trailers alone.
        if let Some(code) = status(&head.headers)? {
            return Ok(told(code, &head.headers));
        }
        let mut bytes = Bytes::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk.map_err(broken)?;
            body.flow_control().release_capacity(chunk.len()).map_err(broken)?;
            bytes = if bytes.is_empty() { chunk } else { [bytes, chunk].concat().into() };
        }
        let trailers = body.trailers().await.map_err(broken)?.unwrap_or_default();
        match status(&trailers)? {
            Some(0) => Ok(Answer { code: 0, body: unframed(&bytes)? }),
            Some(code) => Ok(told(code, &trailers)),
            None => Err(Broken("no grpc-status".to_owned())),
        }
    }

    fn head(&self, request: &Request) -> Result<http::Request<()>, Broken> {
        let uri = http::Uri::builder()
            .scheme(self.scheme)
            .authority(self.authority.as_str())
            .path_and_query(PathAndQuery::from_static(request.path))
            .build();
        http::Request::builder()
            .method(Method::POST)
            .uri(uri.map_err(|error| Broken(error.to_string()))?)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("entrypass-caller", request.caller)
            .body(())
            .map_err(|error| Broken(error.to_string()))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn broken(error: h2::Error) -> Broken {
    Broken(error.to_string())
}

fn status(headers: &HeaderMap) -> Result<Option<i32>, Broken> {
    let Some(value) = headers.get("grpc-status") else { return Ok(None) };
    let code = value.to_str().ok().and_then(|text| text.parse().ok());
    code.map(Some).ok_or_else(|| Broken("a grpc-status that is no number".to_owned()))
}

/// A status with what it says of itself: rules, never values.
fn told(code: i32, headers: &HeaderMap) -> Answer {
    let message = headers.get("grpc-message").map(|value| Bytes::copy_from_slice(value.as_bytes()));
    Answer { code, body: message.unwrap_or_default() }
}

fn unframed(bytes: &Bytes) -> Result<Bytes, Broken> {
    let length = bytes.get(1..5).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes);
    match length {
        Some(length) if bytes[0] == 0 && bytes.len() == 5 + length as usize => Ok(bytes.slice(5..)),
        _ => Err(Broken("no single uncompressed message".to_owned())),
    }
}
