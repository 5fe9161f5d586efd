//! One run: systems are started and filled, cases have their turns, stores are checked.

mod bench;
mod special;

use std::{path::PathBuf, sync::Arc};

use crate::{
    Failure,
    arguments::{Arguments, Engine},
    baseline::{pgbench, statements},
    case::{Case, Goal, ON_POSTGRES, ON_SQLITE},
    compare::{median, mib},
    machine,
    process::Process,
    report::{Report, Scalar},
    store::{self, Server, Store},
    system::Plan,
    world::World,
};
use bench::Bench;

/// Starts to ready, of which the median counts.
const STARTS: usize = 5;

/// Does all that `arguments` want; `server` is there where PostgreSQL is wanted. What is found is told as soon as it is, by `tell`.
pub async fn run(
    arguments: &Arguments,
    server: Option<Server>,
    tell: &dyn Fn(&str),
) -> Result<Report, Failure> {
    let mut report = Report { facts: machine::facts(arguments), ..Report::default() };
    let kept = tempfile::tempdir()?;
    let folder = arguments.data.clone().unwrap_or_else(|| kept.path().to_owned());
    let program = program(arguments)?;
    let plan = |folder: PathBuf, store| Plan {
        program: program.clone(),
        folder,
        store,
        tls: arguments.tls,
        apart: arguments.apart,
    };
    if let Some(server) = server.filter(|_| arguments.is_on(Engine::Postgres)) {
        let store = Store::Postgres { server: server.clone(), database: "city".to_owned() };
        Box::pin(measure(
            arguments,
            plan(folder.join("postgres"), store),
            Some(&server),
            ON_POSTGRES,
            &mut report,
            tell,
        ))
        .await?;
    }
    if arguments.is_on(Engine::Sqlite) {
        report.facts.push(("SQLite".to_owned(), store::sqlite_durability().await?));
        let folder = folder.join("sqlite");
        let store = Store::Sqlite { folder: folder.clone(), apart: arguments.apart };
        Box::pin(measure(arguments, plan(folder, store), None, ON_SQLITE, &mut report, tell)).await?;
    }
    Ok(report)
}

async fn measure(
    arguments: &Arguments,
    plan: Plan,
    server: Option<&Server>,
    cases: &[Case],
    report: &mut Report,
    tell: &dyn Fn(&str),
) -> Result<(), Failure> {
    let size = *arguments.travellers.first().ok_or("no travellers")?;
    let engine = plan.store.engine();
    if let Some(server) = server.filter(|_| arguments.smoke) {
        server.make("city").await?;
        server.log_statements().await?;
    }
    let world = World::start(plan, arguments.seed, size, arguments.preparation()).await?;
    told_of_loading(&world, engine, report);
    if let Some(server) = server {
        report.facts.push((engine.to_owned(), server.durability("city").await?));
    }
    tell(&format!("{engine}: {size} travellers are there"));
    let world = world
        .restart(async || {
            let Some(server) = server else { return Ok(()) };
            server.settle("city").await?;
            pgbench::copy(server, "city").await
        })
        .await?;
    report
        .facts
        .push((format!("{engine}, data"), format!("{:.0} MiB", mib(world.plan.store.bytes().await?))));
    let world = starts(world, engine, arguments, report).await?;
    let database = server.map(Server::process).transpose()?;
    tell(&format!("{engine}: started again; how much it takes when nobody calls"));
    report.scalars.extend(machine::idle(engine, &world.system.ids(), database, arguments.smoke).await?);
    tell(&format!("{engine}: baselines are made"));
    let rows = match server {
        Some(server) => pgbench::prepare(server, size).await?,
        None => 0,
    };
    let bench = Bench::start(arguments, world, server, rows).await?;
    common(&bench, cases, arguments, report, tell).await;
    let mut done = Vec::new();
    if arguments.wants("baselines") {
        tell(&format!("{engine}: what the baselines do by themselves"));
        done.push(special::references(&bench, arguments, report).await);
    }
    if arguments.wants("p99 at half of peak") {
        tell(&format!("{engine}: latency against offered load"));
        done.push(special::open_loop(&bench, arguments, report).await);
    }
    if server.is_some() && !arguments.apart && arguments.wants("four processes") {
        tell(&format!("{engine}: four processes"));
        done.push(special::apart(&bench, arguments, report).await);
    }
    let failed = done.into_iter().filter_map(Result::err);
    report.failed.extend(failed.map(|error| format!("{engine}: {error}")));
    if let (Some(server), Some(size)) = (server, arguments.travellers.get(1)) {
        let store = Store::Postgres { server: server.clone(), database: "large_city".to_owned() };
        let folder = bench.world.folder().with_file_name("large");
        let plan = Plan { folder, store, ..bench.world.plan.clone() };
        tell(&format!("{engine}: {size} travellers are loaded for the second size"));
        let large = World::start(plan, arguments.seed, *size, arguments.preparation()).await?;
        told_of_loading(&large, engine, report);
        server.settle("large_city").await?;
        special::sizes(&bench, large, arguments, report).await?;
    }
    if let Some(server) = server.filter(|_| arguments.smoke) {
        let different = statements::difference(&server.log()?, pgbench::SUBMISSION);
        different
            .map_or(Ok(()), |different| Err(format!("tests/load/pgbench/submission.sql: {different}")))?;
    }
    bench.end().await
}

