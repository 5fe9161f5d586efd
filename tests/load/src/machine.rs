//! On what a run was made.

use std::{fs, process::Command, time::Duration};

use entrypass_ambient::{Clock as _, SystemClock};
use time::format_description::well_known::Rfc3339;

use crate::{
    Failure,
    arguments::Arguments,
    case::Goal,
    process::{cost_of, family_cpu},
    report::Scalar,
};

/// How long an idle system is looked at.
const IDLE: Duration = Duration::from_secs(20);
/// How long it gets before: followers and chores come to rest.
const REST: Duration = Duration::from_secs(3);

/// Processor, memory, kernel, and what the run was called with.
#[must_use]
pub fn facts(arguments: &Arguments) -> Vec<(String, String)> {
    let line = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
        value.map_or("unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let until = arguments.until();
    let Arguments { turns, connections, streams, clients, travellers, seed, tls, apart, program, .. } =
        arguments;
    let facts = [
        ("date", SystemClock.now().format(&Rfc3339).unwrap_or_default()),
        ("commit of this tree", commit()),
        ("build", if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned()),
        ("processor", format!("{} x {}", cores, line("/proc/cpuinfo", "model name"))),
        ("memory", line("/proc/meminfo", "MemTotal")),
        ("kernel", kernel.trim().to_owned()),
        ("load of the machine at the beginning", load.trim().to_owned()),
        ("travellers", format!("{travellers:?} of seed {seed}")),
        (
            "turns",
            format!("{turns} of {until} for each side, in turns, after a shorter one that is not counted"),
        ),
        (
            "callers",
            format!(
                "{connections} connections with {streams} calls at once each; pgbench has {clients} clients"
            ),
        ),
        (
            "program",
            format!(
                "{}, {}, {}",
                program.as_ref().map_or("of this tree", |_| "of another build"),
                if *apart { "four processes" } else { "one process" },
                if *tls { "mutual TLS" } else { "no TLS" }
            ),
        ),
        ("server, database and client", "share the processors; so do baselines".to_owned()),
    ];
    facts.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Of which commit the working tree is, and whether it has something besides.
fn commit() -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    let git = Command::new("git")
        .args(["-C", folder, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"])
        .output();
    let told = git.ok().filter(|output| output.status.success());
    told.map_or("unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What the processes `ids` keep in memory and take of a processor when nobody calls.
pub async fn idle(
    engine: &'static str,
    ids: &[u32],
    database: Option<u32>,
    smoke: bool,
) -> Result<Vec<Scalar>, Failure> {
    let lasting = if smoke { Duration::from_millis(100) } else { IDLE };
    tokio::time::sleep(if smoke { Duration::ZERO } else { REST }).await;
    let of_database = || database.map(family_cpu).unwrap_or_default();
    let (before, before_database) = (cost_of(ids), of_database());
    tokio::time::sleep(lasting).await;
    let after = cost_of(ids);
    let part = |spent: Duration| spent.as_secs_f64() / lasting.as_secs_f64() * 100.0;
    let busy = part(after.cpu.saturating_sub(before.cpu));
    let busy_database = part(of_database().saturating_sub(before_database));
    // A single tick cannot be told from none.
    let nothing = Some(Goal::at_most(0.05, 0.05));
    Ok(vec![
        Scalar::new(
            engine,
            "resident memory, idle",
            crate::compare::mib(after.resident),
            "MiB",
            Some(Goal::at_most(40.0, 20.0)),
        ),
        Scalar::new(engine, "an idle system", busy, "% of a processor", nothing),
        Scalar::new(engine, "its database's server", busy_database, "% of a processor", None),
    ])
}
