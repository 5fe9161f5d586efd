//! Which roles a process runs, and how each reaches its neighbours: in this process where they are in it, by address where not.

mod door;
mod ways;

use std::{future::ready, path::Path, sync::Arc, time::Duration};

use entrypass_ambient::{Clock, Random, SystemClock, SystemRandom};
use entrypass_db::{Database, DatabaseUrl, OpenError};
use entrypass_qr::{Custody, KeyRules, Keys, KeysError, Vault};
use entrypass_rpc::{EdgeLayer, Operations, Probe};
use entrypass_seal::Sealer;
use entrypass_tls::TlsError;
use futures_util::{FutureExt as _, future::BoxFuture};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use self::door::Door;
use self::ways::Ways;
use crate::{
    config::{Config, ConfigError, RingPlace},
    data_dir::{DataDir, DataDirError},
    key_rings::{Ring, RingError},
    role::{Role, Service},
};

/// How often health is looked at.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Time and randomness, for all services of a process.
#[derive(Clone)]
pub struct Surroundings {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws random bytes.
    pub random: Arc<dyn Random>,
}

/// The roles of one process, at work.
pub struct System {
    /// Everything that a listener serves: the services, health, reflection.
    pub routes: Routes,
    /// How callers come in.
    pub door: Door,
    /// Ends their work.
    pub stopper: Stopper,
    /// What they do unasked.
    pub background: Background,
    /// Ours as long as this lives; `None` when nothing of ours is in it.
    pub(crate) data_dir: Option<DataDir>,
}

/// Ends the work of a system, in two steps.
pub struct Stopper {
    operations: Operations,
    draining: CancellationToken,
    stopping: CancellationToken,
}

/// What services do unasked, in tasks of their own, and the reporting of health. Dropping it ends them at once.
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
    /// A key ring cannot be used.
    #[error(transparent)]
    KeyRing(#[from] RingError),
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A database cannot be used.
    #[error("{}", .service.name())]
    Database {
        /// Whose.
        service: Service,
        /// What is wrong with it.
        source: OpenError,
    },
    /// The signing keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
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

    /// The layer around everything at a listener.
    fn edge(&self) -> EdgeLayer {
        let Self { clock, random } = self.clone();
        EdgeLayer::new(move || random.uuid_v7(clock.now()))
    }

    /// The layer around a service that `role` calls in the same process.
    fn edge_inside(&self, role: Role) -> EdgeLayer {
        let Self { clock, random } = self.clone();
        EdgeLayer::inside(role.name(), move || random.uuid_v7(clock.now()))
    }
}

impl Stopper {
    /// Reports that nothing is serving any more: callers that follow health go elsewhere. Calls are still answered.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Ends streams, with a status that says to go on elsewhere, health watches, and what the services do unasked.
    pub async fn stop(&self) {
        self.drain();
        self.stopping.cancel();
        self.operations.end_watches().await;
    }
}

impl Background {
    /// Waits until all have ended, which they do by themselves when the system is to stop.
    pub async fn ended(&mut self) {
        while let Some(task) = self.0.join_next().await {
            if let Err(error) = task {
                tracing::error!(%error, "what a service does unasked has failed");
            }
        }
    }
}

/// Opens everything that `roles` need, and only then puts them together and to work. `data_dir` is the folder of whatever has no place of its own.
///
/// # Errors
/// When settings, certificates, data folder, a database or the signing keys cannot be used; nothing has been started then.
pub async fn start(
    config: &Config,
    roles: &[Role],
    data_dir: &Path,
    surroundings: &Surroundings,
) -> Result<System, StartError> {
    let door = Door::open(config, surroundings)?;
    let ways = Ways::elsewhere(config, roles, door.tls.as_ref(), surroundings)?;
    let mut opened = Opened::open(config, roles, data_dir, surroundings).await?;
    let data_dir = opened.data_dir.take();
    let rings = std::mem::take(&mut opened.rings);
    let (draining, stopping) = (CancellationToken::new(), CancellationToken::new());
    let parts = opened.wire(ways, surroundings, &stopping)?;
    let routes = parts.iter().map(|part| part.routes.clone()).reduce(merge).unwrap_or_default();
    let services = parts.iter().map(|part| part.role.service_name()).collect();
    let (operations, routes) = Operations::mount(services, routes)?;
    let probes = parts.iter().map(|part| (part.role.service_name(), part.probe.clone())).collect();
    let mut background = JoinSet::new();
    background.spawn(operations.follow(probes, PROBE_EVERY, draining.clone()));
    background.spawn(door.clone().keep_fresh(stopping.clone()));
    for part in parts {
        background.spawn(part.background);
    }
    for ring in rings {
        background.spawn(stopping.clone().run_until_cancelled_owned(ring.follow()).map(drop));
    }
    let stopper = Stopper { operations, draining, stopping };
    Ok(System { routes, door, stopper, background: Background(background), data_dir })
}

/// A role of this process, ready to work.
struct Part {
    role: Role,
    routes: Routes,
    background: BoxFuture<'static, ()>,
    probe: Probe,
}

