//! The command `keys`: the key rings under which personal data is kept, shown and changed, and what is stored brought under another key.

use std::io::Write as _;

use entrypass_db::{Database, OpenError, RowsUnder, answers};
use entrypass_seal::{KeyId, Keys as KeysOfRing, ListedKey, Purpose};

use crate::{
    Failure,
    cli::{Keys, OneKey, Place, Services},
    compose::{self, StartError, Surroundings},
    config::{Config, RingPlace},
    key_rings::{self, Ring, RingError},
    role::Service,
};

/// A transaction, and what looks at a table beside it.
const CONNECTIONS: u32 = 2;
/// Rows of one transaction: copies that serve meanwhile wait for so many at most.
const AT_ONCE: u64 = 500;

/// What cannot be retired, and why.
#[derive(Debug, thiserror::Error)]
enum Kept {
    #[error(
        "{rows} rows are still under the key {key}: `entrypass keys reseal --service {service}` brings them under the one in use"
    )]
    Rows { rows: u64, key: KeyId, service: &'static str },
    #[error("{rows} audit records are checked with the key {key}: it stays as long as they do")]
    AuditRecords { rows: u64, key: KeyId },
    #[error("the key ring of {service} has no key {key}")]
    Unknown { key: KeyId, service: &'static str },
}

/// Does what `command` says and tells of it.
pub(crate) async fn keys(command: Keys, surroundings: &Surroundings) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    match command {
        Keys::List(Services { place, services }) => {
            let config = place.config()?;
            let mut lines = vec![line(["SERVICE", "PURPOSE", "KEY ID", "STATE", "ROWS"])];
            for service in services {
                lines.extend(listed(service, &place, &config, surroundings).await?);
            }
            writeln!(out, "{}", lines.join("\n"))?;
        }
        Keys::New { service, path } => {
            key_rings::write_new(&path, &KeysOfRing::generate(&*surroundings.random))?;
            let name = service.name();
            writeln!(
                out,
                "{} is the key ring of {name}: set {name}.key_ring, and keep a copy of it",
                path.display()
            )?;
        }
        Keys::Add(OneKey { place, service, purpose }) => {
            let ring = ring_of(service, &place)?;
            let added = |keys: &KeysOfRing| Ok(keys.with_new(purpose, &*surroundings.random));
            let key = key_rings::change(service, &ring, added)?;
            writeln!(out, "{key} is in the ring: rotate to it when every copy has it")?;
        }
        Keys::Rotate(OneKey { place, service, purpose }) => {
            let ring = ring_of(service, &place)?;
            let rotated = |keys: &KeysOfRing| {
                let keys = keys.with_newest_in_use(purpose);
                let key = keys.in_use(purpose);
                Ok((keys, key))
            };
            let key = key_rings::change(service, &ring, rotated)?;
            writeln!(out, "{key} is in use: reseal when every copy has it")?;
        }
        Keys::Reseal { place, service } => reseal(service, &place, surroundings).await?,
        Keys::Retire { place, service, key_id } => {
            let config = place.config()?;
            let (ring, database) = open(service, &place, &config, surroundings).await?;
            let purpose = retirable(service, &ring, &database, key_id).await?;
            let ring = config.key_ring(service, &place.data_dir)?;
            key_rings::change(service, &ring, |keys| Ok((keys.without(purpose, key_id)?, ())))?;
            writeln!(out, "{key_id} is retired")?;
            if purpose == Purpose::Index {
                remove_left_over(service, &place, &config, surroundings).await?;
            }
        }
    }
    Ok(())
}

/// Where the key ring of `service` is: in the data folder, only where a database was made with it.
fn ring_of(service: Service, place: &Place) -> Result<RingPlace, Failure> {
    let config = place.config()?;
    let ring = config.key_ring(service, &place.data_dir)?;
    let url = config.database.url(service, &place.data_dir)?;
    match &ring {
        RingPlace::DataDir(path) if !path.exists() && url.file().is_some_and(|file| !file.exists()) => {
            Err(RingError::NotYet { service, path: path.clone() }.into())
        }
        _ => Ok(ring),
    }
}

