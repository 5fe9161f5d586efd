//! How large the offline bundle is and how long it takes to build, with many codes and with few, of which the same number is revoked.
//!
//! ```sh
//! cargo run --release -p entrypass-qr --example bundle_size
//! tests/with-postgres cargo run --release -p entrypass-qr --example bundle_size
//! ```

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measurement is made to be read")]

use std::{
    sync::Arc,
    time::{Duration as StdDuration, Instant},
};

use entrypass_ambient::{Clock as _, SeededRandom, TestClock};
use entrypass_db::Database;
use entrypass_proto::qr::v1::{
    GetVerificationBundleRequest, RevokeQrCodesRequest, VerificationBundle, WithdrawalReason,
    qr_service_client::QrServiceClient,
};
use entrypass_qr::{Config, Custody, Deps, KeyRules, Keys, Migrator, Vault, service};
use entrypass_rpc::{EdgeLayer, Transport};
use entrypass_testkit::{Registrations, TestDatabase, eventually};
use entrypass_token::Algorithm;
use sea_orm::{ConnectionTrait as _, DbBackend};
use time::{Duration, macros::datetime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Revoked codes: one of a hundred of the larger number.
const REVOKED: u64 = 10_000;
/// Bundles that are built for one figure.
const BUILDS: usize = 11;

#[tokio::main]
async fn main() {
    for codes in [1_000 + REVOKED, 1_000_000] {
        measure(codes).await;
    }
}

async fn measure(codes: u64) {
    let place = TestDatabase::migrated::<Migrator>("qr").await;
    let database =
        Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await.expect("a database");
    let clock = Arc::new(TestClock::at(datetime!(2026-11-23 02:00 UTC)));
    fill(&database, codes, &clock).await;
    let engine = database.reader().get_database_backend();
    let folder = tempfile::tempdir().expect("a folder");
    let registrations = Arc::<Registrations>::default();
    registrations.feed().set_as_of(clock.now());
    let mut client = start(database, &clock, &registrations, folder.path()).await;
    eventually("registrations are followed", async || {
        registrations.feed().checkpoint();
        client.get_verification_bundle(GetVerificationBundleRequest {}).await.is_ok()
    })
    .await;

    let (mut builds, mut last) = (Vec::new(), VerificationBundle::default());
    for number in 1..=BUILDS {
        // With another version it is built anew.
        revoke(&mut client, u128::try_from(number).expect("small")).await;
        let begun = Instant::now();
        let answer = client.get_verification_bundle(GetVerificationBundleRequest {}).await;
        builds.push(begun.elapsed());
        last = answer.expect("a bundle").into_inner().bundle.expect("a bundle");
    }
    builds.sort_unstable();
    let [shortest, median] =
        [builds[0], builds[BUILDS / 2]].map(|time: StdDuration| time.as_secs_f64() * 1000.0);
    println!(
        "{engine:?}: {codes} codes, {} revoked: {} bytes, built and signed in {median:.1} ms (shortest {shortest:.1})",
        last.revoked_count,
        last.bundle.len(),
    );
}

async fn start(
    database: Database,
    clock: &Arc<TestClock>,
    registrations: &Arc<Registrations>,
    folder: &std::path::Path,
) -> QrServiceClient<Transport> {
    let edge = EdgeLayer::new(|| Uuid::from_u128(1));
    let random = Arc::new(SeededRandom::new(1));
    let rules = KeyRules {
        algorithm: Algorithm::EdDsa,
        rotate_every: None,
        publish_for: Duration::days(1),
        display_for: Duration::minutes(15),
    };
    let vault = Vault::default().folder(folder.to_owned());
    let custody = Custody::new(database.clone(), vault, rules, clock.clone(), random.clone());
    let deps = Deps {
        database,
        keys: Keys::open(custody).await.expect("a key"),
        clock: clock.clone(),
        random,
        registration: registrations.transport(&edge),
        stopping: CancellationToken::new(),
    };
    let config = Config {
        issuer: "FS".parse().expect("an issuer"),
        display_for: rules.display_for,
        bundle_for: Duration::minutes(15),
        keep_answers: Duration::days(7),
        keep_verifications: Duration::days(30),
    };
    let service = service(config, deps);
    tokio::spawn(service.background);
    QrServiceClient::new(Transport::local(service.routes, &edge))
}

/// The registration `number`, which has one code.
fn registration(number: u128) -> Uuid {
    Uuid::from_u128(0xa000 + number)
}

async fn revoke(client: &mut QrServiceClient<Transport>, number: u128) {
    let request = RevokeQrCodesRequest {
        request_id: number.to_string(),
        registration: format!("registrations/{}", registration(number)),
        reason: WithdrawalReason::Other.into(),
        ..Default::default()
    };
    client.revoke_qr_codes(request).await.expect("revoked");
}

/// Writes `codes` codes, of which [`REVOKED`] are revoked.
async fn fill(database: &Database, codes: u64, clock: &TestClock) {
    let now = clock.now().unix_timestamp() * 1_000_000;
    let drop_time = now + 15 * 60 * 1_000_000;
    let transaction = database.begin().await.expect("a transaction");
    let (drawn, numbers) = match database.reader().get_database_backend() {
        DbBackend::Postgres => ("gen_random_uuid()", format!("generate_series(1, {codes}) AS numbers (n)")),
        _ => (
            "randomblob(16)",
            format!(
                "(WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {codes}) \
                 SELECT n FROM numbers)"
            ),
        ),
    };
    let insert = format!(
        "INSERT INTO codes (id, registration_id, revision, state, create_time, state_time) \
         SELECT {drawn}, {drawn}, 1, CASE WHEN n <= {REVOKED} THEN 'REVOKED' ELSE 'ACTIVE' END, {now}, \
         CASE WHEN n <= {REVOKED} THEN {now} END FROM {numbers}"
    );
    transaction.execute_unprepared(&insert).await.expect("codes");
    let withdraw = format!(
        "INSERT INTO withdrawals (version, code_id, kind, drop_time) \
         SELECT row_number() OVER (ORDER BY id), id, 'REVOKED', {drop_time} FROM codes WHERE state = 'REVOKED'"
    );
    transaction.execute_unprepared(&withdraw).await.expect("withdrawals");
    for number in 1..=u128::try_from(BUILDS).expect("small") {
        let statement = sea_orm::Statement::from_sql_and_values(
            database.reader().get_database_backend(),
            "INSERT INTO codes (id, registration_id, revision, state, create_time) VALUES ($1, $2, 1, 'ACTIVE', $3)",
            [Uuid::from_u128(0xc0de + number).into(), registration(number).into(), now.into()],
        );
        transaction.execute_raw(statement).await.expect("a code");
    }
    transaction.commit().await.expect("committed");
}
