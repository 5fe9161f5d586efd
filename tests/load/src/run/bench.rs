//! A loaded system with its baselines beside it, and the turns of a case on both.

use std::{sync::Arc, time::Duration};

use super::bare;
use crate::{
    Failure,
    arguments::Arguments,
    baseline::{
        h2load,
        pgbench::{self, Script},
        serve::{Echoes, Rows},
    },
    case::{Baseline, Case, Many},
    check::Before,
    client::Target,
    compare::{Both, compare},
    drive::{Source, Until, Width},
    process::Process,
    report::Row,
    store::Server,
    turn::{Shape, Side, Worker},
    world::{Rpc, World},
};

/// Most calls a second of those that need a registration each, and how many times as many as were loaded.
const MOST_A_SECOND: f64 = 1000.0;
const TIMES_THE_LOAD: f64 = 6.0;

/// Everything that runs while cases are measured.
pub struct Bench<'a> {
    arguments: &'a Arguments,
    /// The system.
    pub world: World,
    server: Option<&'a Server>,
    echo: Arc<Process>,
    select: Option<Arc<Process>>,
    /// Rows that the bare select has.
    rows: u64,
}

impl<'a> Bench<'a> {
    /// Starts the baselines.
    pub async fn start(
        arguments: &'a Arguments,
        world: World,
        server: Option<&'a Server>,
        rows: u64,
    ) -> Result<Self, Failure> {
        let select = match server {
            Some(server) => Some(bare(Some(&server.url(pgbench::DATABASE, None))).await?),
            None => None,
        };
        Ok(Self { arguments, world, server, echo: bare(None).await?, select, rows })
    }

    /// The case in turns with its baseline; its store is checked, and codes of its answers.
    pub async fn case(&self, case: &Case) -> Result<Row, Failure> {
        let width = self.width(case.width);
        let (until, turns) = (self.arguments.until(), usize::try_from(self.arguments.turns)?);
        let source = self.world.source(case.rpc, self.most_calls()).await?;
        let subject = self.calls(case.rpc, &source, Shape::Closed(width))?;
        let baseline = self.baseline(case.baseline, case.rpc, &source)?;
        let before = Before::count(&self.world.plan.store, case.wrote).await?;
        let both = compare(&subject, &baseline, turns, until).await?;
        self.check(case, &both, &before, &source).await?;
        let Both { subject, baseline, ratio, .. } = both;
        let name = name(case.baseline).to_owned();
        let engine = self.world.plan.store.engine();
        Ok(Row::new(engine, case.name, subject, Some((name, baseline)), Some(ratio), case.goal))
    }

    /// Fails when an answer was wrong, a row is missing or double, or a code does not verify.
    async fn check(
        &self,
        case: &Case,
        both: &Both,
        before: &Before,
        source: &Arc<dyn Source>,
    ) -> Result<(), Failure> {
        if !both.wrong.is_empty() {
            return Err(format!("wrong answers: {:?}", both.wrong).into());
        }
        let mut right = both.subject.right;
        if case.baseline == Baseline::OneAtATime {
            right += both.baseline.right;
        }
        if right == 0 {
            return Err("no call was answered".into());
        }
        if both.subject.rates.contains(&0.0) {
            return Err("a turn found nothing left to call about: prepare more".into());
        }
        before.check(right, 0).await?;
        self.world.verify_offline(&source.codes()).await?;
        Ok(())
    }

    /// The system's side.
    pub fn calls(&self, rpc: Rpc, source: &Arc<dyn Source>, shape: Shape) -> Result<Side, Failure> {
        let (target, processes) = (self.world.target(rpc)?, self.world.system.ids());
        Ok(Side::new(
            Worker::Calls { target, source: Arc::clone(source), shape, processes },
            self.database()?,
        ))
    }

    fn baseline(&self, baseline: Baseline, rpc: Rpc, source: &Arc<dyn Source>) -> Result<Side, Failure> {
        let worker = match baseline {
            Baseline::Echo => return self.echoes(Shape::Closed(self.arguments.width())),
            Baseline::OneAtATime => return self.calls(rpc, source, Shape::Closed(Width::ONE)),
            Baseline::Bare(work) => Worker::Bare(work),
            Baseline::Pgbench(script) => self.pgbench(script)?,
        };
        Ok(Side::new(worker, self.database()?))
    }

