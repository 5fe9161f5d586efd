use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::{Limits, Together};

/// Doubles numbers, when it is let, and notes what it was given at once.
struct Doubler {
    together: Arc<Together<u32, u32>>,
    let_do: Arc<Semaphore>,
    groups: Arc<Mutex<Vec<Vec<u32>>>>,
}

impl Doubler {
    fn new(at_once: usize, waiting: usize, abandoned: bool) -> Self {
        let (let_do, groups) = (Arc::new(Semaphore::new(0)), Arc::<Mutex<Vec<_>>>::default());
        let (waits, notes) = (Arc::clone(&let_do), Arc::clone(&groups));
        let weigh = |thing: &u32| if *thing == 1000 { 1000 } else { 1 };
        let limits = Limits { weigh, at_once, waiting, abandoned };
        let together = Together::new(limits, move |things: Vec<u32>| {
            let (waits, notes) = (Arc::clone(&waits), Arc::clone(&notes));
            async move {
                waits.acquire().await.expect("a semaphore").forget();
                assert!(!things.contains(&13), "a fault of the doer's");
                notes.lock().expect("notes").push(things.clone());
                things.into_iter().map(|thing| thing * 2).collect()
            }
        });
        Self { together, let_do, groups }
    }

    /// Asks for `thing`, and comes back when that is queued.
    async fn ask(&self, thing: u32) -> tokio::task::JoinHandle<Option<u32>> {
        let together = Arc::clone(&self.together);
        let asked = tokio::spawn(async move { together.ask(thing).await });
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        asked
    }

    /// Asks for one thing, at which the doer then is, and for `others` behind it.
    async fn ask_all(
        &self,
        others: impl IntoIterator<Item = u32>,
    ) -> Vec<tokio::task::JoinHandle<Option<u32>>> {
        let mut asked = vec![self.ask(0).await];
        for other in others {
            asked.push(self.ask(other).await);
        }
        asked
    }

    fn groups(&self) -> Vec<Vec<u32>> {
        self.groups.lock().expect("notes").clone()
    }
}

async fn answers(asked: Vec<tokio::task::JoinHandle<Option<u32>>>) -> Vec<Option<u32>> {
    let mut answers = Vec::new();
    for one in asked {
        answers.push(one.await.expect("no panic"));
    }
    answers
}

#[tokio::test]
async fn what_comes_during_the_work_is_done_together_and_each_gets_its_own_answer() {
    let doubler = Doubler::new(3, 100, true);
    let asked = doubler.ask_all(1..=4).await;
    doubler.let_do.add_permits(3);
    assert_eq!(answers(asked).await, [0, 2, 4, 6, 8].map(Some));
    assert_eq!(doubler.groups(), [vec![0], vec![1, 2, 3], vec![4]]);
}

#[tokio::test]
async fn what_comes_at_one_moment_is_done_together_without_waiting_for_a_first() {
    let doubler = Doubler::new(100, 100, true);
    doubler.let_do.add_permits(1);
    let ask = |thing| doubler.together.ask(thing);
    assert_eq!(tokio::join!(ask(1), ask(2), ask(3)), (Some(2), Some(4), Some(6)));
    assert_eq!(doubler.groups(), [vec![1, 2, 3]]);
}

#[tokio::test]
async fn what_is_too_heavy_for_a_group_is_done_alone_and_what_is_too_much_is_refused_at_once() {
    let doubler = Doubler::new(2, 1001, true);
    let asked = doubler.ask_all([1000, 1, 2]).await;
    assert!(asked[3].is_finished(), "1001 wait");
    doubler.let_do.add_permits(3);
    assert_eq!(answers(asked).await, [Some(0), Some(2000), Some(2), None]);
    assert_eq!(doubler.groups(), [vec![0], vec![1000], vec![1]]);
}

#[tokio::test]
async fn of_what_nobody_waits_for_nothing_is_done_unless_that_is_wanted() {
    for abandoned in [true, false] {
        let doubler = Doubler::new(10, 10, abandoned);
        let asked = doubler.ask_all(1..=3).await;
        asked[0].abort();
        asked[2].abort();
        doubler.let_do.add_permits(2);
        assert_eq!(doubler.together.ask(4).await, Some(8));
        let others = if abandoned { vec![1, 2, 3, 4] } else { vec![1, 3, 4] };
        assert_eq!(doubler.groups(), [vec![0], others]);
    }
}

#[tokio::test]
async fn a_doer_that_breaks_off_leaves_nobody_waiting_and_the_next_is_done() {
    let doubler = Doubler::new(1, 10, true);
    let asked = doubler.ask_all([13, 2]).await;
    doubler.let_do.add_permits(3);
    assert_eq!(answers(asked).await, [Some(0), None, None]);
    assert_eq!(doubler.together.ask(3).await, Some(6));
}
