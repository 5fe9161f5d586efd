//! Health follows what a service needs, and says nothing else.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use entrypass_rpc::{EdgeLayer, Operations, Probe, Transport, is_serving, serve};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Streaming, service::Routes};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
    health_client::HealthClient,
};
use uuid::Uuid;

use crate::probe::{Vacant, bind, remote};

const STORED: &str = "entrypass.test.Stored";
const PURE: &str = "entrypass.test.Pure";
/// Often enough for a test, whose clock is its own.
const INTERVAL: Duration = Duration::from_secs(5);

/// A listener's operations, in process.
struct Watched {
    operations: Operations,
    client: HealthClient<Transport>,
}

impl Watched {
    fn new() -> Self {
        let mounted = Operations::mount(vec![STORED, PURE], Routes::default());
        let (operations, routes) = mounted.expect("readable descriptors");
        let client = HealthClient::new(Transport::local(routes, &EdgeLayer::new(Uuid::nil)));
        Self { operations, client }
    }

    async fn status(&self, service: &str) -> ServingStatus {
        let request = HealthCheckRequest { service: service.to_owned() };
        self.client.clone().check(request).await.expect("known").into_inner().status()
    }

    async fn statuses(&self) -> [ServingStatus; 3] {
        [self.status(STORED).await, self.status(PURE).await, self.status("").await]
    }

    async fn watch(&self, service: &str) -> Streaming<HealthCheckResponse> {
        let request = HealthCheckRequest { service: service.to_owned() };
        self.client.clone().watch(request).await.expect("a watch").into_inner()
    }
}

async fn next(watch: &mut Streaming<HealthCheckResponse>) -> ServingStatus {
    watch.next().await.expect("a change").expect("a status").status()
}

/// A probe of what `works` says.
fn database(works: &Arc<AtomicBool>) -> Probe {
    let works = Arc::clone(works);
    Probe::new(move || {
        let works = works.load(Ordering::SeqCst);
        async move { if works { Ok(()) } else { Err("its database does not answer".to_owned()) } }
    })
}

fn well() -> Probe {
    Probe::new(async || Ok(()))
}

const UP: ServingStatus = ServingStatus::Serving;
const DOWN: ServingStatus = ServingStatus::NotServing;

