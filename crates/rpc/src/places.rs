//! How many connections are open, and whose.
//!
//! A caller may have as many as there are places left. Alone it gets half of them, two get a third each, and whoever comes next finds room: a
//! fixed share would be too small for the only caller of a city, or too big for its hundredth.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The places of a listener.
#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_caller: HashMap<String, usize>,
}

/// The place of one connection, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    caller: Option<String>,
}

impl Places {
    /// `most` places.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, taken: Mutex::default() }
    }

    /// A place for anybody; `None` when all are taken.
    pub(crate) fn any(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken();
        (taken.all < self.most).then(|| {
            taken.all += 1;
            Place { places: Arc::clone(self), caller: None }
        })
    }

    /// A place for `caller`; `None` when it has as many as are left.
    pub(crate) fn of(self: &Arc<Self>, caller: String) -> Option<Place> {
        let mut taken = self.taken();
        let left = self.most.saturating_sub(taken.all);
        let has = taken.by_caller.get(&caller).copied().unwrap_or_default();
        (has < left).then(|| {
            taken.all += 1;
            taken.by_caller.insert(caller.clone(), has + 1);
            Place { places: Arc::clone(self), caller: Some(caller) }
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        let Some(caller) = &self.caller else { return };
        let left = taken.by_caller.get(caller).map_or(0, |has| has.saturating_sub(1));
        if left == 0 {
            taken.by_caller.remove(caller);
        } else {
            taken.by_caller.insert(caller.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Places;

    #[test]
    fn a_caller_gets_as_many_places_as_it_leaves() {
        let places = Arc::new(Places::new(12));
        let take = |caller: &str| std::iter::from_fn(|| places.of(caller.to_owned())).collect::<Vec<_>>();
        let first = take("first");
        assert_eq!(first.len(), 6, "half");
        let second = take("second");
        assert_eq!(second.len(), 3, "half of the rest");
        drop(first);
        assert_eq!(take("second").len(), 1 + 2, "six in all, and six are left");
        drop(second);
        assert!(places.taken().by_caller.is_empty(), "nobody is remembered");
        assert_eq!(take("third").len(), 6);
    }

    #[test]
    fn strangers_share_all_places() {
        let places = Arc::new(Places::new(3));
        let mut taken: Vec<_> = std::iter::from_fn(|| places.any()).collect();
        assert_eq!(taken.len(), 3);
        taken.pop();
        assert!(places.any().is_some());
        assert!(Arc::new(Places::new(0)).any().is_none());
    }
}
