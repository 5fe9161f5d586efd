//! Faults under load: what was acknowledged stays done, exactly once, whatever dies.
//!
//!     tests/with-postgres --revive entrypass-faults [WORD]       only faults whose name has the word
//!
//! Starts the system as separate processes on the PostgreSQL of `tests/with-postgres`, lets travellers register, amend and cancel, and
//! kills, freezes or restarts one part after the other under them; last, one process on SQLite whose disk is full. After each fault
//! the system must serve again by itself, and every acknowledged write must be there once; what was found is printed, a line a fault.
//! Ends with 0 if nothing was lost, doubled or misjudged.

#![expect(clippy::expect_used, reason = "a fault run that does not go on as told has failed")]
#![expect(clippy::print_stdout, reason = "what was found is for people")]

mod audit;
mod client;
mod disk;
mod load;

use std::{process::ExitCode, time::Duration};

use entrypass::role::Service;
use entrypass_db::DatabaseUrl;
use entrypass_e2e::{Mode, System};

use crate::{
    audit::{Findings, audit},
    client::{Gateways, Insistence},
    load::Load,
};

const GATEWAY: &str = entrypass_gateway::SERVICE_NAME;
const REGISTRATION: &str = entrypass_registration::SERVICE_NAME;
const QR: &str = entrypass_qr::SERVICE_NAME;
const EPASS: &str = entrypass_epass::SERVICE_NAME;

/// Travellers at once.
const TRAVELLERS: usize = 8;
/// Visits before a fault, and after it.
const VISITS: usize = 20;
/// How long a process is dead before it is started again, as an orchestrator does.
const DEAD_FOR: Duration = Duration::from_secs(1);
/// How long a process stands still: longer than a caller's deadline for an optional part.
const FROZEN_FOR: Duration = Duration::from_secs(4);
/// Lame-duck time of a copy that is restarted in an orderly way.
const LAME_DUCK: &str = "[drain]\nlame_duck_seconds = 1";

/// Something that happens to a system under load.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Kill(&'static str),
    KillPostgres,
    Freeze(&'static str),
    /// Two copies of everything, and callers who do not wait for the first answers to what they ask.
    LostReplies,
    /// Two copies of everything, one after the other.
    RollingRestart,
    /// Everything in one process on SQLite.
    FullDisk,
}

#[tokio::main]
async fn main() -> ExitCode {
    let word = std::env::args().nth(1).unwrap_or_default();
    let kills = [REGISTRATION, QR, EPASS, GATEWAY].map(Fault::Kill);
    let freezes = [REGISTRATION, QR, EPASS].map(Fault::Freeze);
    let others = [Fault::KillPostgres, Fault::LostReplies, Fault::RollingRestart, Fault::FullDisk];
    let wanted = |fault: &Fault| name(*fault).to_lowercase().contains(&word.to_lowercase());
    let faults: Vec<_> = kills.into_iter().chain(freezes).chain(others).filter(wanted).collect();
    assert!(!faults.is_empty(), "no fault has this word in its name: {word}");
    let mut all = Findings::default();
    for fault in faults {
        let findings = run(fault).await;
        tell(&name(fault), findings);
        all.add(findings);
    }
    tell("in all", all);
    if all.are_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Lets a fault happen to a fresh system under load.
async fn run(fault: Fault) -> Findings {
    let (copies, insistence, travellers) = match fault {
        Fault::FullDisk => return disk::full().await,
        Fault::RollingRestart => (2, Insistence::AfterUnavailable, TRAVELLERS),
        Fault::LostReplies => (2, Insistence::GivesUpAtFirst, 4 * TRAVELLERS),
        _ => (1, Insistence::AfterAnyAccident, TRAVELLERS),
    };
    let mut system = System::with_copies(Mode::Processes, LAME_DUCK, copies).await;
    let gateways = Gateways::at(&listeners(&system, GATEWAY), Some(system.tls()));
    let mut load = Load::begin(&gateways, insistence, travellers);
    load.progress(VISITS).await;
    happen(fault, &mut system, &mut load).await;
    load.progress(VISITS).await;
    let outcome = load.end().await;
    let qr: DatabaseUrl = system.database(Service::Qr).url();
    audit(&gateways, &outcome, &qr).await
}

async fn happen(fault: Fault, system: &mut System, load: &mut Load) {
    match fault {
        Fault::Kill(service) => {
            system.kill(service).await;
            tokio::time::sleep(DEAD_FOR).await;
            system.restart(service).await;
        }
        Fault::KillPostgres => kill_postgres(),
        // The load alone, or a system of its own.
        Fault::LostReplies | Fault::FullDisk => {}
        Fault::Freeze(service) => {
            system.freeze(service);
            tokio::time::sleep(FROZEN_FOR).await;
            system.thaw(service);
        }
        Fault::RollingRestart => {
            for service in [REGISTRATION, QR, EPASS, GATEWAY] {
                for address in listeners(system, service) {
                    system.stop(&address).await;
                    system.restart(&address).await;
                    system.until_serving(&address).await;
                    load.progress(VISITS / 4).await;
                }
            }
        }
    }
}

/// Kills the server's first process; `tests/with-postgres --revive` starts it again.
fn kill_postgres() {
    let superuser = superuser();
    let (_, place) = superuser.rsplit_once('@').expect("a URL with a user");
    let folder = place.split([':', '/']).next().expect("a folder").replace("%2F", "/");
    let pid = std::fs::read_to_string(format!("{folder}/data/postmaster.pid")).expect("a running server");
    let pid = pid.lines().next().expect("a process").trim().to_owned();
    let killed = std::process::Command::new("kill").args(["-KILL", &pid]).status().expect("kill");
    assert!(killed.success());
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests/with-postgres says by the environment where its server is"
)]
fn superuser() -> String {
    std::env::var("ENTRYPASS_TEST_POSTGRES").expect("run this with tests/with-postgres --revive")
}

fn listeners(system: &System, service: &str) -> Vec<String> {
    let all = system.listeners().filter(|(name, _)| *name == service);
    all.map(|(_, address)| address).collect()
}

fn name(fault: Fault) -> String {
    let short = |service: &str| service.rsplit('.').next().unwrap_or(service).to_owned();
    match fault {
        Fault::Kill(service) => format!("kill {}", short(service)),
        Fault::KillPostgres => "kill PostgreSQL".to_owned(),
        Fault::Freeze(service) => format!("freeze {}", short(service)),
        Fault::LostReplies => "lost replies".to_owned(),
        Fault::RollingRestart => "rolling restart".to_owned(),
        Fault::FullDisk => "full disk (SQLite)".to_owned(),
    }
}

fn tell(fault: &str, findings: Findings) {
    let Findings { acknowledged, retried, lost, doubled, misjudged } = findings;
    println!(
        "{fault:<28} writes acknowledged {acknowledged:>5}, retried {retried:>5}, lost {lost}, doubled {doubled}; codes misjudged {misjudged}"
    );
}
