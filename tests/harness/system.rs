//! A whole system: in one process, over sockets in one process, or as separate processes.

use std::{path::Path, process::Output, sync::Arc, time::Duration};

use entrypass::{
    compose::{self, Background},
    role::{Role, Service},
};
use entrypass_ambient::{Clock as _, TestClock};
use entrypass_proto::{
    epass::v1::epass_service_client::EpassServiceClient,
    gateway::v1::entry_pass_service_client::EntryPassServiceClient,
    qr::v1::qr_service_client::QrServiceClient,
    registration::v1::registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{Transport, is_serving};
use entrypass_testkit::{Authority, Certificate, TestDatabase};
use entrypass_tls::Tls;
use time::OffsetDateTime;
use tonic::service::Routes;

use crate::{
    Clients, FileClock, callers,
    node::{self, Node},
    plan::Plan,
};

/// How often health is asked while something is waited for.
const HEALTH_EVERY: Duration = Duration::from_millis(20);
/// How many lines of a log are shown when a journey has failed.
const LOGGED: usize = 300;
/// How long it may take to follow what has happened.
const HEALTH_LIMIT: Duration = Duration::from_secs(30);

/// How callers and services reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All in one process, without a socket.
    InProcess,
    /// Each service on a listener of its own in one process, over mutual TLS.
    Sockets,
    /// Each service as a process of its own, over mutual TLS: the program itself, with the journey's clock.
    Processes,
}

/// A running system with its own databases, on the engine of the test run. It ends when this is dropped; the logs of its processes are
/// shown then if the journey has failed.
pub struct System {
    /// The public API.
    pub pass: EntryPassServiceClient<Transport>,
    /// The registration service, as an operator reaches it.
    pub registration: RegistrationServiceClient<Transport>,
    /// The QR service, as an operator reaches it.
    pub qr: QrServiceClient<Transport>,
    /// The epass service, as a reviewer reaches it.
    pub epass: EpassServiceClient<Transport>,
    /// The hour, which the journey moves.
    pub clock: Arc<FileClock>,
    nodes: Vec<Node>,
    apart: bool,
    /// Of a system with listeners.
    tls: Option<Tls>,
    /// Of a system without listeners.
    here: Option<Transport>,
    /// Of a system without listeners.
    _background: Option<Background>,
    plan: Plan,
}

impl System {
    /// Starts a system with the default configuration.
    pub async fn start(mode: Mode) -> Self {
        Self::configured(mode, "").await
    }

    /// Starts a system with the configuration file `settings`.
    pub async fn configured(mode: Mode, settings: &str) -> Self {
        Self::with_copies(mode, settings, 1).await
    }

    /// Starts a system with the configuration file `settings` and so many copies of each service, which call each other's in turn.
    pub async fn with_copies(mode: Mode, settings: &str, copies: usize) -> Self {
        let plan = Plan::new(settings, mode != Mode::InProcess).await;
        Self::planned(mode, plan, copies).await
    }

    /// Starts a system with the default configuration, and with `identity` at an address of its own in place of the identity service that ships.
    pub async fn asking(mode: Mode, identity: Routes) -> Self {
        let mut plan = Plan::new("", mode != Mode::InProcess).await;
        let address = node::serve_foreign(identity, &plan).await;
        plan.locate(Role::Identity, &address);
        Self::planned(mode, plan, 1).await
    }

    /// Starts separate processes that log all they can.
    pub async fn talkative(settings: &str) -> Self {
        Self::planned(Mode::Processes, Plan::new(settings, true).await.logging("trace"), 1).await
    }

    async fn planned(mode: Mode, mut plan: Plan, copies: usize) -> Self {
        let over_sockets = mode != Mode::InProcess;
        let apart = mode == Mode::Processes;
        let nodes = if over_sockets { start_nodes(&mut plan, apart, copies).await } else { Vec::new() };
        let (Clients { pass, registration, qr, epass }, tls, here, background) = if over_sockets {
            let tls = plan.tls_of(&callers::of_tests(plan.authority()));
            (clients(&nodes, &tls), Some(tls), None, None)
        } else {
            let compose::System { routes, door, background, .. } = plan.start(&Role::ALL).await;
            let here = Transport::local(routes, &door.edge);
            (Clients::by(|_| here.clone()), None, Some(here), Some(background))
        };
        let clock = plan.clock.clone();
        Self { pass, registration, qr, epass, clock, nodes, apart, tls, here, _background: background, plan }
    }

