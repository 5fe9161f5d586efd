//! One role with a listener: in this process, or as a process of its own.

use std::{
    fs::{self, OpenOptions},
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
};

use entrypass::{
    compose::{Stopper, System},
    role::Role,
};
use entrypass_rpc::{EdgeLayer, Listener};
use entrypass_testkit::{Program, Signal};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use uuid::Uuid;

use crate::plan::Plan;

/// A role at an address, running or stopped.
pub(crate) struct Node {
    pub(crate) role: Role,
    address: SocketAddr,
    apart: bool,
    running: Option<Running>,
}

enum Running {
    /// Served by this process.
    Here { stopper: Stopper, closing: CancellationToken, serving: JoinHandle<()> },
    /// Served by another.
    Apart(Program),
}

impl Node {
    /// Starts `role` on a free port; `apart` in a process of its own.
    pub(crate) async fn start(role: Role, apart: bool, plan: &Plan) -> Self {
        let mut node = Self { role, address: SocketAddr::from(([127, 0, 0, 1], 0)), apart, running: None };
        node.restart(plan).await;
        node
    }

    /// Starts it again where it was.
    pub(crate) async fn restart(&mut self, plan: &Plan) {
        assert!(self.running.is_none(), "{} still runs", self.role.name());
        let (address, running) =
            if self.apart { self.start_apart(plan).await } else { self.start_here(plan).await };
        self.address = address;
        self.running = Some(running);
    }

    /// Ends it as an orchestrator does. What it was asked is answered first.
    pub(crate) async fn stop(&mut self) {
        match self.running.take().expect("a running service") {
            Running::Here { stopper, closing, serving } => {
                stopper.stop().await;
                closing.cancel();
                serving.await.expect("it ends without a panic");
            }
            Running::Apart(program) => {
                program.signal(Signal::TERM);
                let status = program.ended().await;
                assert!(status.success(), "{} ended with {status}", self.role.name());
            }
        }
    }

    /// Ends the process as a crash does.
    pub(crate) async fn kill(&mut self) {
        self.process().signal(Signal::KILL);
        if let Some(Running::Apart(program)) = self.running.take() {
            program.ended().await;
        }
    }

    /// Lets the process stand still, with its connections open.
    pub(crate) fn freeze(&self) {
        self.process().signal(Signal::STOP);
    }

    /// Lets the process go on.
    pub(crate) fn thaw(&self) {
        self.process().signal(Signal::CONT);
    }

    /// What the system says of the process (`VmRSS`).
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process().id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kilobytes * 1024
    }

    pub(crate) fn uri(&self) -> String {
        format!("https://{}", self.address)
    }

    fn process(&self) -> &Program {
        match &self.running {
            Some(Running::Apart(program)) => program,
            _ => panic!("{} is no process of its own", self.role.name()),
        }
    }

    async fn start_here(&self, plan: &Plan) -> (SocketAddr, Running) {
        let listener = TcpListener::bind(self.address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let System { routes, door, stopper, mut background, .. } = plan.start(&[self.role]).await;
        let closing = CancellationToken::new();
        let closed = closing.clone().cancelled_owned();
        let serving = entrypass_rpc::serve(door.listener(listener), routes, door.edge, closed);
        let serving = tokio::spawn(async move {
            serving.await.expect("served to the end");
            background.ended().await;
        });
        (address, Running::Here { stopper, closing, serving })
    }

    async fn start_apart(&self, plan: &Plan) -> (SocketAddr, Running) {
        let log = log(plan.folder(), self.role);
        let stderr = OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let mut command = Command::new(program());
        command
            .args(["serve", "--role", self.role.name(), "--listen", &self.address.to_string()])
            .args(["--config".as_ref(), plan.config_file().as_os_str()])
            .args(["--data-dir".as_ref(), plan.data_dir(self.role).as_os_str()])
            .env_clear()
            .envs(plan.environment(self.role))
            .stderr(stderr);
        match Program::start(command).await {
            Ok(program) => (program.address(), Running::Apart(program)),
            Err(status) => {
                let log = fs::read_to_string(&log).unwrap_or_default();
                panic!("{} did not start: {status}\n{log}", self.role.name());
            }
        }
    }
}

/// Serves `routes`, which are none of ours, at a listener of a program that is none of ours either, as long as the test runs. Gives the address.
pub(crate) async fn serve_foreign(routes: Routes, plan: &Plan) -> String {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = socket.local_addr().expect("an address");
    let listener = Listener::from(socket);
    let (scheme, listener) = match plan.foreign_tls() {
        Some(tls) => ("https", listener.over_tls(tls)),
        None => ("http", listener),
    };
    let edge = EdgeLayer::new(Uuid::nil);
    tokio::spawn(async move { entrypass_rpc::serve(listener, routes, edge, pending()).await });
    format!("{scheme}://{address}")
}

/// Where the process of `role` logs.
pub(crate) fn log(folder: &Path, role: Role) -> PathBuf {
    folder.join(format!("{}.log", role.name()))
}

/// The program under test. It lies beside this program or, if this is a test, in the folder above, wherever the build puts its files.
#[must_use]
pub fn program() -> PathBuf {
    let this = std::env::current_exe().expect("this program");
    let beside = this.ancestors().skip(1).map(|folder| folder.join("entrypass-under-test"));
    beside.take(2).find(|path| path.is_file()).expect("a build folder")
}