#[tokio::test(start_paused = true)]
async fn each_service_follows_its_probe_and_the_whole_follows_all() {
    let watched = Watched::new();
    assert_eq!(watched.statuses().await, [DOWN; 3], "nothing is serving before it was looked at");
    let works = Arc::new(AtomicBool::new(false));
    let stopping = CancellationToken::new();
    let mut stored = watched.watch(STORED).await;
    assert_eq!(next(&mut stored).await, DOWN);

    let probes = vec![(STORED, database(&works)), (PURE, well())];
    let following = tokio::spawn(watched.operations.follow(probes, INTERVAL, stopping.clone()));
    let mut pure = watched.watch(PURE).await;
    while next(&mut pure).await != UP {}
    assert_eq!(watched.statuses().await, [DOWN, UP, DOWN]);

    works.store(true, Ordering::SeqCst);
    while next(&mut stored).await != UP {}
    tokio::time::sleep(INTERVAL).await;
    assert_eq!(watched.statuses().await, [UP; 3]);

    works.store(false, Ordering::SeqCst);
    while next(&mut stored).await != DOWN {}
    tokio::time::sleep(INTERVAL).await;
    assert_eq!(watched.statuses().await, [DOWN, UP, DOWN]);

    works.store(true, Ordering::SeqCst);
    while next(&mut stored).await != UP {}
    stopping.cancel();
    following.await.expect("it ends");
    assert_eq!(watched.statuses().await, [DOWN; 3], "a drain begins");
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_not_undone_by_what_is_still_well() {
    let watched = Watched::new();
    let probes = vec![(STORED, well()), (PURE, well())];
    let draining = CancellationToken::new();
    let following = tokio::spawn(watched.operations.follow(probes, INTERVAL, draining.clone()));
    let mut whole = watched.watch("").await;
    while next(&mut whole).await != UP {}
    draining.cancel();
    following.await.expect("it ends");
    tokio::time::sleep(INTERVAL * 10).await;
    assert_eq!(watched.statuses().await, [DOWN; 3]);
}

#[tokio::test(start_paused = true)]
async fn who_watches_is_told_of_changes_only() {
    let watched = Watched::new();
    let works = Arc::new(AtomicBool::new(true));
    let probes = vec![(STORED, database(&works)), (PURE, well())];
    tokio::spawn(watched.operations.follow(probes, INTERVAL, CancellationToken::new()));
    let mut all = [watched.watch(STORED).await, watched.watch(PURE).await, watched.watch("").await];
    for watch in &mut all {
        while next(watch).await != UP {}
    }
    for (now, changed) in [(true, [false; 3]), (false, [true, false, true]), (true, [true, false, true])] {
        works.store(now, Ordering::SeqCst);
        tokio::time::sleep(INTERVAL * 10).await;
        for (watch, changed) in all.iter_mut().zip(changed) {
            if changed {
                assert_eq!(next(watch).await, if now { UP } else { DOWN });
            }
            let again = tokio::time::timeout(INTERVAL * 10, watch.next()).await;
            assert!(again.is_err(), "told again: {again:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_is_a_service_that_does_not_serve() {
    let watched = Watched::new();
    let hangs = Probe::new(std::future::pending);
    let probes = vec![(STORED, well().and(hangs)), (PURE, well())];
    let following = watched.operations.follow(probes, INTERVAL, CancellationToken::new());
    let limit = tokio::time::timeout(Duration::from_secs(3), following);
    assert!(limit.await.is_err(), "it follows on");
    assert_eq!(watched.statuses().await, [DOWN, UP, DOWN]);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_a_probe_never_serves() {
    let watched = Watched::new();
    let following = watched.operations.follow(vec![(PURE, well())], INTERVAL, CancellationToken::new());
    assert!(tokio::time::timeout(Duration::from_secs(1), following).await.is_err(), "it follows on");
    assert_eq!(watched.statuses().await, [DOWN, UP, DOWN]);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_logged_once_with_its_reason() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&log);
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || Log(Arc::clone(&writer))).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let watched = Watched::new();
    let works = Arc::new(AtomicBool::new(false));
    let probes = vec![(STORED, database(&works)), (PURE, well().and(database(&works)))];
    let mut following = Box::pin(watched.operations.follow(probes, INTERVAL, CancellationToken::new()));
    for now in [false, true, false] {
        works.store(now, Ordering::SeqCst);
        assert!(tokio::time::timeout(INTERVAL * 10, &mut following).await.is_err(), "it follows on");
    }
    let log = String::from_utf8(log.lock().expect("no panic").clone()).expect("text");
    let told = |line: &str| log.matches(line).count();
    for service in [STORED, PURE] {
        assert_eq!(told(&format!("{service} is not serving: its database does not answer")), 2, "{log}");
        assert_eq!(told(&format!("{service} is serving")), 1, "{log}");
    }
}

/// Where a test's log goes.
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn watches_end_so_that_serving_can_end() {
    let (operations, routes) =
        Operations::mount(vec![STORED], Routes::default()).expect("readable descriptors");
    let (listener, address) = bind().await;
    let stop = CancellationToken::new();
    let serving =
        tokio::spawn(serve(listener, routes, EdgeLayer::new(Uuid::nil), stop.clone().cancelled_owned()));
    let mut client = HealthClient::new(remote(&[address]));
    let mut watches = Vec::new();
    for service in [STORED, ""] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let mut watch = client.watch(request).await.expect("a watch").into_inner();
        assert_eq!(next(&mut watch).await, DOWN);
        watches.push(watch);
    }
    stop.cancel();
    for watch in &mut watches {
        assert!(watch.next().now_or_never().is_none(), "it goes on, and serving with it");
    }
    operations.end_watches().await;
    for mut watch in watches {
        assert!(watch.next().await.is_none(), "an end, and no failure");
    }
    drop(client);
    serving.await.expect("no panic").expect("served to the end");
}

#[tokio::test]
async fn a_neighbour_serves_when_one_of_its_copies_does() {
    let (operations, routes) =
        Operations::mount(vec![STORED], Routes::default()).expect("readable descriptors");
    let (listener, alive) = bind().await;
    tokio::spawn(serve(listener, routes, EdgeLayer::new(Uuid::nil), std::future::pending()));
    let vacant = Vacant::any();
    let dead = vacant.address;
    let copies = remote(&[dead, alive]);
    assert!(!is_serving(&copies, STORED).await);
    let draining = CancellationToken::new();
    let following = tokio::spawn(operations.follow(vec![(STORED, well())], INTERVAL, draining.clone()));
    let mut health = HealthClient::new(remote(&[alive]));
    let request = HealthCheckRequest { service: STORED.to_owned() };
    let mut stored = health.watch(request).await.expect("a watch").into_inner();
    while next(&mut stored).await != UP {}
    for _ in 0..4 {
        assert!(is_serving(&copies, STORED).await, "whosever turn it is");
    }
    assert!(!is_serving(&copies, PURE).await, "nobody serves it");
    assert!(!is_serving(&remote(&[dead]), STORED).await);

    let watched = Watched::new();
    let probes = vec![(STORED, well()), (PURE, Probe::neighbour(copies, STORED))];
    tokio::spawn(watched.operations.follow(probes, Duration::from_millis(10), CancellationToken::new()));
    let mut whole = watched.watch("").await;
    while next(&mut whole).await != UP {}
    draining.cancel();
    while next(&mut whole).await != DOWN {}
    following.await.expect("it ends");
    assert_eq!(watched.status(PURE).await, DOWN);
    let unknown = HealthCheckRequest { service: "entrypass.Nothing".to_owned() };
    assert_eq!(watched.client.clone().check(unknown).await.expect_err("unknown").code(), Code::NotFound);
}
