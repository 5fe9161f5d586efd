//! `h2load` of nghttp2, where it is installed (Debian package nghttp2-client): what a client written in C costs.
//!
//! It sends one fixed body and counts HTTP 200 as success, gRPC errors too: so it can drive the echo, and no case.

use std::{net::SocketAddr, path::Path};

use tokio::process::Command;

use super::serve::{PATH, echo};
use crate::{
    Failure,
    drive::{Until, Width},
};

/// Whether it is installed.
#[must_use]
pub fn is_there() -> bool {
    std::process::Command::new("h2load").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Calls a second of the echo at `address`.
pub async fn run(address: SocketAddr, width: Width, until: Until, folder: &Path) -> Result<f64, Failure> {
    let body = folder.join("echo");
    std::fs::write(&body, echo())?;
    let until = match until {
        Until::Elapsed(lasting) => ["-D".to_owned(), lasting.as_secs().max(1).to_string()],
        Until::Calls(count) => ["-n".to_owned(), count.to_string()],
    };
    let (connections, streams) = (width.connections.to_string(), width.streams.to_string());
    let output = Command::new("h2load")
        .args(["-t", "1", "-c", &connections, "-m", &streams])
        .args(until)
        .arg("-d")
        .arg(body)
        .args(["-H", "content-type: application/grpc", "-H", "te: trailers"])
        .arg(format!("http://{address}{PATH}"))
        .output()
        .await?;
    let told = String::from_utf8_lossy(&output.stdout);
    rate(&told).ok_or_else(|| format!("h2load: {told}").into())
}

/// Reads `finished in 3.00s, 50123.33 req/s, 12.3MB/s`.
fn rate(told: &str) -> Option<f64> {
    let line = told.lines().find(|line| line.starts_with("finished in "))?;
    line.split(", ").nth(1)?.strip_suffix(" req/s")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn the_rate_is_read() {
        assert_eq!(rate("x\nfinished in 3.00s, 50123.33 req/s, 12.34MB/s\n"), Some(50_123.33));
        assert_eq!(rate("nothing"), None);
    }
}
