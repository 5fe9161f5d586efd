//! The copies of a neighbour over sockets: connecting, taking turns, and what a failed connection means.
//!
//! Turns, and not tower's choice of the less loaded of two (which tonic's balanced channel makes): a dead copy that refuses connections at once has
//! never a call open, and would attract all of them.

use std::{
    error::Error,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use entrypass_proto::errors::v1::ErrorReason;
use entrypass_tls::Tls;
use http::{Request, Response, Uri};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tokio::time::{Instant, timeout};
use tonic::{Status, TimeoutExpired, body::Body, transport::Channel};
use tower::{Service as _, ServiceExt as _};

use crate::{
    Addresses, Call, Problem,
    addresses::{host, is_over_tls},
    connection::Socket,
    timeout::stated,
};

/// How long resolving and connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);
/// How long both ends may take to prove who they are.
const PROOF_LIMIT: Duration = Duration::from_secs(1);
/// How long after a failed connection no other is tried. Calls that waited for it queue behind each other, each for a connection of its own:
/// without this the last of them would wait for all of their time-outs.
const CONNECT_PAUSE: Duration = Duration::from_millis(50);
/// How long a copy that did not answer is passed over. Longer than it takes until it is asked for its health again and again does not
/// answer (each second, and two seconds' patience), so that no call meets it meanwhile.
const PASSED_OVER_FOR: Duration = Duration::from_secs(4);
/// How often a connection is asked whether it lives, also while nobody uses it: a machine that went away says nothing.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(10);
/// How long a connection may take to say that it lives.
const KEEP_ALIVE_LIMIT: Duration = Duration::from_secs(5);

/// How much of one answer may wait for its reader, in bytes: HTTP/2's own default, and no more, as calls and streams share a connection.
const STREAM_WINDOW: u32 = (1 << 16) - 1;
/// How much of all answers of a connection may wait, in bytes: the most that HTTP/2 knows. Who watches through the gateway and does not read
/// fills a stream's window and keeps it; were they together to fill the connection's, no call would be answered any more. It takes 32768
/// such streams to fill this one, more than a process has file descriptors for their callers. (A second connection for streams would
/// save calls from streams, but not one watcher from another.) h2 also derives from it how many small frames may wait.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

type BoxError = Box<dyn Error + Send + Sync>;

/// The copies, which are called in turn. Clones share the turn.
#[derive(Debug, Clone)]
pub(crate) struct Copies {
    copies: Arc<[Copy]>,
    turn: Arc<AtomicUsize>,
}

/// One copy.
#[derive(Debug, Clone)]
struct Copy {
    channel: Channel,
    failed: Arc<LastFailure>,
}

/// When something failed last, until it goes well again.
#[derive(Debug, Default)]
struct LastFailure(Mutex<Option<Instant>>);

impl Copies {
    /// The copies at `addresses`. Nothing is connected yet.
    pub(crate) fn at(addresses: &Addresses, tls: Option<&Tls>) -> Self {
        let copy = |uri: &Uri| Copy { channel: channel(uri, tls.cloned()), failed: Arc::default() };
        let copies = addresses.iter().map(copy);
        Self { copies: copies.collect(), turn: Arc::default() }
    }

    /// Each copy by itself.
    pub(crate) fn each(&self) -> impl Iterator<Item = Self> {
        self.copies.iter().map(|copy| Self { copies: Arc::new([copy.clone()]), turn: Arc::default() })
    }

    /// Calls the next copy. Waits for a connection, and for the beginning of the answer, no longer than the request's own time-out.
    pub(crate) fn call(
        &self,
        request: Request<Body>,
    ) -> impl Future<Output = Result<Response<Body>, Status>> + Send + use<> {
        let copy = self.next().cloned();
        async move {
            let copy = copy.ok_or_else(|| Status::unavailable("no address"))?;
            let limit = stated(request.headers()).unwrap_or(Duration::MAX);
            // tonic's own timer does not run while the request waits for a connection.
            let answered = timeout(limit, copy.channel.oneshot(request)).await;
            copy.failed.set(!matches!(answered, Ok(Ok(_))));
            match answered {
                Ok(answered) => answered.map_err(|error| connection_status(&error)),
                Err(_elapsed) => Err(too_late()),
            }
        }
    }

    fn next(&self) -> Option<&Copy> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = self.copies.len();
        let mut in_turn = self.copies.iter().cycle().skip(turn.checked_rem(count)?).take(count);
        let first = in_turn.next();
        let may_answer = |copy: &&Copy| !copy.failed.within(PASSED_OVER_FOR);
        first.into_iter().chain(in_turn).find(may_answer).or(first)
    }
}

