//! A whole system, in process or over sockets.

use std::{net::SocketAddr, sync::Arc};

use entrypass::{
    compose::{self, AllInOne, Surroundings},
    config::Config,
    data_dir::DataDir,
};
use entrypass_ambient::{SeededRandom, TestClock};
use entrypass_proto::{
    epass::v1::epass_service_client::EpassServiceClient,
    gateway::v1::entry_pass_service_client::EntryPassServiceClient,
    qr::v1::qr_service_client::QrServiceClient,
    registration::v1::registration_service_client::RegistrationServiceClient,
};
use entrypass_rpc::{EdgeLayer, Operations, Transport};
use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tonic::service::Routes;

/// When every journey begins: 10:00 in the city.
const BEGINNING: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);

/// How callers and services reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All in one process, without a socket.
    InProcess,
    /// Each service on a listener of its own, neighbours over TCP.
    Sockets,
}

/// A running system with its own databases, which end with it.
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
    pub clock: Arc<TestClock>,
    servers: Servers,
    _data: (DataDir, TempDir),
}

impl System {
    /// Starts a system with the default configuration.
    pub async fn start(mode: Mode) -> Self {
        Self::configured(mode, Config::default()).await
    }

    /// Starts a system with `config`.
    pub async fn configured(mode: Mode, config: Config) -> Self {
        let clock = Arc::new(TestClock::at(BEGINNING));
        let surroundings =
            Surroundings { clock: clock.clone(), random: Arc::new(SeededRandom::new(20_261_123)) };
        let data = tempfile::tempdir().expect("a folder for the databases");
        let data_dir = DataDir::open(data.path()).expect("a folder of our own");
        let mut servers = Servers { edge: surroundings.edge(), servers: Vec::new() };
        let [gateway, registration, qr, epass] = match mode {
            Mode::InProcess => in_process(&config, &data_dir, &surroundings).await,
            Mode::Sockets => over_sockets(&config, &data_dir, &surroundings, &mut servers).await,
        };
        Self {
            pass: EntryPassServiceClient::new(gateway),
            registration: RegistrationServiceClient::new(registration),
            qr: QrServiceClient::new(qr),
            epass: EpassServiceClient::new(epass),
            clock,
            servers,
            _data: (data_dir, data),
        }
    }

    /// Name and address of each service that has a listener; none in process.
    pub fn listeners(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.servers.servers.iter().map(|server| (server.name, server.uri()))
    }

    /// Stops the listener of the service `name`, as a rolling restart does.
    pub async fn stop(&mut self, name: &str) {
        self.servers.find(name).stop().await;
    }

    /// Starts the stopped service `name` again where it was.
    pub async fn restart(&mut self, name: &str) {
        let edge = self.servers.edge.clone();
        self.servers.find(name).start(edge).await;
    }
}

async fn in_process(config: &Config, data: &DataDir, surroundings: &Surroundings) -> [Transport; 4] {
    let AllInOne { routes, .. } =
        compose::all_in_one(config, data, surroundings).await.expect("the system starts");
    let transport = Transport::local(routes, &surroundings.edge());
    [transport.clone(), transport.clone(), transport.clone(), transport]
}

async fn over_sockets(
    config: &Config,
    data: &DataDir,
    surroundings: &Surroundings,
    servers: &mut Servers,
) -> [Transport; 4] {
    let registration = compose::registration(config, data, surroundings).await.expect("registration starts");
    let registration = servers.serve(entrypass_registration::SERVICE_NAME, registration).await;
    let qr = compose::qr(config, data, surroundings, registration.clone()).await.expect("qr starts");
    let qr = servers.serve(entrypass_qr::SERVICE_NAME, qr).await;
    let epass = compose::epass(data, surroundings, registration.clone()).await.expect("epass starts");
    let epass = servers.serve(entrypass_epass::SERVICE_NAME, epass).await;
    let stopping = tokio_util::sync::CancellationToken::new();
    let deps = entrypass_gateway::Deps {
        registration: registration.clone(),
        qr: qr.clone(),
        epass: epass.clone(),
        stopping,
    };
    let gateway = servers.serve(entrypass_gateway::SERVICE_NAME, entrypass_gateway::routes(deps)).await;
    [gateway, registration, qr, epass]
}

/// The listeners of a system.
struct Servers {
    edge: EdgeLayer,
    servers: Vec<Server>,
}

/// One service on its listener.
struct Server {
    name: &'static str,
    address: SocketAddr,
    routes: Routes,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Servers {
    /// Serves `routes` on a free port, and gives the way to it.
    async fn serve(&mut self, name: &'static str, routes: Routes) -> Transport {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server { name, address: any_port, routes, running: None };
        server.start(self.edge.clone()).await;
        let transport = Transport::remote(&server.uri().parse().expect("an address"));
        self.servers.push(server);
        transport
    }

    fn find(&mut self, name: &str) -> &mut Server {
        self.servers.iter_mut().find(|server| server.name == name).expect("a service with a listener")
    }
}

impl Server {
    async fn start(&mut self, edge: EdgeLayer) {
        let listener = TcpListener::bind(self.address).await.expect("a free port");
        self.address = listener.local_addr().expect("an address");
        let mounted = Operations::mount(vec![self.name], self.routes.clone());
        let (operations, routes) = mounted.expect("readable descriptors");
        operations.set_serving().await;
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            entrypass_rpc::serve(listener, routes, edge, stopped).await.expect("served to the end");
        });
        self.running = Some((stop, serving));
    }

    async fn stop(&mut self) {
        let (stop, serving) = self.running.take().expect("a running service");
        stop.send(()).expect("it waits for this");
        serving.await.expect("it ends without a panic");
    }

    fn uri(&self) -> String {
        format!("http://{}", self.address)
    }
}
