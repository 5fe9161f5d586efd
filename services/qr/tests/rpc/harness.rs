//! One service on a database and a key of its own.

mod calls;
mod withdrawing;

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use entrypass_ambient::{Random, SeededRandom, TestClock};
use entrypass_db::{Database, follower};
use entrypass_follow::FEED;
use entrypass_proto::{
    qr::v1::{
        self as pb, Verdict,
        qr_service_client::QrServiceClient,
        verification_check::{Check, Outcome},
    },
    registration::v1::{
        DocumentType, GetRegistrationFactsResponse, RegistrationChange, RegistrationState,
        registration_change::Kind,
    },
};
use entrypass_qr::{Config, Custody, Deps, KeyRules, Keys, Migrator, Vault, service};
use entrypass_rpc::{EdgeLayer, Transport};
use entrypass_testkit::{Registrations, Statements, TestDatabase, audited, eventually};
use entrypass_token::Algorithm;
use sea_orm::{ConnectionTrait as _, Statement};
use tempfile::TempDir;
use time::{Duration, macros::datetime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What is set of the keys: the default, except that a key is made when a test wants one.
pub const KEY_RULES: KeyRules = KeyRules {
    algorithm: Algorithm::EdDsa,
    rotate_every: None,
    publish_for: Duration::hours(24),
    display_for: Duration::minutes(15),
};

/// With a schedule, as it is by default.
pub const QUARTERLY: KeyRules = KeyRules { rotate_every: Some(Duration::days(90)), ..KEY_RULES };

/// How long records are kept.
pub const KEEP_VERIFICATIONS: Duration = Duration::days(30);

/// The service and its surroundings.
pub struct App {
    pub clock: Arc<TestClock>,
    pub registrations: Arc<Registrations>,
    random: Arc<SeededRandom>,
    transport: Transport,
    pub stopping: CancellationToken,
    background: Mutex<Option<JoinHandle<()>>>,
    /// What it asks of its database.
    pub statements: Statements,
    pub database: Database,
    place: Arc<TestDatabase>,
    folder: Arc<TempDir>,
}

impl App {
    /// A fresh service beside a registration service that answers.
    pub async fn new() -> Self {
        let surroundings = Surroundings::new(Arc::new(TestDatabase::migrated::<Migrator>("qr").await));
        surroundings.start_with_file("key.hex").await
    }

    /// A fresh service whose private keys are where `vault` says; it is given the folder of the test.
    pub async fn with_vault(vault: impl FnOnce(&Path) -> Vault) -> Self {
        let surroundings = Surroundings::new(Arc::new(TestDatabase::migrated::<Migrator>("qr").await));
        let vault = vault(surroundings.folder.path());
        surroundings.start_here(vault, KEY_RULES).await
    }

    /// Another copy of this service, on the same database.
    pub async fn copy(&self, vault: impl FnOnce(&Path) -> Vault, rules: KeyRules) -> Self {
        self.surroundings().start_here(vault(self.folder.path()), rules).await
    }

    /// The same surroundings with a fresh database, on which nothing has started yet.
    pub async fn on_a_fresh_database(&self) -> Fresh {
        let place = Arc::new(TestDatabase::migrated::<Migrator>("qr").await);
        Fresh(Surroundings { place, ..self.surroundings() })
    }

    /// What an operator has of the keys of this service: the command line beside it.
    pub fn operator(&self, vault: impl FnOnce(&Path) -> Vault) -> Custody {
        let vault = vault(self.folder.path());
        Custody::new(self.database.clone(), vault, KEY_RULES, self.clock.clone(), self.random.clone())
    }

    /// Another service in the same surroundings, with a fresh database and the key file of this name.
    pub async fn another(&self, key: &str) -> Self {
        let place = Arc::new(TestDatabase::migrated::<Migrator>("qr").await);
        let surroundings = Surroundings { place, ..self.surroundings() };
        surroundings.start_with_file(key).await
    }

    /// The same service after a restart.
    pub async fn again(&self) -> Self {
        self.surroundings().start_with_file("key.hex").await
    }

    /// The same service after its registration service went away: nothing listens on port 1.
    pub async fn alone(&self) -> Self {
        self.asking("http://127.0.0.1:1").await
    }

    /// The same service with a registration service at the address `uri`.
    pub async fn asking(&self, uri: &str) -> Self {
        let neighbour = Transport::remote(&uri.parse().expect("an address"));
        let surroundings = self.surroundings();
        let vault = surroundings.file("key.hex");
        surroundings.start(vault, KEY_RULES, neighbour).await
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            clock: Arc::clone(&self.clock),
            registrations: Arc::clone(&self.registrations),
            random: Arc::clone(&self.random),
            place: Arc::clone(&self.place),
            folder: Arc::clone(&self.folder),
        }
    }

    /// Stops what the service does unasked, waits for its end, and forgets the statements so far.
    pub async fn still(&self) {
        self.stopping.cancel();
        let background = self.background.lock().expect("no panic").take();
        background.expect("it is stopped once").await.expect("no panic");
        let _ = self.statements.taken();
    }

    /// The way to it.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// What the audit has of `method`.
    pub async fn audited(&self, method: &str) -> Vec<(Option<String>, Option<Uuid>, String)> {
        audited(&self.database, method).await
    }

    /// A client, cheap to make.
    pub fn client(&self) -> QrServiceClient<Transport> {
        QrServiceClient::new(self.transport.clone())
    }

    /// How many keys have a private half in the database.
    pub async fn sealed_keys(&self) -> i64 {
        let reader = self.database.reader();
        let query = "SELECT count(*) FROM signing_keys WHERE sealed_key IS NOT NULL";
        let row = reader.query_one_raw(Statement::from_string(reader.get_database_backend(), query)).await;
        row.expect("a query").expect("a row").try_get_by_index(0).expect("a number")
    }

    /// Its database over connections of their own, as an operator has them.
    pub async fn other_connections(&self) -> Database {
        Database::open::<Migrator>(&self.place.url(), 2, &TestDatabase::sealer()).await.expect("a database")
    }

    /// The key file, as an operator finds it.
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.hex")
    }

    /// The registration `number` of this test as the registration service tells of it from now on.
    pub fn registered(&self, number: u128, revision: i32, state: RegistrationState) {
        self.registrations.put(GetRegistrationFactsResponse {
            registration: registration(number),
            traveller: format!("travellers/{}", Uuid::from_u128(0xb000 + number)),
            state: state.into(),
            revision,
            document_type: DocumentType::Passport.into(),
            ..Default::default()
        });
    }

    /// Tells a change of the registration `number`, and waits until it was dealt with.
    pub async fn changed(&self, number: u128, kind: Kind, revision: i32) {
        let change = RegistrationChange {
            registration: registration(number),
            kind: kind.into(),
            revision,
            ..RegistrationChange::default()
        };
        self.told(change).await;
    }

    /// Tells that the person of the registration `number` was erased, and waits until that was dealt with.
    pub async fn erased(&self, number: u128) {
        let change = RegistrationChange {
            registration: registration(number),
            traveller: "travellers/00000000-0000-7000-8000-000000000001".to_owned(),
            kind: Kind::TravellerErased.into(),
            revision: 2,
            ..RegistrationChange::default()
        };
        self.told(change).await;
    }

    /// Tells a change, and waits until it was dealt with.
    pub async fn told(&self, change: RegistrationChange) {
        let cursor = self.registrations.feed().tell_all([change]);
        eventually("the change is dealt with", async || {
            let position = follower::position(self.database.reader(), FEED).await;
            position.expect("a position").as_deref() == Some(&cursor)
        })
        .await;
    }
}

