//! Calls in numbers: closed-loop, where each caller waits for its answer, and open-loop, where calls are due by a schedule.
//!
//! Open-loop latency counts from the time a call was due, not from when it was sent: a server that stands still for a second is charged
//! with every call of that second (no coordinated omission).

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    Failure,
    client::{Answer, Connection, Request, Target},
};

/// The latency above which it is all the same, in microseconds.
const LONGEST: u64 = 60_000_000;
/// Wrong answers that are told; more say nothing new.
const TOLD: usize = 5;
/// Code under which calls are counted that were not answered at all; gRPC has none so high.
pub const LOST: i32 = 99;

/// Makes calls, and judges what comes back.
pub trait Source: Send + Sync {
    /// The call `nth`, with a number by which its answer is recognised; `None` when there are no more.
    fn request(&self, nth: u64) -> Option<(u64, Request)>;

    /// Whether the answer to the call with the number `mark` is right.
    ///
    /// # Errors
    /// What is wrong with it, without values.
    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String>;

    /// Some of the codes in the answers so far, that must still be good.
    fn codes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// How many calls are under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width {
    /// Connections.
    pub connections: usize,
    /// Calls at once on each.
    pub streams: usize,
}

impl Width {
    /// One call at a time.
    pub const ONE: Self = Self { connections: 1, streams: 1 };

    /// Half as many calls at once, but one.
    #[must_use]
    pub fn halved(self) -> Self {
        match self {
            Self { connections, streams: 0 | 1 } => {
                Self { connections: (connections / 2).max(1), streams: 1 }
            }
            Self { connections, streams } => Self { connections, streams: streams / 2 },
        }
    }

    /// Calls at once.
    #[must_use]
    pub fn calls(self) -> usize {
        self.connections * self.streams
    }
}

/// When no further call is made.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After so many calls: where it must not matter how fast the machine is.
    Calls(u64),
}

impl Until {
    /// Ends after `limit` at the latest where time is what counts.
    #[must_use]
    pub fn at_most(self, limit: Duration) -> Self {
        match self {
            Self::Elapsed(lasting) => Self::Elapsed(lasting.min(limit)),
            Self::Calls(_) => self,
        }
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elapsed(lasting) => write!(f, "{lasting:?}"),
            Self::Calls(count) => write!(f, "{count} calls"),
        }
    }
}

/// What came of a turn.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// From the first call to the last answer.
    pub took: Duration,
    /// Calls that were answered as they should be.
    pub right: u64,
    /// How many got which gRPC code, [`LOST`] for none.
    pub codes: BTreeMap<i32, u64>,
    /// What was wrong with answers, the first few.
    pub wrong: Vec<String>,
    /// How many answers were wrong: those with status 0 and a content that must not be.
    pub wrong_count: u64,
    /// Microseconds.
    pub latency: Histogram<u64>,
}

impl Outcome {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            took: Duration::ZERO,
            right: 0,
            codes: BTreeMap::new(),
            wrong: Vec::new(),
            wrong_count: 0,
            latency: Histogram::new_with_max(LONGEST, 3)?,
        })
    }

    /// Right answers in a second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nobody makes so many calls in one run")]
    pub fn rate(&self) -> f64 {
        self.right as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }

    /// Answers with another status than OK, and calls without an answer.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.codes.iter().filter(|(code, _)| **code != 0).map(|(_, count)| count).sum()
    }

    fn note(&mut self, latency: Duration, code: i32, judged: Result<(), String>) {
        *self.codes.entry(code).or_default() += 1;
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
        self.latency.saturating_record(micros.clamp(1, LONGEST));
        match judged {
            Ok(()) => self.right += u64::from(code == 0),
            Err(what) => {
                self.wrong_count += 1;
                if self.wrong.len() < TOLD {
                    self.wrong.push(what);
                }
            }
        }
    }
}

/// What the callers of one turn share.
struct Shared {
    source: Arc<dyn Source>,
    next: AtomicU64,
    outcome: Mutex<Outcome>,
}

impl Shared {
    fn new(source: &Arc<dyn Source>, first: u64) -> Result<Arc<Self>, Failure> {
        let outcome = Mutex::new(Outcome::new()?);
        Ok(Arc::new(Self { source: Arc::clone(source), next: AtomicU64::new(first), outcome }))
    }

