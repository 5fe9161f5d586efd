//! The registration service: travellers, their entry registrations and revisions, notices, companions.
//!
//! Owns: who is registered, with which document and what declaration, and who travels with whom; the rules of the form; the
//! database `registration`. A person is stable (`travellers/{id}`), each entry is a registration of its own.
//! Does not own: codes (`entrypass-qr`), electronic passes (`entrypass-epass`), who may call (`entrypass-gateway`), and whether somebody is who they
//! declare to be (`entrypass-identity`, or a city's own service of that contract).
//!
//! Invariants: a person has at most one active registration, by a unique index; every change is a revision, and none is ever
//! overwritten; a document belongs to one person for good.

mod change;
mod error;
mod form;
mod name;
mod notice;
mod proof;
mod registration;
mod service;
mod store;
mod upkeep;
mod wire;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_audit::Audit;
use entrypass_db::Database;
use entrypass_feed::Feed;
use entrypass_proto::registration::v1::registration_service_server::{self, RegistrationServiceServer};
use entrypass_rpc::{MAX_REQUEST_BYTES, Service, Transport};
use time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::upkeep::Upkeep;

pub use notice::{Notice, NoticeError};
pub use proof::ProofLimits;
pub use store::{Migrator, ResealError, Unreadable, reseal, rows_under_keys};

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
    /// How many holder proofs may fail.
    pub failed_proofs: ProofLimits,
    /// How long the first answer to a `request_id` is kept.
    pub keep_answers: Duration,
    /// How long changes are kept in the feed. At least as long as a registration can last: a follower that lost its place begins with
    /// the oldest change, and must then have missed only registrations that have ended by time.
    pub keep_changes: Duration,
    /// How long a registration is kept after its end. Who has no other is erased with the last one.
    pub keep_registrations: Duration,
    /// How often a follower is told that nothing happened.
    pub checkpoint_every: std::time::Duration,
    /// How often ended registrations are written down, and what is kept no longer is removed.
    pub upkeep_every: std::time::Duration,
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
    /// The neighbour that says whether somebody is who they declare to be.
    pub identity: Transport,
    /// Is cancelled when the service is to stop: streams and background work end.
    pub stopping: CancellationToken,
}

impl Config {
    /// The defaults, with `notice` in force: 30 days, entries from 14 days ago to 30 ahead, 21 days of travel history, no
    /// health block, 8 companions; of one document 5 proofs may fail in 15 minutes, by one caller 100; answers are kept 7 days, changes 90, ended registrations 365.
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
            failed_proofs: ProofLimits { per_document: 5, per_caller: 100, window: Duration::minutes(15) },
            keep_answers: Duration::days(7),
            keep_changes: Duration::days(90),
            keep_registrations: Duration::days(365),
            checkpoint_every: std::time::Duration::from_secs(10),
            upkeep_every: std::time::Duration::from_secs(10),
        }
    }
}

/// The service, ready to be run.
#[must_use]
pub fn service(config: Config, deps: Deps) -> Service {
    let audit = Audit::new(deps.database.clone(), Arc::clone(&deps.clock), Arc::clone(&deps.random));
    audited(config, deps, audit)
}

/// The service without its audit, by which a benchmark measures what that costs. No program is built with it.
#[cfg(feature = "unrecorded")]
#[must_use]
pub fn service_without_records(config: Config, deps: Deps) -> Service {
    let audit = Audit::new(deps.database.clone(), Arc::clone(&deps.clock), Arc::clone(&deps.random));
    audited(config, deps, audit.without_records())
}

fn audited(config: Config, deps: Deps, audit: Audit) -> Service {
    let feed =
        Feed::new(deps.database.clone(), Arc::clone(&deps.clock), Arc::clone(&deps.random), store::CHANNEL);
    let upkeep = Upkeep::new(&config, &deps, feed.clone());
    let stopping = deps.stopping.clone();
    let server = RegistrationServiceServer::new(service::Registrations::new(
        config,
        deps,
        feed.clone(),
        audit.clone(),
    ))
    .max_decoding_message_size(MAX_REQUEST_BYTES);
    let background = async move {
        tokio::join!(feed.run(stopping.clone()), upkeep.run(stopping.clone()), audit.run(stopping));
    };
    Service { routes: Routes::new(server), background: Box::pin(background) }
}
