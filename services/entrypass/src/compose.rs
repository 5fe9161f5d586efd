//! Which service is reached how: one function for each service, and all of them in one process.

use std::sync::Arc;

use entrypass_ambient::{Clock, Random, SystemClock, SystemRandom};
use entrypass_db::{Database, DatabaseUrl, OpenError};
use entrypass_qr::{KeyFileError, Keys};
use entrypass_rpc::{EdgeLayer, Operations, Service, Transport};
use thiserror::Error;
use time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{
    config::{Config, ConfigError},
    data_dir::{DataDir, DataDirError},
};

/// Time and randomness, for all services of a process.
#[derive(Clone)]
pub struct Surroundings {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws random bytes.
    pub random: Arc<dyn Random>,
}

/// All four services in one process.
pub struct AllInOne {
    /// Everything that a listener serves: the services, health, reflection.
    pub routes: Routes,
    /// Reports health.
    pub operations: Operations,
}

/// Why the program does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// A database cannot be used.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The signing key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The compiled descriptors cannot be read.
    #[error("the program's own descriptors are not readable")]
    Reflection(#[from] tonic_reflection::server::Error),
}

impl Surroundings {
    /// The machine's clock and random source.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom) }
    }

    /// The layer around every service.
    #[must_use]
    pub fn edge(&self) -> EdgeLayer {
        let Self { clock, random } = self.clone();
        EdgeLayer::new(move || random.uuid_v7(clock.now()))
    }
}

/// The registration service on its database in `data_dir`.
///
/// # Errors
/// When configuration or database cannot be used.
pub async fn registration(
    config: &Config,
    data_dir: &DataDir,
    surroundings: &Surroundings,
) -> Result<Routes, StartError> {
    let settings = config.registration.service()?;
    let file = data_dir.file("registration.sqlite3");
    let database = Database::open::<entrypass_registration::Migrator>(&DatabaseUrl::sqlite(&file), 4).await?;
    let Surroundings { clock, random } = surroundings.clone();
    let deps = entrypass_registration::Deps { database, clock, random };
    Ok(entrypass_registration::routes(settings, deps))
}

/// The QR service on its database and key in `data_dir`.
///
/// # Errors
/// When configuration, database or key cannot be used.
pub async fn qr(
    config: &Config,
    data_dir: &DataDir,
    surroundings: &Surroundings,
    registration: Transport,
) -> Result<Routes, StartError> {
    let settings = config.qr.service()?;
    let database =
        Database::open::<entrypass_qr::Migrator>(&DatabaseUrl::sqlite(&data_dir.file("qr.sqlite3")), 4)
            .await?;
    let Surroundings { clock, random } = surroundings.clone();
    let keys = Keys::open(&data_dir.file("qr-signing-key.hex"), random.as_ref())?;
    let stopping = CancellationToken::new();
    let deps = entrypass_qr::Deps { database, keys, clock, random, registration, stopping };
    Ok(run(entrypass_qr::service(settings, deps)))
}

/// The epass service on its database in `data_dir`.
///
/// # Errors
/// When the database cannot be used.
pub async fn epass(
    data_dir: &DataDir,
    surroundings: &Surroundings,
    registration: Transport,
) -> Result<Routes, StartError> {
    let database =
        Database::open::<entrypass_epass::Migrator>(&DatabaseUrl::sqlite(&data_dir.file("epass.sqlite3")), 4)
            .await?;
    let Surroundings { clock, random } = surroundings.clone();
    let stopping = CancellationToken::new();
    let deps = entrypass_epass::Deps { database, clock, random, registration, stopping };
    let settings = entrypass_epass::Config { keep_answers: Duration::days(7) };
    Ok(run(entrypass_epass::service(settings, deps)))
}

/// All four services, each calling its neighbours in this process.
///
/// # Errors
/// When any of them cannot start.
pub async fn all_in_one(
    config: &Config,
    data_dir: &DataDir,
    surroundings: &Surroundings,
) -> Result<AllInOne, StartError> {
    let edge = surroundings.edge();
    let registration = registration(config, data_dir, surroundings).await?;
    let to_registration = Transport::local(registration.clone(), &edge);
    let qr = qr(config, data_dir, surroundings, to_registration.clone()).await?;
    let epass = epass(data_dir, surroundings, to_registration.clone()).await?;
    let gateway = entrypass_gateway::routes(entrypass_gateway::Deps {
        registration: to_registration,
        qr: Transport::local(qr.clone(), &edge),
        epass: Transport::local(epass.clone(), &edge),
    });
    let services = vec![
        entrypass_gateway::SERVICE_NAME,
        entrypass_registration::SERVICE_NAME,
        entrypass_qr::SERVICE_NAME,
        entrypass_epass::SERVICE_NAME,
    ];
    let routes = [registration, qr, epass].into_iter().fold(gateway, merge);
    let (operations, routes) = Operations::mount(services, routes)?;
    Ok(AllInOne { routes, operations })
}

/// Sets the background going, and gives the routes.
fn run(service: Service) -> Routes {
    tokio::spawn(service.background);
    service.routes
}

fn merge(all: Routes, more: Routes) -> Routes {
    // Each set of routes answers UNIMPLEMENTED for what it does not serve; only one of them can do so for all.
    all.into_axum_router().merge(more.into_axum_router().reset_fallback()).into()
}
