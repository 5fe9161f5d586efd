//! Whether the time of an answer tells who is registered: `just bench-proof`, on PostgreSQL with `tests/with-postgres just bench-proof`.
//!
//! A service behind a socket is asked for documents by names that do not open them, in turns: of somebody who is registered under another name, of
//! nobody, and of nobody again, which shows what chance alone makes of such a comparison. Only ratios are printed: of the medians, and how
//! often a call of the first kind takes longer than one of the second, with its distance from one half in standard deviations.

#![expect(clippy::expect_used, reason = "a benchmark that cannot measure has nothing to say")]

#[expect(dead_code, reason = "a form and a passport are all that is needed of it")]
#[path = "../tests/rpc/harness.rs"]
mod harness;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use entrypass_ambient::{SystemRandom, TestClock};
use entrypass_db::Database;
use entrypass_proto::registration::v1::{self as pb, registration_service_client::RegistrationServiceClient};
use entrypass_registration::{Config, Deps, Migrator, Notice, ProofLimits, service};
use entrypass_rpc::{EdgeLayer, Transport, serve};
use entrypass_testkit::TestDatabase;
use time::macros::datetime;
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_util::sync::CancellationToken;
use tonic::{Code, service::Routes};
use uuid::Uuid;

use crate::harness::{form, passport};

/// Calls of each kind.
const ROUNDS: usize = 2000;
/// Documents of each kind: each is tried many times, so that most tries count up what is there.
const DOCUMENTS: usize = 200;
/// Calls of each kind that warm up.
const WARM_UP: usize = 100;
/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 8;

type Client = RegistrationServiceClient<Transport>;

/// Whose document is asked for.
#[derive(Clone, Copy)]
enum Kind {
    WrongName,
    Nobody,
    NobodyAgain,
}

impl Kind {
    const ALL: [Self; 3] = [Self::WrongName, Self::Nobody, Self::NobodyAgain];

    fn number(self, nth: usize) -> String {
        format!("X{:07}", self as usize * DOCUMENTS + nth % DOCUMENTS)
    }
}

/// A service behind a socket, which bears with any number of failures; its clock goes on with each call.
async fn start(database: Database, clock: &Arc<TestClock>) -> Client {
    let notice = Notice::built_in().expect("a notice");
    let failed_proofs =
        ProofLimits { per_document: u32::MAX, per_caller: u32::MAX, window: time::Duration::days(1) };
    let config = Config { failed_proofs, ..Config::new(notice) };
    let (clock, stopping) = (Arc::clone(clock), CancellationToken::new());
    // Nobody's identity is verified here.
    let identity = Transport::local(Routes::default(), &EdgeLayer::new(Uuid::nil));
    let deps = Deps { database, clock, random: Arc::new(SystemRandom), identity, stopping };
    let entrypass_rpc::Service { routes, background } = service(config, deps);
    tokio::spawn(background);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(serve(listener, routes, EdgeLayer::new(Uuid::nil), std::future::pending()));
    Client::new(Transport::remote(&address.parse().expect("an address")))
}

async fn register(client: &mut Client, number: &str) {
    let request = pb::SubmitRegistrationRequest {
        request_id: format!("register-{number}"),
        document: Some(passport(number)),
        form: Some(form()),
        acknowledged_notice_version: Notice::built_in().expect("a notice").version().to_owned(),
        truth_declared: true,
    };
    client.submit_registration(request).await.expect("registered");
}

/// How long the refusal takes.
async fn refused(client: &mut Client, number: &str) -> Duration {
    let (document, holder_name) = (Some(passport(number)), "Smith Anna Marie".to_owned());
    let request = pb::GetRegistrationRequest { document, holder_name, ..Default::default() };
    let began = Instant::now();
    let answer = client.get_registration(request).await;
    let took = began.elapsed();
    assert_eq!(answer.expect_err("refused").code(), Code::NotFound);
    took
}

/// The times of each kind. Which is asked first changes from round to round, in all six orders.
async fn measure(client: &mut Client, clock: &TestClock) -> [Vec<f64>; 3] {
    let mut times = [const { Vec::new() }; 3];
    for round in 0..WARM_UP + ROUNDS {
        let mut order = Kind::ALL;
        order.rotate_left(round % 3);
        if round % 2 == 1 {
            order.reverse();
        }
        for kind in order {
            clock.advance(time::Duration::milliseconds(1));
            let took = refused(client, &kind.number(round)).await;
            if round >= WARM_UP {
                times[kind as usize].push(took.as_secs_f64());
            }
        }
    }
    times
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// How often one of `these` is greater than one of `others`, and how many standard deviations that is from one half (Mann and Whitney).
/// Nanoseconds hardly ever tie.
#[expect(clippy::cast_precision_loss, reason = "there are a few thousand")]
fn compare(these: &[f64], others: &[f64]) -> (f64, f64) {
    let mut all: Vec<_> =
        these.iter().map(|time| (*time, true)).chain(others.iter().map(|time| (*time, false))).collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ranks: f64 =
        all.iter().zip(1..).filter(|((_, this), _)| *this).map(|(_, rank)| f64::from(rank)).sum();
    let (n, m) = (these.len() as f64, others.len() as f64);
    let greater = (ranks - n * (n + 1.0) / 2.0) / (n * m);
    (greater, (greater - 0.5) / ((n + m + 1.0) / (12.0 * n * m)).sqrt())
}

fn main() {
    Runtime::new().expect("a runtime").block_on(async {
        let place = TestDatabase::migrated::<Migrator>("registration").await;
        let database = Database::open::<Migrator>(&place.url(), CONNECTIONS, &TestDatabase::sealer()).await;
        let clock = Arc::new(TestClock::at(datetime!(2026-11-23 02:00 UTC)));
        let mut client = start(database.expect("a database"), &clock).await;
        for nth in 0..DOCUMENTS {
            register(&mut client, &Kind::WrongName.number(nth)).await;
        }
        let [wrong_name, nobody, again] = measure(&mut client, &clock).await;
        for (what, these) in [("a wrong name", &wrong_name), ("nobody again", &again)] {
            let ratio = median(these) / median(&nobody);
            let (greater, deviations) = compare(these, &nobody);
            let line = format!(
                "{what} against nobody, {ROUNDS} calls each: {ratio:.4} times the median time; \
                 longer in {greater:.4} of all pairs ({deviations:+.1} standard deviations)"
            );
            writeln!(io::stdout(), "{line}").expect("written");
        }
    });
}
