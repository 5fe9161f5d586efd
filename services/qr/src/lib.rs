//! The QR service: signed codes, from issue to verification.
//!
//! Owns: the signing keys and their life, which code stands for which revision of which registration, the picture of a code, the verdict on a
//! scanned one; the database `qr`. It knows registrations by resource name only: no name, no document number.
//! Does not own: the token's format (`entrypass-token`), and whether a registration is active (`entrypass-registration`, which it
//! asks at each verification, tells which registrations were first found good, and whose changes it follows).
//!
//! Invariants: one revision of one registration has one code id, for good; a code of an earlier revision is never `VALID`; whatever
//! cannot be learnt is `CANNOT_DECIDE`, never `VALID`.

mod bundles;
mod code;
mod error;
mod following;
mod keys;
mod record;
mod service;
mod standing;
mod store;
mod telling;
mod upkeep;
mod verification;
mod wire;

use std::sync::Arc;

use entrypass_ambient::{Clock, Random};
use entrypass_audit::{Audit, Group};
use entrypass_db::{Database, retention::Retention};
use entrypass_follow::{AsOf, Change, Follower, PATIENCE};
use entrypass_proto::{
    qr::v1::qr_service_server::{self, QrServiceServer},
    registration::v1::registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{MAX_REQUEST_BYTES, Neighbour, Service, Transport};
use entrypass_token::Issuer;
use sea_orm::DatabaseTransaction;
use time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{record::Finding, store::Store};

pub use keys::{
    Custody, KeyEncryptionKeys, KeyEncryptionKeysError, KeyReport, KeyRules, KeyState, Keys, KeysError,
    Revocation, Rotation, Signer, SignerError, Vault, read_private,
};
pub use store::Migrator;

/// Full name of the gRPC service.
pub const SERVICE_NAME: &str = qr_service_server::SERVICE_NAME;

/// What a city can set.
#[derive(Debug, Clone)]
pub struct Config {
    /// The issuer in each token, two characters.
    pub issuer: Issuer,
    /// How long a displayed code verifies before fresh content must be asked for.
    pub display_for: Duration,
    /// How long a bundle holds after the hour up to which the changes of registrations are known in it.
    pub bundle_for: Duration,
    /// How long a repeated write gets its first answer.
    pub keep_answers: Duration,
    /// How long the record of a verification is kept.
    pub keep_verifications: Duration,
}

/// What the service needs from outside.
pub struct Deps {
    /// The service's own database, migrated by [`Migrator`].
    pub database: Database,
    /// The signing keys: those that sign and verify.
    pub keys: Keys,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws code ids.
    pub random: Arc<dyn Random>,
    /// The way to the registration service.
    pub registration: Transport,
    /// Ends the background.
    pub stopping: CancellationToken,
}

/// The service, ready to be run. In the background it follows the changes of registrations, looks after the signing keys, and forgets what is
/// kept for a time only.
#[must_use]
pub fn service(config: Config, deps: Deps) -> Service {
    let Deps { database, keys, clock, random, registration, stopping } = deps;
    let store = Store::new(database.clone(), Arc::clone(&random));
    let effects = following::Effects { clock: Arc::clone(&clock), random: Arc::clone(&random) };
    let upkeep = upkeep::Upkeep {
        store: store.clone(),
        clock: Arc::clone(&clock),
        keep_answers: config.keep_answers,
        keep_verifications: config.keep_verifications,
        retention: Retention::new(database.clone(), Arc::clone(&clock), "qr", random.uuid_v7(clock.now())),
        stopping: stopping.clone(),
    };
    let audit =
        Audit::of_resources("registrations", database.clone(), Arc::clone(&clock), Arc::clone(&random));
    let as_of = AsOf::default();
    let bundles = bundles::Bundles::new(bundles::Surroundings {
        store: store.clone(),
        keys: keys.clone(),
        clock: Arc::clone(&clock),
        random: Arc::clone(&random),
        as_of: as_of.clone(),
        issuer: config.issuer,
        holds_for: config.bundle_for,
    });
    let follower = Follower {
        registration: registration.clone(),
        database,
        patience: PATIENCE,
        stopping: stopping.clone(),
        as_of: as_of.clone(),
    };
    let first_verified = Arc::new(Notify::new());
    let telling = telling::Telling {
        store: store.clone(),
        registration: RegistrationServiceClient::new(registration.clone()),
        written: Arc::clone(&first_verified),
        stopping: stopping.clone(),
    };
    let keys_upkeep = keys::Upkeep::new(keys.clone());
    let codes = service::Codes {
        config,
        recorder: recorder(store.clone(), first_verified),
        audit: audit.clone(),
        store,
        keys,
        clock,
        random,
        registration: Neighbour::new(RegistrationServiceClient::new(registration)),
        as_of,
        bundles: bundles.clone(),
        stopping: stopping.clone(),
    };
    let server = QrServiceServer::new(codes).max_decoding_message_size(MAX_REQUEST_BYTES);
    let apply = async move |transaction: &DatabaseTransaction, change: &Change| {
        effects.apply(transaction, change).await
    };
    let background = async move {
        tokio::join!(
            follower.run(apply),
            upkeep.run(),
            telling.run(),
            keys_upkeep.run(stopping.clone()),
            bundles.run(stopping.clone()),
            audit.run(stopping)
        );
    };
    Service { routes: Routes::new(server), background: Box::pin(background) }
}

/// Writes verifications down, and wakes whoever tells of the first ones.
fn recorder(store: Store, first_verified: Arc<Notify>) -> Arc<Group<Finding>> {
    Group::new("verifications leave no record for now", move |findings: Vec<Finding>| {
        let (store, first_verified) = (store.clone(), Arc::clone(&first_verified));
        async move {
            let first = findings.iter().any(|finding| !finding.first_verified.is_empty());
            store.keep_verifications(findings).await?;
            if first {
                first_verified.notify_one();
            }
            Ok(())
        }
    })
}
