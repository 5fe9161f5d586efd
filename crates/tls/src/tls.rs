//! The handle: present identity and trust, and the two handshakes.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use entrypass_access::{Identity, Peer};
use entrypass_ambient::Clock;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::{Files, Minimum, TlsError, identity::identities, present::Present};

/// The identity of a process and its trust. Clones share them, so that what is taken up counts everywhere.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    files: Files,
    minimum: Minimum,
    clock: Arc<dyn Clock>,
    present: RwLock<Arc<Present>>,
    looked_at: Mutex<LookedAt>,
}

/// What was found when the files were looked at last.
struct LookedAt {
    /// The digest of the contents in use.
    in_use: [u8; 32],
    /// Why others could not be used: told once, and not every few seconds.
    told: Option<String>,
}

impl Tls {
    /// Reads `files`. Certificates count by `clock`.
    ///
    /// # Errors
    /// When one cannot be used.
    pub fn open(files: Files, minimum: Minimum, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let contents = files.read()?;
        let present = RwLock::new(Arc::new(Present::new(&files, &contents, minimum, &clock)?));
        let looked_at = Mutex::new(LookedAt { in_use: contents.digest(), told: None });
        Ok(Self(Arc::new(Shared { files, minimum, clock, present, looked_at })))
    }

    /// Who the own certificate says that this process is.
    #[must_use]
    pub fn identities(&self) -> Vec<Identity> {
        self.present().identities.clone()
    }

    /// Looks at the files, and takes up what is new in them: true if there was something. It counts for every connection from then on; those
    /// that are open go on.
    ///
    /// # Errors
    /// When what is new cannot be used: what was in use stays. It is tried again the next time, since a certificate's time may only be about
    /// to begin, but the same error is not told again.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let mut looked_at = self.0.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        match self.take_up(&mut looked_at.in_use) {
            Ok(new) => {
                looked_at.told = None;
                Ok(new)
            }
            Err(error) if looked_at.told.as_deref() == Some(&error.to_string()) => Ok(false),
            Err(error) => {
                looked_at.told = Some(error.to_string());
                Err(error)
            }
        }
    }

    fn take_up(&self, in_use: &mut [u8; 32]) -> Result<bool, TlsError> {
        let Shared { files, minimum, clock, .. } = &*self.0;
        let contents = files.read()?;
        let found = contents.digest();
        if *in_use == found {
            return Ok(false);
        }
        let present = Arc::new(Present::new(files, &contents, *minimum, clock)?);
        *self.0.present.write().unwrap_or_else(PoisonError::into_inner) = present;
        *in_use = found;
        Ok(true)
    }

    /// Looks at the files at each `interval`, for ever, and logs what was taken up and what could not be; and once for each own certificate that
    /// its time is nearly over.
    pub async fn keep_fresh(self, interval: Duration) {
        let mut warned_of = None;
        loop {
            let now = self.0.clock.now();
            let validity = self.present().validity;
            if validity.is_nearly_over(now) && warned_of != Some(validity.ends) {
                let path = self.0.files.certificate.display();
                tracing::warn!("the certificate {path} counts until {} only", validity.ends);
                warned_of = Some(validity.ends);
            }
            tokio::time::sleep(interval).await;
            let tls = self.clone();
            // It reads files.
            match tokio::task::spawn_blocking(move || tls.refresh()).await {
                Ok(Ok(true)) => tracing::info!("changed certificates are in use"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "changed certificates cannot be used, the old ones stay"
                ),
                // The runtime ends.
                Err(_) => return,
            }
        }
    }

    /// Lets a caller prove who it is, and proves who we are. The second half of the answer is whom its certificate names, which an authority
    /// that we trust has signed; maybe nobody.
    ///
    /// # Errors
    /// When the caller has no certificate that is believed now, speaks an older version, or the connection fails.
    pub async fn accept<S>(&self, stream: S) -> io::Result<(server::TlsStream<S>, Peer)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.present().server));
        let stream = acceptor.accept(stream).await?;
        let (_, session) = stream.get_ref();
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        let identities = certificate.map(|certificate| identities(certificate)).unwrap_or_default();
        Ok((stream, Peer { identities }))
    }

    /// Proves to the service at the other end of `stream` who we are, and lets it prove that it is `host`, a DNS name or an IP address.
    ///
    /// In TLS 1.3 a service looks at our certificate after that: a refusal is seen at the first reading only.
    ///
    /// # Errors
    /// When the service has no certificate for `host` that is believed now, or the connection fails.
    pub async fn connect<S>(&self, host: &str, stream: S) -> io::Result<client::TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(&self.present().client)).connect(name, stream).await
    }

    fn present(&self) -> Arc<Present> {
        Arc::clone(&self.0.present.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.0.files).finish_non_exhaustive()
    }
}
