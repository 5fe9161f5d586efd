//! A process that serves, for tests that start the program itself.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

/// A running process of the program. It is killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    address: SocketAddr,
    /// Held open: the program has more to say than the first line.
    _stdout: BufReader<ChildStdout>,
}

impl Program {
    /// Starts `command` and waits until it says where it listens. `Err` is its end, when it ends before that.
    pub async fn start(mut command: Command) -> Result<Self, ExitStatus> {
        let started = tokio::task::spawn_blocking(move || {
            let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
            Self::listening(child.expect("a program, which cargo builds with the tests"))
        });
        started.await.expect("no panic")
    }

    fn listening(mut child: Child) -> Result<Self, ExitStatus> {
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let address = line.strip_prefix("listening on ").and_then(|line| line.split_once(": "));
        let Some((address, _)) = address else {
            return Err(child.wait().expect("an exit code"));
        };
        Ok(Self { address: address.parse().expect("an address"), child, _stdout: stdout })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a running process");
    }

    /// Waits until it has ended.
    pub async fn ended(mut self) -> ExitStatus {
        let ended = tokio::task::spawn_blocking(move || self.child.wait().expect("an exit code"));
        ended.await.expect("no panic")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; nothing more can be done about it here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