    /// Makes the next call; `false` when there is none. `due` is when it should have been made.
    async fn call(&self, connection: &Connection, due: Option<Instant>) -> bool {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        let Some((mark, request)) = self.source.request(nth) else { return false };
        let began = due.unwrap_or_else(Instant::now);
        let answered = connection.call(&request).await;
        let latency = began.elapsed();
        let (code, judged) = match answered {
            Ok(answer) if answer.code == 0 => (0, self.source.judge(mark, &answer)),
            Ok(answer) => (
                answer.code,
                Err(format!("status {}: {}", answer.code, String::from_utf8_lossy(&answer.body))),
            ),
            Err(broken) => (LOST, Err(broken.to_string())),
        };
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).note(latency, code, judged);
        true
    }

    fn so_far(&self, first: u64) -> u64 {
        self.next.load(Ordering::Relaxed) - first
    }

    fn ended(self: Arc<Self>, took: Duration) -> Outcome {
        let outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Outcome { took, ..outcome }
    }
}

async fn connections(target: &Target, count: usize) -> Result<Vec<Connection>, Failure> {
    let mut open = Vec::new();
    for _ in 0..count {
        open.push(Connection::open(target).await?);
    }
    Ok(open)
}

/// Calls one after the other, `width` of them at once, from the number `first` on. `tell` hears how many there were, twice a second.
pub async fn closed(
    target: &Target,
    source: &Arc<dyn Source>,
    width: Width,
    until: Until,
    first: u64,
    tell: impl Fn(u64),
) -> Result<(Outcome, u64), Failure> {
    let shared = Shared::new(source, first)?;
    let open = connections(target, width.connections).await?;
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for connection in open {
        for _ in 0..width.streams {
            let (shared, connection) = (Arc::clone(&shared), connection.clone());
            callers.spawn(async move {
                // By time each calls once, however late it gets to it.
                let mut called = false;
                while match until {
                    Until::Elapsed(limit) => !called || began.elapsed() < limit,
                    // Each caller may be past the check when the last number is taken.
                    Until::Calls(count) => shared.so_far(first) < count,
                } && shared.call(&connection, None).await
                {
                    called = true;
                }
            });
        }
    }
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            ended = callers.join_next() => match ended {
                Some(ended) => ended?,
                None => break,
            },
            _ = tick.tick() => tell(shared.so_far(first)),
        }
    }
    let made = shared.so_far(first);
    Ok((shared.ended(began.elapsed()), first + made))
}

/// Calls that are due `rate` times a second, whether or not those before were answered.
pub async fn open(
    target: &Target,
    source: &Arc<dyn Source>,
    connections_at_once: usize,
    rate: f64,
    until: Until,
    first: u64,
) -> Result<(Outcome, u64), Failure> {
    let shared = Shared::new(source, first)?;
    let open = connections(target, connections_at_once).await?;
    let began = Instant::now();
    let mut due = schedule(rate, until, began);
    let mut calls = JoinSet::new();
    let mut next = 0_usize;
    while let Some(due) = due.recv().await {
        let (shared, connection) = (Arc::clone(&shared), open[next % open.len()].clone());
        calls.spawn(async move { shared.call(&connection, Some(due)).await });
        next += 1;
        while calls.try_join_next().is_some() {}
    }
    while let Some(ended) = calls.join_next().await {
        ended?;
    }
    let made = shared.so_far(first);
    Ok((shared.ended(began.elapsed()), first + made))
}

/// The instants at which calls are due. Told by a thread of its own: a timer of the runtime is good to a millisecond only.
fn schedule(rate: f64, until: Until, began: Instant) -> mpsc::UnboundedReceiver<Instant> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut nth = 0_u32;
        loop {
            let due = Duration::from_secs_f64(f64::from(nth) / rate);
            if match until {
                Until::Elapsed(lasting) => due >= lasting,
                Until::Calls(count) => u64::from(nth) >= count,
            } {
                break;
            }
            std::thread::sleep((began + due).saturating_duration_since(Instant::now()));
            if sender.send(began + due).is_err() {
                break;
            }
            nth += 1;
        }
    });
    receiver
}