/// The key ring and the database of `service`. Neither is made: a program that serves, or `migrate up`, does that.
pub(crate) async fn open(
    service: Service,
    place: &Place,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<(Ring, Database), StartError> {
    let url = config.database.url(service, &place.data_dir)?;
    if url.file().is_some_and(|file| !file.exists()) {
        return Err(StartError::Database { service, source: OpenError::Missing { place: url } });
    }
    let ring = config.key_ring(service, &place.data_dir)?;
    let ring = Ring::read_or_make(service, &ring, false, &*surroundings.random)?;
    let database = compose::open(service, &url, CONNECTIONS, &ring.sealer(surroundings)).await?;
    Ok((ring, database))
}

/// Removes the rows that nothing is found by any more, now that their index key is retired.
async fn remove_left_over(
    service: Service,
    place: &Place,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    if service != Service::Registration {
        return Ok(());
    }
    // With the ring as it is now.
    let (_, database) = open(service, place, config, surroundings).await?;
    let mut removed = 0;
    loop {
        match entrypass_registration::remove_left_over(&database, AT_ONCE).await? {
            0 => break,
            some => removed += some,
        }
    }
    writeln!(std::io::stdout(), "{}: {removed} rows of it are removed", service.name())?;
    Ok(())
}

/// How many rows are under each key.
async fn rows_under_keys(service: Service, database: &Database) -> Result<Vec<RowsUnder>, Failure> {
    let mut rows = answers::under_keys(database).await?;
    rows.extend(entrypass_audit::rows_under_keys(database).await?);
    rows.extend(match service {
        Service::Registration => entrypass_registration::rows_under_keys(database).await?,
        Service::Qr => Vec::new(),
        Service::Epass => entrypass_epass::rows_under_keys(database).await?,
    });
    Ok(rows)
}

fn under(rows: &[RowsUnder], purpose: Purpose, key: KeyId) -> u64 {
    rows.iter().filter(|row| (row.purpose, row.key) == (purpose, key)).map(|row| row.rows).sum()
}

/// The lines of the list for one service: the keys of its ring, and those that rows need and the ring has not.
async fn listed(
    service: Service,
    place: &Place,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<Vec<String>, Failure> {
    let (ring, database) = open(service, place, config, surroundings).await?;
    let (keys, rows) = (ring.keys(), rows_under_keys(service, &database).await?);
    let line = |purpose: Purpose, id: KeyId, state: &str, rows: &[RowsUnder]| {
        let rows = under(rows, purpose, id).to_string();
        line([service.name(), purpose.name(), &id.to_string(), state, &rows])
    };
    let state = |key: &ListedKey| if key.in_use { "IN USE" } else { "OPENS" };
    let mut lines: Vec<_> = keys.list().map(|key| line(key.purpose, key.id, state(&key), &rows)).collect();
    let mut missing: Vec<_> = rows.iter().map(|row| (row.purpose, row.key)).collect();
    missing.retain(|(purpose, id)| !keys.has(*purpose, *id));
    missing.sort_unstable();
    missing.dedup();
    lines.extend(missing.into_iter().map(|(purpose, id)| line(purpose, id, "MISSING", &rows)));
    if service == Service::Registration {
        // Copies that had a key a little longer than it was in the file.
        let left_over = entrypass_registration::rows_left_over(&database).await?;
        lines.extend(left_over.iter().map(|row| line(row.purpose, row.key, "RETIRED", &left_over)));
    }
    Ok(lines)
}

fn line([service, purpose, key, state, rows]: [&str; 5]) -> String {
    format!("{service:<12}  {purpose:<10}  {key:<16}  {state:<7}  {rows:>9}")
}

/// Brings everything under the keys in use, and tells how far it has come.
async fn reseal(service: Service, place: &Place, surroundings: &Surroundings) -> Result<(), Failure> {
    let config = place.config()?;
    let (ring, database) = open(service, place, &config, surroundings).await?;
    let keys = ring.keys();
    let rows = rows_under_keys(service, &database).await?;
    let other = |row: &&RowsUnder| row.purpose != Purpose::Audit && row.key != keys.in_use(row.purpose);
    let all: u64 = rows.iter().filter(other).map(|row| row.rows).sum();
    let (mut out, mut done) = (std::io::stdout(), 0);
    loop {
        let some = reseal_some(service, &database).await?;
        if some == 0 {
            break;
        }
        done += some;
        // Copies may have written more under the old key meanwhile.
        writeln!(out, "{}: {done} of {} rows", service.name(), all.max(done))?;
    }
    writeln!(out, "{}: everything is under the keys in use", service.name())?;
    Ok(())
}

async fn reseal_some(service: Service, database: &Database) -> Result<u64, Failure> {
    let answers = answers::reseal(database, AT_ONCE).await?;
    if answers > 0 {
        return Ok(answers as u64);
    }
    Ok(match service {
        Service::Registration => entrypass_registration::reseal(database, AT_ONCE).await?,
        Service::Qr => 0,
        Service::Epass => entrypass_epass::reseal(database, AT_ONCE).await? as u64,
    })
}

/// What the key `key` is for, if nothing is under it.
async fn retirable(
    service: Service,
    ring: &Ring,
    database: &Database,
    key: KeyId,
) -> Result<Purpose, Failure> {
    let found = ring.keys().list().find(|listed| listed.id == key);
    let found = found.ok_or(Kept::Unknown { key, service: service.name() })?;
    // In use it is refused in any case, and more plainly.
    if !found.in_use {
        match under(&rows_under_keys(service, database).await?, found.purpose, key) {
            0 => {}
            rows if found.purpose == Purpose::Audit => return Err(Kept::AuditRecords { rows, key }.into()),
            rows => return Err(Kept::Rows { rows, key, service: service.name() }.into()),
        }
    }
    Ok(found.purpose)
}