/// What the roles of a process work with: settings, databases and keys. Nothing runs yet.
struct Opened {
    data_dir: Option<DataDir>,
    rings: Vec<Ring>,
    gateway: bool,
    identity: bool,
    registration: Option<(entrypass_registration::Config, Database)>,
    qr: Option<(entrypass_qr::Config, Database, Keys)>,
    epass: Option<(entrypass_epass::Config, Database)>,
}

impl Opened {
    /// What can be found out without making anything comes first, then the databases on servers, then files that are there, then those
    /// that are made, the signing keys last: a start that is refused leaves nothing behind.
    async fn open(
        config: &Config,
        roles: &[Role],
        data_dir: &Path,
        surroundings: &Surroundings,
    ) -> Result<Self, StartError> {
        let runs = |service: Service| roles.contains(&service.role());
        let registration = runs(Service::Registration).then(|| config.registration.service(&config.requests));
        let registration = registration.transpose()?;
        let qr = runs(Service::Qr).then(|| config.qr.service(&config.requests)).transpose()?;
        let epass = runs(Service::Epass).then(|| config.epass.service(&config.requests)).transpose()?;
        let keys = runs(Service::Qr).then(|| KeySettings::read(config, data_dir)).transpose()?;

        let mut databases = Databases::new(config.database.connections()?, surroundings);
        let places = Service::ALL.into_iter().filter(|service| runs(*service));
        let places = places.map(|service| DatabasePlace::of(service, config, data_dir));
        let (mut files, servers): (Vec<_>, Vec<_>) = places
            .collect::<Result<Vec<_>, StartError>>()?
            .into_iter()
            .partition(|place| place.url.file().is_some());
        databases.open(servers).await?;
        let keeps_keys = keys.is_some() && config.qr.keeps_keys_in_data_dir();
        let uses_data_dir = keeps_keys || files.iter().any(|place| config.is_in_data_dir(place.service));
        let locked = uses_data_dir.then(|| DataDir::open(data_dir)).transpose()?;
        files.sort_by_key(DatabasePlace::is_new);
        databases.open(files).await?;
        let mut database = |service| databases.take(service);
        let qr = match qr.zip(database(Service::Qr)).zip(keys) {
            Some(((config, database), keys)) => {
                let keys = keys.open(database.clone(), surroundings).await?;
                Some((config, database, keys))
            }
            None => None,
        };
        let registration = registration.zip(database(Service::Registration));
        let epass = epass.zip(database(Service::Epass));
        Ok(Self {
            data_dir: locked,
            rings: std::mem::take(&mut databases.rings),
            gateway: roles.contains(&Role::Gateway),
            identity: roles.contains(&Role::Identity),
            registration,
            qr,
            epass,
        })
    }

    /// Puts the services together, each before those that call it. A service is well when its database answers, and whatever it cannot
    /// do without is well: nobody is served by a gateway or an epass service that cannot ask for a registration. The QR service can say
    /// so itself (`CANNOT_DECIDE`), and the registration service that an identity cannot be verified now.
    fn wire(
        self,
        mut ways: Ways,
        surroundings: &Surroundings,
        stopping: &CancellationToken,
    ) -> Result<Vec<Part>, ConfigError> {
        let mut parts = Vec::new();
        if let Some((config, database)) = self.registration {
            let Surroundings { clock, random } = surroundings.clone();
            let probe = answers(&database);
            let identity = ways.to_identity();
            let stopping = stopping.clone();
            let deps = entrypass_registration::Deps { database, clock, random, identity, stopping };
            let part = Part::of(Role::Registration, entrypass_registration::service(config, deps), probe);
            ways.add(Service::Registration, &part);
            parts.push(part);
        }
        if let Some((config, database, keys)) = self.qr {
            let Surroundings { clock, random } = surroundings.clone();
            let probe = answers(&database);
            let (registration, _) = ways.to(Service::Registration, Role::Qr)?;
            let stopping = stopping.clone();
            let deps = entrypass_qr::Deps { database, keys, clock, random, registration, stopping };
            let part = Part::of(Role::Qr, entrypass_qr::service(config, deps), probe);
            ways.add(Service::Qr, &part);
            parts.push(part);
        }
        if let Some((config, database)) = self.epass {
            let Surroundings { clock, random } = surroundings.clone();
            let (registration, is_well) = ways.to(Service::Registration, Role::Epass)?;
            let probe = answers(&database).and(is_well);
            let stopping = stopping.clone();
            let deps = entrypass_epass::Deps { database, clock, random, registration, stopping };
            let part = Part::of(Role::Epass, entrypass_epass::service(config, deps), probe);
            ways.add(Service::Epass, &part);
            parts.push(part);
        }
        if self.gateway {
            let (registration, is_well) = ways.to(Service::Registration, Role::Gateway)?;
            let (qr, _) = ways.to(Service::Qr, Role::Gateway)?;
            let (epass, _) = ways.to(Service::Epass, Role::Gateway)?;
            let stopping = stopping.clone();
            let deps = entrypass_gateway::Deps { registration, qr, epass, stopping };
            parts.push(Part::idle(Role::Gateway, entrypass_gateway::routes(deps), is_well));
        }
        if self.identity {
            let routes = entrypass_identity::routes(surroundings.clock.clone());
            // It needs nothing that could fail.
            parts.push(Part::idle(Role::Identity, routes, Probe::new(|| ready(Ok(())))));
        }
        Ok(parts)
    }
}

