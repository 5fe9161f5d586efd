//! A service that notes how it was called and does what its caller says.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use entrypass_proto::qr::v1::{
    self as pb,
    qr_service_client::QrServiceClient,
    qr_service_server::{QrService, QrServiceServer, SERVICE_NAME},
};
use entrypass_rpc::{Call, EdgeLayer, Operations, Transport, serve};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, service::Routes};
use uuid::Uuid;

/// How a service is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    InProcess,
    Socket,
}

/// A way to a probe, which notes its calls.
pub struct Reached {
    pub client: QrServiceClient<Transport>,
    pub probe: Arc<Probe>,
}

/// Notes when and with which context it was called.
#[derive(Default)]
pub struct Probe {
    calls: Mutex<Vec<(Instant, Call)>>,
    next: Option<QrServiceClient<Transport>>,
}

impl Reached {
    /// A probe behind a layer that draws the trace id `fresh_trace`.
    pub async fn by(way: Way, fresh_trace: u128) -> Self {
        Self::start(way, fresh_trace, Probe::default()).await
    }

    /// A probe that hands calls on to `next`.
    pub async fn before(next: &Self, way: Way, fresh_trace: u128) -> Self {
        let next = Some(next.client.clone());
        Self::start(way, fresh_trace, Probe { next, ..Probe::default() }).await
    }

    async fn start(way: Way, fresh_trace: u128, probe: Probe) -> Self {
        let probe = Arc::new(probe);
        let routes = Routes::new(QrServiceServer::from_arc(Arc::clone(&probe)));
        let edge = EdgeLayer::new(move || Uuid::from_u128(fresh_trace));
        let transport = match way {
            Way::InProcess => Transport::local(routes, &edge),
            Way::Socket => listening(routes, edge).await,
        };
        Self { client: QrServiceClient::new(transport), probe }
    }
}

async fn listening(routes: Routes, edge: EdgeLayer) -> Transport {
    let (operations, routes) = Operations::mount(vec![SERVICE_NAME], routes).expect("readable descriptors");
    operations.set_serving().await;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let uri = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(serve(listener, routes, edge, std::future::pending()));
    Transport::remote(&uri.parse().expect("an address"))
}

impl Probe {
    /// When and with which context it was called, in order.
    pub fn calls(&self) -> Vec<(Instant, Call)> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note<T>(&self, request: &Request<T>) -> Call {
        let call = Call::of(request);
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), call.clone()));
        call
    }
}

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

    async fn issue_qr_codes(
        &self,
        _: Request<pb::IssueQrCodesRequest>,
    ) -> Result<Response<pb::IssueQrCodesResponse>, Status> {
        Err(Status::unimplemented("nobody asks a probe for this"))
    }
}
