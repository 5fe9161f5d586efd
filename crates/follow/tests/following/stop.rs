//! Stopping, whatever it is about.

use std::{future::pending, time::Duration};

use entrypass_follow::{Change, PATIENCE};
use entrypass_testkit::eventually;
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::{sync::mpsc, time::timeout};
use tonic::Code;

use crate::world::{Copy, World, note};

async fn stops(copy: Copy) {
    copy.stopping.cancel();
    timeout(Duration::from_secs(5), copy.task).await.expect("in time").expect("no panic");
}

#[tokio::test]
async fn it_stops_while_it_waits_for_a_change() {
    let world = World::new().await;
    let copy = world.copy().await;
    eventually("a stream", async || world.asked_for().len() == 1).await;
    stops(copy).await;
}

#[tokio::test]
async fn it_stops_while_its_neighbour_is_away() {
    let world = World::new().await;
    world.registrations().break_with(Code::Unavailable);
    let copy = world.copy().await;
    eventually("a try", async || world.registrations().failed_calls() > 0).await;
    stops(copy).await;
}

#[tokio::test]
async fn it_stops_in_the_middle_of_an_effect_and_leaves_nothing_of_it() {
    let world = World::new().await;
    let (begun, mut begins) = mpsc::channel(1);
    let never_ends = async move |transaction: &DatabaseTransaction, change: &Change| -> Result<(), DbErr> {
        note(transaction, change).await?;
        begun.send(()).await.expect("the test waits");
        pending().await
    };
    let last = world.tell([1]);
    let follower = world.follower(PATIENCE).await;
    let (stopping, as_of) = (follower.stopping.clone(), follower.as_of.clone());
    let task = tokio::spawn(follower.run(never_ends));
    begins.recv().await.expect("begun");
    stops(Copy { stopping, as_of, task }).await;
    assert_eq!((world.effects().await, world.position().await), (vec![], None));
    world.copy().await;
    world.reaches(&last).await;
    assert_eq!(world.effects().await, [1]);
}
