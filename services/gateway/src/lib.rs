//! The gateway: the public API, composed from the services.
//!
//! Owns: `entrypass.gateway.v1.EntryPassService`, the order in which one request needs several services, and what of their answers a
//! caller sees. **It has no database** and no rule of its own: whatever is decided, a service decides.
//! Does not own: registrations, codes, passes.
//!
//! A flow moves forward only: what is committed in one service stays, and a caller that repeats its request completes whatever
//! was left. A neighbour that is down or slow takes only its own part of an answer with it, where the caller can use the rest.

/// Calls `$method` of the neighbour `$service` with `$message`. Macros stand before the modules: they are known from their place on.
macro_rules! ask {
    ($gateway:ident, $call:ident, $service:ident.$method:ident($message:expr)) => {
        $gateway
            .$service
            .ask(&$call, $message, |mut client, request| async move { client.$method(request).await })
            .await
            .map_err(|status| ::entrypass_rpc::Problem::from_neighbour(stringify!($service), status))
    };
}

/// The message `$from` as `$to`, which has the same fields. They are named one by one, so that a new field does not compile until it is
/// handled.
macro_rules! same {
    ($message:expr, $from:path => $to:path { $($field:ident),* $(,)? }) => {{
        let $from { $($field),* } = $message;
        $to { $($field),* }
    }};
}

mod checkpoint;
mod codes;
mod companions;
mod corrections;
mod electronic_pass;
mod entry_pass;
mod registration;
mod returning;
mod service;
mod traveller;
mod watch;
mod wire;
mod withdraw;

use entrypass_proto::{
    epass::v1::epass_service_client::EpassServiceClient,
    gateway::v1::entry_pass_service_server::{self, EntryPassServiceServer},
    qr::v1::qr_service_client::QrServiceClient,
    registration::v1::registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{MAX_REQUEST_BYTES, Neighbour, Transport};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// Largest answer of the QR service, in bytes: a bundle of 64 MiB, and what stands beside it.
const LARGEST_BUNDLE: usize = 65 * 1024 * 1024;

/// Full name of the gRPC service.
pub const SERVICE_NAME: &str = entry_pass_service_server::SERVICE_NAME;

/// What the service needs from outside.
#[derive(Debug, Clone)]
pub struct Deps {
    /// To `RegistrationService`.
    pub registration: Transport,
    /// To `QrService`.
    pub qr: Transport,
    /// To `EpassService`.
    pub epass: Transport,
    /// Cancelled when the streams have to end.
    pub stopping: CancellationToken,
}

/// The service, ready to be mounted.
#[must_use]
pub fn routes(deps: Deps) -> Routes {
    let Deps { registration, qr, epass, stopping } = deps;
    let gateway = service::Gateway {
        registration: Neighbour::new(RegistrationServiceClient::new(registration)),
        qr: Neighbour::new(QrServiceClient::new(qr).max_decoding_message_size(LARGEST_BUNDLE)),
        epass: Neighbour::new(EpassServiceClient::new(epass)),
        stopping,
    };
    Routes::new(EntryPassServiceServer::new(gateway).max_decoding_message_size(MAX_REQUEST_BYTES))
}
