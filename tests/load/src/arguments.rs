//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    drive::{Until, Width},
    load::{GROUP, LARGEST},
    world::Preparation,
};

/// Calls of a turn in a smoke.
const SMOKE: u64 = 8;

/// Starts the program, loads synthetic travellers, and measures calls beside baselines of the same run.
#[derive(Debug, Clone, Parser)]
#[command(name = "entrypass-load", args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Arguments {
    /// What this program does for itself.
    #[command(subcommand)]
    pub helper: Option<Helper>,
    /// On which database.
    #[arg(long, value_enum, default_value = "both")]
    pub engine: Engine,
    /// How many travellers are registered before anything is measured: tens of them, 20 million at most. With two numbers the larger is compared with the smaller as
    /// well, and everything else is measured with the first.
    #[arg(long, value_delimiter = ',', default_value = "10000", value_parser = travellers)]
    pub travellers: Vec<u64>,
    /// From what the travellers follow.
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// Seconds of a turn.
    #[arg(long, default_value = "2", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub seconds: u64,
    /// Turns of each side.
    #[arg(long, default_value = "3", value_parser = clap::value_parser!(u64).range(1..=100))]
    pub turns: u64,
    /// Connections of the callers.
    #[arg(long, default_value = "8")]
    pub connections: usize,
    /// Calls at once on each connection.
    #[arg(long, default_value = "16")]
    pub streams: usize,
    /// Clients of pgbench: as many as a service has connections to PostgreSQL.
    #[arg(long, default_value = "8")]
    pub clients: usize,
    /// Only cases whose names have one of these words; several with commas.
    #[arg(long, value_delimiter = ',')]
    pub cases: Vec<String>,
    /// End with an error when a case misses what it must reach at least.
    #[arg(long)]
    pub goals: bool,
    /// A few seconds with few travellers: everything is checked, and nothing is measured that would be worth a look.
    #[arg(long)]
    pub smoke: bool,
    /// Callers and services speak TLS.
    #[arg(long)]
    pub tls: bool,
    /// Gateway and services are four processes in every case.
    #[arg(long)]
    pub apart: bool,
    /// Where databases, keys and configuration are kept, and found again by the next run; unless given they are gone with the run.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Where the results are written.
    #[arg(long, default_value = "target/load")]
    pub out: PathBuf,
    /// The program; beside this one unless given.
    #[arg(long)]
    pub program: Option<PathBuf>,
}

/// A part of a run that is a process of its own.
#[derive(Debug, Clone, Subcommand)]
pub enum Helper {
    /// A bare tonic server: an echo, or point selects on the database at a URL.
    Baseline {
        /// The database.
        url: Option<String>,
    },
}

/// Which databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// PostgreSQL, of `tests/with-postgres`.
    Postgres,
    /// SQLite, as the program is without configuration.
    Sqlite,
    /// One after the other.
    Both,
}

/// A number of travellers: whole groups, each with a holder and two companions.
fn travellers(text: &str) -> Result<u64, String> {
    let count = text
        .parse::<u64>()
        .ok()
        .filter(|count| (GROUP..=LARGEST).contains(count) && count.is_multiple_of(GROUP));
    count.ok_or_else(|| format!("give a multiple of {GROUP} up to {LARGEST}"))
}

impl Arguments {
    /// With what a smoke sets.
    #[must_use]
    pub fn settled(mut self) -> Self {
        if self.smoke {
            self.travellers = vec![30];
            (self.turns, self.connections, self.streams, self.clients) = (1, 2, 2, 2);
        }
        self
    }

    /// When a turn ends. That of a smoke has so many calls: two of them are a whole round of the mix, and none fails because the machine is slow.
    #[must_use]
    pub fn until(&self) -> Until {
        if self.smoke { Until::Calls(SMOKE) } else { Until::Elapsed(Duration::from_secs(self.seconds)) }
    }

    /// Calls at once.
    #[must_use]
    pub fn width(&self) -> Width {
        Width { connections: self.connections, streams: self.streams }
    }

    /// How much is prepared for a case.
    #[must_use]
    pub fn preparation(&self) -> Preparation {
        let few = Width { connections: 2, streams: 2 };
        if self.smoke {
            Preparation { count: SMOKE, width: few, loading: few }
        } else {
            let width = Width { connections: 4, streams: 4 };
            Preparation { count: 2000, width, loading: Width { connections: 8, streams: 16 } }
        }
    }

    /// Whether the case `name` is wanted.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.cases.is_empty() || self.cases.iter().any(|word| name.contains(&word.to_lowercase()))
    }

    /// Whether there is anything to do on `engine`.
    #[must_use]
    pub fn is_on(&self, engine: Engine) -> bool {
        self.engine == engine || self.engine == Engine::Both
    }
}
