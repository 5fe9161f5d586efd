//! Waiting for what is done in the background.

use std::time::{Duration, Instant};

use entrypass_db::Database;
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use uuid::Uuid;

/// How long something may take that takes no time.
const LIMIT: Duration = Duration::from_secs(20);
/// How often it is looked for.
const STEP: Duration = Duration::from_millis(5);

/// Waits until `holds`, which `what` says in words.
///
/// # Panics
/// When it does not hold within 20 seconds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LIMIT, "not in time: {what}");
        tokio::time::sleep(STEP).await;
    }
}

/// Waits until one transaction waits for `id`, which another holds ([`entrypass_db::hold`]). On SQLite it does not wait: there each
/// transaction waits for every other, and nobody can see it.
///
/// # Panics
/// As [`eventually`]. All tests on one server share their locks, so `id` must be drawn.
pub async fn until_one_waits_for(id: Uuid, database: &Database) {
    if database.reader().get_database_backend() != DbBackend::Postgres {
        return;
    }
    let (_, key) = id.as_u64_pair();
    let query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                 AND classid::bigint = $1 AND objid::bigint = $2";
    let halves = [(key >> 32).cast_signed().into(), (key & 0xffff_ffff).cast_signed().into()];
    let query = Statement::from_sql_and_values(DbBackend::Postgres, query, halves);
    eventually("one waits for the other", async || {
        let row = database.reader().query_one_raw(query.clone()).await.expect("the locks").expect("a row");
        row.try_get_by_index::<i64>(0).expect("a number") == 1
    })
    .await;
}
