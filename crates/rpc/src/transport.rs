//! How a neighbour is reached: in process, or over a socket. The same generated client sits on both.

use std::time::Duration;

use entrypass_proto::errors::v1::ErrorReason;
use http::{Request, Response};
use tonic::{
    Code, Status,
    body::Body,
    service::Routes,
    transport::{Channel, Endpoint},
};
use tower::{Layer as _, Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::{Call, EdgeLayer, Problem};

/// A way to a neighbour, cheap to clone.
///
/// The error is a concrete type because a boxed one breaks `tokio::spawn` around a generated client ("implementation of
/// `From` is not general enough").
#[derive(Debug, Clone)]
pub struct Transport(BoxCloneSyncService<Request<Body>, Response<Body>, Status>);

impl Transport {
    /// Calls `routes` in this process, without a socket, through the same [`EdgeLayer`] that a listener has.
    #[must_use]
    pub fn local(routes: Routes, edge: &EdgeLayer) -> Self {
        let service = edge.layer(routes.prepare());
        Self(BoxCloneSyncService::new(service.map_err(|never| match never {})))
    }

    /// Calls the address `uri` (`http://host:port`). Connects when first used, and again whenever the connection is lost.
    ///
    /// # Errors
    /// When `uri` is not an address.
    pub fn remote(uri: &str) -> Result<Self, tonic::transport::Error> {
        let channel: Channel = Endpoint::from_shared(uri.to_owned())?
            .connect_timeout(Duration::from_secs(3))
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(5))
            .tcp_nodelay(true)
            .connect_lazy();
        Ok(Self(BoxCloneSyncService::new(channel.map_err(connection_status))))
    }
}

/// What a failed connection means. tonic reports its client-side timer as CANCELLED; a caller's deadline shall be told in the same way
/// whether the neighbour is in this process or not.
fn connection_status(error: tonic::transport::Error) -> Status {
    let status = Status::from_error(Box::new(error));
    match status.code() {
        Code::Cancelled => Problem::new(ErrorReason::DeadlineExceeded).to_status(&Call::without_headers()),
        _ => status,
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = Status;
    type Future =
        <BoxCloneSyncService<Request<Body>, Response<Body>, Status> as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Status>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.0.call(request)
    }
}
