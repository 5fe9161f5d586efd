//! The electronic pass (电子通行证): who is offered it, applications, their review, and passes.
//!
//! Owns: which policy applies when, and what follows from it, the life of an application, passes issued here and passes recorded from other channels, with their life and their levels;
//! what authorities record that bears on a level; the change feed of all that.
//! Does not own: any name, document number or registration. A person is a resource name here, and what the rule asks about
//! a registration is fetched from the registration service at the moment of the question; its end, which ends an open application,
//! is learnt from that service's changes.

mod application;
mod change;
mod circumstances;
mod decision;
mod eligibility;
mod error;
mod facts;
mod following;
mod issuing;
mod level;
mod leveller;
mod pass;
mod policies;
mod policy;
#[cfg(test)]
mod samples;
mod service;
mod store;
mod text;
mod upkeep;
mod verification;
mod wire;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_audit::Audit;
use entrypass_db::{Database, retention::Retention};
use entrypass_feed::Feed;
use entrypass_follow::{AsOf, Change, Follower, PATIENCE};
use entrypass_proto::{
    epass::v1::epass_service_server::EpassServiceServer,
    registration::v1::registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{MAX_REQUEST_BYTES, Neighbour, Service, Transport};
use sea_orm::DatabaseTransaction;
use time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use entrypass_proto::epass::v1::epass_service_server::SERVICE_NAME;
pub use policies::Policies;
pub use store::{Migrator, missing_key, reseal, rows_under_keys};

/// What a city can set.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long a repeated write gets its first answer.
    pub keep_answers: Duration,
    /// The city's divisions: the first four digits of GB/T 2260, that of a province and a prefecture. Whose resident identity card begins
    /// with one counts as local.
    pub city_divisions: Vec<String>,
    /// How long an application that a reviewer has claimed is theirs alone.
    pub claims_last: Duration,
    /// How long a pass that is issued here is valid; without it, for good.
    pub passes_valid_for: Option<Duration>,
    /// How long what happened to passes is kept in the feed.
    pub keep_changes: Duration,
    /// How long quarantines and follow-ups are kept after they are over. Longer than a registration can last, or a fever that was followed up would
    /// stand against its holder again.
    pub keep_circumstances: Duration,
}

/// What the service needs from outside.
pub struct Deps {
    /// Its own database, brought up to date by [`Migrator`].
    pub database: Database,
    /// Tells when something was submitted, decided or recorded.
    pub clock: Arc<dyn Clock>,
    /// Draws resource names and pass numbers.
    pub random: Arc<dyn Random>,
    /// The neighbour that knows registrations and documents.
    pub registration: Transport,
    /// The policies: the ones of which the service's health is told.
    pub policies: Policies,
    /// Ends the background.
    pub stopping: CancellationToken,
}

/// The service, ready to be run. In the background it follows the changes of registrations, verifies the identities of those who applied, ends what nobody
/// touches, tells which levels change, and forgets what is old.
#[must_use]
pub fn service(config: Config, deps: Deps) -> Service {
    let (clock, random) = (Arc::clone(&deps.clock), Arc::clone(&deps.random));
    let feed = Feed::new(deps.database.clone(), clock, random, store::CHANNEL);
    let issuing = issuing::Issuing {
        random: Arc::clone(&deps.random),
        sealer: deps.database.sealer().clone(),
        valid_for: config.passes_valid_for,
    };
    let effects =
        following::Effects { clock: Arc::clone(&deps.clock), sealer: deps.database.sealer().clone() };
    let follower = Follower {
        registration: deps.registration.clone(),
        database: deps.database.clone(),
        patience: PATIENCE,
        stopping: deps.stopping.clone(),
        as_of: AsOf::default(),
    };
    let holder = deps.random.uuid_v7(deps.clock.now());
    let retention = Retention::new(deps.database.clone(), Arc::clone(&deps.clock), "epass", holder);
    let upkeep = upkeep::Upkeep {
        database: deps.database.clone(),
        clock: Arc::clone(&deps.clock),
        issuing: issuing.clone(),
        feed: feed.clone(),
        keep_answers: config.keep_answers,
        keep_changes: config.keep_changes,
        keep_circumstances: config.keep_circumstances,
        retention,
        stopping: deps.stopping.clone(),
    };
    let submitted = Arc::new(Notify::new());
    let verification = verification::Verification {
        database: deps.database.clone(),
        clock: Arc::clone(&deps.clock),
        feed: feed.clone(),
        issuing: issuing.clone(),
        policies: deps.policies.clone(),
        city_divisions: config.city_divisions.clone(),
        registration: Neighbour::new(RegistrationServiceClient::new(deps.registration.clone())),
        submitted: Arc::clone(&submitted),
        stopping: deps.stopping.clone(),
    };
    let leveller = leveller::Leveller {
        database: deps.database.clone(),
        clock: Arc::clone(&deps.clock),
        registration: RegistrationServiceClient::new(deps.registration.clone()),
        city_divisions: config.city_divisions.clone(),
        feed: feed.clone(),
        policies: deps.policies.clone(),
        stopping: deps.stopping.clone(),
    };
    let audit = Audit::new(deps.database.clone(), Arc::clone(&deps.clock), Arc::clone(&deps.random));
    let (recorded, numbered, stopping) = (audit.clone(), feed.clone(), deps.stopping.clone());
    let apply = async move |transaction: &DatabaseTransaction, change: &Change| {
        effects.apply(transaction, change).await
    };
    let background = async move {
        tokio::join!(
            follower.run(apply),
            upkeep.run(),
            verification.run(),
            leveller.run(),
            numbered.run(stopping.clone()),
            recorded.run(stopping)
        );
    };
    let server =
        EpassServiceServer::new(service::Epass::new(config, deps, (audit, feed), issuing, submitted))
            .max_decoding_message_size(MAX_REQUEST_BYTES);
    Service { routes: Routes::new(server), background: Box::pin(background) }
}
