//! The command `audit`: whether the audit chains are as the services wrote them, and what to note of them elsewhere. Reads only, a batch at a
//! time, beside copies that run.

mod report;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use entrypass_audit::Head;
use entrypass_db::{Database, OpenError};
use thiserror::Error;

use crate::{
    Failure,
    cli::{Audit, Place, Services},
    compose::{self, StartError, Surroundings},
    key_rings::Ring,
    role::Service,
};
use report::Report;

/// One statement after the other.
const CONNECTIONS: u32 = 1;
/// The exit code where a chain is not as it was written.
const BROKEN: u8 = 2;

/// An earlier head without its chain.
#[derive(Debug, Error)]
#[error("--expect is of one chain: say whose with one --service")]
struct WhoseHead;

/// Does what `command` says and tells of it.
pub(crate) async fn audit(command: Audit, surroundings: &Surroundings) -> Result<ExitCode, Failure> {
    match command {
        Audit::Head(Services { place, services }) => heads(&place, &services, surroundings).await,
        Audit::Verify { services: Services { place, services }, expect } => {
            if expect.is_some() && services.len() != 1 {
                return Err(WhoseHead.into());
            }
            verify(&place, &services, expect, surroundings).await
        }
    }
}

async fn heads(
    place: &Place,
    services: &[Service],
    surroundings: &Surroundings,
) -> Result<ExitCode, Failure> {
    for &service in services {
        let database = open(service, place, surroundings).await?;
        let head = entrypass_audit::head(&database).await?;
        writeln!(io::stdout(), "{} {head}", service.name())?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(
    place: &Place,
    services: &[Service],
    expect: Option<Head>,
    surroundings: &Surroundings,
) -> Result<ExitCode, Failure> {
    let (mut broken, mut unjudged) = (false, false);
    for &service in services {
        let database = open(service, place, surroundings).await?;
        let mut report = Report::default();
        let verified = entrypass_audit::verify(&database, expect, |finding| report.add(&finding)).await;
        // A chain that cannot be looked at any further is told after what was found, like any other trouble.
        for line in report.lines(verified.as_ref().ok()) {
            writeln!(io::stdout(), "{}: {line}", service.name())?;
        }
        let verified = verified?;
        broken |= verified.findings > 0;
        unjudged |= !verified.unjudged.is_empty();
    }
    Ok(match (broken, unjudged) {
        (true, _) => ExitCode::from(BROKEN),
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::SUCCESS,
    })
}

/// The configured database of `service`. None is made, and no key ring.
async fn open(service: Service, place: &Place, surroundings: &Surroundings) -> Result<Database, Failure> {
    let config = place.config()?;
    let url = config.database.url(service, &place.data_dir)?;
    if url.file().is_some_and(|file| !file.exists()) {
        let source = OpenError::Missing { place: url };
        return Err(StartError::Database { service, source }.into());
    }
    let ring = config.key_ring(service, &place.data_dir)?;
    let ring = Ring::read_or_make(service, &ring, false, &*surroundings.random)?;
    Ok(compose::open(service, &url, CONNECTIONS, &ring.sealer(surroundings)).await?)
}
