//! A service that notes how it was called and does what its caller says.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use entrypass_access::Peer;
use entrypass_proto::qr::v1::{
    self as pb,
    qr_service_client::QrServiceClient,
    qr_service_server::{QrService, QrServiceServer, SERVICE_NAME},
};
use entrypass_rpc::{
    Addresses, AnswerStream, Call, EdgeLayer, Guard, Listener, Operations, Transport, serve,
};
use futures_util::StreamExt as _;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, service::Routes};
use uuid::Uuid;

/// How often a copy looks at its health, which does not change.
const HEALTH_EVERY: Duration = Duration::from_mins(1);

/// How a service is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    InProcess,
    Socket,
}

/// A way to a probe, which notes its calls.
pub struct Reached {
    pub client: QrServiceClient<Transport>,
    /// Leads to health as well, over a socket.
    pub transport: Transport,
    pub probe: Arc<Probe>,
}

/// Notes when and with which context it was called.
#[derive(Default)]
pub struct Probe {
    calls: Mutex<Vec<(Instant, Call)>>,
    peers: Mutex<Vec<Peer>>,
    failures: Mutex<VecDeque<Status>>,
    next: Option<QrServiceClient<Transport>>,
}

/// A listener that can be stopped, and is well.
pub struct Copy {
    pub probe: Arc<Probe>,
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Reached {
    /// A probe behind a layer that draws the trace id `fresh_trace`.
    pub async fn by(way: Way, fresh_trace: u128) -> Self {
        Self::start(way, edge(fresh_trace), Probe::default()).await
    }

    /// A probe behind `guard`.
    pub async fn behind(guard: Guard, way: Way) -> Self {
        Self::start(way, edge(1).guarded_by(guard), Probe::default()).await
    }

    /// A probe behind `edge`, which hands calls on to `next`.
    pub async fn between(edge: EdgeLayer, next: QrServiceClient<Transport>, way: Way) -> Self {
        Self::start(way, edge, Probe { next: Some(next), ..Probe::default() }).await
    }

    /// A probe that hands calls on to `next`.
    pub async fn before(next: &Self, way: Way, fresh_trace: u128) -> Self {
        let next = Some(next.client.clone());
        Self::start(way, edge(fresh_trace), Probe { next, ..Probe::default() }).await
    }

    async fn start(way: Way, edge: EdgeLayer, probe: Probe) -> Self {
        let probe = Arc::new(probe);
        let routes = Routes::new(QrServiceServer::from_arc(Arc::clone(&probe)));
        let transport = match way {
            Way::InProcess => Transport::local(routes, &edge),
            Way::Socket => {
                let (_, routes) =
                    Operations::mount(vec![SERVICE_NAME], routes).expect("readable descriptors");
                let (listener, address) = bind().await;
                tokio::spawn(serve(listener, routes, edge, std::future::pending()));
                remote(&[address])
            }
        };
        Self { client: QrServiceClient::new(transport.clone()), transport, probe }
    }
}

/// An open layer that draws the trace id `fresh_trace`.
fn edge(fresh_trace: u128) -> EdgeLayer {
    EdgeLayer::new(move || Uuid::from_u128(fresh_trace))
}

/// The way to the copies at `addresses`.
pub fn remote(addresses: &[SocketAddr]) -> Transport {
    let addresses: Vec<_> = addresses.iter().map(|address| format!("http://{address}")).collect();
    Transport::remote(&Addresses::try_from(addresses).expect("addresses"))
}

/// Listens on a free port of this machine.
pub async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// A port of this machine that refuses connections. It is held, so that no other test gets it meanwhile.
pub struct Vacant {
    pub address: SocketAddr,
    socket: TcpSocket,
}

impl Vacant {
    /// A port that was free.
    pub fn any() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    fn at(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("a setting of sockets");
        socket.bind(address).expect("a free port");
        Self { address: socket.local_addr().expect("an address"), socket }
    }
}

impl Copy {
    /// A probe on a free port.
    pub async fn start() -> Self {
        let (listener, address) = bind().await;
        Self::serve(listener.into(), address, Arc::default())
    }

    /// A probe in the place of one that was stopped.
    pub fn again(place: Vacant) -> Self {
        let Vacant { address, socket } = place;
        Self::serve(socket.listen(64).expect("a listener").into(), address, Arc::default())
    }

