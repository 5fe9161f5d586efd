//! Processes under measurement: started, and read in `/proc`.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    process::{Command as Plain, Stdio},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
};

use crate::Failure;

/// How long a process may take to say where it listens.
const START_LIMIT: Duration = Duration::from_mins(2);
/// Ticks of the processor's time in a second, on every Linux there is (`getconf CLK_TCK`).
const TICKS: u64 = 100;

/// A process that listens. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Held open: it has more to say than one line.
    _stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts `command`, and waits until it says "listening on ADDRESS: ".
    pub async fn start(command: Plain) -> Result<Self, Failure> {
        let name = command.get_program().display().to_string();
        let mut child =
            Command::from(command).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut line = String::new();
        let read = tokio::time::timeout(START_LIMIT, stdout.read_line(&mut line)).await;
        read.map_err(|_| format!("{name} does not say where it listens"))??;
        let address = line.strip_prefix("listening on ").and_then(|line| line.split_once(": "));
        let Some((address, _)) = address else {
            return Err(
                format!("{name} ended at its start ({}); its log says why", child.wait().await?).into()
            );
        };
        Ok(Self { address: address.parse()?, child, _stdout: stdout })
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it as an orchestrator does, and waits for its end.
    pub async fn stop(mut self) -> Result<(), Failure> {
        if let Some(pid) = self.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        let status = self.child.wait().await?;
        if status.success() { Ok(()) } else { Err(format!("a process ended with {status}").into()) }
    }
}

/// What processes have cost since they began, in the system's own count.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Processor time.
    pub cpu: Duration,
    /// What they keep in memory now, in bytes.
    pub resident: u64,
}

/// What program, database and this tool had cost at some time.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    at: Instant,
    each: [Duration; 3],
}

impl Spent {
    /// Until now.
    #[must_use]
    pub fn so_far(program: &[u32], database: Option<u32>) -> Self {
        let [program, tool] = [program, &[std::process::id()]].map(|ids| cost_of(ids).cpu);
        Self { at: Instant::now(), each: [program, database.map(family_cpu).unwrap_or_default(), tool] }
    }

    /// What part of all processors' time each has taken since, in words.
    #[must_use]
    pub fn since(&self, program: &[u32], database: Option<u32>) -> String {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let all = self.at.elapsed().mul_f64(f64::from(u32::try_from(processors).unwrap_or(1))).as_secs_f64();
        let now = Self::so_far(program, database).each;
        let part = |which: usize| now[which].saturating_sub(self.each[which]).as_secs_f64() / all * 100.0;
        let [program, database, tool] = [0, 1, 2].map(part);
        format!(
            "of the processors' time {program:.0} % the program, {database:.0} % the database's server, {tool:.0} % this tool"
        )
    }
}

/// The cost of the processes `ids`, without their children.
#[must_use]
pub fn cost_of(ids: &[u32]) -> Cost {
    let mut cost = Cost::default();
    for id in ids {
        if let Some(Stat { own, .. }) = stat(*id) {
            cost.cpu += ticks(own);
        }
        cost.resident += resident(*id).unwrap_or_default();
    }
    cost
}

/// Processor time of the process `parent` and all its children, those that have ended as well. A server forks one for each connection.
#[must_use]
pub fn family_cpu(parent: u32) -> Duration {
    let all = all_processes();
    let alive = all.values().filter(|stat| stat.parent == parent).map(|stat| stat.own).sum::<u64>();
    let parent = all.get(&parent).map_or(0, |stat| stat.own + stat.ended_children);
    ticks(alive + parent)
}

struct Stat {
    parent: u32,
    own: u64,
    ended_children: u64,
}

fn all_processes() -> BTreeMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, stat(id)?))).collect()
}

/// `/proc/PID/stat`; the name in it, which may hold anything, ends with the last parenthesis.
fn stat(id: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // proc(5) counts from 1, and the first here is its third.
    let number = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
    let parent = u32::try_from(number(4)?).ok()?;
    Some(Stat { parent, own: number(14)? + number(15)?, ended_children: number(16)? + number(17)? })
}

fn resident(id: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn ticks(count: u64) -> Duration {
    Duration::from_millis(count * 1000 / TICKS)
}

#[cfg(test)]
mod tests {
    use super::{cost_of, family_cpu};

    #[test]
    fn a_process_sees_itself() {
        let id = std::process::id();
        assert!(cost_of(&[id]).resident > 1 << 20);
        assert!(family_cpu(id) >= cost_of(&[id]).cpu);
        assert_eq!(cost_of(&[]).resident, 0);
    }
}
