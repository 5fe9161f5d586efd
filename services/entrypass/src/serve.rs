//! The command `serve`: a process that runs roles until it is told to stop.

use std::{io::IsTerminal as _, net::IpAddr, time::Duration};

use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    Failure,
    cli::{LogFormat, Serve},
    compose::{self, Stopper, Surroundings, System},
    config::{Drain, Metrics},
    greeting::greet,
    open_files,
};

/// When a caller is asked to connect anew: so that callers spread over copies that were started after they connected.
const LONGEST_CONNECTION: Duration = Duration::from_mins(10);

/// Serves until a signal. Whatever cannot be used is told before the first call is taken: the settings, then the port, then the
/// databases.
pub(crate) async fn serve(arguments: &Serve, surroundings: &Surroundings) -> Result<(), Failure> {
    start_log(arguments)?;
    let config = arguments.place.config()?;
    if config.tls.files()?.is_none() {
        refuse_open_address(arguments.listen.ip())?;
    }
    let mut signals = Signals::take()?;
    let listen = TcpListener::bind(arguments.listen).await;
    let listener = listen.map_err(|error| format!("cannot listen on {}: {error}", arguments.listen))?;
    tell_numbers(&config.metrics)?;
    let started = compose::start(&config, &arguments.roles, &arguments.place.data_dir, surroundings);
    let started = tokio::select! {
        started = started => started?,
        // Nothing runs yet that would have to end.
        _ = signals.next() => return Ok(()),
    };
    let System { routes, door, stopper, mut background, data_dir: _locked } = started;
    greet(listener.local_addr()?, arguments, &config)?;
    let closing = CancellationToken::new();
    let connections = usize::try_from(open_files::room_for(config.limits.connections))?;
    let listener =
        door.listener(listener).connections_at_once(connections).connections_up_to(LONGEST_CONNECTION);
    let closed = closing.clone().cancelled_owned();
    let working = async {
        entrypass_rpc::serve(listener, routes, door.edge, closed).await?;
        background.ended().await;
        Ok(())
    };
    tokio::select! {
        worked = working => worked,
        drained = drain(&mut signals, &stopper, &closing, &config.drain) => {
            tracing::warn!("stopped with calls still open");
            drained
        }
    }
}

/// Waits for a signal and ends the process's work: callers that follow health go elsewhere first, as long as the lame-duck time lasts;
/// then no new call is taken. Returns when what is left has had its time, or at the next signal.
async fn drain(
    signals: &mut Signals,
    stopper: &Stopper,
    closing: &CancellationToken,
    times: &Drain,
) -> Result<(), Failure> {
    let (lame_duck, limit) = (times.lame_duck()?, times.limit()?);
    // Somebody at a terminal need not wait for callers to learn of it.
    let lame_duck = if signals.next().await == SignalKind::terminate() { lame_duck } else { Duration::ZERO };
    stopper.drain();
    tracing::info!("stopping: calls are still taken for {lame_duck:?}, and then finished");
    tokio::select! {
        () = sleep(lame_duck) => {}
        _ = signals.next() => return Ok(()),
    }
    stopper.stop().await;
    closing.cancel();
    tokio::select! {
        () = sleep(limit) => {}
        _ = signals.next() => {}
    }
    Ok(())
}

/// The signals that mean: stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on the signals end the process no more by themselves.
    fn take() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        }
    }
}

/// Without TLS anybody on the way could read what travellers declare, and call in anybody's name.
fn refuse_open_address(address: IpAddr) -> Result<(), Failure> {
    if address.is_loopback() {
        Ok(())
    } else {
        Err(format!("{address} is not a loopback address: without TLS ([tls] in the configuration) the program serves this machine only")
            .into())
    }
}

fn start_log(arguments: &Serve) -> Result<(), Failure> {
    let Serve { log, log_format, .. } = arguments;
    let filter = EnvFilter::try_new(log).map_err(|error| format!("--log {log}: {error}"))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match log_format {
        LogFormat::Human => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// Tells numbers to Prometheus, if an address is set.
fn tell_numbers(settings: &Metrics) -> Result<(), Failure> {
    let Some(address) = settings.listen()? else { return Ok(()) };
    let told = PrometheusBuilder::new().with_http_listener(address).install();
    Ok(told.map_err(|error| format!("metrics cannot be told on {address}: {error}"))?)
}
