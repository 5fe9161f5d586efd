//! One service on a database of its own, and the calls of its users in few words.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use entrypass_ambient::{SeededRandom, SystemRandom, TestClock};
use entrypass_db::{Database, DatabaseUrl};
use entrypass_proto::registration::v1::{
    self as pb, entry::Transport as By, registration_form::Purpose,
    registration_service_client::RegistrationServiceClient,
};
use entrypass_registration::{Config, Deps, Migrator, Notice, service};
use entrypass_rpc::{EdgeLayer, Service, Transport};
use entrypass_seal::{KeyRing, Keys, Sealer};
use entrypass_testkit::{RealNames, Refusal, Statements, TestDatabase, eventually};
use prost_types::FieldMask;
use sea_orm::ConnectionTrait as _;
use time::macros::datetime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The service and its surroundings.
pub struct App {
    pub clock: Arc<TestClock>,
    /// Whom it asks who somebody is.
    pub identity: Arc<RealNames>,
    random: Arc<SeededRandom>,
    notice_version: String,
    transport: Transport,
    believed: Transport,
    stopping: CancellationToken,
    background: Mutex<Option<JoinHandle<()>>>,
    /// What it asks of its database.
    pub statements: Statements,
    database: Arc<TestDatabase>,
    sealer: Sealer,
}

/// The defaults with the built-in notice, and jobs that are done all the time.
pub fn config() -> Config {
    let often = Duration::from_millis(20);
    let notice = Notice::built_in().expect("a notice");
    Config { checkpoint_every: often, upkeep_every: often, ..Config::new(notice) }
}

impl App {
    /// A fresh service with the defaults.
    pub async fn new() -> Self {
        Self::configured(config()).await
    }

    /// A fresh service with `config`.
    pub async fn configured(config: Config) -> Self {
        let clock = Arc::new(TestClock::at(datetime!(2026-11-23 02:00 UTC)));
        let database = TestDatabase::migrated::<Migrator>("registration").await;
        let random = Arc::new(SeededRandom::new(3));
        let identity = Arc::default();
        Self::start(config, clock, random, identity, Arc::new(database), TestDatabase::sealer()).await
    }

    /// The service after a restart with `config`, on the same database.
    pub async fn restarted(self, config: Config) -> Self {
        self.stopping.cancel();
        Self::start(config, self.clock, self.random, self.identity, self.database, self.sealer).await
    }

    /// Another copy of the service, on the same database, with a ring of its own of the same keys.
    pub async fn another(&self) -> Self {
        self.another_with(config()).await
    }

    /// As [`Self::another`], with `config`.
    pub async fn another_with(&self, config: Config) -> Self {
        let Self { clock, random, identity, database, sealer, .. } = self;
        let (clock, random, identity) = (Arc::clone(clock), Arc::clone(random), Arc::clone(identity));
        let keys = Keys::parse(&sealer.keys().to_text()).expect("a ring");
        let sealer = Sealer::new(KeyRing::new(keys), Arc::new(SystemRandom));
        Self::start(config, clock, random, identity, Arc::clone(database), sealer).await
    }

    async fn start(
        config: Config,
        clock: Arc<TestClock>,
        random: Arc<SeededRandom>,
        identity: Arc<RealNames>,
        database: Arc<TestDatabase>,
        sealer: Sealer,
    ) -> Self {
        let notice_version = config.notice.version().to_owned();
        let stopping = CancellationToken::new();
        let (connections, statements) = Statements::of(open(&database, &sealer).await);
        let deps = Deps {
            database: connections,
            clock: clock.clone(),
            random: random.clone(),
            identity: identity.transport(&EdgeLayer::inside("registration", || Uuid::from_u128(1))),
            stopping: stopping.clone(),
        };
        let Service { routes, background } = service(config, deps);
        let background = Mutex::new(Some(tokio::spawn(background)));
        let way = |layer: EdgeLayer| Transport::local(routes.clone(), &layer);
        let believed = way(EdgeLayer::inside("gateway", || Uuid::from_u128(1)));
        let transport = way(EdgeLayer::new(|| Uuid::from_u128(1)));
        Self {
            clock,
            identity,
            random,
            notice_version,
            transport,
            believed,
            stopping,
            background,
            statements,
            database,
            sealer,
        }
    }