/// The key file at `path`, which is made when it is missing.
fn key_at(path: &Path, random: &dyn Random) -> PathBuf {
    let half = || {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        format!("{:032x}", u128::from_be_bytes(bytes))
    };
    let text = half() + &half();
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    if let Ok(mut file) = file {
        file.write_all(text.as_bytes()).expect("written");
    }
    path.to_owned()
}

/// Surroundings in which copies can start at once.
pub struct Fresh(Surroundings);

impl Fresh {
    pub async fn start(&self, vault: impl FnOnce(&Path) -> Vault) -> App {
        let vault = vault(self.0.folder.path());
        self.0.clone().start_here(vault, KEY_RULES).await
    }
}

/// What services of one test share.
#[derive(Clone)]
struct Surroundings {
    clock: Arc<TestClock>,
    registrations: Arc<Registrations>,
    random: Arc<SeededRandom>,
    place: Arc<TestDatabase>,
    folder: Arc<TempDir>,
}

impl Surroundings {
    fn new(place: Arc<TestDatabase>) -> Self {
        Self {
            clock: Arc::new(TestClock::at(datetime!(2026-11-23 02:00 UTC))),
            registrations: Arc::default(),
            random: Arc::new(SeededRandom::new(11)),
            place,
            folder: Arc::new(tempfile::tempdir().expect("a folder")),
        }
    }

