//! The program under load: configured as a city configures it, started, stopped.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use entrypass_ambient::SystemClock;
use entrypass_tls::{Files, Minimum, Tls};

use crate::{
    Failure,
    client::Target,
    health,
    process::{Cost, Process, cost_of},
    store::{SERVICES, Store},
};

/// Roles in the order in which they are started apart, each with the neighbours that it calls.
const APART: [&str; 4] = ["registration", "qr", "epass", "gateway"];
/// More than any machine serves: what is measured is the work, not the refusal of more.
const UNLIMITED: i64 = 1_000_000;

/// What a system is made of; it can be started again and again.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `entrypass`.
    pub program: PathBuf,
    /// Configuration, certificates, keys, logs, and SQLite's files.
    pub folder: PathBuf,
    /// Where its tables are.
    pub store: Store,
    /// Whether callers and services speak TLS.
    pub tls: bool,
    /// Whether gateway and services are four processes.
    pub apart: bool,
}

/// A running system.
#[derive(Debug)]
pub struct System {
    processes: Vec<Process>,
    /// Where the gateway listens.
    pub address: SocketAddr,
    /// From the start of the first process until the gateway said that it serves.
    pub ready_after: Duration,
}

impl Plan {
    /// Writes configuration and keys, and makes the tables, as far as they are not there.
    pub async fn prepare(&self) -> Result<(), Failure> {
        fs::create_dir_all(&self.folder)?;
        let certificates = self.folder.join("certificates");
        if !certificates.exists() {
            self.run(Command::new(&self.program).arg("dev-certs").arg(&certificates))?;
        }
        let made = fs::read_to_string(certificates.join("entrypass.toml"))?;
        fs::write(self.config(), self.settings(&made)?)?;
        if let Store::Postgres { server, database } = &self.store {
            server.make(database).await?;
            for service in SERVICES {
                let ring = self.folder.join("key-rings").join(service);
                if !ring.exists() {
                    self.run(
                        Command::new(&self.program).args(["keys", "new", "--service", service]).arg(ring),
                    )?;
                }
            }
            let up = self.command(&["migrate", "up"]);
            self.run(&mut { up })?;
        }
        Ok(())
    }

    /// The configuration that `dev-certs` makes, with the list of callers in it, and without limits of callers: they are one machine here.
    fn settings(&self, made: &str) -> Result<String, Failure> {
        let mut settings: toml::Table = made.parse()?;
        let callers = settings.get_mut("callers").and_then(toml::Value::as_array_mut).ok_or("no callers")?;
        for caller in callers.iter_mut().filter_map(toml::Value::as_table_mut) {
            for limit in ["requests_per_second", "in_flight", "streams"] {
                caller.insert(limit.to_owned(), UNLIMITED.into());
            }
        }
        if self.tls {
            let tls = settings.get_mut("tls").and_then(toml::Value::as_table_mut).ok_or("no [tls]")?;
            for (_, file) in tls.iter_mut() {
                *file = format!("certificates/{}", file.as_str().unwrap_or_default()).into();
            }
        } else {
            settings.remove("tls");
        }
        settings.insert("limits".to_owned(), toml::toml! { in_flight = 1_000_000 }.into());
        settings.insert("drain".to_owned(), toml::toml! { lame_duck_seconds = 0 }.into());
        if let Store::Postgres { server, database } = &self.store {
            let mut databases = toml::Table::new();
            for service in SERVICES {
                databases.insert(service.to_owned(), server.url(database, Some(service)).into());
                let own = settings.entry(service).or_insert_with(|| toml::Table::new().into());
                let own = own.as_table_mut().ok_or("no section")?;
                own.insert("key_ring".to_owned(), format!("key-rings/{service}").into());
                if service == "qr" {
                    own.insert("key_dir".to_owned(), "signing-keys".into());
                }
            }
            settings.insert("database".to_owned(), databases.into());
        }
        Ok(settings.to_string())
    }

    /// Starts it and waits until the gateway says that it serves.
    pub async fn start(&self) -> Result<System, Failure> {
        let began = Instant::now();
        let mut processes = Vec::new();
        if self.apart {
            let mut addresses = Vec::new();
            for role in APART {
                let process = Process::start(self.serve(role, Some(role), &addresses)?).await?;
                let scheme = if self.tls { "https" } else { "http" };
                let name = format!("ENTRYPASS_{}_ADDRESS", role.to_uppercase());
                addresses.push((name, format!("{scheme}://localhost:{}", process.address.port())));
                processes.push(process);
            }
        } else {
            processes.push(Process::start(self.serve("all", None, &[])?).await?);
        }
        let address = processes.last().ok_or("no process")?.address;
        health::until_serving(&self.target(address, "operator")?).await?;
        Ok(System { processes, address, ready_after: began.elapsed() })
    }

    /// Where `caller` of the list calls.
    pub fn target(&self, address: SocketAddr, caller: &str) -> Result<Target, Failure> {
        let file = |name: &str| self.folder.join("certificates").join(name);
        let files = Files {
            certificate: file(&format!("{caller}.pem")),
            key: file(&format!("{caller}.key")),
            trust: file("ca.pem"),
        };
        let tls = || Tls::open(files, Minimum::Tls13, Arc::new(SystemClock));
        Ok(Target { address, tls: self.tls.then(tls).transpose()? })
    }

    fn serve(
        &self,
        name: &str,
        role: Option<&str>,
        addresses: &[(String, String)],
    ) -> Result<Command, Failure> {
        let log =
            fs::OpenOptions::new().create(true).append(true).open(self.folder.join(format!("{name}.log")))?;
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
        command.stderr(log).envs(addresses.iter().map(|(name, address)| (name, address)));
        if let Some(role) = role {
            command.args(["--role", role]);
            // One process to a folder; certificates are each one's own.
            command.arg("--data-dir").arg(self.folder.join(format!("data-{role}")));
            if self.tls {
                command.env("ENTRYPASS_TLS_CERTIFICATE", self.certificate(role, "pem"));
                command.env("ENTRYPASS_TLS_KEY", self.certificate(role, "key"));
            }
        } else {
            command.arg("--data-dir").arg(self.data());
        }
        Ok(command)
    }

    /// The folder of SQLite's files.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--config").arg(self.config()).env_clear().stdin(Stdio::null());
        command
    }

    fn config(&self) -> PathBuf {
        self.folder.join("entrypass.toml")
    }

    fn certificate(&self, role: &str, kind: &str) -> PathBuf {
        self.folder.join("certificates").join(format!("{role}.{kind}"))
    }

    fn run(&self, command: &mut Command) -> Result<(), Failure> {
        let output = command.output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{} failed: {}", Path::display(&self.program), String::from_utf8_lossy(&output.stderr))
            .into())
    }
}

impl System {
    /// What its processes have cost.
    #[must_use]
    pub fn cost(&self) -> Cost {
        cost_of(&self.ids())
    }

    /// Its processes.
    #[must_use]
    pub fn ids(&self) -> Vec<u32> {
        self.processes.iter().filter_map(Process::id).collect()
    }

    /// Ends it, those first who call others.
    pub async fn stop(mut self) -> Result<(), Failure> {
        while let Some(process) = self.processes.pop() {
            process.stop().await?;
        }
        Ok(())
    }
}
