//! The command `audit`: whether the audit chains are as the services wrote them, and what to note of them elsewhere. Reads only, a batch at a
//! time, beside copies that run.

mod report;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use entrypass_audit::{Head, VerifyError};
use entrypass_db::{Database, OpenError};
use thiserror::Error;

use crate::{
    Failure,
    cli::{Audit, Place, Services},
    compose::{self, StartError, Surroundings},
    key_rings::Ring,
    program::{in_one_line, tell},
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

/// A chain that cannot be looked at to its end.
#[derive(Debug, Error)]
#[error("cannot look at the audit chain of {service}")]
struct CannotLook {
    service: &'static str,
    source: VerifyError,
}

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

/// What is known of a chain after it was looked at, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Good,
    /// Nobody can say.
    Unknown,
    Broken,
}

/// Looks at the chain of each service, whatever is wrong with those before.
async fn verify(
    place: &Place,
    services: &[Service],
    expect: Option<Head>,
    surroundings: &Surroundings,
) -> Result<ExitCode, Failure> {
    let (mut worst, mut failed) = (Standing::Good, Vec::new());
    for &service in services {
        let mut report = Report::default();
        let standing = match look_at(service, place, expect, surroundings, &mut report).await {
            Ok(standing) => standing,
            Err(failure) => {
                failed.push(failure);
                Standing::Unknown
            }
        };
        for line in report.lines() {
            writeln!(io::stdout(), "{}: {line}", service.name())?;
        }
        worst = worst.max(standing);
    }
    for failure in &failed {
        tell(failure);
    }
    Ok(match worst {
        Standing::Broken => ExitCode::from(BROKEN),
        Standing::Unknown => ExitCode::FAILURE,
        Standing::Good => ExitCode::SUCCESS,
    })
}

/// Looks at the chain of `service` and takes down in `report` what it finds.
async fn look_at(
    service: Service,
    place: &Place,
    expect: Option<Head>,
    surroundings: &Surroundings,
    report: &mut Report,
) -> Result<Standing, Failure> {
    let database = open(service, place, surroundings).await?;
    let verified = match entrypass_audit::verify(&database, expect, |finding| report.add(&finding)).await {
        Ok(verified) => verified,
        Err(error @ VerifyError::Unreadable(_)) => {
            report.broke_off(&in_one_line(&error));
            return Ok(Standing::Broken);
        }
        Err(source) => return Err(CannotLook { service: service.name(), source }.into()),
    };
    report.end(&verified);
    Ok(match (verified.findings, verified.unjudged.is_empty()) {
        (0, true) => Standing::Good,
        (0, false) => Standing::Unknown,
        _ => Standing::Broken,
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
