//! The identity service that ships: what document and declaration say of each other, without asking anybody.
//!
//! Owns: `entrypass.identity.v1.IdentityService` as far as it can be served without a register. It reaches the strength FORMAL and says so; a city
//! puts its real-name service in its place, by serving the same contract.
//! Does not own: the rules of numbers (`entrypass-document`), what strength is needed, or what follows from a verdict. **It keeps nothing**: no
//! database, and no log of whom it was asked about. The registration service, which asks, has the audit record of each verification.

mod service;
mod verification;
mod wire;

use std::sync::Arc;

use entrypass_ambient::Clock;
use entrypass_proto::identity::v1::identity_service_server::IdentityServiceServer;
use entrypass_rpc::MAX_REQUEST_BYTES;
use tonic::service::Routes;

pub use entrypass_proto::identity::v1::identity_service_server::SERVICE_NAME;

/// The service, ready to be mounted. `clock` tells the day against which birth dates in numbers are judged.
#[must_use]
pub fn routes(clock: Arc<dyn Clock>) -> Routes {
    let server = IdentityServiceServer::new(service::Identity { clock });
    Routes::new(server.max_decoding_message_size(MAX_REQUEST_BYTES))
}
