//! Beginning again: a position that is too old or foreign, and a stream that fell silent.

use std::time::Duration;

use entrypass_testkit::{Feed, eventually};

use crate::world::World;

#[tokio::test]
async fn a_position_behind_which_changes_are_forgotten_is_replaced() {
    let world = World::new().await;
    world.tell(1..=4);
    world.feed().forget(&Feed::cursor(2));
    world.set_position(&Feed::cursor(1)).await;
    world.copy().await;
    world.reaches(&Feed::cursor(4)).await;
    assert_eq!(world.effects().await, [3, 4]);
    assert_eq!(world.asked_for(), [Feed::cursor(1), String::new()]);
}

#[tokio::test]
async fn a_position_ahead_of_a_restored_feed_is_replaced() {
    let world = World::new().await;
    let last = world.tell(1..=2);
    world.set_position(&Feed::cursor(9)).await;
    world.copy().await;
    world.reaches(&last).await;
    assert_eq!(world.effects().await, [1, 2]);
}

#[tokio::test]
async fn a_position_in_another_systems_feed_is_replaced_by_one_of_two_copies() {
    let world = World::new().await;
    world.set_position("another system's").await;
    world.copy().await;
    world.copy().await;
    let last = world.tell(1..=3);
    world.reaches(&last).await;
    assert_eq!(world.effects().await, [1, 2, 3]);
    // And it is kept from then on.
    let next = world.tell([4]);
    world.reaches(&next).await;
    assert_eq!(world.effects().await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_stream_that_is_silent_for_too_long_is_taken_up_again() {
    let world = World::new().await;
    let first = world.tell([1]);
    world.patient_copy(Duration::from_millis(50)).await;
    world.reaches(&first).await;
    eventually("another stream", async || world.asked_for().len() > 1).await;
    assert_eq!(world.asked_for()[1], first);
    let second = world.tell([2]);
    world.reaches(&second).await;
    assert_eq!(world.effects().await, [1, 2]);
}
