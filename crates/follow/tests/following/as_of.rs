//! Up to which hour the feed is known to be followed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use entrypass_follow::{Change, PATIENCE};
use entrypass_testkit::eventually;
use sea_orm::{DatabaseTransaction, DbErr};
use time::{Duration, OffsetDateTime, macros::datetime};
use tonic::Code;

use crate::world::{World, note};

const NOON: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

#[tokio::test]
async fn an_hour_is_reached_when_the_changes_before_it_have_had_their_effects() {
    let (world, allowed, tries) =
        (World::new().await, Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    world.feed().set_as_of(NOON);
    let second = world.tell(1..=2);
    let follower = world.follower(PATIENCE).await;
    let as_of = follower.as_of.clone();
    let (allows, counts) = (Arc::clone(&allowed), Arc::clone(&tries));
    let only_when_it_may = async move |transaction: &DatabaseTransaction, change: &Change| {
        note(transaction, change).await?;
        counts.fetch_add(1, Ordering::SeqCst);
        let fails = change.revision == 2 && !allows.load(Ordering::SeqCst);
        if fails { Err(DbErr::Custom("corrupt".to_owned())) } else { Ok(()) }
    };
    tokio::spawn(follower.run(only_when_it_may));
    eventually("the second try of both", async || tries.load(Ordering::SeqCst) >= 4).await;
    assert_eq!((as_of.get(), world.effects().await), (None, vec![]));

    allowed.store(true, Ordering::SeqCst);
    eventually("the hour", async || as_of.get() == Some(NOON)).await;
    assert_eq!((world.effects().await, world.position().await), (vec![1, 2], Some(second)));
}

#[tokio::test]
async fn the_hour_comes_with_the_last_of_several_batches() {
    let world = World::new().await;
    world.feed().set_batch(2);
    world.feed().set_as_of(NOON);
    let last = world.tell(1..=5);
    world.feed().break_after(2);
    let copy = world.copy().await;
    eventually("the hour", async || copy.as_of.get() == Some(NOON)).await;
    assert_eq!((world.effects().await, world.position().await), (vec![1, 2, 3, 4, 5], Some(last)));
    assert_eq!(world.asked_for().len(), 2, "four changes on the first stream, without the hour");
}

#[tokio::test]
async fn checkpoints_move_the_hour_on_and_no_stream_takes_it_back() {
    let world = World::new().await;
    let copy = world.copy().await;
    eventually("a stream", async || world.asked_for().len() == 1).await;
    for minute in 1..=3 {
        let hour = NOON + Duration::minutes(minute);
        world.feed().set_as_of(hour);
        world.feed().checkpoint();
        eventually("the hour", async || copy.as_of.get() == Some(hour)).await;
    }
    // Another copy of the registration service, whose clock is slow.
    world.feed().set_as_of(NOON);
    world.feed().end(Some(Code::Unavailable));
    for revision in 1..=2 {
        // When the second has its effect, the first is dealt with for good.
        let cursor = world.tell([revision]);
        world.reaches(&cursor).await;
    }
    assert_eq!(copy.as_of.get(), Some(NOON + Duration::minutes(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_copy_reaches_the_hour_whoever_has_the_effects() {
    let world = World::new().await;
    world.feed().set_batch(3);
    world.tell(1..=50);
    let copies = [world.copy().await, world.copy().await, world.copy().await];
    world.tell(51..=100);
    world.feed().set_as_of(NOON);
    let last = world.tell([101]);
    world.reaches(&last).await;
    for copy in copies {
        eventually("the hour", async || {
            // As the feed does every few seconds: the copy may have skipped the last batch, out of step.
            world.feed().checkpoint();
            copy.as_of.get() == Some(NOON)
        })
        .await;
    }
    assert_eq!(world.effects().await, (1..=101).collect::<Vec<_>>());
}
