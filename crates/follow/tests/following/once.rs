//! Each change has its effect once, wherever the stream breaks.

use std::sync::atomic::{AtomicUsize, Ordering};

use entrypass_follow::{Change, PATIENCE};
use entrypass_proto::registration::v1::RegistrationChange;
use entrypass_testkit::{Feed, eventually};
use sea_orm::{DatabaseTransaction, DbErr};
use tonic::Code;

use crate::world::{World, change, note};

#[tokio::test]
async fn a_first_start_begins_with_the_oldest_change_and_the_next_where_it_stopped() {
    let world = World::new().await;
    let third = world.tell(1..=3);
    let copy = world.copy().await;
    world.reaches(&third).await;
    copy.stopping.cancel();
    copy.task.await.expect("stopped");
    let fifth = world.tell(4..=5);
    world.copy().await;
    world.reaches(&fifth).await;
    assert_eq!(world.effects().await, [1, 2, 3, 4, 5]);
    assert_eq!(world.asked_for(), [String::new(), third]);
}

#[tokio::test]
async fn a_stream_that_ends_after_a_commit_is_taken_up_behind_it() {
    let world = World::new().await;
    world.copy().await;
    let mut asked_for = vec![String::new()];
    for (position, end) in (1..).zip([None, Some(Code::Unavailable), Some(Code::Unknown)]) {
        let cursor = world.tell([position]);
        world.reaches(&cursor).await;
        world.feed().end(end);
        asked_for.push(cursor);
        eventually("another stream", async || world.asked_for() == asked_for).await;
    }
    let last = world.tell([4]);
    world.reaches(&last).await;
    assert_eq!(world.effects().await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn streams_that_break_between_batches_lose_and_repeat_nothing() {
    let world = World::new().await;
    world.feed().set_batch(2);
    world.feed().break_after(1);
    let last = world.tell(1..=9);
    world.copy().await;
    eventually("a second stream", async || world.asked_for().len() == 2).await;
    world.reaches(&last).await;
    assert_eq!(world.effects().await, (1..=9).collect::<Vec<_>>());
    assert_eq!(world.asked_for(), [String::new(), Feed::cursor(2)]);
}

#[tokio::test]
async fn a_neighbour_that_is_away_is_waited_for() {
    let world = World::new().await;
    world.registrations().break_with(Code::Unavailable);
    let last = world.tell(1..=2);
    world.copy().await;
    eventually("two tries", async || world.registrations().failed_calls() == 2).await;
    world.registrations().mend();
    world.reaches(&last).await;
    assert_eq!(world.effects().await, [1, 2]);
}

#[tokio::test]
async fn an_effect_that_fails_takes_its_whole_batch_back_and_is_tried_again() {
    static TRIES: AtomicUsize = AtomicUsize::new(0);
    async fn fails_twice(transaction: &DatabaseTransaction, change: &Change) -> Result<(), DbErr> {
        note(transaction, change).await?;
        let fails = change.revision == 2 && TRIES.fetch_add(1, Ordering::SeqCst) < 2;
        if fails { Err(DbErr::Custom("corrupt".to_owned())) } else { Ok(()) }
    }
    let world = World::new().await;
    let last = world.tell(1..=3);
    tokio::spawn(world.follower(PATIENCE).await.run(fails_twice));
    world.reaches(&last).await;
    assert_eq!((world.effects().await, TRIES.load(Ordering::SeqCst)), (vec![1, 2, 3], 3));
    assert_eq!(world.asked_for(), ["", "", ""]);
}

#[tokio::test]
async fn a_change_that_nobody_here_can_read_keeps_no_other_from_having_its_effect() {
    let world = World::new().await;
    let newer = RegistrationChange { kind: 99, ..change(2) };
    let malformed = RegistrationChange { registration: "registrations/7".to_owned(), ..change(3) };
    let last = world.feed().tell_all([change(1), newer, malformed, change(4)]);
    world.copy().await;
    world.reaches(&last).await;
    assert_eq!(world.effects().await, [1, 4]);
}

#[tokio::test]
async fn a_checkpoint_tells_how_far_nothing_happened() {
    let world = World::new().await;
    world.copy().await;
    eventually("a stream", async || world.asked_for().len() == 1).await;
    assert_eq!(world.position().await, None);
    world.feed().checkpoint();
    world.reaches(&Feed::cursor(0)).await;
    let first = world.tell([1]);
    world.reaches(&first).await;
    assert_eq!((world.effects().await, world.asked_for()), (vec![1], vec![String::new()]));
}
