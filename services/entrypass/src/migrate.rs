//! The command `migrate`: the schema of each service's database, up, down and as it is.

use std::io::Write as _;

use entrypass_db::{
    DatabaseUrl, OpenError,
    schema::{self, Migration},
};
use entrypass_seal::Sealer;
use sea_orm_migration::MigratorTrait;

use crate::{
    Failure,
    cli::{Migrate, Services},
    compose::{StartError, Surroundings},
    config::RingPlace,
    data_dir::DataDir,
    key_rings::Ring,
    role::Service,
};

/// What is done with a schema.
#[derive(Debug, Clone, Copy)]
enum Step {
    Change(Change),
    Status,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Up,
    Down(u32),
}

/// Does `command` to one service after the other, and tells one line for each migration. The first failure ends it; what was done
/// before stays, and was told.
pub(crate) async fn migrate(command: &Migrate, surroundings: &Surroundings) -> Result<(), Failure> {
    let (place, services, step) = match command {
        Migrate::Up(Services { place, services }) => (place, services.as_slice(), Step::Change(Change::Up)),
        Migrate::Status(Services { place, services }) => (place, services.as_slice(), Step::Status),
        Migrate::Down { place, service, steps } => {
            (place, std::slice::from_ref(service), Step::Change(Change::Down(*steps)))
        }
    };
    let config = place.config()?;
    let in_data_dir = services.iter().any(|service| config.is_in_data_dir(*service));
    // Reading disturbs nobody; but a schema must not change under a process that works on it.
    let changes = !matches!(step, Step::Status);
    let _locked = (in_data_dir && changes).then(|| DataDir::open(&place.data_dir)).transpose()?;
    for &service in services {
        let url = config.database.url(service, &place.data_dir)?;
        let lines = match step {
            Step::Status => {
                status(service, &url).await.map(|steps| steps.iter().map(told).collect::<Vec<_>>())
            }
            Step::Change(change) => {
                let sealer =
                    sealer(service, &url, &config.key_ring(service, &place.data_dir)?, surroundings).await?;
                changed(service, &url, change, &sealer).await
            }
        };
        let lines = lines.map_err(|source| StartError::Database { service, source })?;
        let lines = if lines.is_empty() { vec!["nothing to do".to_owned()] } else { lines };
        let mut out = std::io::stdout();
        for line in lines {
            writeln!(out, "{} {line}", service.name())?;
        }
    }
    Ok(())
}

/// The keys of `service`. A ring is made for a database in which nothing is sealed yet.
async fn sealer(
    service: Service,
    url: &DatabaseUrl,
    ring: &RingPlace,
    surroundings: &Surroundings,
) -> Result<Sealer, StartError> {
    let steps = match status(service, url).await {
        Err(OpenError::Missing { .. }) => Vec::new(),
        steps => steps.map_err(|source| StartError::Database { service, source })?,
    };
    let sealed = steps.iter().any(|step| step.applied && step.name.contains("_sealed"));
    let ring = Ring::read_or_make(service, ring, !sealed, &*surroundings.random)?;
    Ok(ring.sealer(surroundings))
}

async fn status(service: Service, url: &DatabaseUrl) -> Result<Vec<Migration>, OpenError> {
    match service {
        Service::Registration => schema::status::<entrypass_registration::Migrator>(url).await,
        Service::Qr => schema::status::<entrypass_qr::Migrator>(url).await,
        Service::Epass => schema::status::<entrypass_epass::Migrator>(url).await,
    }
}

fn told(step: &Migration) -> String {
    format!("{}: {}", step.name, if step.applied { "applied" } else { "missing" })
}

async fn changed(
    service: Service,
    url: &DatabaseUrl,
    change: Change,
    sealer: &Sealer,
) -> Result<Vec<String>, OpenError> {
    match service {
        Service::Registration => change.act::<entrypass_registration::Migrator>(url, sealer).await,
        Service::Qr => change.act::<entrypass_qr::Migrator>(url, sealer).await,
        Service::Epass => change.act::<entrypass_epass::Migrator>(url, sealer).await,
    }
}

impl Change {
    async fn act<M: MigratorTrait>(
        self,
        url: &DatabaseUrl,
        sealer: &Sealer,
    ) -> Result<Vec<String>, OpenError> {
        let (names, done) = match self {
            Self::Up => (schema::up::<M>(url, sealer).await?, "applied"),
            Self::Down(steps) => (schema::down::<M>(url, steps, sealer).await?, "taken back"),
        };
        Ok(names.iter().map(|name| format!("{name}: {done}")).collect())
    }
}