    /// The clients of whoever has a certificate for `names` (each a URI or a DNS name) from the authority that this system trusts.
    pub fn called_as(&self, names: &[&str]) -> Clients {
        self.called_with(&self.authority().certificate(names))
    }

    /// The clients of whoever has `certificate`, and believes the system's own.
    pub fn called_with(&self, certificate: &Certificate) -> Clients {
        self.called_trusting(certificate, &self.authority().pem())
    }

    /// The clients of whoever has `certificate`, and believes the authorities in `trust` (PEM).
    pub fn called_trusting(&self, certificate: &Certificate, trust: &str) -> Clients {
        clients(&self.nodes, &callers::tls(certificate, trust, self.clock.clone()))
    }

    /// Gives the service `role` a new certificate of `authority`, and has it trust the authorities in `trust` (PEM). It takes them up within seconds.
    pub fn certify(&self, role: Role, authority: &Authority, trust: &str) {
        let certificate = callers::of_service(authority, role);
        let _ = callers::write(&certificate, trust, self.plan.folder(), role);
    }

    /// With which whoever has a certificate for `names` from the system's authority calls.
    pub fn tls_of(&self, names: &[&str]) -> Tls {
        self.plan.tls_of(&self.authority().certificate(names))
    }

    /// The authority that signs for a system with listeners, and that it trusts.
    pub fn authority(&self) -> &Authority {
        self.plan.authority()
    }

    /// With which the tests call a system with listeners.
    pub fn tls(&self) -> &Tls {
        self.tls.as_ref().expect("a system with listeners")
    }

    /// The way of the tests to a listener at `address`.
    pub fn way_to(&self, address: &str) -> Transport {
        Transport::remote_over_tls(&address.parse().expect("an address"), self.tls())
    }

    /// The way of the tests to `role`, by which they send what no generated client would.
    pub fn way(&self, role: Role) -> Transport {
        let listener =
            || self.nodes.iter().find(|node| node.role == role).map(|node| self.way_to(&node.uri()));
        self.here.clone().or_else(listener).expect("a way")
    }

    /// The way to the listener of `role` of whoever has `certificate`, and believes the system's own.
    pub fn way_with(&self, role: Role, certificate: &Certificate) -> Transport {
        self.way_at(role, certificate, self.clock.now())
    }

    /// The same of somebody by whose clock it is `now`: an hour at which they think their certificate good.
    pub fn way_at(&self, role: Role, certificate: &Certificate, now: OffsetDateTime) -> Transport {
        let node = self.nodes.iter().find(|node| node.role == role).expect("a listener");
        let tls = callers::tls(certificate, &self.authority().pem(), Arc::new(TestClock::at(now)));
        Transport::remote_over_tls(&node.uri().parse().expect("an address"), &tls)
    }

