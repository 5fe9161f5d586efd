//! What was made of the files: both sides' settings of rustls.

use std::{path::Path, sync::Arc};

use entrypass_access::Identity;
use entrypass_ambient::Clock;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem, pem::PemObject as _},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
    time_provider::TimeProvider,
    version::{TLS12, TLS13},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use crate::{Files, TlsError, files::Contents, identity::identities};

/// HTTP/2, and nothing else.
const APPLICATION: &[u8] = b"h2";

/// The oldest version of TLS that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Minimum {
    /// 1.2, for callers that cannot do better.
    Tls12,
    /// 1.3.
    #[default]
    Tls13,
}

/// The identity and the trust of a process at one time.
pub(crate) struct Present {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) validity: Validity,
}

/// From when until when the own certificate counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    begins: OffsetDateTime,
    pub(crate) ends: OffsetDateTime,
}

impl Present {
    /// # Errors
    /// When anything is missing, malformed or out of its time, or the key is another certificate's.
    pub(crate) fn new(
        files: &Files,
        contents: &Contents,
        minimum: Minimum,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(&files.certificate, &contents.certificate)?;
        let (identities, validity) = own(&files.certificate, &chain, clock.now())?;
        let identity = Arc::new(SingleCertAndKey::from(certified(files, contents, chain)?));
        let trust = Arc::new(trust(&files.trust, &contents.trust)?);
        let unusable = |source| TlsError::Unusable { path: files.trust.clone(), source };

        let callers = WebPkiClientVerifier::builder_with_provider(Arc::clone(&trust), Arc::clone(&provider))
            .build()
            .map_err(|error| unusable(rustls::Error::General(error.to_string())))?;
        let time = || Arc::new(Time(Arc::clone(clock)));
        let mut server = ServerConfig::builder_with_details(Arc::clone(&provider), time())
            .with_protocol_versions(minimum.versions())
            .map_err(unusable)?
            .with_client_cert_verifier(callers)
            .with_cert_resolver(Arc::clone(&identity) as _);
        server.alpn_protocols = vec![APPLICATION.to_vec()];
        // Whoever resumes a session proves nothing anew: a caller whose authority is not trusted any more would get in.
        server.send_tls13_tickets = 0;
        server.session_storage = Arc::new(NoServerSessionStorage {});

        let mut client = ClientConfig::builder_with_details(Arc::clone(&provider), time())
            .with_protocol_versions(minimum.versions())
            .map_err(unusable)?
            .with_root_certificates(trust)
            .with_client_cert_resolver(identity);
        client.alpn_protocols = vec![APPLICATION.to_vec()];
        client.resumption = Resumption::disabled();
        Ok(Self { server: Arc::new(server), client: Arc::new(client), identities, validity })
    }
}

impl Minimum {
    fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            Self::Tls12 => &BOTH,
            Self::Tls13 => BOTH.split_at(1).0,
        }
    }
}

impl Validity {
    /// Whether less than a tenth of it is left at `now`: who renews certificates by a schedule does it earlier.
    pub(crate) fn is_nearly_over(self, now: OffsetDateTime) -> bool {
        self.ends - now < (self.ends - self.begins) / 10
    }
}

/// The hour of the process, in the form in which rustls asks for it.
struct Time(Arc<dyn Clock>);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let now = self.0.now() - OffsetDateTime::UNIX_EPOCH;
        now.try_into().ok().map(UnixTime::since_unix_epoch)
    }
}

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Time")
    }
}

fn certificates(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|source| TlsError::Pem { path: path.to_owned(), source })?;
    if found.is_empty() {
        return Err(TlsError::Missing { path: path.to_owned(), what: "certificate" });
    }
    Ok(found)
}

/// Who the own certificate says that we are, and when it counts.
fn own(
    path: &Path,
    chain: &[CertificateDer<'_>],
    now: OffsetDateTime,
) -> Result<(Vec<Identity>, Validity), TlsError> {
    let malformed = || TlsError::Malformed { path: path.to_owned() };
    let first = chain.first().ok_or_else(malformed)?;
    let (_, certificate) = X509Certificate::from_der(first).map_err(|_| malformed())?;
    let validity = certificate.validity();
    let (begins, ends) = (validity.not_before.to_datetime(), validity.not_after.to_datetime());
    if now < begins || now > ends {
        let text = |instant: OffsetDateTime| instant.format(&Rfc3339).unwrap_or_default();
        let (begins, ends) = (text(begins), text(ends));
        return Err(TlsError::OutOfTime { path: path.to_owned(), begins, ends });
    }
    Ok((identities(first), Validity { begins, ends }))
}

fn certified(
    files: &Files,
    contents: &Contents,
    chain: Vec<CertificateDer<'static>>,
) -> Result<CertifiedKey, TlsError> {
    let path = || files.key.clone();
    let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|source| match source {
        pem::Error::NoItemsFound => TlsError::Missing { path: path(), what: "private key" },
        source => TlsError::Pem { path: path(), source },
    })?;
    let key = Zeroizing::new(key);
    let key = aws_lc_rs::sign::any_supported_type(&key)
        .map_err(|source| TlsError::Unusable { path: path(), source })?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().map_err(|source| match source {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::Mismatch { key: path(), certificate: files.certificate.clone() }
        }
        source => TlsError::Unusable { path: files.certificate.clone(), source },
    })?;
    Ok(certified)
}

fn trust(path: &Path, text: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut trust = RootCertStore::empty();
    for authority in certificates(path, text)? {
        trust.add(authority).map_err(|source| TlsError::Unusable { path: path.to_owned(), source })?;
    }
    Ok(trust)
}
