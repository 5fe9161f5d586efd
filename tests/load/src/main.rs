//! The program of the load tool; `entrypass_load` is what it does.

#![expect(clippy::print_stderr, reason = "what goes on is for people")]

use std::{
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

use clap::Parser as _;
use entrypass_load::{
    Failure,
    arguments::{Arguments, Engine, Helper},
    baseline::serve,
    run,
    store::Server,
};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let arguments = Arguments::parse().settled();
    let done = match &arguments.helper {
        Some(Helper::Baseline { url }) => {
            // As tonic is started by everybody.
            Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(Failure::from)
                .and_then(|runtime| runtime.block_on(serve::serve(url.as_deref())))
        }
        None => measure(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let server = postgres().map(Server::at);
    if server.is_none() && arguments.is_on(Engine::Postgres) {
        return Err(beside_postgres(arguments));
    }
    // One thread for all callers: on two cores shared with the server, a second one would cost it more than it gives.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let tell = |line: &str| eprintln!("load: {:6.1} s  {line}", began.elapsed().as_secs_f64());
    let mut report = runtime.block_on(run::run(arguments, server, &tell))?;
    if arguments.smoke {
        report.disregard();
    }
    report.write(&arguments.out)?;
    tell(&arguments.out.join("results.md").display().to_string());
    if !report.failed.is_empty() {
        return Err(report.failed.join("\n").into());
    }
    let missed = report.missed();
    if arguments.goals && !missed.is_empty() {
        return Err(format!("missed: {}", missed.join(", ")).into());
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests/with-postgres says by the environment where its server is"
)]
fn postgres() -> Option<String> {
    std::env::var("ENTRYPASS_TEST_POSTGRES").ok()
}

/// Becomes `tests/with-postgres` with this program in it; comes back only if that is impossible.
fn beside_postgres(arguments: &Arguments) -> Failure {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("with-postgres");
    let mut command = Command::new(&script);
    // What a smoke looks at does not hang on the disk.
    if !arguments.smoke {
        command.arg("--durable");
    }
    if let Some(data) = &arguments.data {
        command.arg("--data").arg(data.join("cluster"));
    }
    let myself = std::env::current_exe().unwrap_or_else(|_| "entrypass-load".into());
    let error = command.arg(myself).args(std::env::args_os().skip(1)).exec();
    format!("{}: {error}", script.display()).into()
}
