//! Who calls a system over mutual TLS: its services, the tests, and whoever a test wants to be.

use std::{path::Path, sync::Arc};

use entrypass::role::Role;
use entrypass_ambient::Clock;
use entrypass_proto::{
    epass::v1::epass_service_client::EpassServiceClient,
    gateway::v1::entry_pass_service_client::EntryPassServiceClient,
    qr::v1::qr_service_client::QrServiceClient,
    registration::v1::registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::Transport;
use entrypass_testkit::{Authority, Certificate};
use entrypass_tls::{Files, Minimum, Tls};

/// The trust domain of all that a system lists.
pub const TRUST_DOMAIN: &str = "spiffe://entrypass.test";

/// The callers that every system lists, unless a test lists others of the same name: the services, and the tests.
///
/// "test" may call everything, is shown everything, and has to prove who holders are. It may state each purpose, and need not.
const LISTED: &str = r#"
[[callers]]
name = "gateway"
identity = "spiffe://entrypass.test/gateway"
rpcs = [
    "entrypass.registration.v1.RegistrationService/*",
    "entrypass.qr.v1.QrService/*",
    "entrypass.epass.v1.EpassService/*",
]
speaks_for_others = true

[[callers]]
name = "registration"
identity = "spiffe://entrypass.test/registration"
rpcs = ["entrypass.identity.v1.IdentityService/*"]
speaks_for_others = true

[[callers]]
name = "qr"
identity = "spiffe://entrypass.test/qr"
rpcs = ["entrypass.registration.v1.RegistrationService/*"]
speaks_for_others = true

[[callers]]
name = "epass"
identity = "spiffe://entrypass.test/epass"
rpcs = ["entrypass.registration.v1.RegistrationService/*"]
speaks_for_others = true

[[callers]]
name = "test"
identity = "spiffe://entrypass.test/test"
rpcs = [
    "entrypass.gateway.v1.EntryPassService/*",
    "entrypass.registration.v1.RegistrationService/*",
    "entrypass.qr.v1.QrService/*",
    "entrypass.epass.v1.EpassService/*",
    "entrypass.identity.v1.IdentityService/*",
]
personal_data = "full"
purposes = ["SELF_SERVICE", "ASSISTED_SERVICE", "CHECKPOINT", "REVIEW", "DATA_SUBJECT_REQUEST", "SUPPORT"]
must_state_purpose = false
requests_per_second = 1000000
in_flight = 1000000
streams = 1000000
"#;

/// The clients of one caller, of each service by itself.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The public API.
    pub pass: EntryPassServiceClient<Transport>,
    /// The registration service, as an operator reaches it.
    pub registration: RegistrationServiceClient<Transport>,
    /// The QR service, as an operator reaches it.
    pub qr: QrServiceClient<Transport>,
    /// The epass service, as a reviewer reaches it.
    pub epass: EpassServiceClient<Transport>,
}

impl Clients {
    /// Clients that reach each role by the way that `to` gives for it.
    pub(crate) fn by(to: impl Fn(Role) -> Transport) -> Self {
        Self {
            pass: EntryPassServiceClient::new(to(Role::Gateway)),
            registration: RegistrationServiceClient::new(to(Role::Registration)),
            qr: QrServiceClient::new(to(Role::Qr)),
            epass: EpassServiceClient::new(to(Role::Epass)),
        }
    }
}

/// The certificate of the service `role`, of `authority`, for this machine.
pub(crate) fn of_service(authority: &Authority, role: Role) -> Certificate {
    let identity = format!("{TRUST_DOMAIN}/{}", role.name());
    authority.certificate(&[&identity, "localhost", "127.0.0.1", "::1"])
}

/// The certificate of the tests.
pub(crate) fn of_tests(authority: &Authority) -> Certificate {
    authority.certificate(&[&format!("{TRUST_DOMAIN}/test")])
}

/// What whoever has `certificate` calls with, who trusts `trust`.
pub(crate) fn tls(certificate: &Certificate, trust: &str, clock: Arc<dyn Clock>) -> Tls {
    // They are read once.
    let folder = tempfile::tempdir().expect("a folder");
    let files: Files = certificate.write(folder.path(), trust);
    Tls::open(files, Minimum::Tls13, clock).expect("usable certificates")
}

/// Writes `certificate` where the process of `role` looks for it.
pub(crate) fn write(certificate: &Certificate, trust: &str, folder: &Path, role: Role) -> Files {
    certificate.write(&folder.join("tls").join(role.name()), trust)
}

/// Adds to `settings` the callers that every system lists.
pub(crate) fn list(settings: &mut toml::Table) {
    let listed: toml::Table = LISTED.parse().expect("TOML");
    let callers = settings.entry("callers").or_insert_with(|| toml::Value::Array(Vec::new()));
    let callers = callers.as_array_mut().expect("callers");
    let given: Vec<_> = callers.iter().map(|caller| caller["name"].clone()).collect();
    let missing = listed["callers"].as_array().expect("callers").iter();
    callers.extend(missing.filter(|caller| !given.contains(&caller["name"])).cloned());
}
