//! Which roles a process runs, and how each reaches its neighbours: in this process where they are in it, by address where not.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use entrypass_ambient::{Clock, Random, SystemClock, SystemRandom};
use entrypass_db::{Database, OpenError};
use entrypass_qr::{KeyFileError, Keys};
use entrypass_rpc::{EdgeLayer, Operations, Transport};
use futures_util::future::BoxFuture;
use sea_orm_migration::MigratorTrait;
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{
    config::{Config, ConfigError},
    data_dir::{DataDir, DataDirError},
    role::{Role, Service},
};

/// Time and randomness, for all services of a process.
#[derive(Clone)]
pub struct Surroundings {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws random bytes.
    pub random: Arc<dyn Random>,
}

/// The roles of one process, ready to be served.
pub struct System {
    /// Everything that a listener serves: the services, health, reflection.
    pub routes: Routes,
    /// Reports health.
    pub operations: Operations,
    /// What the services do unasked.
    pub background: Background,
    /// Ours as long as this lives; `None` when nothing of ours is in it.
    pub(crate) data_dir: Option<DataDir>,
}

/// What services do unasked, in tasks of their own. Dropping it ends them at once.
pub struct Background(JoinSet<()>);

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
    #[error("{}", .service.name())]
    Database {
        /// Whose.
        service: Service,
        /// What is wrong with it.
        source: OpenError,
    },
    /// The signing key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The configured signing key is not there. One is made in the data folder only, which no other process uses: two copies of
    /// the service that start at once would make two keys.
    #[error(
        "qr.key_file {path} is missing: copy the key there, or make one with `openssl rand -hex 32`, for its owner alone (chmod 600)"
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The neighbour's address is none.
    #[error("neighbours.{}", .service.name())]
    Neighbour {
        /// Whose.
        service: Service,
        /// What is wrong with it.
        source: tonic::transport::Error,
    },
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

impl Background {
    /// Waits until all have ended, which they do by themselves when the services are to stop.
    pub async fn ended(&mut self) {
        while let Some(task) = self.0.join_next().await {
            if let Err(error) = task {
                tracing::error!(%error, "what a service does unasked has failed");
            }
        }
    }
}

/// Opens everything that `roles` need, and only then puts them together and starts what they do unasked; they stop when `stopping`
/// is cancelled. `data_dir` is the folder of whatever has no place of its own.
///
/// # Errors
/// When settings, data folder, a database or the key cannot be used; nothing has been started then.
pub async fn start(
    config: &Config,
    roles: &[Role],
    data_dir: &Path,
    surroundings: &Surroundings,
    stopping: &CancellationToken,
) -> Result<System, StartError> {
    let ways = Ways::elsewhere(config, roles, surroundings.edge())?;
    let mut opened = Opened::open(config, roles, data_dir, surroundings).await?;
    let data_dir = opened.data_dir.take();
    let services = roles.iter().map(|role| role.service_name()).collect();
    let (routes, background) = opened.wire(ways, surroundings, stopping)?;
    let routes = routes.into_iter().reduce(merge).unwrap_or_default();
    let (operations, routes) = Operations::mount(services, routes)?;
    let background = Background(background.into_iter().collect());
    Ok(System { routes, operations, background, data_dir })
}

/// The ways to the services that somebody in this process calls.
struct Ways {
    edge: EdgeLayer,
    known: Vec<(Service, Transport)>,
}

impl Ways {
    /// Those to services that `roles` need and that run elsewhere.
    fn elsewhere(config: &Config, roles: &[Role], edge: EdgeLayer) -> Result<Self, StartError> {
        let mut known = Vec::new();
        for role in roles {
            for &service in role.neighbours().iter().filter(|service| !roles.contains(&service.role())) {
                let address = config.neighbours.address(service)?;
                let address = address.ok_or(ConfigError::NoAddress { role: *role, service })?;
                let way = Transport::remote(address);
                known.push((service, way.map_err(|source| StartError::Neighbour { service, source })?));
            }
        }
        Ok(Self { edge, known })
    }

    /// Notes that `service` runs in this process.
    fn add(&mut self, service: Service, routes: &Routes) {
        self.known.push((service, Transport::local(routes.clone(), &self.edge)));
    }

    fn to(&self, service: Service, role: Role) -> Result<Transport, ConfigError> {
        let way = self.known.iter().find(|(known, _)| *known == service).map(|(_, way)| way.clone());
        way.ok_or(ConfigError::NoAddress { role, service })
    }
}

/// What the roles of a process work with: settings, databases and key. Nothing runs yet.
struct Opened {
    data_dir: Option<DataDir>,
    gateway: bool,
    registration: Option<(entrypass_registration::Config, Database)>,
    qr: Option<(entrypass_qr::Config, Database, Keys)>,
    epass: Option<Database>,
}

