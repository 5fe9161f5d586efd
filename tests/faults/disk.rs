//! A full disk under SQLite: one process that runs everything, whose files may grow no more for a while.
//!
//! `RLIMIT_FSIZE` stands for the disk: it needs no rights, and a write beyond it fails as one on a full disk does.

use std::{fs, path::Path, process::Command};

use entrypass_db::DatabaseUrl;
use entrypass_e2e::{FileClock, program};
use entrypass_proto::gateway::v1::{CheckDocumentRequest, GetNoticeRequest};
use entrypass_testkit::Program;
use time::macros::datetime;

use crate::{
    audit::{Findings, audit},
    client::{Gateways, Insistence},
    load::Load,
};

/// Travellers at once.
const TRAVELLERS: usize = 8;
/// Visits before the disk is full, and after there is room again.
const VISITS: usize = 20;

/// Runs a load over a disk that becomes full and has room again.
pub(crate) async fn full() -> Findings {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, clock) = (folder.path().join("data"), folder.path().join("clock"));
    let _standing_still = FileClock::new(&clock, datetime!(2026-11-23 02:00 UTC));
    let program = start(&data, &clock).await;
    let gateways = Gateways::at(&[format!("http://{}", program.address())], None);
    let mut load = Load::begin(&gateways, Insistence::AfterAnyAccident, TRAVELLERS);
    load.progress(VISITS).await;

    let largest = largest_file(&data);
    limit(&program, &format!("{largest}:unlimited"));
    load.retries(VISITS).await;
    notices_go_on(&gateways).await;
    limit(&program, "unlimited:unlimited");
    reads_go_on(&gateways).await;
    load.progress(VISITS).await;
    let outcome = load.end().await;
    audit(&gateways, &outcome, &DatabaseUrl::sqlite(&data.join("qr.sqlite3"))).await
}

/// The process ignores the signal that goes with the limit, as no full disk sends one.
async fn start(data: &Path, clock: &Path) -> Program {
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(program())
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data-dir"])
        .arg(data)
        .env("ENTRYPASS_TEST_CLOCK", clock);
    Program::start(command).await.expect("it starts")
}

fn limit(program: &Program, size: &str) {
    let pid = program.id().to_string();
    let limited = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={size}")]).status();
    assert!(limited.expect("prlimit").success());
}

/// No file grows beyond the largest there is.
fn largest_file(folder: &Path) -> u64 {
    let sizes = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").metadata());
    sizes.map(|metadata| metadata.expect("a file").len()).max().expect("a database")
}

/// What is the same for everybody leaves no record, and needs no room.
async fn notices_go_on(gateways: &Gateways) {
    let answer =
        gateways.insist(Insistence::AfterUnavailable, GetNoticeRequest {}, async |mut gateway, request| {
            gateway.get_notice(request).await
        });
    answer.await.expect("a disk that is full can still be read");
}

/// A read of a person is answered once there is room for its record.
async fn reads_go_on(gateways: &Gateways) {
    let request = CheckDocumentRequest { document: Some(entrypass_e2e::Traveller::wang().document) };
    let answer = gateways.insist(Insistence::AfterUnavailable, request, async |mut gateway, request| {
        gateway.check_document(request).await
    });
    answer.await.expect("a read that there is room to record");
}
