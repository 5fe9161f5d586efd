//! The registration service: travellers, their entry registrations and revisions, notices, companions.
//!
//! Owns: who is registered, with which document and what declaration, and who travels with whom; the rules of the form; the
//! database `registration`. A person is stable (`travellers/{id}`), each entry is a registration of its own.
//! Does not own: codes (`entrypass-qr`), electronic passes (`entrypass-epass`), and who may call (`entrypass-gateway`).
//!
//! Invariants: a person has at most one active registration, by a unique index; every change is a revision, and none is ever
//! overwritten; a document belongs to one person for good.

mod error;
mod form;
mod name;
mod notice;
mod registration;
mod service;
mod store;
mod wire;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_db::Database;
use entrypass_proto::registration::v1::registration_service_server::{self, RegistrationServiceServer};
use entrypass_rpc::MAX_REQUEST_BYTES;
use time::Duration;
use tonic::service::Routes;

pub use notice::{Notice, NoticeError};
pub use store::Migrator;

/// Full name of the gRPC service.
pub const SERVICE_NAME: &str = registration_service_server::SERVICE_NAME;

/// What a city can set.
#[derive(Debug, Clone)]
pub struct Config {
    /// The notice in force.
    pub notice: Notice,
    /// How long a registration counts, from the beginning of the entry date.
    pub valid_for: Duration,
    /// How many days ago the entry may have been when it is declared.
    pub entry_days_before: u16,
    /// How many days ahead the entry may be when it is declared.
    pub entry_days_after: u16,
    /// How many days before entry the travel history covers.
    pub travel_history_days: u16,
    /// Whether the form has its health block.
    pub collect_health: bool,
    /// Whether the ICAO specimen state `UTO` issues passports: for demonstrations and tests only.
    pub accept_specimens: bool,
    /// Most companions of one holder.
    pub companion_limit: u32,
}

/// What the service needs from outside.
#[derive(Clone)]
pub struct Deps {
    /// The service's own database, migrated by [`Migrator`].
    pub database: Database,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws ids and references.
    pub random: Arc<dyn Random>,
}

impl Config {
    /// The defaults, with `notice` in force: 30 days, entries from 14 days ago to 30 ahead, 21 days of travel history, no
    /// health block, 8 companions.
    #[must_use]
    pub fn new(notice: Notice) -> Self {
        Self {
            notice,
            valid_for: Duration::days(30),
            entry_days_before: 14,
            entry_days_after: 30,
            travel_history_days: 21,
            collect_health: false,
            accept_specimens: false,
            companion_limit: 8,
        }
    }
}

/// The service, ready to be mounted.
#[must_use]
pub fn routes(config: Config, deps: Deps) -> Routes {
    let server = RegistrationServiceServer::new(service::Registrations::new(config, deps))
        .max_decoding_message_size(MAX_REQUEST_BYTES);
    Routes::new(server)
}
