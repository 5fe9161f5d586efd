//! Verifying a chain in a database, beside the copies of the service that write to it, a batch at a time.

use entrypass_db::{Database, is_unavailable};
use sea_orm::{DbErr, RuntimeErr};

use crate::{
    chain::Head,
    inspection::{Finding, Walk},
    numberer::matches,
    record::Mac,
    store,
    unjudged::{Unjudged, UnknownKeys},
};

/// SQLSTATE of PostgreSQL for what this user may not read, which says nothing of the tables.
const NOT_PERMITTED: &str = "42501";

/// What a chain is, where nothing is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its head when the verification began: up to here everything was looked at. `None` where there is none, which is a finding.
    pub head: Option<Head>,
    /// Records that wait for their place, which takes a second.
    pub waiting: u64,
    /// How much was found.
    pub findings: u64,
    /// What is under keys that the ring has not, by key: with any, nobody can say that the chain is good.
    pub unjudged: Vec<Unjudged>,
}

/// Why a chain cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The head's row is not there: the chain has no end.
    #[error("the audit chain has no head: its row was removed, or changed beyond reading")]
    NoHead,
    /// The database answered, with something that no table of the audit holds.
    #[error("what stands in the tables of the audit is not readable: somebody changed the tables themselves")]
    Unreadable(#[source] DbErr),
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] DbErr),
}

impl From<DbErr> for VerifyError {
    fn from(error: DbErr) -> Self {
        let told = match &error {
            DbErr::Query(RuntimeErr::SqlxError(error)) => error.as_database_error(),
            _ => None,
        };
        let forbidden = told.is_some_and(|told| told.code().is_some_and(|code| code == NOT_PERMITTED));
        if forbidden || is_unavailable(&error) { Self::Database(error) } else { Self::Unreadable(error) }
    }
}

/// The head of the chain in `database`.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn head(database: &Database) -> Result<Head, VerifyError> {
    store::head(database.reader()).await?.ok_or(VerifyError::NoHead)
}

/// Looks at every record and every place in `database`, by the audit keys of its ring, and hands `tell` what is wrong, one after the other. With
/// `expect`, the chain must be a continuation of what it was then.
///
/// # Errors
/// When the database fails, or answers what cannot be read. What was found by then was told.
pub async fn verify(
    database: &Database,
    expect: Option<Head>,
    mut tell: impl FnMut(Finding),
) -> Result<Verified, VerifyError> {
    let mut findings = 0;
    let mut told = |finding: Finding| {
        findings += 1;
        tell(finding);
    };
    let missing = store::missing_tables(database.reader()).await?;
    for table in &missing {
        told(Finding::NoTable { table });
    }
    if !missing.is_empty() {
        return Ok(Verified { head: None, waiting: 0, findings, unjudged: Vec::new() });
    }
    let head = store::head(database.reader()).await?;
    if head.is_none() {
        told(Finding::NoHead);
    }
    let mut unknown = UnknownKeys::to(database.sealer().keys());
    let waiting = records(database, &mut unknown, &mut told).await?;
    places(database, head, expect, &mut unknown, &mut told).await?;
    Ok(Verified { head, waiting, findings, unjudged: unknown.counted() })
}

/// Looks at every record, and says how many wait for their place.
async fn records(
    database: &Database,
    unknown: &mut UnknownKeys,
    tell: &mut impl FnMut(Finding),
) -> Result<u64, DbErr> {
    let (sealer, reader) = (database.sealer(), database.reader());
    let (mut waiting, mut last) = (0, None);
    loop {
        let some = store::filed(reader, last).await?;
        let Some(end) = some.last() else { return Ok(waiting) };
        last = Some(end.signed.record.id);
        for filed in some {
            let unjudged = unknown.record(&filed);
            let found = filed.inspect(|mac, bytes| unjudged || matches(sealer, mac, bytes));
            waiting += u64::from(found.is_none() && filed.position.is_none());
            found.into_iter().for_each(&mut *tell);
        }
    }
}

/// Looks at every place up to `head`, or at all, and whether there are others.
async fn places(
    database: &Database,
    head: Option<Head>,
    expect: Option<Head>,
    unknown: &mut UnknownKeys,
    tell: &mut impl FnMut(Finding),
) -> Result<(), DbErr> {
    let (sealer, reader) = (database.sealer(), database.reader());
    let (mut walk, mut last) = (Walk::new(head, expect), None);
    let end = head.map_or(i64::MAX, |head| head.position);
    loop {
        let some = store::places(reader, last, end).await?;
        let Some(place) = some.last() else { break };
        last = Some(place.position);
        for place in some {
            let unjudged = unknown.place(&place);
            let follows = |mac: &Mac, bytes: &[u8]| unjudged || matches(sealer, mac, bytes);
            walk.step(&place, follows).into_iter().for_each(&mut *tell);
        }
    }
    walk.end().into_iter().for_each(&mut *tell);
    let beyond = store::beyond_head(reader).await?;
    beyond.map(|position| Finding::Beyond { position }).into_iter().for_each(tell);
    Ok(())
}
