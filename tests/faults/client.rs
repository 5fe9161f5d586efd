//! A caller as a careful partner writes one: it follows the health of all copies of the gateway, and repeats what may be repeated.
//!
//! Made on tonic's own channel and the published contract alone, so that nothing of ours helps it; but for TLS, which tonic is built without.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use entrypass_proto::gateway::v1::entry_pass_service_client::EntryPassServiceClient;
use entrypass_tls::Tls;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
};
use tonic::{
    Code, Request, Response, Status,
    transport::{Channel, Endpoint, Uri},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_types::StatusExt as _;

/// What one try of a call may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// What all tries of a call may take: longer than any fault of ours lasts.
const PATIENCE: Duration = Duration::from_mins(1);
/// Rest between two tries.
const REST: Duration = Duration::from_millis(50);

/// A gateway's client.
pub(crate) type Client = EntryPassServiceClient<Channel>;

/// What a caller repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insistence {
    /// Whatever may have been an accident: UNAVAILABLE, a deadline, a connection that broke.
    AfterAnyAccident,
    /// UNAVAILABLE only: nothing else may happen while copies are restarted in an orderly way.
    AfterUnavailable,
    /// As [`Self::AfterAnyAccident`]; and of the first answers to each call nobody hears, since the caller hangs up sooner or later than
    /// they are given.
    GivesUpAtFirst,
}

/// Answers to one call that nobody hears of a caller who gives up at first.
const LOST: u64 = 3;

/// All copies of the gateway, and which of them are serving. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Gateways {
    copies: Arc<Vec<Copy>>,
    next: Arc<AtomicUsize>,
    retried: Arc<AtomicUsize>,
    _health: Arc<JoinSet<()>>,
}

struct Copy {
    channel: Channel,
    serving: Arc<AtomicBool>,
}

impl Gateways {
    /// The copies at `addresses`, called over TLS with `tls` if it is given.
    pub(crate) fn at(addresses: &[String], tls: Option<&Tls>) -> Self {
        let mut health = JoinSet::new();
        let copies = addresses.iter().map(|address| {
            let channel = channel(address, tls.cloned());
            let serving = Arc::new(AtomicBool::new(false));
            health.spawn(follow(channel.clone(), Arc::clone(&serving)));
            Copy { channel, serving }
        });
        let copies = Arc::new(copies.collect::<Vec<_>>());
        Self { copies, next: Arc::default(), retried: Arc::default(), _health: Arc::new(health) }
    }

    /// How often a call was repeated.
    pub(crate) fn retried(&self) -> usize {
        self.retried.load(Ordering::SeqCst)
    }

    /// Makes a call with the same message until it is answered, by any copy that says it is serving.
    pub(crate) async fn insist<Q: Clone, A>(
        &self,
        insistence: Insistence,
        message: Q,
        call: impl AsyncFn(Client, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Status> {
        let begun = tokio::time::Instant::now();
        if insistence == Insistence::GivesUpAtFirst {
            for nth in 0..LOST {
                let patience =
                    Duration::from_millis(1 + 7 * nth + self.next.load(Ordering::SeqCst) as u64 % 7);
                let unheard = call(self.serving().await, Request::new(message.clone()));
                let _ = tokio::time::timeout(patience, unheard).await;
                self.retried.fetch_add(1, Ordering::SeqCst);
            }
        }
        loop {
            let mut request = Request::new(message.clone());
            request.set_timeout(DEADLINE);
            match call(self.serving().await, request).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) if !may_repeat(insistence, &status) || begun.elapsed() > PATIENCE => {
                    return Err(status);
                }
                Err(_) => {
                    self.retried.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// A client of the next copy that is serving; waits until there is one.
    async fn serving(&self) -> Client {
        loop {
            for _ in 0..self.copies.len() {
                let next = self.next.fetch_add(1, Ordering::SeqCst) % self.copies.len();
                let copy = &self.copies[next];
                if copy.serving.load(Ordering::SeqCst) {
                    return EntryPassServiceClient::new(copy.channel.clone());
                }
            }
            tokio::time::sleep(REST).await;
        }
    }
}

/// A connection that makes itself.
fn channel(address: &str, tls: Option<Tls>) -> Channel {
    let address: Uri = address.parse().expect("an address");
    let endpoint = Endpoint::from_static("http://gateway").origin(address.clone());
    let endpoint = endpoint.connect_timeout(Duration::from_secs(1));
    endpoint.connect_with_connector_lazy(tower::service_fn(move |_| connect(address.clone(), tls.clone())))
}

async fn connect(address: Uri, tls: Option<Tls>) -> io::Result<TokioIo<Pin<Box<dyn Socket>>>> {
    let (host, port) = address.host().zip(address.port_u16()).expect("host and port");
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let socket: Pin<Box<dyn Socket>> = match tls {
        Some(tls) => Box::pin(tls.connect(host, stream).await?),
        None => Box::pin(stream),
    };
    Ok(TokioIo::new(socket))
}

trait Socket: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Socket for S {}

fn may_repeat(insistence: Insistence, status: &Status) -> bool {
    let of_the_connection = status.get_details_error_info().is_none();
    let accident = status.code() == Code::DeadlineExceeded || of_the_connection;
    status.code() == Code::Unavailable || (insistence != Insistence::AfterUnavailable && accident)
}

/// Keeps `serving` at what the copy behind `channel` says of itself.
async fn follow(channel: Channel, serving: Arc<AtomicBool>) {
    loop {
        let request = HealthCheckRequest { service: entrypass_gateway::SERVICE_NAME.to_owned() };
        if let Ok(states) = HealthClient::new(channel.clone()).watch(request).await {
            let mut states = states.into_inner();
            while let Ok(Some(state)) = states.message().await {
                serving.store(state.status() == ServingStatus::Serving, Ordering::SeqCst);
            }
        }
        serving.store(false, Ordering::SeqCst);
        tokio::time::sleep(REST).await;
    }
}
