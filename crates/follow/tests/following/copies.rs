//! Several copies follow one feed for one database.

use std::time::Duration;

use entrypass_testkit::{Feed, eventually};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn three_copies_at_once_have_each_effect_once_over_one_stream_each() {
    let world = World::new().await;
    world.feed().set_batch(7);
    world.tell(1..=100);
    for _ in 0..3 {
        world.copy().await;
    }
    let mut last = String::new();
    for first in (101..=200).step_by(5) {
        last = world.tell(first..first + 5);
        tokio::task::yield_now().await;
    }
    world.reaches(&last).await;
    assert_eq!(world.effects().await, (1..=200).collect::<Vec<_>>());
    eventually("every copy follows", async || world.asked_for().len() == 3).await;
}

#[tokio::test]
async fn batches_that_another_copy_dealt_with_are_skipped_until_its_position_appears() {
    let world = World::new().await;
    world.feed().set_batch(1);
    world.copy().await;
    let first = world.tell([1]);
    world.reaches(&first).await;
    world.set_position(&Feed::cursor(3)).await;
    let last = world.tell(2..=5);
    world.reaches(&last).await;
    assert_eq!(world.effects().await, [1, 4, 5]);
    assert_eq!(world.asked_for(), [""], "on the same stream");
}

#[tokio::test]
async fn changes_up_to_another_copys_position_within_a_batch_are_skipped() {
    let world = World::new().await;
    world.copy().await;
    let first = world.tell([1]);
    world.reaches(&first).await;
    world.set_position(&Feed::cursor(3)).await;
    let last = world.tell(2..=5);
    world.reaches(&last).await;
    assert_eq!(world.effects().await, [1, 4, 5]);
    assert_eq!(world.asked_for(), [""], "on the same stream");
}

#[tokio::test]
async fn a_copy_takes_over_where_another_began_again_and_died() {
    let world = World::new().await;
    let patience = Duration::from_millis(200);
    world.patient_copy(patience).await;
    let third = world.tell(1..=3);
    world.reaches(&third).await;
    world.set_position(&Feed::cursor(1)).await;
    let last = world.tell([4]);
    eventually("a stream from there", async || {
        // It hears of the feed all the time, and never of the position.
        world.feed().checkpoint();
        world.asked_for() == [String::new(), Feed::cursor(1)]
    })
    .await;
    world.reaches(&last).await;
    assert_eq!(world.effects().await, [1, 2, 3, 2, 3, 4]);
}
