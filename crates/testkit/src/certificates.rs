//! Certificates for tests of mutual TLS, good and bad.

use std::{fs, io::Write as _, net::IpAddr, os::unix::fs::OpenOptionsExt as _, path::Path};

use entrypass_tls::Files;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::{OffsetDateTime, macros::datetime};

/// When certificates count unless a test says otherwise: every hour of every test's clock.
const ALWAYS: (OffsetDateTime, OffsetDateTime) =
    (datetime!(2020-01-01 00:00 UTC), datetime!(2099-01-01 00:00 UTC));

/// An authority of a test's own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, both in PEM.
#[derive(Clone)]
pub struct Certificate {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl Authority {
    /// A new authority called `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut wanted = wanted(name, &[], ALWAYS);
        wanted.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        wanted.extended_key_usages.clear();
        Self(CertifiedIssuer::self_signed(wanted, key()).expect("an authority"))
    }

    /// What whoever trusts it has in the file of trusted authorities.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for `names`, each a URI, an IP address or a DNS name, for serving and for calling.
    #[must_use]
    pub fn certificate(&self, names: &[&str]) -> Certificate {
        self.certificate_for(names, ALWAYS.0, ALWAYS.1)
    }

    /// A certificate that counts from `begins` until `ends`.
    #[must_use]
    pub fn certificate_for(
        &self,
        names: &[&str],
        begins: OffsetDateTime,
        ends: OffsetDateTime,
    ) -> Certificate {
        let key = key();
        let signed = wanted("test", names, (begins, ends)).signed_by(&key, &self.0).expect("a certificate");
        Certificate { certificate: signed.pem(), key: key.serialize_pem() }
    }
}

/// A certificate that nobody but itself has signed.
#[must_use]
pub fn self_signed(names: &[&str]) -> Certificate {
    let key = key();
    let signed = wanted("test", names, ALWAYS).self_signed(&key).expect("a certificate");
    Certificate { certificate: signed.pem(), key: key.serialize_pem() }
}

impl Certificate {
    /// Writes it into `folder`, which is made, as certificate.pem and key.pem, beside trust.pem with `trust`: one or several authorities in PEM.
    #[must_use]
    pub fn write(&self, folder: &Path, trust: &str) -> Files {
        fs::create_dir_all(folder).expect("a folder");
        let file = |name, text: &str, mode| {
            let path = folder.join(name);
            // In one step, since programs look at these files at any moment.
            let beside = path.with_extension("new");
            let written =
                fs::OpenOptions::new().create(true).truncate(true).write(true).mode(mode).open(&beside);
            written.and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
            fs::rename(&beside, &path).expect("moved into place");
            path
        };
        Files {
            certificate: file("certificate.pem", &self.certificate, 0o644),
            key: file("key.pem", &self.key, 0o600),
            trust: file("trust.pem", trust, 0o644),
        }
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn wanted(
    title: &str,
    names: &[&str],
    (begins, ends): (OffsetDateTime, OffsetDateTime),
) -> CertificateParams {
    let mut wanted = CertificateParams::default();
    (wanted.not_before, wanted.not_after) = (begins, ends);
    wanted.distinguished_name.push(DnType::CommonName, title);
    wanted.subject_alt_names = names.iter().map(|name| alternative(name)).collect();
    wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    wanted.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    wanted.use_authority_key_identifier_extension = true;
    wanted
}

fn alternative(name: &str) -> SanType {
    if let Ok(address) = name.parse::<IpAddr>() {
        return SanType::IpAddress(address);
    }
    let text = name.try_into().expect("ASCII");
    if name.contains("://") { SanType::URI(text) } else { SanType::DnsName(text) }
}
