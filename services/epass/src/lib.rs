//! The electronic pass (电子通行证): who is offered it, applications, their review, and passes.
//!
//! Owns: the rule of the offer, the life of an application, passes issued here and passes recorded from other channels.
//! Does not own: any name, document number or registration. A person is a resource name here, and what the rule asks about
//! a registration is fetched from the registration service at the moment of the question.

mod application;
mod eligibility;
mod error;
mod pass;
mod service;
mod store;
mod text;
mod wire;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_db::Database;
use entrypass_proto::epass::v1::epass_service_server::EpassServiceServer;
use entrypass_rpc::{MAX_REQUEST_BYTES, Transport};
use tonic::service::Routes;

pub use entrypass_proto::epass::v1::epass_service_server::SERVICE_NAME;
pub use store::Migrator;

/// What the service is built on. It has no settings of its own.
pub struct Deps {
    /// Its own database, brought up to date by [`Migrator`].
    pub database: Database,
    /// Tells when something was submitted, decided or recorded.
    pub clock: Arc<dyn Clock>,
    /// Draws resource names and pass numbers.
    pub random: Arc<dyn Random>,
    /// The neighbour that knows registrations and documents.
    pub registration: Transport,
}

/// The service, ready to be served on a socket or called in process.
#[must_use]
pub fn routes(deps: Deps) -> Routes {
    let service = service::Epass::new(deps);
    Routes::new(EpassServiceServer::new(service).max_decoding_message_size(MAX_REQUEST_BYTES))
}