impl Opened {
    async fn open(
        config: &Config,
        roles: &[Role],
        data_dir: &Path,
        surroundings: &Surroundings,
    ) -> Result<Self, StartError> {
        let runs = |service: Service| roles.contains(&service.role());
        let keeps_key = runs(Service::Qr) && config.qr.key_file.is_none();
        let keeps_tables = |service| runs(service) && config.database.is_in_data_dir(service);
        let needed = keeps_key || Service::ALL.into_iter().any(keeps_tables);
        let mut opened = Self {
            data_dir: needed.then(|| DataDir::open(data_dir)).transpose()?,
            gateway: roles.contains(&Role::Gateway),
            registration: None,
            qr: None,
            epass: None,
        };
        // Whatever is cheap to find out comes before the first database.
        let registration = runs(Service::Registration).then(|| config.registration.service(&config.requests));
        let registration = registration.transpose()?;
        let qr = runs(Service::Qr).then(|| config.qr.service()).transpose()?;
        let keys = runs(Service::Qr).then(|| keys(config, data_dir, surroundings.random.as_ref()));
        let qr = qr.zip(keys.transpose()?);
        if let Some(settings) = registration {
            let service = Service::Registration;
            let database = database::<entrypass_registration::Migrator>(config, service, data_dir).await?;
            opened.registration = Some((settings, database));
        }
        if let Some((settings, keys)) = qr {
            let database = database::<entrypass_qr::Migrator>(config, Service::Qr, data_dir).await?;
            opened.qr = Some((settings, database, keys));
        }
        if runs(Service::Epass) {
            opened.epass =
                Some(database::<entrypass_epass::Migrator>(config, Service::Epass, data_dir).await?);
        }
        Ok(opened)
    }

    /// Puts the services together, each before those that call it.
    fn wire(
        self,
        mut ways: Ways,
        surroundings: &Surroundings,
        stopping: &CancellationToken,
    ) -> Result<(Vec<Routes>, Vec<BoxFuture<'static, ()>>), ConfigError> {
        let Surroundings { clock, random } = surroundings;
        let (mut all, mut unasked) = (Vec::new(), Vec::new());
        if let Some((config, database)) = self.registration {
            let (clock, random) = (clock.clone(), random.clone());
            let stopping = stopping.clone();
            let deps = entrypass_registration::Deps { database, clock, random, stopping };
            let entrypass_rpc::Service { routes, background } = entrypass_registration::service(config, deps);
            unasked.push(background);
            ways.add(Service::Registration, &routes);
            all.push(routes);
        }
        if let Some((config, database, keys)) = self.qr {
            let registration = ways.to(Service::Registration, Role::Qr)?;
            let (clock, random) = (clock.clone(), random.clone());
            let deps = entrypass_qr::Deps { database, keys, clock, random, registration };
            let routes = entrypass_qr::routes(config, deps);
            ways.add(Service::Qr, &routes);
            all.push(routes);
        }
        if let Some(database) = self.epass {
            let registration = ways.to(Service::Registration, Role::Epass)?;
            let (clock, random) = (clock.clone(), random.clone());
            let routes =
                entrypass_epass::routes(entrypass_epass::Deps { database, clock, random, registration });
            ways.add(Service::Epass, &routes);
            all.push(routes);
        }
        if self.gateway {
            let to = |service| ways.to(service, Role::Gateway);
            let deps = entrypass_gateway::Deps {
                registration: to(Service::Registration)?,
                qr: to(Service::Qr)?,
                epass: to(Service::Epass)?,
            };
            all.push(entrypass_gateway::routes(deps));
        }
        Ok((all, unasked))
    }
}

async fn database<M: MigratorTrait>(
    config: &Config,
    service: Service,
    data_dir: &Path,
) -> Result<Database, StartError> {
    let url = config.database.url(service, data_dir)?;
    let database = Database::open::<M>(&url, config.database.connections()?).await;
    database.map_err(|source| StartError::Database { service, source })
}

fn keys(config: &Config, data_dir: &Path, random: &dyn Random) -> Result<Keys, StartError> {
    match &config.qr.key_file {
        Some(path) if !path.exists() => Err(StartError::NoKey { path: path.clone() }),
        Some(path) => Ok(Keys::open(path, random)?),
        None => Ok(Keys::open(&data_dir.join("qr-signing-key.hex"), random)?),
    }
}

fn merge(all: Routes, more: Routes) -> Routes {
    // Each set of routes answers UNIMPLEMENTED for what it does not serve; only one of them can do so for all.
    all.into_axum_router().merge(more.into_axum_router().reset_fallback()).into()
}
