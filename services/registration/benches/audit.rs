//! What the audit costs a caller, and what it gains to write together what comes at once: `just bench-audit` (that alone: `just bench-audit together`), on PostgreSQL with `tests/with-postgres just bench-audit`.
//!
//! Two services, one with records and one without, each on a database of its own, are asked the same in turns; only ratios of time are
//! printed, the median of many rounds. Alone, a read waits for a commit that it would not need otherwise; among many, that commit is
//! shared. The numbering runs in the background all the time, as it does in a city.

#![expect(clippy::expect_used, reason = "a benchmark that cannot measure has nothing to say")]

#[expect(dead_code, reason = "a form and a passport are all that is needed of it")]
#[path = "../tests/rpc/harness.rs"]
mod harness;

use std::{
    env,
    io::{self, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

use entrypass_ambient::{SeededRandom, SystemRandom, TestClock};
use entrypass_db::Database;
use entrypass_proto::registration::v1::{self as pb, registration_service_client::RegistrationServiceClient};
use entrypass_registration::{Config, Deps, Migrator, Notice, service, service_without_records};
use entrypass_rpc::{EdgeLayer, Transport};
use entrypass_testkit::TestDatabase;
use time::macros::datetime;
use tokio::{runtime::Runtime, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use uuid::Uuid;

use crate::harness::{form, passport};

const ROUNDS: usize = 15;
/// The same of writing together.
const TOGETHER_ROUNDS: usize = 5;
/// Calls of one round, over all callers.
const CALLS: usize = 128;
/// Calls of one round in which it is measured what comes of writing together: each caller asks several times.
const TOGETHER: usize = 512;
/// Connections that a copy has on PostgreSQL.
const CONNECTIONS: u32 = 16;

type Client = RegistrationServiceClient<Transport>;

/// One service, and a registration to be read.
#[derive(Clone)]
struct Side {
    _place: Arc<TestDatabase>,
    client: Client,
    notice: String,
    registration: String,
    registered: usize,
}

impl Side {
    async fn start(records: bool) -> Self {
        let place = Arc::new(TestDatabase::migrated::<Migrator>("registration").await);
        let database = Database::open::<Migrator>(&place.url(), CONNECTIONS, &TestDatabase::sealer()).await;
        let notice = Notice::built_in().expect("a notice");
        let deps = Deps {
            database: database.expect("a database"),
            clock: Arc::new(TestClock::at(datetime!(2026-11-23 02:00 UTC))),
            random: Arc::new(SystemRandom),
            // Nothing that is measured asks it.
            identity: Transport::local(Routes::default(), &EdgeLayer::new(Uuid::nil)),
            stopping: CancellationToken::new(),
        };
        let version = notice.version().to_owned();
        let start = if records { service } else { service_without_records };
        let entrypass_rpc::Service { routes, background } = start(Config::new(notice), deps);
        tokio::spawn(background);
        let trace_ids = SeededRandom::new(1);
        let edge = EdgeLayer::new(move || {
            let mut id = [0; 16];
            entrypass_ambient::Random::fill(&trace_ids, &mut id);
            Uuid::from_bytes(id)
        });
        let client = Client::new(Transport::local(routes, &edge));
        let mut side =
            Self { _place: place, client, notice: version, registration: String::new(), registered: 0 };
        side.registration = side.write(0).await;
        side.registered = 1;
        side
    }

    async fn read(&self) {
        let registration = self.registration.clone();
        let request = pb::GetRegistrationRequest { registration, ..Default::default() };
        self.client.clone().get_registration(request).await.expect("read");
    }

    /// Registers the person `number`.
    async fn write(&self, number: usize) -> String {
        let request = pb::SubmitRegistrationRequest {
            request_id: format!("submit-{number}"),
            document: Some(passport(&format!("X{number:07}"))),
            form: Some(form()),
            acknowledged_notice_version: self.notice.clone(),
            truth_declared: true,
        };
        let answer = self.client.clone().submit_registration(request).await.expect("registered");
        answer.into_inner().registration.expect("a registration").name
    }

    /// How long it takes `callers` to make all calls of a round.
    async fn round(&mut self, callers: usize, calls: usize, writes: bool) -> Duration {
        let (began, first) = (Instant::now(), self.registered);
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let side = self.clone();
            tasks.spawn(async move {
                for call in 0..calls / callers {
                    if writes {
                        side.write(first + caller * (calls / callers) + call).await;
                    } else {
                        side.read().await;
                    }
                }
            });
        }
        tasks.join_all().await;
        self.registered += if writes { calls } else { 0 };
        began.elapsed()
    }
}

/// The median ratio, and of the middle round how many calls there were in a second with records.
async fn measure(with: &mut Side, without: &mut Side, callers: usize, writes: bool) -> (f64, f64) {
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        // Who is first changes with each round.
        let (with, without) = if round % 2 == 0 {
            let with = with.round(callers, CALLS, writes).await;
            (with, without.round(callers, CALLS, writes).await)
        } else {
            let without = without.round(callers, CALLS, writes).await;
            (with.round(callers, CALLS, writes).await, without)
        };
        // The first warms up.
        if round > 0 {
            let calls = f64::from(u32::try_from(CALLS).expect("few")) / with.as_secs_f64();
            rounds.push((with.as_secs_f64() / without.as_secs_f64(), calls));
        }
    }
    rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
    rounds[ROUNDS / 2]
}

/// How many times as many are registered by `callers` at once as by one alone: the median ratio, and of the middle round how many in a
/// second.
async fn at_once(side: &mut Side, callers: usize) -> (f64, f64) {
    let mut rounds = Vec::new();
    for _ in 0..TOGETHER_ROUNDS {
        let alone = side.round(1, TOGETHER, true).await.as_secs_f64();
        let together = side.round(callers, TOGETHER, true).await.as_secs_f64();
        rounds.push((alone / together, f64::from(u32::try_from(TOGETHER).expect("few")) / together));
    }
    rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
    rounds[TOGETHER_ROUNDS / 2]
}

fn main() {
    let only_together = env::args().any(|argument| argument == "together");
    Runtime::new().expect("a runtime").block_on(async {
        let mut with = Side::start(true).await;
        if !only_together {
            audited(&mut with).await;
        }
        for callers in [8, 64] {
            let (ratio, calls) = at_once(&mut with, callers).await;
            tell(&format!(
                "SubmitRegistration, {callers:>2} at once: {ratio:.1} times as many as one at a time ({calls:.0} a second)"
            ));
        }
    });
}

/// Tells what the records of `with` cost.
async fn audited(with: &mut Side) {
    let mut without = Side::start(false).await;
    for (what, writes) in [("GetRegistration", false), ("SubmitRegistration", true)] {
        for callers in [1, 8, 64] {
            let (ratio, calls) = measure(with, &mut without, callers, writes).await;
            tell(&format!(
                "{what}, {callers:>2} at once: {ratio:.2} times the time without a record ({calls:.0} calls a second)"
            ));
        }
    }
}

fn tell(line: &str) {
    writeln!(io::stdout(), "{line}").expect("written");
}
