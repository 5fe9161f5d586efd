//! A hundred thousand requests that are wrong in every way that could be thought of: each is refused in the words of the catalogue, or
//! answered, and the system works as before.

use std::{
    collections::BTreeMap,
    panic,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::qr::v1::Verdict;
use entrypass_rpc::Transport;
use futures_util::{StreamExt as _, stream};

use crate::{
    dice::Dice,
    methods::{self, Method},
    mutation,
    raw::{self, Outcome},
    world::World,
};

const ATTACKS: usize = 100_000;
/// So many times what is known of people is read anew: some of what is tried succeeds, and changes it.
const ROUNDS: usize = 20;
/// Attackers who are stopped after five attempts would not come far.
const SETTINGS: &str = "[registration]\nfailed_proofs_per_document = 1000\nfailed_proofs_per_caller = 1000000\nfailed_proofs_minutes = 1\n";
/// Calls that are open at once.
const AT_ONCE: usize = 48;
/// Nobody waits longer for an answer; in a minute even a busy machine has given it.
const HANG: Duration = Duration::from_mins(1);
/// The gRPC codes that a broken request can come to. INTERNAL, UNKNOWN and UNAVAILABLE are faults of ours.
const REFUSALS: [&str; 8] = [
    "Ok",
    "InvalidArgument",
    "NotFound",
    "AlreadyExists",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "ResourceExhausted",
];

static PANICS: AtomicUsize = AtomicUsize::new(0);

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_broken_messages_break_nothing() {
    // What is INTERNAL is a fault of ours, and its cause is in the log alone.
    tracing_subscriber::fmt().with_env_filter("error").with_test_writer().init();
    // Also those that the edge layer would make an INTERNAL of, or that end a task in the background.
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        before(info);
    }));
    let system = System::configured(Mode::InProcess, SETTINGS).await;
    let methods = methods::all();
    assert!(methods.len() > 45, "the contract was read");
    let (dice, mut outcomes) = (Dice::new(20_261_123), BTreeMap::new());
    for round in 0..ROUNDS {
        // What was counted of failed proofs is forgotten, or nothing would be looked up any more.
        system.clock.advance(time::Duration::minutes(2));
        let world = World::explore(&system, round).await;
        attack(&system, &methods, &world, &dice, &mut outcomes).await;
    }
    let total: usize = outcomes.values().sum();
    report(&outcomes);
    assert_eq!(total, ATTACKS);
    for (path, Outcome { code, reason }) in outcomes.keys() {
        let meanwhile = reason == "STORE_UNAVAILABLE";
        assert!(meanwhile || REFUSALS.contains(&code.as_str()), "{path} answered {code} {reason}");
        assert!(code == "Ok" || !reason.is_empty(), "{path} answered {code} without a reason");
    }
    // Two who change the same at once may be asked to try again, a person who is erased meanwhile among them: rarely.
    let meanwhile = outcomes.iter().filter(|((_, outcome), _)| outcome.reason == "STORE_UNAVAILABLE");
    assert!(meanwhile.map(|(_, count)| count).sum::<usize>() < ATTACKS / 1000);
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
    assert_reached(&methods, &outcomes);
    still_works(&system).await;
}

type Outcomes = BTreeMap<(String, Outcome), usize>;

async fn attack(system: &System, methods: &[Method], world: &World, dice: &Dice, outcomes: &mut Outcomes) {
    let each = (0..ATTACKS / ROUNDS).map(|number| {
        let method = &methods[number % methods.len()];
        let body = mutation::body(&world.request(&method.request, dice), dice);
        (system.way(method.role), method.path.clone(), body)
    });
    let mut answers = stream::iter(each)
        .map(|(way, path, body)| async move {
            let outcome = tried(&way, &path, body).await;
            (path, outcome)
        })
        .buffer_unordered(AT_ONCE);
    while let Some(answered) = answers.next().await {
        *outcomes.entry(answered).or_default() += 1;
    }
}

async fn tried(way: &Transport, path: &str, body: bytes::Bytes) -> Outcome {
    let answer = tokio::time::timeout(HANG, raw::call(way, path, &[], body)).await;
    raw::outcome(&answer.unwrap_or_else(|_| panic!("{path} hangs")))
}

#[expect(clippy::print_stderr, reason = "the test runner shows it on demand")]
fn report(outcomes: &Outcomes) {
    let mut sums: BTreeMap<&Outcome, usize> = BTreeMap::new();
    for ((_, outcome), count) in outcomes {
        *sums.entry(outcome).or_default() += count;
    }
    for (Outcome { code, reason }, count) in sums {
        eprintln!("{count:7} {code} {reason}");
    }
}

/// Attacks that all end at the first check prove little: every method was also answered, or refused by a rule of its own.
fn assert_reached(methods: &[Method], outcomes: &Outcomes) {
    for Method { path, .. } in methods {
        let shallow = ["INVALID_FIELDS", "MALFORMED_MESSAGE", "MESSAGE_TOO_LARGE"];
        let deep =
            outcomes.keys().any(|(of, outcome)| of == path && !shallow.contains(&outcome.reason.as_str()));
        assert!(deep, "no attack on {path} came past the first checks");
    }
}

async fn still_works(system: &System) {
    let bystander = Traveller::passport("X0000077");
    let pass = bystander.register(system, "bystander").await.expect("registered");
    let code = pass.qr_code.expect("a code");
    assert_eq!(system.verdict(&code.content).await, Verdict::Valid);
    let again = bystander.entry_pass(system).await.expect("shown");
    assert_eq!(again.registration, pass.registration);
    assert!(again.unavailable_parts.is_empty(), "{again:?}");
}
