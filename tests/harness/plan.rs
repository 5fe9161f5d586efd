//! What all parts of one system share: settings, databases, the hour, and who is where.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use entrypass::{
    compose::{self, Surroundings},
    config::Config,
    role::{Role, Service},
};
use entrypass_ambient::SeededRandom;
use entrypass_testkit::{Authority, Certificate, TestDatabase};
use entrypass_tls::Tls;
use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};

use crate::{FileClock, callers, node::program};

/// When every journey begins: 10:00 in the city.
const BEGINNING: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);
/// The first signing key of every system.
const SIGNING_KEY: &str = "6f70656e20736573616d6520666f7220746865206a6f75726e657973206f6e6c";

/// What seals the signing keys of those that keep them in the database.
const KEY_ENCRYPTION_KEY: &str = "6b656b20666f7220746865206a6f75726e657973206f6e6c792c206e6f206f6e";

/// One system's settings and surroundings. They end with it.
pub(crate) struct Plan {
    pub(crate) clock: Arc<FileClock>,
    random: Arc<SeededRandom>,
    databases: [(Service, TestDatabase); 3],
    addresses: Vec<(Role, String)>,
    /// Of a system with listeners.
    authority: Option<Authority>,
    /// What processes of their own log, as a filter.
    log: &'static str,
    folder: TempDir,
}

impl Plan {
    /// A plan with the configuration file `settings`, and fresh databases with their schemas; with certificates for all roles and a list of callers
    /// if it is to be `over_tls`.
    pub(crate) async fn new(settings: &str, over_tls: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (registration, qr, epass) = tokio::join!(
            Box::pin(TestDatabase::migrated::<entrypass_registration::Migrator>("registration")),
            Box::pin(TestDatabase::migrated::<entrypass_qr::Migrator>("qr")),
            Box::pin(TestDatabase::migrated::<entrypass_epass::Migrator>("epass")),
        );
        let plan = Self {
            clock: Arc::new(FileClock::new(&folder.path().join("clock"), BEGINNING)),
            random: Arc::new(SeededRandom::new(20_261_123)),
            databases: [(Service::Registration, registration), (Service::Qr, qr), (Service::Epass, epass)],
            addresses: Vec::new(),
            authority: over_tls.then(|| Authority::new("city")),
            log: "info,sea_orm_migration=warn",
            folder,
        };
        let mut settings = completed(settings);
        if let Some(authority) = &plan.authority {
            callers::list(&mut settings);
            for role in Role::ALL {
                let certificate = callers::of_service(authority, role);
                let _ = callers::write(&certificate, &authority.pem(), plan.folder(), role);
            }
        }
        fs::write(plan.config_file(), settings.to_string()).expect("written");
        for (name, key) in [("key.hex", SIGNING_KEY), ("key-encryption-keys", KEY_ENCRYPTION_KEY)] {
            let mut options = OpenOptions::new();
            let file = options.create(true).write(true).mode(0o600).open(plan.file(name));
            file.and_then(|mut file| file.write_all(key.as_bytes())).expect("written");
        }
        plan
    }

    /// The same, with processes that log whatever passes `filter`.
    pub(crate) fn logging(self, filter: &'static str) -> Self {
        Self { log: filter, ..self }
    }

    /// Notes where `role` listens, for those that are started later.
    pub(crate) fn locate(&mut self, role: Role, address: &str) {
        self.addresses.push((role, address.to_owned()));
    }

    /// Whether it is known where `role` listens.
    pub(crate) fn is_located(&self, role: Role) -> bool {
        self.addresses.iter().any(|(of, _)| *of == role)
    }