impl LastFailure {
    fn set(&self, failed: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failed.then(Instant::now);
    }

    fn within(&self, period: Duration) -> bool {
        let failed = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|failed| failed.elapsed() < period)
    }
}

/// A connection that makes itself when it is used, and again when it was lost.
fn channel(address: &Uri, tls: Option<Tls>) -> Channel {
    let failed = Arc::<LastFailure>::default();
    let way = Arc::new(Endpoint { address: address.clone(), tls, failed });
    let connector = tower::service_fn(move |_| {
        let way = Arc::clone(&way);
        async move { way.connect().await }
    });
    // Where to connect is our connector's to know, and over TLS or not: tonic refuses `https` as soon as any crate turns its own TLS on. From
    // the origin it takes what requests say of themselves.
    tonic::transport::Endpoint::from_static("http://neighbour")
        .origin(address.clone())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(KEEP_ALIVE_EVERY)
        .keep_alive_timeout(KEEP_ALIVE_LIMIT)
        .keep_alive_while_idle(true)
        .connect_with_connector_lazy(connector)
}

/// Where a copy is, and how it is reached.
struct Endpoint {
    address: Uri,
    tls: Option<Tls>,
    failed: Arc<LastFailure>,
}

impl Endpoint {
    /// Resolves the host's name and connects, unless that failed a moment ago.
    async fn connect(&self) -> Result<TokioIo<Pin<Box<dyn Socket>>>, BoxError> {
        if self.failed.within(CONNECT_PAUSE) {
            return Err(io::Error::from(io::ErrorKind::HostUnreachable).into());
        }
        let connected = self.connect_anyway().await;
        self.failed.set(connected.is_err());
        Ok(TokioIo::new(connected?))
    }

    async fn connect_anyway(&self) -> Result<Pin<Box<dyn Socket>>, BoxError> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // The scheme says what is done with the connection, which is ours to do.
        connector.enforce_http(false);
        // Divided among the addresses of the name, so that the first of them cannot take it all; the outer one bounds the resolver, too.
        connector.set_connect_timeout(Some(CONNECT_LIMIT));
        let stream = timeout(CONNECT_LIMIT, connector.call(self.address.clone())).await??.into_inner();
        if !is_over_tls(&self.address) {
            return Ok(Box::pin(stream));
        }
        let no_identity = || io::Error::other("without certificates nobody is called over TLS");
        let (tls, host) = self.tls.as_ref().zip(host(&self.address)).ok_or_else(no_identity)?;
        Ok(Box::pin(timeout(PROOF_LIMIT, tls.connect(host, stream)).await??))
    }
}

/// What a failed connection means. A caller's deadline shall be told in the same way whether the neighbour is in this process or not; tonic
/// calls it CANCELLED, and a connection that is closed while the request waits for it too.
fn connection_status(error: &tonic::transport::Error) -> Status {
    let error: &(dyn Error + 'static) = error;
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    if causes.any(<dyn Error>::is::<TimeoutExpired>) {
        too_late()
    } else {
        Status::unavailable("the connection failed")
    }
}

fn too_late() -> Status {
    Problem::new(ErrorReason::DeadlineExceeded).to_status(&Call::without_headers())
}