    /// The single key in the file of this name.
    fn file(&self, key: &str) -> Vault {
        Vault::default().file(key_at(&self.folder.path().join(key), self.random.as_ref()))
    }

    async fn start_with_file(self, key: &str) -> App {
        let vault = self.file(key);
        self.start_here(vault, KEY_RULES).await
    }

    async fn start_here(self, vault: Vault, rules: KeyRules) -> App {
        let neighbour = self.registrations.transport(&edge());
        self.start(vault, rules, neighbour).await
    }

    async fn start(self, vault: Vault, rules: KeyRules, registration: Transport) -> App {
        let Self { clock, registrations, random, place, folder } = self;
        let database =
            Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await.expect("a database");
        let (counted, statements) = Statements::of(database.clone());
        let custody = Custody::new(database.clone(), vault, rules, clock.clone(), random.clone());
        let stopping = CancellationToken::new();
        let deps = Deps {
            database: counted,
            keys: Keys::open(custody).await.expect("a key"),
            clock: clock.clone(),
            random: random.clone(),
            registration,
            stopping: stopping.clone(),
        };
        let config = Config {
            issuer: "FS".parse().expect("an issuer"),
            display_for: rules.display_for,
            bundle_for: Duration::minutes(15),
            keep_answers: Duration::days(7),
            keep_verifications: KEEP_VERIFICATIONS,
        };
        let service = service(config, deps);
        let background = Mutex::new(Some(tokio::spawn(service.background)));
        let transport = Transport::local(service.routes, &edge());
        App {
            clock,
            registrations,
            random,
            transport,
            stopping,
            background,
            statements,
            database,
            place,
            folder,
        }
    }
}

/// The verdict, and a mark for each check in the contract's order (format, key, signature, time, code, registration, data age):
/// `+` passed, `!` failed, `-` not performed.
pub fn told(decision: &pb::VerifyQrCodeResponse) -> (Verdict, String) {
    let order: Vec<_> = decision.checks.iter().map(pb::VerificationCheck::check).collect();
    let contract = [
        Check::Format,
        Check::Key,
        Check::Signature,
        Check::Time,
        Check::Code,
        Check::Registration,
        Check::DataAge,
    ];
    assert_eq!(order, contract);
    let mark = |check: &pb::VerificationCheck| match check.outcome() {
        Outcome::Passed => '+',
        Outcome::Failed => '!',
        Outcome::NotPerformed => '-',
        Outcome::Unspecified => '?',
    };
    (decision.verdict(), decision.checks.iter().map(mark).collect())
}

/// The resource name of the registration `number`.
pub fn registration(number: u128) -> String {
    format!("registrations/{}", Uuid::from_u128(0xa000 + number))
}

fn edge() -> EdgeLayer {
    EdgeLayer::new(|| Uuid::from_u128(1))
}