    /// What the program says when an operator calls it with `arguments` (between blanks) beside this system, and it ends well.
    pub async fn told(&self, arguments: &str) -> String {
        let mut command = self.plan.command(arguments);
        let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
        let Output { status, stdout, stderr } = ended.expect("the program");
        assert!(status.success(), "{arguments}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("UTF-8")
    }

    /// Name and address of each service that has a listener; none in process.
    pub fn listeners(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.nodes.iter().map(|node| (node.role.service_name(), node.uri()))
    }

    /// Waits until health says that the service `name` is serving; a copy is named by its address.
    pub async fn until_serving(&self, name: &str) {
        self.until(name, true).await;
    }

    /// Waits until health says that the service `name` is not serving.
    pub async fn until_not_serving(&self, name: &str) {
        self.until(name, false).await;
    }

    async fn until(&self, name: &str, serving: bool) {
        let node = self.nodes.iter().find(|node| is(node, name)).expect("a service with a listener");
        let way = self.way_to(&node.uri());
        let reported = async {
            while is_serving(&way, node.role.service_name()).await != serving {
                tokio::time::sleep(HEALTH_EVERY).await;
            }
        };
        let reported = tokio::time::timeout(HEALTH_LIMIT, reported).await;
        assert!(reported.is_ok(), "{name}: serving={serving} is not reported");
    }

    /// Where everything lies that this system writes but its databases: settings, keys, data folders and logs.
    pub fn folder(&self) -> &Path {
        self.plan.folder()
    }

    /// The database of `service`.
    pub fn database(&self, service: Service) -> &TestDatabase {
        self.plan.database(service)
    }

    /// Starts another copy of the service `name` on the same database, and gives its address. Neighbours go on calling the first.
    pub async fn copy(&mut self, name: &str) -> String {
        let role = self.find(name).role;
        let node = Node::start(role, self.apart, &self.plan).await;
        let address = node.uri();
        self.nodes.push(node);
        address
    }

    /// Stops the service `name` as a rolling restart does; a copy is named by its address.
    pub async fn stop(&mut self, name: &str) {
        self.find(name).stop().await;
    }

    /// Starts the stopped or killed service `name` again where it was.
    pub async fn restart(&mut self, name: &str) {
        let node = self.nodes.iter_mut().find(|node| is(node, name)).expect("a service with a listener");
        node.restart(&self.plan).await;
    }

    /// Kills the process of the service `name`, as a crash does.
    pub async fn kill(&mut self, name: &str) {
        self.find(name).kill().await;
    }

    /// Lets the process of the service `name` stand still, with its connections open.
    pub fn freeze(&mut self, name: &str) {
        self.find(name).freeze();
    }

    /// Lets the process of the service `name` go on.
    pub fn thaw(&mut self, name: &str) {
        self.find(name).thaw();
    }

    /// How many bytes of memory the process of the service `name` has now.
    pub fn resident_bytes(&self, name: &str) -> u64 {
        let node = self.nodes.iter().find(|node| is(node, name)).expect("a service with a listener");
        node.resident_bytes()
    }

    fn find(&mut self, name: &str) -> &mut Node {
        self.nodes.iter_mut().find(|node| is(node, name)).expect("a service with a listener")
    }
}

/// The clients of whoever calls the first copies of all roles with `tls`.
fn clients(nodes: &[Node], tls: &Tls) -> Clients {
    Clients::by(|role| {
        let node = nodes.iter().find(|node| node.role == role).expect("a system with listeners");
        Transport::remote_over_tls(&node.uri().parse().expect("an address"), tls)
    })
}

fn is(node: &Node, name: &str) -> bool {
    node.role.service_name() == name || node.uri() == name
}

/// Starts every role, each after those that it calls: their addresses are not known before. The gateways come last in the list.
async fn start_nodes(plan: &mut Plan, apart: bool, copies: usize) -> Vec<Node> {
    let mut identities = Vec::new();
    if !plan.is_located(Role::Identity) {
        identities = start_copies(plan, Role::Identity, apart, copies).await;
        plan.locate(Role::Identity, &addresses(&identities));
    }
    let registrations = start_copies(plan, Role::Registration, apart, copies).await;
    plan.locate(Role::Registration, &addresses(&registrations));
    let (qrs, epasses) = tokio::join!(
        start_copies(plan, Role::Qr, apart, copies),
        start_copies(plan, Role::Epass, apart, copies)
    );
    plan.locate(Role::Qr, &addresses(&qrs));
    plan.locate(Role::Epass, &addresses(&epasses));
    let gateways = start_copies(plan, Role::Gateway, apart, copies).await;
    identities.into_iter().chain(registrations).chain(qrs).chain(epasses).chain(gateways).collect()
}

async fn start_copies(plan: &Plan, role: Role, apart: bool, copies: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    for _ in 0..copies {
        nodes.push(Node::start(role, apart, plan).await);
    }
    nodes
}

fn addresses(nodes: &[Node]) -> String {
    nodes.iter().map(Node::uri).collect::<Vec<_>>().join(",")
}

impl Drop for System {
    #[expect(clippy::print_stderr, reason = "the test runner shows it beside the failure")]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for node in &self.nodes {
            let log = node::log(self.plan.folder(), node.role);
            if let Ok(log) = std::fs::read_to_string(log) {
                let end = log.lines().rev().take(LOGGED).collect::<Vec<_>>();
                let end = end.into_iter().rev().collect::<Vec<_>>().join("\n");
                eprintln!("--- end of the log of {}:\n{end}", node.role.name());
            }
        }
    }
}
