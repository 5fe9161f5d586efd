//! What is kept no longer is removed by one copy at a time.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use entrypass_ambient::TestClock;
use entrypass_db::retention::Retention;
use sea_orm::DbErr;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::fresh;

const NOW: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);

/// Removes three batches' rows, and then none.
async fn removed(retention: &Retention) -> (bool, u64) {
    let left = AtomicU64::new(3);
    let batch = || {
        let some = left.load(Ordering::SeqCst).min(1);
        left.fetch_sub(some, Ordering::SeqCst);
        ready(Ok::<_, DbErr>(some))
    };
    let done = retention.remove("rows", batch).await.expect("a database");
    (done, 3 - left.load(Ordering::SeqCst))
}

#[tokio::test]
async fn one_copy_removes_at_a_time_until_it_stops_or_its_lease_ends() {
    let (_place, database) = fresh().await;
    let clock = Arc::new(TestClock::at(NOW));
    let copy = |number| Retention::new(database.clone(), clock.clone(), "storage", Uuid::from_u128(number));
    let (one, other, third) = (copy(1), copy(2), copy(3));
    assert_eq!(removed(&one).await, (true, 3));
    assert_eq!(removed(&other).await, (false, 0), "the first has the lease");
    clock.advance(Duration::minutes(1));
    assert_eq!(removed(&one).await, (true, 3), "it is renewed");
    clock.advance(Duration::minutes(1));
    assert_eq!(removed(&other).await, (false, 0));
    clock.advance(Duration::MICROSECOND);
    assert_eq!(removed(&other).await, (true, 3), "the first has not renewed it");
    assert_eq!(removed(&one).await, (false, 0));
    one.give_back().await.expect("nothing is its own");
    assert_eq!(removed(&third).await, (false, 0), "nobody gives another's lease back");
    other.give_back().await.expect("given back");
    assert_eq!(removed(&third).await, (true, 3));
}

#[tokio::test]
async fn whoever_loses_the_lease_meanwhile_stops_after_the_batch() {
    let (_place, database) = fresh().await;
    let clock = Arc::new(TestClock::at(NOW));
    let copy = |number| Retention::new(database.clone(), clock.clone(), "storage", Uuid::from_u128(number));
    let (slow, quick) = (copy(1), copy(2));
    let batches = AtomicU64::new(0);
    let done = slow.remove("rows", || async {
        batches.fetch_add(1, Ordering::SeqCst);
        clock.advance(Duration::minutes(2));
        assert_eq!(removed(&quick).await, (true, 3), "the lease has run out");
        Ok::<_, DbErr>(1)
    });
    assert!(!done.await.expect("a database"));
    assert_eq!(batches.load(Ordering::SeqCst), 1);
}