    /// The database of `service`.
    pub(crate) fn database(&self, service: Service) -> &TestDatabase {
        let (_, database) = self.databases.iter().find(|(of, _)| *of == service).expect("all have one");
        database
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.file("entrypass.toml")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of a process of its own.
    pub(crate) fn data_dir(&self, role: Role) -> PathBuf {
        self.file(role.name())
    }

    /// The authority that all processes trust.
    pub(crate) fn authority(&self) -> &Authority {
        self.authority.as_ref().expect("a system with listeners")
    }

    /// What the tests call with, over TLS.
    pub(crate) fn tls_of(&self, certificate: &Certificate) -> Tls {
        callers::tls(certificate, &self.authority().pem(), self.clock.clone())
    }

    /// What a program proves itself with that is not of ours, and is called by ours; `None` without listeners.
    pub(crate) fn foreign_tls(&self) -> Option<Tls> {
        let authority = self.authority.as_ref()?;
        Some(self.tls_of(&authority.certificate(&["spiffe://city.test/real-names", "127.0.0.1"])))
    }

    /// What the process of `role` finds in its environment.
    pub(crate) fn environment(&self, role: Role) -> Vec<(String, String)> {
        let variable = |role: Role, what| format!("ENTRYPASS_{}_{what}", role.name().to_uppercase());
        let name = |service: &Service, what| variable(service.role(), what);
        let clock = self.file("clock").display().to_string();
        let databases = self.databases.iter();
        let databases = databases.map(|(of, database)| (name(of, "DATABASE"), database.text().to_owned()));
        let addresses =
            self.addresses.iter().map(|(of, address)| (variable(*of, "ADDRESS"), address.clone()));
        let tls = self.folder().join("tls").join(role.name());
        let tls = ["certificate", "key", "trust"].map(|file| {
            let path = tls.join(format!("{file}.pem")).display().to_string();
            (format!("ENTRYPASS_TLS_{}", file.to_uppercase()), path)
        });
        let tls = tls.into_iter().filter(|_| self.authority.is_some());
        let rings = Service::ALL.iter().map(|of| (name(of, "KEY_RING"), TestDatabase::KEY_RING.to_owned()));
        let clock =
            [("ENTRYPASS_TEST_CLOCK".to_owned(), clock), ("ENTRYPASS_LOG".to_owned(), self.log.to_owned())]
                .into_iter();
        clock.chain(databases).chain(rings).chain(addresses).chain(tls).collect()
    }

    /// Starts `roles` in this process.
    pub(crate) async fn start(&self, roles: &[Role]) -> compose::System {
        let first = roles.first().copied().expect("a role");
        let environment = self.environment(first);
        let variable = |name: &str| {
            let found = environment.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).ok_or(std::env::VarError::NotPresent)
        };
        let config = Config::load(Some(&self.config_file()), variable).expect("a configuration");
        let data_dir = self.file("data");
        let surroundings = self.surroundings();
        // Boxed, as below: what opens databases takes many kilobytes, which would stand in the future of every journey.
        let started = Box::pin(compose::start(&config, roles, &data_dir, &surroundings)).await;
        started.expect("it starts")
    }

    /// The program, called with `arguments` between blanks beside what runs.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments.split_whitespace())
            .args(["--config".as_ref(), self.config_file().as_os_str()])
            .args(["--data-dir".as_ref(), self.file("data").as_os_str()])
            .env_clear()
            .envs(self.environment(Role::Gateway));
        command
    }

    pub(crate) fn surroundings(&self) -> Surroundings {
        Surroundings { clock: self.clock.clone(), random: self.random.clone() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// `settings` with what every system of ours has: its signing keys beside the file, and no lame-duck time unless a journey is about it.
fn completed(settings: &str) -> toml::Table {
    let mut settings: toml::Table = settings.parse().expect("TOML");
    for (section, setting, value) in [
        ("qr", "key_file", toml::Value::from("key.hex")),
        ("qr", "key_dir", toml::Value::from("signing-keys")),
        ("drain", "lame_duck_seconds", toml::Value::from(0)),
    ] {
        let section = settings.entry(section).or_insert_with(|| toml::Table::new().into());
        section.as_table_mut().expect("a section").entry(setting).or_insert(value);
    }
    settings
}