    /// Tells the service to stop.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Stops what the service does unasked, waits for its end, and forgets the statements so far.
    pub async fn still(&self) {
        self.stop();
        let background = self.background.lock().expect("no panic").take();
        background.expect("it is stopped once").await.expect("no panic");
        let _ = self.statements.taken();
    }

    /// The service's database, as an operator finds it who has the keys.
    pub async fn database(&self) -> Database {
        open(&self.database, &self.sealer).await
    }

    /// Where the service's database is.
    pub fn place(&self) -> DatabaseUrl {
        self.database.url()
    }

    /// Puts `change` of this copy's keys in their place.
    pub fn change_keys(&self, change: impl FnOnce(&Keys) -> Keys) {
        let ring = self.sealer.ring();
        ring.replace(change(&ring.keys()));
    }

    /// The way to it.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// A client, cheap to make.
    pub fn client(&self) -> RegistrationServiceClient<Transport> {
        RegistrationServiceClient::new(self.transport.clone())
    }

    /// A client that is believed what it says of the caller on whose behalf it calls.
    pub fn believed(&self) -> RegistrationServiceClient<Transport> {
        RegistrationServiceClient::new(self.believed.clone())
    }

    /// The submission of `form` by the holder of the passport `number`, who acknowledges the notice in force.
    pub fn submission(
        &self,
        request_id: &str,
        number: &str,
        form: pb::RegistrationForm,
    ) -> pb::SubmitRegistrationRequest {
        pb::SubmitRegistrationRequest {
            request_id: request_id.to_owned(),
            document: Some(passport(number)),
            form: Some(form),
            acknowledged_notice_version: self.notice_version.clone(),
            truth_declared: true,
        }
    }

    pub async fn submit(&self, request: pb::SubmitRegistrationRequest) -> Result<pb::Registration, Refusal> {
        let answer = self.client().submit_registration(request).await?.into_inner();
        Ok(answer.registration.expect("a registration"))
    }

    /// Registers the holder of the passport `number` with a form that keeps every rule.
    pub async fn register(&self, number: &str) -> pb::Registration {
        self.submit(self.submission(&format!("register-{number}"), number, form())).await.expect("registered")
    }

    pub async fn update(&self, request: pb::UpdateRegistrationRequest) -> Result<pb::Registration, Refusal> {
        let answer = self.client().update_registration(request).await?.into_inner();
        Ok(answer.registration.expect("a registration"))
    }

    pub async fn replace(&self, request: pb::ReplaceDocumentRequest) -> Result<pb::Registration, Refusal> {
        let answer = self.client().replace_document(request).await?.into_inner();
        Ok(answer.registration.expect("a registration"))
    }

    pub async fn bind(
        &self,
        request: pb::BindCompanionRequest,
    ) -> Result<pb::BindCompanionResponse, Refusal> {
        Ok(self.client().bind_companion(request).await?.into_inner())
    }

    pub async fn confirm(&self, request: pb::ConfirmCompanionRequest) -> Result<pb::Companion, Refusal> {
        let answer = self.client().confirm_companion(request).await?.into_inner();
        Ok(answer.companion.expect("a bond"))
    }

    /// The companions of the registration `holder`.
    pub async fn companions(&self, holder: &str) -> Vec<pb::Companion> {
        let request = pb::GetRegistrationRequest { registration: holder.to_owned(), ..Default::default() };
        self.client().get_registration(request).await.expect("known").into_inner().companions
    }

    /// Who has bound the person of the registration `companion`.
    pub async fn holders(&self, companion: &str) -> Vec<pb::Holder> {
        let request = pb::ListHoldersRequest { registration: companion.to_owned(), ..Default::default() };
        self.client().list_holders(request).await.expect("known").into_inner().holders
    }

    /// Cancels `registration` as it was read.
    pub async fn cancel(&self, registration: &pb::Registration) -> Result<pb::Registration, Refusal> {
        let request = pb::CancelRegistrationRequest {
            request_id: format!("cancel-{}", registration.etag),
            registration: registration.name.clone(),
            etag: registration.etag.clone(),
        };
        let answer = self.client().cancel_registration(request).await?.into_inner();
        Ok(answer.registration.expect("a registration"))
    }

