//! Serving routes on a socket, with what operators need on every listener: health and reflection.

use std::time::Duration;

use tokio::net::TcpListener;
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::EdgeLayer;

/// The operators' side of a listener: `grpc.health.v1` for each service and for "", reflection v1 and v1alpha.
#[derive(Debug)]
pub struct Operations {
    health: HealthReporter,
    services: Vec<&'static str>,
}

impl Operations {
    /// Adds health and reflection to `routes`, which serve `services` (full names, `entrypass.qr.v1.QrService`).
    ///
    /// # Errors
    /// When the compiled descriptors cannot be read, which would be a fault of the build.
    pub fn mount(
        services: Vec<&'static str>,
        routes: Routes,
    ) -> Result<(Self, Routes), tonic_reflection::server::Error> {
        let (health, health_server) = tonic_health::server::health_reporter();
        let routes = routes
            .add_service(health_server)
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?);
        Ok((Self { health, services }, routes))
    }

    /// Reports every service, and the whole (""), as serving.
    pub async fn set_serving(&self) {
        self.report(ServingStatus::Serving).await;
    }

    /// Reports every service, and the whole (""), as not serving: callers that follow health go elsewhere.
    pub async fn set_not_serving(&self) {
        self.report(ServingStatus::NotServing).await;
    }

    async fn report(&self, status: ServingStatus) {
        for service in self.services.iter().copied().chain([""]) {
            self.health.set_service_status(service, status).await;
        }
    }
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(entrypass_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        // Without these grpcurl prints the details of an error as base64.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

/// Serves `routes` on `listener` until `shutdown` resolves; calls in flight are finished first.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    edge: EdgeLayer,
    shutdown: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    Server::builder()
        .layer(edge)
        .http2_keepalive_interval(Some(Duration::from_mins(1)))
        .add_routes(routes)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), shutdown)
        .await
}
