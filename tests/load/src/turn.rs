//! One side of a comparison, a turn at a time, with what it costs.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    Failure,
    baseline::{
        h2load,
        pgbench::{self, Script},
        work::{self, Work},
    },
    client::Target,
    drive::{self, Outcome, Source, Until, Width},
    process::{cost_of, family_cpu},
    store::Server,
};

/// How calls are made.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Closed-loop.
    Closed(Width),
    /// Open-loop, so many a second over so many connections.
    Open(f64, usize),
}

/// Who does the work.
#[derive(Clone)]
pub enum Worker {
    /// A server that is called.
    Calls {
        /// Where.
        target: Target,
        /// What.
        source: Arc<dyn Source>,
        /// How.
        shape: Shape,
        /// Its processes.
        processes: Vec<u32>,
    },
    /// pgbench with so many clients.
    Pgbench(Server, Script, usize, PathBuf),
    /// h2load, which calls the echo of a process.
    H2load(SocketAddr, Width, PathBuf, u32),
    /// All processors, without a call.
    Bare(Work),
}

/// One side of a comparison.
pub struct Side {
    worker: Worker,
    /// The first process of the database's server, if there is one.
    database: Option<u32>,
    next: AtomicU64,
}

/// What one turn showed.
#[derive(Debug, Clone)]
pub struct Turn {
    /// How often a second.
    pub rate: f64,
    /// How often in all.
    pub count: f64,
    /// The calls; none where nothing was called.
    pub calls: Option<Outcome>,
    /// Processor time of the program's processes, or of the baseline's server.
    pub server: Duration,
    /// Processor time of the database's server.
    pub database: Duration,
    /// Processor time of this process: the client.
    pub client: Duration,
    /// What the program's processes kept in memory at the end, in bytes.
    pub resident: u64,
}

impl Side {
    /// A side that has had no turn.
    #[must_use]
    pub fn new(worker: Worker, database: Option<u32>) -> Self {
        Self { worker, database, next: AtomicU64::new(0) }
    }

    /// Works `until` then.
    pub async fn turn(&self, until: Until) -> Result<Turn, Failure> {
        let myself = [std::process::id()];
        let processes = self.processes();
        let before = (cost_of(&processes), self.database_cpu(), cost_of(&myself));
        let (rate, count, calls) = self.work(until).await?;
        let after = (cost_of(&processes), self.database_cpu(), cost_of(&myself));
        Ok(Turn {
            rate,
            count,
            calls,
            server: after.0.cpu.saturating_sub(before.0.cpu),
            database: after.1.saturating_sub(before.1),
            client: after.2.cpu.saturating_sub(before.2.cpu),
            resident: after.0.resident,
        })
    }

    fn processes(&self) -> Vec<u32> {
        match &self.worker {
            Worker::Calls { processes, .. } => processes.clone(),
            Worker::H2load(_, _, _, process) => vec![*process],
            _ => Vec::new(),
        }
    }

    fn database_cpu(&self) -> Duration {
        self.database.map(family_cpu).unwrap_or_default()
    }

    async fn work(&self, until: Until) -> Result<(f64, f64, Option<Outcome>), Failure> {
        match &self.worker {
            Worker::Calls { target, source, shape, .. } => {
                let first = self.next.load(Ordering::Relaxed);
                let (outcome, next) = match shape {
                    Shape::Closed(width) => {
                        drive::closed(target, source, *width, until, first, |_| ()).await?
                    }
                    Shape::Open(rate, connections) => {
                        drive::open(target, source, *connections, *rate, until, first).await?
                    }
                };
                self.next.store(next, Ordering::Relaxed);
                Ok((outcome.rate(), outcome.rate() * outcome.took.as_secs_f64(), Some(outcome)))
            }
            Worker::Pgbench(server, script, clients, folder) => {
                let rate = pgbench::run(server, *script, *clients, until, folder).await?;
                Ok((rate, count(rate, until), None))
            }
            Worker::H2load(address, width, folder, _) => {
                let rate = h2load::run(*address, *width, until, folder).await?;
                Ok((rate, count(rate, until), None))
            }
            Worker::Bare(work) => {
                let work = *work;
                let rate = tokio::task::spawn_blocking(move || work::rate(work, until)).await??;
                Ok((rate, count(rate, until), None))
            }
        }
    }
}

/// How often something was done whose `rate` is known. By time all tools work for whole seconds.
#[expect(clippy::cast_precision_loss, reason = "nobody makes so many calls in one turn")]
fn count(rate: f64, until: Until) -> f64 {
    match until {
        Until::Elapsed(lasting) => rate * lasting.as_secs_f64(),
        Until::Calls(count) => count as f64,
    }
}
