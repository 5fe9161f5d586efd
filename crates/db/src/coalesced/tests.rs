//! Callers who ask at once, of a look-up that a test holds up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use proptest::prelude::{Strategy as _, any, prop, proptest};
use sea_orm::DbErr;
use tokio::{
    runtime::Builder,
    sync::Semaphore,
    task::{JoinHandle, yield_now},
};

use super::{AT_ONCE, Coalesced, MOST_WAITING};

/// A look-up that takes a permit for each statement, and remembers the keys of all.
struct Store {
    looks: Coalesced<u32, u64>,
    permits: Arc<Semaphore>,
    statements: Arc<Mutex<Vec<Vec<u32>>>>,
}

/// Even keys are known.
fn one(key: u32) -> Option<u64> {
    key.is_multiple_of(2).then(|| u64::from(key) * 10)
}

impl Store {
    /// With `answer` for the keys of each statement.
    fn new(answer: impl Fn(&[u32]) -> Result<BTreeMap<u32, u64>, DbErr> + Send + Sync + 'static) -> Self {
        let (permits, statements) = (Arc::new(Semaphore::new(0)), Arc::<Mutex<Vec<Vec<u32>>>>::default());
        let (gate, told, answer) = (Arc::clone(&permits), Arc::clone(&statements), Arc::new(answer));
        let looks = Coalesced::new(move |keys: Vec<u32>| {
            let (gate, told, answer) = (Arc::clone(&gate), Arc::clone(&told), Arc::clone(&answer));
            async move {
                told.lock().unwrap_or_else(PoisonError::into_inner).push(keys.clone());
                gate.acquire().await.expect("open").forget();
                answer(&keys)
            }
        });
        Self { looks, permits, statements }
    }

    fn good() -> Self {
        Self::new(|keys| Ok(keys.iter().filter_map(|key| Some((*key, one(*key)?))).collect()))
    }

    fn ask(&self, key: u32) -> JoinHandle<Result<Option<u64>, DbErr>> {
        let looks = self.looks.clone();
        tokio::spawn(async move { looks.get(key).await })
    }

    /// Lets everybody come as far as they can.
    async fn settle(&self) {
        for _ in 0..20 {
            yield_now().await;
        }
    }

    fn statements(&self) -> Vec<Vec<u32>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tokio::test]
async fn who_comes_while_a_statement_is_under_way_shares_the_next_one() {
    let store = Store::good();
    let first = store.ask(2);
    store.settle().await;
    let others: Vec<_> = [4, 5, 4, 6].map(|key| (key, store.ask(key))).into();
    store.settle().await;
    store.permits.add_permits(2);
    assert_eq!(first.await.expect("no panic"), Ok(one(2)));
    for (key, other) in others {
        assert_eq!(other.await.expect("no panic"), Ok(one(key)), "{key}");
    }
    assert_eq!(store.statements(), [vec![2], vec![4, 5, 6]]);
}

#[tokio::test]
async fn a_statement_has_so_many_keys_at_most() {
    let store = Store::good();
    let first = store.ask(0);
    store.settle().await;
    let most = u32::try_from(AT_ONCE).expect("few");
    let others: Vec<_> = (0..=most).map(|key| (key, store.ask(key))).collect();
    store.settle().await;
    store.permits.add_permits(3);
    assert_eq!(first.await.expect("no panic"), Ok(one(0)));
    for (key, other) in others {
        assert_eq!(other.await.expect("no panic"), Ok(one(key)), "{key}");
    }
    assert_eq!(store.statements().iter().map(Vec::len).collect::<Vec<_>>(), [1, AT_ONCE, 1]);
}

#[tokio::test]
async fn what_one_caller_asks_for_is_one_statement_however_much_it_is() {
    let store = Store::good();
    store.permits.add_permits(1);
    let most = u32::try_from(2 * AT_ONCE).expect("few");
    let all = store.looks.get_all((0..most).collect()).await;
    assert_eq!(all, Ok((0..most).filter_map(|key| Some((key, one(key)?))).collect()));
    assert_eq!(store.looks.get_all(Vec::new()).await, Ok(BTreeMap::new()));
    assert_eq!(store.statements().len(), 1);
}

#[tokio::test]
async fn an_error_reaches_each_whom_it_is_for_and_nobody_after() {
    let store = Store::new(|keys| match keys {
        [2] => Ok(BTreeMap::from([(2, 20)])),
        _ => Err(DbErr::Custom("away".to_owned())),
    });
    let first = store.ask(2);
    store.settle().await;
    let others = [3, 4].map(|key| store.ask(key));
    store.settle().await;
    store.permits.add_permits(3);
    assert_eq!(first.await.expect("no panic"), Ok(Some(20)));
    for other in others {
        assert_eq!(other.await.expect("no panic"), Err(DbErr::Custom("away".to_owned())));
    }
    assert_eq!(store.looks.get(2).await, Ok(Some(20)));
}

#[tokio::test]
async fn more_than_may_wait_are_told_at_once() {
    let store = Store::good();
    let first = store.ask(2);
    store.settle().await;
    let waiting: Vec<_> = (0..MOST_WAITING).map(|_| store.ask(4)).collect();
    // Each of them comes forward by one turn of the runtime at least.
    for _ in 0..MOST_WAITING {
        yield_now().await;
    }
    let refused = store.looks.get(4).await.expect_err("too many");
    assert!(crate::is_unavailable(&refused), "{refused}");
    store.permits.add_permits(MOST_WAITING);
    assert_eq!(first.await.expect("no panic"), Ok(one(2)));
    for one_of_them in waiting {
        assert_eq!(one_of_them.await.expect("no panic"), Ok(one(4)));
    }
}

proptest! {
    /// Whatever is asked for at whatever time, the answers are those of look-ups one by one, with no more statements.
    #[test]
    fn answers_are_those_of_look_ups_one_by_one(
        asked in prop::collection::vec(any::<(u8, u8)>().prop_map(|(key, pause)| (u32::from(key), pause % 4)), 0..200)
    ) {
        Builder::new_current_thread().build().expect("a runtime").block_on(async {
            let store = Store::good();
            let mut asking = Vec::new();
            for (key, pause) in &asked {
                asking.push((*key, store.ask(*key)));
                if *pause == 0 {
                    store.permits.add_permits(1);
                    yield_now().await;
                }
            }
            store.permits.add_permits(asked.len());
            for (key, answer) in asking {
                assert_eq!(answer.await.expect("no panic"), Ok(one(key)), "{key}");
            }
            assert!(store.statements().len() <= asked.len());
        });
    }
}
