//! One service on a database of its own, and the calls of its users in few words.

mod applications;
mod holders;
pub mod policies;

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use entrypass_ambient::{Clock as _, SeededRandom, TestClock};
use entrypass_db::{Database, follower};
use entrypass_epass::{Config, Deps, Migrator, Policies, service};
use entrypass_follow::FEED;
use entrypass_proto::{
    epass::v1::{self as pb, epass_service_client::EpassServiceClient},
    registration::v1::{
        Document, DocumentType, GetRegistrationFactsResponse, RegistrationChange, RegistrationState,
        registration_change::Kind,
    },
};
use entrypass_rpc::{EdgeLayer, Transport, timestamp};
use entrypass_testkit::{Refusal, Registrations, Statements, TestDatabase, audited, eventually};
use sea_orm::{ConnectionTrait as _, Statement};
use time::{Duration, macros::datetime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use uuid::Uuid;

pub use applications::{REVIEWER, decision};

/// How long first answers are kept.
pub const KEEP_ANSWERS: Duration = Duration::hours(24);
/// How long a claim lasts.
pub const CLAIMS_LAST: Duration = Duration::minutes(30);
/// What the next copy draws from.
static SEED: AtomicU64 = AtomicU64::new(7);

/// How long a pass that is issued here is valid.
pub const VALID_FOR: Duration = Duration::days(365);
/// How long changes stay in the feed.
pub const KEEP_CHANGES: Duration = Duration::days(90);
/// How long quarantines and follow-ups are kept.
pub const KEEP_CIRCUMSTANCES: Duration = Duration::days(180);

/// The service and its surroundings.
pub struct App {
    pub clock: Arc<TestClock>,
    pub registrations: Arc<Registrations>,
    transport: Transport,
    database: Database,
    place: Arc<TestDatabase>,
    policies: Policies,
    stopping: CancellationToken,
    background: Mutex<Option<JoinHandle<()>>>,
    /// What it asks of its database.
    pub statements: Statements,
}

/// A person with a registration, as the registration service tells of them.
pub struct Person {
    pub registration: String,
    pub traveller: String,
}

impl App {
    /// A fresh service beside a registration service that answers.
    pub async fn new() -> Self {
        let registrations = Arc::new(Registrations::default());
        let neighbour = registrations.transport(&edge());
        Self::beside(registrations, neighbour).await
    }

    /// A fresh service whose registration service cannot be reached: nothing listens on port 1.
    pub async fn alone() -> Self {
        let nobody = Transport::remote(&"http://127.0.0.1:1".parse().expect("an address"));
        Self::beside(Arc::default(), nobody).await
    }

    async fn beside(registrations: Arc<Registrations>, neighbour: Transport) -> Self {
        let clock = Arc::new(TestClock::at(datetime!(2026-11-22 08:00:00.123_456_789 UTC)));
        let place = Arc::new(TestDatabase::migrated::<Migrator>("epass").await);
        Self::start(clock, registrations, neighbour, place).await
    }

    /// Stops what the service does unasked, and waits for its end: a copy that goes on has the lease of who removes.
    pub async fn stopped(&self) {
        self.stopping.cancel();
        let background = self.background.lock().expect("no panic").take();
        background.expect("it is stopped once").await.expect("no panic");
        let _ = self.statements.taken();
    }

    /// The same service after a restart.
    pub async fn again(&self) -> Self {
        let neighbour = self.registrations.transport(&edge());
        Self::start(self.clock.clone(), self.registrations.clone(), neighbour, self.place.clone()).await
    }

    async fn start(
        clock: Arc<TestClock>,
        registrations: Arc<Registrations>,
        neighbour: Transport,
        place: Arc<TestDatabase>,
    ) -> Self {
        let database =
            Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await.expect("a database");
        let (counted, statements) = Statements::of(database.clone());
        let (stopping, policies) = (CancellationToken::new(), Policies::default());
        let deps = Deps {
            database: counted,
            clock: clock.clone(),
            // Another one for each copy: two that draw the same would give two things one id.
            random: Arc::new(SeededRandom::new(SEED.fetch_add(1, Ordering::Relaxed))),
            registration: neighbour,
            policies: policies.clone(),
            stopping: stopping.clone(),
        };
        let config = Config {
            keep_answers: KEEP_ANSWERS,
            city_divisions: vec!["4406".to_owned()],
            claims_last: CLAIMS_LAST,
            passes_valid_for: Some(VALID_FOR),
            keep_changes: KEEP_CHANGES,
            keep_circumstances: KEEP_CIRCUMSTANCES,
        };
        let service = service(config, deps);
        let background = Mutex::new(Some(tokio::spawn(service.background)));
        let transport = Transport::local(service.routes, &edge());
        Self { clock, registrations, transport, database, place, policies, stopping, background, statements }
    }

    /// The way to it.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Whether it says that it is of use, as whoever runs it asks.
    pub async fn probed(&self) -> Result<(), String> {
        self.policies.probe(&self.database, self.clock.clone()).ask().await
    }

    /// What the audit has of `method`.
    pub async fn audited(&self, method: &str) -> Vec<(Option<String>, Option<Uuid>, String)> {
        audited(&self.database, method).await
    }

    /// A client, cheap to make.
    pub fn client(&self) -> EpassServiceClient<Transport> {
        EpassServiceClient::new(self.transport.clone())
    }

    /// A person with an active registration by resident identity card, the `number`-th of this test.
    pub fn person(&self, number: u128) -> Person {
        self.person_with(number, DocumentType::ResidentIdCard, RegistrationState::Active)
    }

    /// A person as described. Telling of the same `number` again changes what is known of the registration.
    pub fn person_with(&self, number: u128, document: DocumentType, state: RegistrationState) -> Person {
        let person = Person {
            registration: format!("registrations/{}", Uuid::from_u128(0xa000 + number)),
            traveller: format!("travellers/{}", Uuid::from_u128(0xb000 + number)),
        };
        self.registrations.put(GetRegistrationFactsResponse {
            registration: person.registration.clone(),
            traveller: person.traveller.clone(),
            state: state.into(),
            revision: 1,
            document_type: document.into(),
            ..GetRegistrationFactsResponse::default()
        });
        person
    }

    /// Tells of a person's registration that it was changed, and waits until that was dealt with.
    pub async fn changed(&self, person: &Person, kind: Kind) {
        let change = RegistrationChange {
            registration: person.registration.clone(),
            traveller: person.traveller.clone(),
            kind: kind.into(),
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

    /// Everything that the service has written.
    pub async fn written(&self) -> Vec<u8> {
        if let Some(path) = self.place.text().strip_prefix("sqlite:") {
            let folder = Path::new(path).parent().expect("a folder");
            let files = std::fs::read_dir(folder).expect("the folder");
            let paths = files.map(|file| file.expect("a file").path());
            return paths.flat_map(|path| std::fs::read(path).expect("its content")).collect();
        }
        let mut written = Vec::new();
        let tables = [
            "applications",
            "passes",
            "pass_steps",
            "quarantines",
            "follow_ups",
            "levels",
            "changes",
            "positions",
            "ended_registrations",
        ];
        for table in tables {
            written
                .extend(self.column(&format!("SELECT convert_to(it::text, 'UTF8') FROM {table} it")).await);
        }
        written.extend(
            self.column(
                "SELECT convert_to(caller || request_id, 'UTF8') || coalesce(sealed, '') FROM answers",
            )
            .await,
        );
        written
    }

    async fn column(&self, query: &str) -> Vec<u8> {
        let reader = self.database.reader();
        let query = Statement::from_string(reader.get_database_backend(), query);
        let rows = reader.query_all_raw(query).await.expect("rows");
        rows.iter().flat_map(|row| row.try_get_by_index::<Vec<u8>>(0).expect("bytes")).collect()
    }

    /// In how many seconds the one verification is tried again that was tried so often; nothing where there is none.
    pub async fn waits_for_try(&self, tries: i32) -> Option<i64> {
        let reader = self.database.reader();
        let query =
            format!("SELECT next_try FROM applications WHERE tries = {tries} AND next_try IS NOT NULL");
        let query = Statement::from_string(reader.get_database_backend(), query);
        let row = reader.query_one_raw(query).await.expect("a query")?;
        let next: i64 = row.try_get_by_index(0).expect("an instant");
        let now = self.clock.now().unix_timestamp_nanos() / 1000;
        // Taken by a copy that is asking, where it is a lease.
        let seconds = (i128::from(next) - now) / 1_000_000;
        i64::try_from(seconds).ok().filter(|seconds| *seconds < 60)
    }

    /// Makes what was submitted look as if a copy had taken it for `lease`, and had died.
    pub async fn taken_by_a_copy_that_died(&self, lease: Duration) {
        let next = (self.clock.now() + lease).unix_timestamp_nanos() / 1000;
        let update = format!(
            "UPDATE applications SET state = 'IDENTITY_VERIFYING', revision = revision + 1, tries = 1, \
             next_try = {next} WHERE state = 'SUBMITTED'"
        );
        self.meddle(&update).await;
    }

    /// Changes rows behind the service's back.
    pub async fn meddle(&self, statement: &str) {
        let transaction = self.database.begin().await.expect("a transaction");
        transaction.execute_unprepared(statement).await.expect("done");
        transaction.commit().await.expect("committed");
    }

    /// The texts that `query` finds.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let reader = self.database.reader();
        let query = Statement::from_string(reader.get_database_backend(), query);
        let rows = reader.query_all_raw(query).await.expect("rows");
        rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
    }

    /// How many rows `table` has.
    pub async fn count(&self, table: &str) -> i64 {
        let reader = self.database.reader();
        let query = format!("SELECT count(*) FROM {table}");
        let query = Statement::from_string(reader.get_database_backend(), query);
        let row = reader.query_one_raw(query).await.expect("a count").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }

    /// Lets a moment pass, so that later ids are larger.
    pub fn wait(&self) {
        self.clock.advance(Duration::SECOND);
    }

    pub async fn get(&self, person: &Person) -> Result<pb::GetElectronicPassResponse, Refusal> {
        let request = pb::GetElectronicPassRequest { registration: person.registration.clone() };
        Ok(self.client().get_electronic_pass(request).await?.into_inner())
    }

    pub async fn offer(&self, person: &Person) -> Result<pb::ElectronicPassOffer, Refusal> {
        let request = pb::GetElectronicPassOfferRequest { registration: person.registration.clone() };
        let answer = self.client().get_electronic_pass_offer(request).await?.into_inner();
        Ok(answer.offer.expect("an offer"))
    }

    pub async fn record(
        &self,
        request: pb::RecordExternalPassRequest,
    ) -> Result<pb::ElectronicPass, Refusal> {
        let answer = self.client().record_external_pass(request).await?.into_inner();
        Ok(answer.electronic_pass.expect("a pass"))
    }

    /// A valid record of a pass that the owner of the document `number` got yesterday.
    pub fn external_pass(&self, request_id: &str, number: &str) -> pb::RecordExternalPassRequest {
        pb::RecordExternalPassRequest {
            request_id: request_id.to_owned(),
            document: Some(Document {
                r#type: DocumentType::ResidentIdCard.into(),
                number: number.to_owned(),
                issuing_state: String::new(),
            }),
            issuer: "南海通".to_owned(),
            pass_number: format!("NH-{request_id}"),
            issue_time: Some(timestamp(self.clock.now() - Duration::DAY)),
            expire_time: None,
        }
    }
}

/// The answer of somebody who asks again while the database is busy, as SQLite is where several copies write at once.
pub async fn insistent<A>(ask: impl AsyncFn() -> Result<A, Refusal>) -> Result<A, Refusal> {
    loop {
        match ask().await {
            Err(refusal) if refusal.code == Code::Unavailable => {}
            answer => return answer,
        }
    }
}

/// The codes of an offer's reasons.
pub fn codes(offer: &pb::ElectronicPassOffer) -> Vec<&'static str> {
    offer.reasons.iter().map(|reason| reason.code().as_str_name()).collect()
}

fn edge() -> EdgeLayer {
    EdgeLayer::new(|| Uuid::from_u128(1))
}
