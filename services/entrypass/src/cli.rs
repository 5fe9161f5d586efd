//! The command line.

use std::{
    io::{IsTerminal as _, Write as _},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use entrypass::{
    compose::{self, AllInOne, Surroundings},
    config::Config,
    data_dir::DataDir,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};
use tracing_subscriber::EnvFilter;

use crate::Failure;

/// How long calls in flight may take when the program is told to stop.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Registers inbound travellers, issues them signed QR codes, binds companions, offers the electronic pass.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run all four services in this process, on embedded SQLite (what the program does without a command).
    Serve(Serve),
}

#[derive(Debug, Args)]
struct Serve {
    /// Address to listen on; port 0 takes any free one. Without TLS only a loopback address is accepted.
    #[arg(long, env = "ENTRYPASS_LISTEN", default_value = "127.0.0.1:7443")]
    listen: SocketAddr,
    /// Folder of the databases and of the signing key; made if missing.
    #[arg(long, env = "ENTRYPASS_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Configuration file (TOML); see deploy/entrypass.toml for every setting and its default.
    #[arg(long, env = "ENTRYPASS_CONFIG")]
    config: Option<PathBuf>,
    /// Form of the log on standard error.
    #[arg(long, env = "ENTRYPASS_LOG_FORMAT", value_enum, default_value = "human")]
    log_format: LogFormat,
    /// What is logged, as a tracing filter: `info`, `warn,entrypass_rpc=info`.
    #[arg(long, env = "ENTRYPASS_LOG", default_value = "info")]
    log: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For a person at a terminal.
    Human,
    /// One JSON object a line.
    Json,
}

impl Cli {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let serve = match self.command {
            Some(Command::Serve(serve)) => serve,
            None => self.serve,
        };
        start_log(&serve)?;
        tokio::runtime::Runtime::new()?.block_on(serve.run())
    }
}

impl Serve {
    async fn run(self) -> Result<(), Failure> {
        refuse_open_address(self.listen.ip())?;
        let config = match &self.config {
            Some(file) => Config::read(file)?,
            None => Config::default(),
        };
        let shutdown = shutdown_signal()?;
        let listener = TcpListener::bind(self.listen)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}", self.listen))?;
        let data_dir = DataDir::open(&self.data_dir)?;
        let surroundings = Surroundings::system();
        let AllInOne { routes, operations, .. } =
            compose::all_in_one(&config, &data_dir, &surroundings).await?;
        operations.set_serving().await;
        greet(listener.local_addr()?)?;
        let (stopping, stops) = oneshot::channel();
        let drain = async move {
            shutdown.await;
            operations.set_not_serving().await;
            tracing::info!("stopping: calls in flight are finished first");
            // Nobody listens once serving has ended.
            let _ = stopping.send(());
        };
        let serving = entrypass_rpc::serve(listener, routes, surroundings.edge(), drain);
        tokio::select! {
            served = serving => served?,
            () = too_long_after(stops) => tracing::warn!("stopped with calls still open"),
        }
        Ok(())
    }
}

/// Resolves when calls in flight have had their time since `stops`: a health watch, for one, never ends by itself.
async fn too_long_after(stops: oneshot::Receiver<()>) {
    if stops.await.is_err() {
        // Serving has ended already, and with it the question.
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(DRAIN_LIMIT).await;
}

/// Without TLS anybody on the way could read what travellers declare, and anybody could call.
fn refuse_open_address(address: IpAddr) -> Result<(), Failure> {
    if address.is_loopback() {
        Ok(())
    } else {
        Err(format!("{address} is not a loopback address: without TLS the program serves this machine only")
            .into())
    }
}

fn start_log(serve: &Serve) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&serve.log).map_err(|error| format!("--log {}: {error}", serve.log))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match serve.log_format {
        LogFormat::Human => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// Resolves on SIGTERM or SIGINT.
fn shutdown_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Says where the program listens, and a call to try.
fn greet(address: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "listening on {address}")?;
    writeln!(out, "without TLS: for this machine only")?;
    writeln!(out, "try:")?;
    writeln!(
        out,
        "  grpcurl -plaintext -d '{{\"document\": {{\"type\": \"DOCUMENT_TYPE_PASSPORT\", \"number\": \"G00000000\", \"issuing_state\": \"CHN\"}}}}' \\"
    )?;
    writeln!(out, "    {address} entrypass.gateway.v1.EntryPassService/CheckDocument")?;
    out.flush()
}
