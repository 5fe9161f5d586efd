//! Doing together what many ask for at once, so that they share a transaction and its commit instead of waiting for each other's.
//!
//! Owns a queue of what is asked for, and its one doer: it takes what waits, and while it is at work the next ones gather. There is no timer:
//! whoever asks when nobody else does is a group of one.
//! Does not own what is done, and what follows when it was not.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// How often the doer lets others go first before it takes what waits, as long as each time somebody joins.
const MOST_YIELDS: usize = 8;

type Done<A> = Pin<Box<dyn Future<Output = Vec<A>> + Send>>;

/// How much is taken at once, and what becomes of it when it is not waited for.
#[derive(Debug, Clone, Copy)]
pub struct Limits<T> {
    /// What a thing counts for.
    pub weigh: fn(&T) -> usize,
    /// What is done at once at most. A thing that is heavier by itself is done alone.
    pub at_once: usize,
    /// What waits at most: memory must not fill while nothing gets done.
    pub waiting: usize,
    /// Whether a thing is done of which nobody waits for the answer any more.
    pub abandoned: bool,
}

/// Does things together, for each of which it gives an answer.
pub struct Together<T, A> {
    act: Box<dyn Fn(Vec<T>) -> Done<A> + Send + Sync>,
    limits: Limits<T>,
    queue: Mutex<Queue<T, A>>,
}

struct Queue<T, A> {
    waiting: Vec<Asked<T, A>>,
    weight: usize,
    /// Somebody is at work, and looks here when that is done.
    working: bool,
}

struct Asked<T, A> {
    thing: T,
    answer: oneshot::Sender<A>,
}

/// What is left when the doer goes: whoever still waits is told so.
struct AtWork<'t, T, A>(&'t Together<T, A>);

impl<T: Send + 'static, A: Send + 'static> Together<T, A> {
    /// Things that `act` does, which gives as many answers, in their order.
    #[must_use]
    pub fn new<D>(limits: Limits<T>, act: impl Fn(Vec<T>) -> D + Send + Sync + 'static) -> Arc<Self>
    where
        D: Future<Output = Vec<A>> + Send + 'static,
    {
        let queue = Queue { waiting: Vec::new(), weight: 0, working: false };
        Arc::new(Self {
            act: Box::new(move |things| Box::pin(act(things))),
            limits,
            queue: Mutex::new(queue),
        })
    }

    /// Has `thing` done. `None` when too much waits already; or, when the doer broke off, it may have been done or not.
    ///
    /// Whoever goes away while they wait disturbs nobody: the doer is a task of its own.
    pub async fn ask(self: &Arc<Self>, thing: T) -> Option<A> {
        let (answer, answered) = oneshot::channel();
        self.add(Asked { thing, answer });
        answered.await.ok()
    }

    fn add(self: &Arc<Self>, asked: Asked<T, A>) {
        let weight = (self.limits.weigh)(&asked.thing);
        let mut queue = self.queue();
        if queue.weight + weight > self.limits.waiting {
            return;
        }
        queue.weight += weight;
        queue.waiting.push(asked);
        if !std::mem::replace(&mut queue.working, true) {
            tokio::spawn(Arc::clone(self).work());
        }
    }

    async fn work(self: Arc<Self>) {
        let _at_work = AtWork(&self);
        loop {
            self.gather().await;
            let Some(asked) = self.next() else { return };
            let (things, answers): (Vec<_>, Vec<_>) =
                asked.into_iter().map(|Asked { thing, answer }| (thing, answer)).unzip();
            for (answer, told) in (self.act)(things).await.into_iter().zip(answers) {
                // Whoever does not wait any more does not hear it.
                let _ = told.send(answer);
            }
        }
    }

    /// Lets those come who are about to ask: whoever has just been answered often asks again. A moment, if nobody is.
    async fn gather(&self) {
        let mut weight = 0;
        for _ in 0..MOST_YIELDS {
            tokio::task::yield_now().await;
            let now = self.queue().weight;
            if now == std::mem::replace(&mut weight, now) || now >= self.limits.at_once {
                return;
            }
        }
    }

    /// What is to be done next; `None` ends the work.
    fn next(&self) -> Option<Vec<Asked<T, A>>> {
        let mut queue = self.queue();
        if !self.limits.abandoned {
            queue.waiting.retain(|asked| !asked.answer.is_closed());
        }
        let mut weight = 0;
        let fits = |asked: &&Asked<T, A>| {
            weight += (self.limits.weigh)(&asked.thing);
            weight <= self.limits.at_once
        };
        let count = queue.waiting.iter().take_while(fits).count().max(1).min(queue.waiting.len());
        let asked: Vec<_> = queue.waiting.drain(..count).collect();
        queue.weight = queue.waiting.iter().map(|asked| (self.limits.weigh)(&asked.thing)).sum();
        queue.working = !asked.is_empty();
        queue.working.then_some(asked)
    }

    fn queue(&self) -> MutexGuard<'_, Queue<T, A>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, A> Drop for AtWork<'_, T, A> {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        // At the proper end nobody is at work any more, or somebody else already is.
        if std::thread::panicking() {
            queue.waiting.clear();
            (queue.weight, queue.working) = (0, false);
        }
    }
}

impl<T, A> fmt::Debug for Together<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