    pub fn serve(listener: Listener, address: SocketAddr, probe: Arc<Probe>) -> Self {
        let routes = Routes::new(QrServiceServer::from_arc(Arc::clone(&probe)));
        let (operations, routes) =
            Operations::mount(vec![SERVICE_NAME], routes).expect("readable descriptors");
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let well = entrypass_rpc::Probe::new(async || Ok(()));
            let end = CancellationToken::new();
            let _ended_with_this = end.clone().drop_guard();
            tokio::spawn(operations.follow(vec![(SERVICE_NAME, well)], HEALTH_EVERY, end));
            let stopped = async {
                let _ = stopped.await;
            };
            serve(listener, routes, EdgeLayer::new(Uuid::nil), stopped).await.expect("served to the end");
        });
        Self { probe, address, stop, serving }
    }

    /// Stops it.
    pub async fn stop(self) -> Vacant {
        self.stop.send(()).expect("it waits for this");
        self.serving.await.expect("it ends without a panic");
        Vacant::at(self.address)
    }
}

impl Probe {
    /// When and with which context it was called, in order.
    pub fn calls(&self) -> Vec<(Instant, Call)> {
        locked(&self.calls).clone()
    }

    /// Who called it over a socket, as their certificates say, in order.
    pub fn peers(&self) -> Vec<Peer> {
        locked(&self.peers).clone()
    }

    /// Answers the next calls of `IssueQrCodes` with these, one each.
    pub fn fail_with(&self, failures: impl IntoIterator<Item = Status>) {
        locked(&self.failures).extend(failures);
    }

    fn note<T>(&self, request: &Request<T>) -> Call {
        let call = Call::of(request);
        locked(&self.calls).push((Instant::now(), call.clone()));
        locked(&self.peers).extend(request.extensions().get().cloned());
        call
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The service, of which the tests call these methods; of the listed ones, none.
macro_rules! qr_service_without {
    ($($method:ident: $request:ident => $response:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl QrService for Probe {
            /// Answers at once.
            async fn list_verification_keys(
                &self,
                request: Request<pb::ListVerificationKeysRequest>,
            ) -> Result<Response<pb::ListVerificationKeysResponse>, Status> {
                self.note(&request);
                Ok(Response::new(pb::ListVerificationKeysResponse::default()))
            }

            /// Panics, and tells whom it was about.
            async fn verify_qr_code(
                &self,
                request: Request<pb::VerifyQrCodeRequest>,
            ) -> Result<Response<pb::VerifyQrCodeResponse>, Status> {
                self.note(&request);
                panic!("cannot verify {}", request.into_inner().content);
            }

            /// Never answers.
            async fn render_qr_code(
                &self,
                request: Request<pb::RenderQrCodeRequest>,
            ) -> Result<Response<pb::RenderQrCodeResponse>, Status> {
                self.note(&request);
                std::future::pending().await
            }

            /// Asks the next one.
            async fn revoke_qr_codes(
                &self,
                request: Request<pb::RevokeQrCodesRequest>,
            ) -> Result<Response<pb::RevokeQrCodesResponse>, Status> {
                let call = self.note(&request);
                let mut next = self.next.clone().ok_or_else(|| Status::failed_precondition("the last one"))?;
                next.list_verification_keys(call.request(pb::ListVerificationKeysRequest {})).await?;
                Ok(Response::new(pb::RevokeQrCodesResponse::default()))
            }

            /// Fails as it was told to, and then answers.
            async fn issue_qr_codes(
                &self,
                request: Request<pb::IssueQrCodesRequest>,
            ) -> Result<Response<pb::IssueQrCodesResponse>, Status> {
                self.note(&request);
                match locked(&self.failures).pop_front() {
                    Some(failure) => Err(failure),
                    None => Ok(Response::new(pb::IssueQrCodesResponse::default())),
                }
            }

            type WatchVerificationBundleStream = AnswerStream<pb::WatchVerificationBundleResponse>;

            /// A stream that never says anything.
            async fn watch_verification_bundle(
                &self,
                request: Request<pb::WatchVerificationBundleRequest>,
            ) -> Result<Response<Self::WatchVerificationBundleStream>, Status> {
                self.note(&request);
                Ok(Response::new(futures_util::stream::pending().boxed()))
            }

            $(async fn $method(&self, _: Request<pb::$request>) -> Result<Response<pb::$response>, Status> {
                Err(Status::unimplemented("nobody calls this"))
            })+
        }
    };
}

qr_service_without! {
    verify_qr_codes: VerifyQrCodesRequest => VerifyQrCodesResponse,
    list_verifications: ListVerificationsRequest => ListVerificationsResponse,
    count_verifications: CountVerificationsRequest => CountVerificationsResponse,
    suspend_qr_codes: SuspendQrCodesRequest => SuspendQrCodesResponse,
    reinstate_qr_codes: ReinstateQrCodesRequest => ReinstateQrCodesResponse,
    change_qr_codes: ChangeQrCodesRequest => ChangeQrCodesResponse,
    export_qr_codes: ExportQrCodesRequest => ExportQrCodesResponse,
    get_qr_code_standing: GetQrCodeStandingRequest => GetQrCodeStandingResponse,
    get_verification_bundle: GetVerificationBundleRequest => GetVerificationBundleResponse,
}
