//! The command `migrate`: the schema of each service's database, up, down and as it is.

use std::io::Write as _;

use entrypass_db::{DatabaseUrl, OpenError, schema};
use sea_orm_migration::MigratorTrait;

use crate::{
    Failure,
    cli::{Migrate, Services},
    compose::StartError,
    data_dir::DataDir,
    role::Service,
};

/// What is done with a schema.
#[derive(Debug, Clone, Copy)]
enum Step {
    Up,
    Down(u32),
    Status,
}

/// Does `command` to one service after the other, and tells one line for each migration. The first failure ends it; what was done
/// before stays, and was told.
pub(crate) async fn migrate(command: &Migrate) -> Result<(), Failure> {
    let (place, services, step) = match command {
        Migrate::Up(Services { place, services }) => (place, services.as_slice(), Step::Up),
        Migrate::Status(Services { place, services }) => (place, services.as_slice(), Step::Status),
        Migrate::Down { place, service, steps } => (place, std::slice::from_ref(service), Step::Down(*steps)),
    };
    let config = place.config()?;
    let in_data_dir = services.iter().any(|service| config.database.is_in_data_dir(*service));
    // Reading disturbs nobody; but a schema must not change under a process that works on it.
    let changes = !matches!(step, Step::Status);
    let _locked = (in_data_dir && changes).then(|| DataDir::open(&place.data_dir)).transpose()?;
    for &service in services {
        let url = config.database.url(service, &place.data_dir)?;
        let lines = one(service, &url, step).await;
        let lines = lines.map_err(|source| StartError::Database { service, source })?;
        let lines = if lines.is_empty() { vec!["nothing to do".to_owned()] } else { lines };
        let mut out = std::io::stdout();
        for line in lines {
            writeln!(out, "{} {line}", service.name())?;
        }
    }
    Ok(())
}

async fn one(service: Service, url: &DatabaseUrl, step: Step) -> Result<Vec<String>, OpenError> {
    match service {
        Service::Registration => act::<entrypass_registration::Migrator>(url, step).await,
        Service::Qr => act::<entrypass_qr::Migrator>(url, step).await,
        Service::Epass => act::<entrypass_epass::Migrator>(url, step).await,
    }
}

async fn act<M: MigratorTrait>(url: &DatabaseUrl, step: Step) -> Result<Vec<String>, OpenError> {
    let done = |names: Vec<String>, what: &str| names.iter().map(|name| format!("{name}: {what}")).collect();
    match step {
        Step::Up => Ok(done(schema::up::<M>(url).await?, "applied")),
        Step::Down(steps) => Ok(done(schema::down::<M>(url, steps).await?, "taken back")),
        Step::Status => {
            let steps = schema::status::<M>(url).await?.into_iter();
            let state = |applied| if applied { "applied" } else { "missing" };
            Ok(steps.map(|step| format!("{}: {}", step.name, state(step.applied))).collect())
        }
    }
}