    pub async fn facts(&self, registration: &str) -> Result<pb::GetRegistrationFactsResponse, Refusal> {
        let request = pb::GetRegistrationFactsRequest { registration: registration.to_owned() };
        Ok(self.client().get_registration_facts(request).await?.into_inner())
    }

    /// The traveller of the passport `number`.
    pub async fn resolve(&self, number: &str) -> Result<String, Refusal> {
        let request = pb::ResolveTravellerRequest { document: Some(passport(number)) };
        Ok(self.client().resolve_traveller(request).await?.into_inner().traveller)
    }
}

/// Waits until a transaction on this PostgreSQL waits for another.
pub async fn until_one_waits(database: &Database) {
    let waiting = "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) \
                   WHERE NOT granted AND usename = current_user";
    eventually("one transaction waits for the other", async || {
        database.reader().execute_unprepared(waiting).await.expect("the locks").rows_affected() > 0
    })
    .await;
}

async fn open(database: &TestDatabase, sealer: &Sealer) -> Database {
    Database::open::<Migrator>(&database.url(), 8, sealer).await.expect("a database")
}

/// A British passport; the numbers are nobody's.
pub fn passport(number: &str) -> pb::Document {
    pb::Document {
        r#type: pb::DocumentType::Passport.into(),
        number: number.to_owned(),
        issuing_state: "GBR".to_owned(),
    }
}

/// The request that binds the registered holder of the passport `number`.
pub fn binding(holder: &pb::Registration, number: &str) -> pb::BindCompanionRequest {
    pb::BindCompanionRequest {
        request_id: format!("bind-{number}"),
        registration: holder.name.clone(),
        relationship: pb::Relationship::Relative.into(),
        document: Some(passport(number)),
        companion_name: "Smith Anna Maria".to_owned(),
        ..Default::default()
    }
}

/// The request by which the companion's side agrees.
pub fn confirmation(companion: &pb::Registration, code: &str) -> pb::ConfirmCompanionRequest {
    pb::ConfirmCompanionRequest {
        request_id: format!("confirm-{code}"),
        registration: companion.name.clone(),
        confirmation_code: code.to_owned(),
    }
}

/// The amendment that sets the length of stay of `registration`, as it was read, to `stay_days`.
pub fn amendment(registration: &pb::Registration, stay_days: i32) -> pb::UpdateRegistrationRequest {
    pb::UpdateRegistrationRequest {
        request_id: format!("amend-{}-{stay_days}", registration.etag),
        registration: registration.name.clone(),
        etag: registration.etag.clone(),
        form: Some(pb::RegistrationForm { stay_days, ..Default::default() }),
        update_mask: Some(FieldMask { paths: vec!["stay_days".to_owned()] }),
    }
}

/// A form that keeps every rule, by somebody who enters on the day on which the tests begin.
pub fn form() -> pb::RegistrationForm {
    pb::RegistrationForm {
        surname: "SMITH".to_owned(),
        given_names: "ANNA MARIA".to_owned(),
        sex: pb::Sex::Female.into(),
        birth_date: "1985-01-01".to_owned(),
        nationality: "GBR".to_owned(),
        mobile_phone: "+447700900001".to_owned(),
        entry: Some(pb::Entry {
            port_of_entry: "CNSZX".to_owned(),
            entry_date: "2026-11-23".to_owned(),
            transport: By::Walk.into(),
            departure_country: "HKG".to_owned(),
            ..Default::default()
        }),
        travel_history: vec![pb::Stay {
            country: "HKG".to_owned(),
            first_date: "2026-11-01".to_owned(),
            last_date: "2026-11-23".to_owned(),
        }],
        destination: Some(pb::Destination {
            division_code: "440604".to_owned(),
            address: "祖庙路1号2座301".to_owned(),
            ..Default::default()
        }),
        purpose: Purpose::Family.into(),
        domestic_contact: Some(pb::Contact { name: "张三".to_owned(), phone: "+8613800138000".to_owned() }),
        ..Default::default()
    }
}
