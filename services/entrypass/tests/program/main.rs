//! The real program: how it refuses to start, migrates, and ends. On the engine of the test run.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod access;
mod audit;
mod dev_certs;
mod drain;
mod keys;
mod migrate;
mod policy;
mod signing_keys;
mod start;
mod tls;
mod verify;
mod wrong_rings;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use entrypass_testkit::TestDatabase;
use tempfile::TempDir;

/// A place in which the program is called, with settings and environment of its own.
struct Place {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), environment: Vec::new() }
    }

    /// A place with an empty database for each service.
    async fn with_databases() -> (Self, [TestDatabase; 3]) {
        let (registration, qr, epass) = tokio::join!(
            TestDatabase::new("registration"),
            TestDatabase::new("qr"),
            TestDatabase::new("epass")
        );
        let place = Self::new()
            .with("ENTRYPASS_REGISTRATION_DATABASE", registration.text())
            .with("ENTRYPASS_QR_DATABASE", qr.text())
            .with("ENTRYPASS_EPASS_DATABASE", epass.text());
        (place, [registration, qr, epass])
    }

    /// The place with a variable of the environment.
    fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        if let Some(service) = name.strip_suffix("_DATABASE") {
            let ring = (format!("{service}_KEY_RING"), TestDatabase::KEY_RING.to_owned());
            self.environment.push(ring);
        }
        self
    }

    /// The place with a configuration file.
    fn configured(self, settings: &str) -> Self {
        fs::write(self.path("entrypass.toml"), settings).expect("written");
        self.with("ENTRYPASS_CONFIG", "entrypass.toml")
    }

    /// The path of a file in it.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, called with `arguments` between blanks.
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrypass"));
        command.args(arguments.split_whitespace()).current_dir(self.folder.path()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What the program says when it is called with `arguments` and ends well.
    fn told(&self, arguments: &str) -> Vec<String> {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("the program");
        assert!(status.success(), "{arguments}: {}", text(&stderr));
        assert_eq!(text(&stderr), "", "{arguments}");
        text(&stdout).lines().map(str::to_owned).collect()
    }

    /// Why the program refuses to do what `arguments` say: its one line, without its name. It has not begun to serve.
    fn refusal(&self, arguments: &str) -> String {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("the program");
        assert_eq!(status.code(), Some(1), "{arguments}: {}{}", text(&stdout), text(&stderr));
        assert_eq!(text(&stdout), "", "{arguments}");
        let told = text(&stderr);
        let line = told.strip_prefix("entrypass: ").and_then(|rest| rest.strip_suffix('\n'));
        let line = line.filter(|line| !line.contains('\n'));
        line.unwrap_or_else(|| panic!("{arguments}: not one line: {told}")).to_owned()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}
