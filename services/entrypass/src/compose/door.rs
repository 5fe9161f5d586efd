//! What stands between a socket and the services: certificates, the list of callers, limits.

use std::time::Duration;

use entrypass_rpc::{EdgeLayer, Identification, Listener};
use entrypass_tls::Tls;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{StartError, Surroundings};
use crate::config::Config;

/// How often files of certificates are looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);

/// How callers come in, and how this process proves to its neighbours who it is.
#[derive(Clone)]
pub struct Door {
    /// What stands in front of the services.
    pub edge: EdgeLayer,
    /// `None` without TLS.
    pub(crate) tls: Option<Tls>,
}

impl Door {
    /// The door that `config` describes.
    ///
    /// # Errors
    /// When the list of callers or a file of certificates cannot be used.
    pub(super) fn open(config: &Config, surroundings: &Surroundings) -> Result<Self, StartError> {
        let clock = || surroundings.clock.clone();
        let files = config.tls.files()?;
        let tls = files.map(|files| Tls::open(files, config.tls.minimum(), clock())).transpose()?;
        let known_by = if tls.is_some() { Identification::Certificate } else { Identification::Claim };
        Ok(Self { edge: surroundings.edge().guarded_by(config.guard(known_by)?), tls })
    }

    /// What takes connections on `socket`.
    #[must_use]
    pub fn listener(&self, socket: TcpListener) -> Listener {
        let listener = Listener::from(socket);
        match &self.tls {
            Some(tls) => listener.over_tls(tls.clone()),
            None => listener,
        }
    }

    /// Takes up changed certificates until `stopping` is cancelled.
    pub(super) async fn keep_fresh(self, stopping: CancellationToken) {
        let Some(tls) = self.tls else { return };
        tokio::select! {
            () = tls.keep_fresh(LOOKED_AT_EVERY) => {}
            () = stopping.cancelled() => {}
        }
    }
}
