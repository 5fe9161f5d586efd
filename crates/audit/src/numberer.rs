//! Giving records their places.
//!
//! Transactions commit in another order than they begin, and a link hangs on all that is before it: drawn by the writers, it would make them
//! write one after the other. So a record gets its place afterwards, from one numberer at a time, which holds the head's row. Which
//! record comes first within a batch says nothing and does not matter; that none is ever moved does.
//!
//! Every copy numbers: soon after its own writes, and once a second for a copy that died in between. A record that no key of the ring signed
//! gets no place. That is logged, once, since it waits no longer then; `entrypass audit verify` names it for good.

use std::time::Duration;

use entrypass_ambient::Clock;
use entrypass_db::Database;
use entrypass_seal::{KeyId, Purpose, Sealer};
use sea_orm::DbErr;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    record::{Mac, Signed},
    store,
    unplaced::Unplaced,
};

/// How long a record waits for its place at most.
const POLL: Duration = Duration::from_secs(1);
/// How long the next numbering waits for company: each is a commit.
const GATHER: Duration = Duration::from_millis(100);
/// How long a record under a key that is not in the ring waits for it, in microseconds: another copy may have taken up a changed ring sooner.
const WAIT_FOR_KEY: i64 = 60_000_000;

/// What one batch came to.
#[derive(Debug, Default)]
struct Batch {
    places: Vec<(i64, Uuid, Mac)>,
    settled: Vec<Uuid>,
}

/// Numbers what is written until `stopping`, when `written` tells of it and once a second, and looks after what this copy wrote itself.
pub(crate) async fn run(
    database: &Database,
    clock: &dyn Clock,
    written: &Notify,
    unplaced: &Unplaced,
    stopping: &CancellationToken,
) {
    let number = async {
        let mut works = true;
        loop {
            let numbered = number(database, clock, unplaced).await.and(unplaced.look_after(database).await);
            if works && let Err(error) = &numbered {
                tracing::warn!(%error, "audit records get no place for now");
            }
            works = numbered.is_ok();
            tokio::time::sleep(GATHER).await;
            let _ = tokio::time::timeout(POLL, written.notified()).await;
        }
    };
    stopping.run_until_cancelled(number).await;
}

/// Gives every record that waits its place. Those that get it need not be looked for by `unplaced`.
pub(crate) async fn number(database: &Database, clock: &dyn Clock, unplaced: &Unplaced) -> Result<(), DbErr> {
    // Nearly always one look is enough, and takes no lock.
    while store::some_wait(database.reader()).await? && number_some(database, clock, unplaced).await? {}
    Ok(())
}

/// Numbers one batch, and says whether there may be more.
async fn number_some(database: &Database, clock: &dyn Clock, unplaced: &Unplaced) -> Result<bool, DbErr> {
    let transaction = database.begin().await?;
    let mut head = store::hold_head(&transaction).await?;
    // After the lock: another numberer may have placed what waited before.
    let waiting = store::waiting(&transaction).await?;
    let count = waiting.len();
    let sealer = database.sealer();
    let mut batch = Batch::default();
    for (id, signed) in waiting {
        match signed.as_ref().map(|signed| judge(signed, sealer, clock)) {
            Some(Judged::Genuine(record)) => {
                let (next, link) = head.next(&record, |bytes| mac(sealer, bytes));
                head = next;
                batch.places.push((head.position, id, link));
            }
            Some(Judged::Later) => continue,
            Some(Judged::Foreign) => {
                tracing::error!(record = %id, "an audit record was not written by this service: it gets no place");
            }
            None => tracing::error!(record = %id, "an audit record was removed before it had a place"),
        }
        batch.settled.push(id);
    }
    let settled = batch.settled.len();
    let placed = batch.places.iter().map(|(_, id, _)| *id).collect();
    store::add_places(&transaction, batch.places, batch.settled, head).await?;
    transaction.commit().await?;
    unplaced.forget(&placed);
    Ok(count == store::AT_ONCE && settled > 0)
}

/// What is to be done with a record that waits.
enum Judged {
    Genuine(Mac),
    Foreign,
    Later,
}

fn judge(signed: &Signed, sealer: &Sealer, clock: &dyn Clock) -> Judged {
    let known = |mac: &Mac| sealer.keys().has(Purpose::Audit, KeyId::from_bytes(mac.key));
    match signed.mac {
        Some(mac) if !known(&mac) => {
            let age = entrypass_db::micros(clock.now()).saturating_sub(signed.record.time);
            if age.saturating_abs() < WAIT_FOR_KEY { Judged::Later } else { Judged::Foreign }
        }
        Some(mac) if signed.is_genuine(|mac, bytes| matches(sealer, mac, bytes)) => Judged::Genuine(mac),
        _ => Judged::Foreign,
    }
}

/// The MAC of `bytes` under the key in use.
pub(crate) fn mac(sealer: &Sealer, bytes: &[u8]) -> Mac {
    let (key, code) = sealer.mac(&[bytes]);
    Mac { key: *key.as_bytes(), code }
}

/// Whether `mac` is that of `bytes`, under whichever key of the ring.
pub(crate) fn matches(sealer: &Sealer, mac: &Mac, bytes: &[u8]) -> bool {
    sealer.mac_matches(KeyId::from_bytes(mac.key), &[bytes], &mac.code)
}
