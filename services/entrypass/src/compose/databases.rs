//! The databases of a process and their key rings: where they are, and how they are opened.

use std::path::Path;

use entrypass_ambient::{Random, SystemRandom};
use entrypass_db::{Database, DatabaseUrl};
use entrypass_seal::Sealer;

use super::{StartError, Surroundings};
use crate::{
    config::{Config, RingPlace},
    key_rings::{Ring, RingError},
    role::Service,
};

/// Where one service's database and key ring are.
pub(super) struct DatabasePlace {
    pub(super) service: Service,
    pub(super) url: DatabaseUrl,
    ring: RingPlace,
}

impl DatabasePlace {
    /// Finds out whether the ring can be used as well: told before anything is made.
    pub(super) fn of(service: Service, config: &Config, data_dir: &Path) -> Result<Self, StartError> {
        let (url, ring) = (config.database.url(service, data_dir)?, config.key_ring(service, data_dir)?);
        let place = Self { service, url, ring };
        if Ring::read(service, &place.ring)?.is_none() && !place.is_new() {
            place.read_ring(&SystemRandom)?;
        }
        Ok(place)
    }

    /// Whether it is a file that is yet to be made, or has nothing in it.
    pub(super) fn is_new(&self) -> bool {
        let length = |file: &Path| file.metadata().map_or(0, |metadata| metadata.len());
        self.url.file().is_some_and(|file| length(file) == 0)
    }

    /// A ring is made for a new database alone: another would not open what is in one that is there.
    fn read_ring(&self, random: &dyn Random) -> Result<Ring, RingError> {
        Ring::read_or_make(self.service, &self.ring, self.is_new(), random)
    }
}

/// The databases of a process, as they are opened, and their key rings.
pub(super) struct Databases {
    connections: u32,
    surroundings: Surroundings,
    open: Vec<(Service, Database)>,
    pub(super) rings: Vec<(Service, Ring, Database)>,
}

impl Databases {
    pub(super) fn new(connections: u32, surroundings: &Surroundings) -> Self {
        Self { connections, surroundings: surroundings.clone(), open: Vec::new(), rings: Vec::new() }
    }

    pub(super) async fn open(&mut self, places: Vec<DatabasePlace>) -> Result<(), StartError> {
        for place in places {
            let ring = place.read_ring(&*self.surroundings.random)?;
            let sealer = ring.sealer(&self.surroundings);
            let database = open(place.service, &place.url, self.connections, &sealer).await?;
            ring.suits(place.service, &database).await?;
            self.open.push((place.service, database.clone()));
            self.rings.push((place.service, ring, database));
        }
        Ok(())
    }

    pub(super) fn take(&mut self, service: Service) -> Option<Database> {
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
