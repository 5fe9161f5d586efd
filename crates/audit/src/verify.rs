//! Verifying a chain in a database, beside the copies of the service that write to it, a batch at a time.

use entrypass_db::Database;
use sea_orm::DbErr;

use crate::{
    chain::Head,
    inspection::{Finding, Walk},
    numberer::matches,
    record::Mac,
    store,
    unjudged::{Unjudged, UnknownKeys},
};

/// What a chain is, where nothing is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its head when the verification began: up to here everything was looked at.
    pub head: Head,
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
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] DbErr),
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
/// When the chain has no head, or the database fails.
pub async fn verify(
    database: &Database,
    expect: Option<Head>,
    mut tell: impl FnMut(Finding),
) -> Result<Verified, VerifyError> {
    let head = head(database).await?;
    let mut findings = 0;
    let mut told = |finding: Finding| {
        findings += 1;
        tell(finding);
    };
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

/// Looks at every place up to `head`, and whether there are others.
async fn places(
    database: &Database,
    head: Head,
    expect: Option<Head>,
    unknown: &mut UnknownKeys,
    tell: &mut impl FnMut(Finding),
) -> Result<(), DbErr> {
    let (sealer, reader) = (database.sealer(), database.reader());
    let (mut walk, mut last) = (Walk::new(head, expect), None);
    loop {
        let some = store::places(reader, last, head.position).await?;
        let Some(end) = some.last() else { break };
        last = Some(end.position);
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