/// Every case of the table that is wanted. The others are worth knowing when one has failed, and so has the run.
async fn common(
    bench: &Bench<'_>,
    cases: &[Case],
    arguments: &Arguments,
    report: &mut Report,
    tell: &dyn Fn(&str),
) {
    let engine = bench.world.plan.store.engine();
    for case in cases.iter().filter(|case| arguments.wants(case.name)) {
        match bench.case(case).await {
            Ok(row) => {
                let ratio = row.ratio.unwrap_or_default();
                tell(&format!("{engine}, {}: {:.0} a second, ratio {ratio:.2}", row.case, row.measured.rate));
                report.rows.push(row);
            }
            Err(error) => {
                tell(&format!("{engine}, {}: FAILED", case.name));
                report.failed.push(format!("{engine}, {}: {error}", case.name));
            }
        }
    }
}

/// Starts it a few times on what is there.
async fn starts(
    mut world: World,
    engine: &'static str,
    arguments: &Arguments,
    report: &mut Report,
) -> Result<World, Failure> {
    // The one before was on what is there as well, though it may have had more to do.
    let mut times = if arguments.smoke { vec![in_ms(&world)] } else { Vec::new() };
    for _ in times.len()..if arguments.smoke { 1 } else { STARTS } {
        world = world.restart(async || Ok(())).await?;
        times.push(in_ms(&world));
    }
    let goal = Goal::at_most(300.0, 100.0);
    report.scalars.push(Scalar::new(
        engine,
        "start to ready, existing database",
        median(times),
        "ms",
        Some(goal),
    ));
    Ok(world)
}

fn told_of_loading(world: &World, engine: &str, report: &mut Report) {
    let what = format!("{engine}, loading {}", world.population.size);
    report.facts.extend(world.loading.clone().map(|told| (what, told)));
}

fn in_ms(world: &World) -> f64 {
    world.system.ready_after.as_secs_f64() * 1000.0
}

fn program(arguments: &Arguments) -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe()?.with_file_name("entrypass");
    let program = arguments.program.clone().unwrap_or(beside);
    if program.is_file() { Ok(program) } else { Err(format!("{} is missing", program.display()).into()) }
}

/// A bare server in a process of its own.
async fn bare(url: Option<&str>) -> Result<Arc<Process>, Failure> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.arg("baseline").args(url);
    Ok(Arc::new(Process::start(command).await?))
}
