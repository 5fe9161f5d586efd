//! `pgbench`, which comes with PostgreSQL: what the server itself does when nobody stands before it.

use std::path::Path;

use entrypass_ambient::{Clock as _, SystemClock};
use sqlx::AssertSqlSafe;
use tokio::process::Command;

use crate::{Failure, drive::Until, store::Server};

/// The database that the rows of `-S` are in.
pub const DATABASE: &str = "bench";
/// The copy of a loaded database that submissions are written to.
pub const COPY: &str = "submissions";
/// Accounts that one unit of its scale has.
const ACCOUNTS: u64 = 100_000;
/// The statements and rows of one submission.
pub const SUBMISSION: &str = include_str!("../../pgbench/submission.sql");
/// What makes values of types that pgbench has no variables of.
const FUNCTIONS: &str = include_str!("../../pgbench/functions.sql");

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// `-S`: one point select.
    Select,
    /// A submission's.
    Submission,
}

/// Makes its accounts, as many as there are travellers, and gives how many that are.
pub async fn prepare(server: &Server, travellers: u64) -> Result<u64, Failure> {
    let scale = travellers.div_ceil(ACCOUNTS).max(1);
    server.make(DATABASE).await?;
    let url = server.url(DATABASE, None);
    let made = Command::new("pgbench").args(["-i", "-q", "-s", &scale.to_string(), &url]).output().await?;
    if !made.status.success() {
        return Err(format!("pgbench -i: {}", String::from_utf8_lossy(&made.stderr)).into());
    }
    Ok(scale * ACCOUNTS)
}

/// Copies `database`, which nobody may be connected to, with all rows, indexes and triggers: submissions of pgbench meet what those of the
/// program meet.
pub async fn copy(server: &Server, database: &str) -> Result<(), Failure> {
    let mut postgres = server.connect("postgres").await?;
    for statement in
        [format!("DROP DATABASE IF EXISTS {COPY}"), format!("CREATE DATABASE {COPY} TEMPLATE {database}")]
    {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut postgres).await?;
    }
    let mut copy = server.connect(COPY).await?;
    sqlx::raw_sql(FUNCTIONS).execute(&mut copy).await?;
    Ok(())
}

/// Transactions a second, with `clients` at once.
pub async fn run(
    server: &Server,
    script: Script,
    clients: usize,
    until: Until,
    folder: &Path,
) -> Result<f64, Failure> {
    let mut command = Command::new("pgbench");
    command.args(["-n", "-M", "prepared", "-j", "2", "-c", &clients.to_string()]);
    match until {
        // Its clock knows whole seconds.
        Until::Elapsed(lasting) => command.args(["-T", &lasting.as_secs().max(1).to_string()]),
        Until::Calls(count) => command.args(["-t", &count.to_string()]),
    };
    match script {
        Script::Select => {
            command.arg("-S");
        }
        Script::Submission => {
            let file = folder.join("submission.sql");
            std::fs::write(&file, SUBMISSION)?;
            command.arg("-f").arg(file);
            for (name, value) in values() {
                command.arg("-D").arg(format!("{name}={value}"));
            }
        }
    }
    let (database, user) = match script {
        Script::Select => (DATABASE, None),
        Script::Submission => (COPY, Some("registration")),
    };
    let output = command.arg(server.url(database, user)).output().await?;
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let rate = rate(&told).filter(|_| output.status.success());
    rate.ok_or_else(|| format!("pgbench: {told}{errors}").into())
}

/// The values of a submission's rows that are the same each time, each as long as the program's.
fn values() -> Vec<(&'static str, String)> {
    let bytes = |count: usize| format!("\\x{}", "5e".repeat(count));
    let micros = SystemClock.now().unix_timestamp_nanos() / 1000;
    let texts = [
        ("caller", "kiosk"),
        ("peer", "gateway"),
        ("rpc", "entrypass.registration.v1.RegistrationService/SubmitRegistration"),
        ("resource", "registrations/01a2098b-d2a0-7341-b0b1-b52914c25811"),
        ("ok", "OK"),
        ("active", "ACTIVE"),
        ("registered", "REGISTERED"),
        ("notice", "2026-11-01"),
        ("type", "RESIDENT_ID_CARD"),
    ];
    let sealed = [("key", 8), ("wrapped", 81), ("number", 61), ("form", 850), ("answer", 570), ("mac", 32)];
    // Each run goes on where no other was: ids follow the time, as those of the program do.
    let numbers = [("n", "0".to_owned()), ("base", micros.to_string())];
    let texts = texts.map(|(name, text)| (name, text.to_owned())).into_iter();
    texts.chain(sealed.map(|(name, count)| (name, bytes(count)))).chain(numbers).collect()
}

/// Reads `tps = 123.4 (without initial connection time)`. A transaction that failed is none.
fn rate(told: &str) -> Option<f64> {
    let line = told.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn the_rate_is_read() {
        let told = "latency average = 0.3 ms\ntps = 24123.5 (without initial connection time)\n";
        assert_eq!(rate(told), Some(24_123.5));
        assert_eq!(rate("pgbench: error"), None);
    }
}
