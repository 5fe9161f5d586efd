//! The command `dev-certs`: certificates for trying the program out with TLS, and a configuration that works with them.
//!
//! Not for real travellers: the key of the authority lies beside them, so that whoever has the folder can make a certificate for anybody.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use entrypass_ambient::Clock;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::Duration;
use zeroize::Zeroizing;

use crate::{Failure, role::Role};

/// Who calls from outside, in the configuration.
const CALLERS: [&str; 6] = ["kiosk", "checkpoint", "operator", "reviewer", "policy", "authority"];
/// The trust domain of all of them.
const DOMAIN: &str = "spiffe://entrypass.example";
/// The configuration in which they are listed.
const CONFIGURATION: &str = include_str!("dev_certs/entrypass.toml");
/// How long certificates count.
const LIFE: Duration = Duration::days(365);
/// How much earlier than now they begin to: clocks of two machines differ.
const EARLIER: Duration = Duration::hours(1);

/// A file to be written.
struct New {
    name: String,
    text: Zeroizing<String>,
    mode: u32,
}

/// Makes the folder, if it is missing, and everything in it. Whatever is there already is not touched: then nothing is made.
pub(crate) fn make(folder: &Path, clock: &dyn Clock) -> Result<(), Failure> {
    let files = files(clock)?;
    if let Some(there) = files.iter().map(|file| folder.join(&file.name)).find(|path| path.exists()) {
        return Err(format!("{} is there already, and is not overwritten", there.display()).into());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    for New { name, text, mode } in &files {
        let path = folder.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(*mode).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    tell(folder)?;
    Ok(())
}

/// The authority, a certificate for each role and each caller with its key, and the configuration.
fn files(clock: &dyn Clock) -> Result<Vec<New>, rcgen::Error> {
    let authority = CertifiedIssuer::self_signed(authority(clock), KeyPair::generate()?)?;
    let mut files = vec![
        New::public("ca.pem", authority.pem()),
        New::secret("ca.key", authority.key().serialize_pem()),
        New::public("entrypass.toml", CONFIGURATION.to_owned()),
    ];
    let roles = Role::ALL.map(|role| (role.name(), true));
    let callers = CALLERS.map(|name| (name, false));
    for (name, serves) in roles.into_iter().chain(callers) {
        let key = KeyPair::generate()?;
        let certificate = leaf(name, serves, clock)?.signed_by(&key, &authority)?;
        files.push(New::public(&format!("{name}.pem"), certificate.pem()));
        files.push(New::secret(&format!("{name}.key"), key.serialize_pem()));
    }
    Ok(files)
}

impl New {
    fn public(name: &str, text: String) -> Self {
        Self { name: name.to_owned(), text: Zeroizing::new(text), mode: 0o644 }
    }

    fn secret(name: &str, text: String) -> Self {
        Self { mode: 0o600, ..Self::public(name, text) }
    }
}

fn authority(clock: &dyn Clock) -> CertificateParams {
    let mut wanted = named("entrypass dev-certs", clock);
    wanted.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    wanted
}

/// A certificate for `name`: for serving on this machine, if it `serves`, and for calling.
fn leaf(name: &str, serves: bool, clock: &dyn Clock) -> Result<CertificateParams, rcgen::Error> {
    let mut wanted = named(name, clock);
    wanted.subject_alt_names.push(SanType::URI(format!("{DOMAIN}/{name}").try_into()?));
    wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    wanted.use_authority_key_identifier_extension = true;
    if serves {
        wanted.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        let addresses = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        wanted.subject_alt_names.push(SanType::DnsName("localhost".try_into()?));
        wanted.subject_alt_names.extend(addresses.map(SanType::IpAddress));
    }
    Ok(wanted)
}

fn named(name: &str, clock: &dyn Clock) -> CertificateParams {
    let mut wanted = CertificateParams::default();
    wanted.distinguished_name.push(DnType::CommonName, name);
    wanted.not_before = clock.now() - EARLIER;
    wanted.not_after = clock.now() + LIFE;
    wanted
}

fn tell(folder: &Path) -> io::Result<()> {
    let mut out = io::stdout();
    let folder = folder.display();
    writeln!(out, "made {folder}: certificates for trying out, good for a year, and entrypass.toml")?;
    writeln!(
        out,
        "not for real travellers: ca.key, with which anybody's certificate can be made, lies beside them"
    )?;
    writeln!(out, "try:")?;
    writeln!(out, "  entrypass serve --config {folder}/entrypass.toml")?;
    writeln!(out, "  grpcurl -cacert {folder}/ca.pem -cert {folder}/kiosk.pem -key {folder}/kiosk.key \\")?;
    writeln!(out, "    localhost:7443 entrypass.gateway.v1.EntryPassService/GetNotice")?;
    out.flush()
}