    fn pgbench(&self, script: Script) -> Result<Worker, Failure> {
        let server = self.server.ok_or("pgbench needs PostgreSQL")?.clone();
        Ok(Worker::Pgbench(server, script, self.arguments.clients, self.world.folder().clone()))
    }

    /// The bare echo.
    pub fn echoes(&self, shape: Shape) -> Result<Side, Failure> {
        self.bare(&self.echo, Arc::new(Echoes), shape)
    }

    /// The bare select; only beside PostgreSQL.
    pub fn selects(&self, shape: Shape) -> Result<Side, Failure> {
        let select = self.select.as_ref().ok_or("the bare select needs PostgreSQL")?;
        self.bare(select, Arc::new(Rows(self.rows)), shape)
    }

    /// Whether there is the bare select.
    pub fn has_select(&self) -> bool {
        self.select.is_some()
    }

    /// What a latency is compared with: the bare select, or where there is no server the echo.
    pub fn bare_for_latency(&self, shape: Shape) -> Result<Side, Failure> {
        if self.has_select() { self.selects(shape) } else { self.echoes(shape) }
    }

    /// What [`Self::bare_for_latency`] is.
    pub fn latency_baseline(&self) -> &'static str {
        if self.has_select() { "bare tonic and one sqlx select" } else { "bare echo" }
    }

    /// The bare echo, called by h2load; none where that is not installed.
    pub fn h2load(&self) -> Option<Side> {
        let process = self.echo.id().filter(|_| h2load::is_there())?;
        let folder = self.world.folder().clone();
        Some(Side::new(Worker::H2load(self.echo.address, self.arguments.width(), folder, process), None))
    }

    fn bare(&self, process: &Process, source: Arc<dyn Source>, shape: Shape) -> Result<Side, Failure> {
        let target = Target { address: process.address, tls: None };
        let processes = process.id().into_iter().collect();
        Ok(Side::new(Worker::Calls { target, source, shape, processes }, self.database()?))
    }

    /// The first process of the database's server, if there is one.
    pub fn database(&self) -> Result<Option<u32>, Failure> {
        self.server.map(Server::process).transpose()
    }

    fn width(&self, many: Many) -> Width {
        match many {
            Many::Usual => self.arguments.width(),
            // The debug build would take seconds for each.
            Many::InFlight(_) if self.arguments.smoke => Width { connections: 8, streams: 1 },
            Many::InFlight(calls) => Width { connections: 8, streams: calls / 8 },
        }
    }

    fn most_calls(&self) -> u64 {
        let lasting = match self.arguments.until() {
            // One more is the turn that is not counted.
            Until::Calls(count) => return count * (self.arguments.turns + 1),
            Until::Elapsed(lasting) => lasting,
        };
        // Nothing was loaded where everything was there.
        let loaded = Some(self.world.load_rate * TIMES_THE_LOAD).filter(|rate| *rate > 0.0);
        let rate = loaded.map_or(MOST_A_SECOND, |rate| rate.clamp(20.0, MOST_A_SECOND));
        let turns = u32::try_from(self.arguments.turns).unwrap_or(u32::MAX);
        (lasting * turns + Duration::from_secs(1)).mul_f64(rate).as_secs()
    }

    /// Ends the system, as an orchestrator does.
    pub async fn end(self) -> Result<(), Failure> {
        self.world.system.stop().await
    }
}

fn name(baseline: Baseline) -> &'static str {
    use crate::baseline::work::Work;
    match baseline {
        Baseline::Echo => "bare echo",
        Baseline::OneAtATime => "one at a time",
        Baseline::Pgbench(Script::Select) => "pgbench -S",
        Baseline::Pgbench(Script::Submission) => "pgbench, a submission",
        Baseline::Bare(Work::Draw) => "fast_qr + png",
        Baseline::Bare(Work::Sign) => "Ed25519 sign",
        Baseline::Bare(Work::Verify) => "Ed25519 verify",
    }
}
