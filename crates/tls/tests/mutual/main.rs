//! Both ends of a connection, over a pipe: who gets in, who does not, and what a changed file changes.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod files;
mod handshake;
mod reload;

use std::{io, path::Path, sync::Arc};

use entrypass_ambient::{Clock, TestClock};
use entrypass_testkit::Certificate;
use entrypass_tls::{Files, Minimum, Tls};
use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

const NOW: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);
const SERVER: &[&str] = &["spiffe://city.example/gateway", "gateway.city.example"];
const CALLER: &[&str] = &["spiffe://city.example/kiosk"];

/// A folder for the files of several ends, and the hour.
struct World {
    folder: TempDir,
    clock: Arc<TestClock>,
}

impl World {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), clock: Arc::new(TestClock::at(NOW)) }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn files(&self, name: &str, certificate: &Certificate, trust: &str) -> Files {
        certificate.write(&self.path().join(name), trust)
    }

    fn open(&self, files: Files) -> Tls {
        self.open_with(files, Minimum::Tls13)
    }

    fn open_with(&self, files: Files, minimum: Minimum) -> Tls {
        Tls::open(files, minimum, Arc::clone(&self.clock) as Arc<dyn Clock>).expect("usable files")
    }

    fn end(&self, name: &str, certificate: &Certificate, trust: &str) -> Tls {
        self.open(self.files(name, certificate, trust))
    }
}

/// Has `caller` call `server` as `host`; the identities that the server found. An error is that of the side that refuses.
async fn meet(server: &Tls, caller: &Tls, host: &str) -> io::Result<Vec<String>> {
    meet_by(server, async |pipe| caller.connect(host, pipe).await).await
}

/// The same for a caller that connects as `connect` does.
async fn meet_by<S: AsyncRead + Unpin>(
    server: &Tls,
    connect: impl AsyncFnOnce(DuplexStream) -> io::Result<S>,
) -> io::Result<Vec<String>> {
    let (here, there) = tokio::io::duplex(16 * 1024);
    let serving = async {
        let (mut stream, peer) = server.accept(here).await?;
        stream.write_all(b"!").await?;
        stream.shutdown().await?;
        Ok::<_, io::Error>(peer.identities.iter().map(ToString::to_string).collect())
    };
    let calling = async {
        let mut stream = connect(there).await?;
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await?;
        Ok::<_, io::Error>(heard)
    };
    match tokio::join!(serving, calling) {
        (Ok(identities), Ok(heard)) => {
            assert_eq!(heard, b"!");
            Ok(identities)
        }
        // Whoever refuses says why; the other end hears an alert, or finds the pipe closed.
        (Err(error), _) if error.kind() == io::ErrorKind::InvalidData && !is_alert(&error) => Err(error),
        (_, Err(error)) | (Err(error), _) => Err(error),
    }
}

fn is_alert(error: &io::Error) -> bool {
    error.to_string().contains("received fatal alert")
}

/// Why the two do not meet.
async fn refusal(server: &Tls, caller: &Tls, host: &str) -> String {
    meet(server, caller, host).await.expect_err("refused").to_string()
}