impl Part {
    fn of(role: Role, service: entrypass_rpc::Service, probe: Probe) -> Self {
        let entrypass_rpc::Service { routes, background } = service;
        Self { role, routes, background, probe }
    }

    /// A service that does nothing unasked.
    fn idle(role: Role, routes: Routes, probe: Probe) -> Self {
        Self { role, routes, background: Box::pin(ready(())), probe }
    }
}

/// Whether `database` answers.
fn answers(database: &Database) -> Probe {
    let database = database.clone();
    Probe::new(move || {
        let database = database.clone();
        async move { database.ping().await.map_err(|_| "its database does not answer".to_owned()) }
    })
}

/// Where one service's database and key ring are.
struct DatabasePlace {
    service: Service,
    url: DatabaseUrl,
    ring: RingPlace,
}

impl DatabasePlace {
    /// Finds out whether the ring can be used as well: told before anything is made.
    fn of(service: Service, config: &Config, data_dir: &Path) -> Result<Self, StartError> {
        let (url, ring) = (config.database.url(service, data_dir)?, config.key_ring(service, data_dir)?);
        let place = Self { service, url, ring };
        if Ring::read(service, &place.ring)?.is_none() && !place.is_new() {
            place.read_ring(&SystemRandom)?;
        }
        Ok(place)
    }

    /// Whether it is a file that is yet to be made, or has nothing in it.
    fn is_new(&self) -> bool {
        let length = |file: &Path| file.metadata().map_or(0, |metadata| metadata.len());
        self.url.file().is_some_and(|file| length(file) == 0)
    }

    /// A ring is made for a new database alone: another would not open what is in one that is there.
    fn read_ring(&self, random: &dyn Random) -> Result<Ring, RingError> {
        Ring::read_or_make(self.service, &self.ring, self.is_new(), random)
    }
}

/// The databases of a process, as they are opened, and their key rings.
struct Databases {
    connections: u32,
    surroundings: Surroundings,
    open: Vec<(Service, Database)>,
    rings: Vec<Ring>,
}

impl Databases {
    fn new(connections: u32, surroundings: &Surroundings) -> Self {
        Self { connections, surroundings: surroundings.clone(), open: Vec::new(), rings: Vec::new() }
    }

    async fn open(&mut self, places: Vec<DatabasePlace>) -> Result<(), StartError> {
        for place in places {
            let ring = place.read_ring(&*self.surroundings.random)?;
            let sealer = ring.sealer(&self.surroundings);
            let database = open(place.service, &place.url, self.connections, &sealer).await?;
            self.open.push((place.service, database));
            self.rings.push(ring);
        }
        Ok(())
    }

    fn take(&mut self, service: Service) -> Option<Database> {
        let found = self.open.iter().position(|(of, _)| *of == service)?;
        Some(self.open.swap_remove(found).1)
    }
}

/// Opens the database of `service`.
pub(crate) async fn open(
    service: Service,
    url: &DatabaseUrl,
    connections: u32,
    sealer: &Sealer,
) -> Result<Database, StartError> {
    let opened = match service {
        Service::Registration => {
            Database::open::<entrypass_registration::Migrator>(url, connections, sealer).await
        }
        Service::Qr => Database::open::<entrypass_qr::Migrator>(url, connections, sealer).await,
        Service::Epass => Database::open::<entrypass_epass::Migrator>(url, connections, sealer).await,
    };
    opened.map_err(|source| StartError::Database { service, source })
}

/// What is set of the signing keys, read and found usable.
pub(crate) struct KeySettings {
    rules: KeyRules,
    vault: Vault,
}

impl KeySettings {
    /// Those of `config`.
    pub(crate) fn read(config: &Config, data_dir: &Path) -> Result<Self, StartError> {
        let made_anew = config.database.url(Service::Qr, data_dir)?.file().is_some_and(|file| !file.exists());
        // Where there is no database there is no key yet, and the given one will be needed: told before anything is made.
        if let Some(path) = config.qr.key_file.clone().filter(|path| made_anew && !path.exists()) {
            return Err(KeysError::NoFile { path }.into());
        }
        Ok(Self { rules: config.qr.key_rules()?, vault: config.qr.vault(data_dir)? })
    }

    /// The keys in `database`, to be changed.
    pub(crate) fn custody(self, database: Database, surroundings: &Surroundings) -> Custody {
        let Surroundings { clock, random } = surroundings.clone();
        Custody::new(database, self.vault, self.rules, clock, random)
    }

    async fn open(self, database: Database, surroundings: &Surroundings) -> Result<Keys, KeysError> {
        Keys::open(self.custody(database, surroundings)).await
    }
}

fn merge(all: Routes, more: Routes) -> Routes {
    // Each set of routes answers UNIMPLEMENTED for what it does not serve; only one of them can do so for all.
    all.into_axum_router().merge(more.into_axum_router().reset_fallback()).into()
}
