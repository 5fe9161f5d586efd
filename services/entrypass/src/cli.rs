//! The command line: what can be said there, and nothing of what it does.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use entrypass_audit::Head;
use entrypass_seal::Purpose;
use entrypass_token::{Algorithm, KeyId};
use entrypass_verifier::Thumbprint;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    config::{Config, ConfigError},
    role::{Role, Service},
};

/// Registers inbound travellers, issues them signed QR codes, binds companions, offers the electronic pass.
#[derive(Debug, Parser)]
#[command(name = "entrypass", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run services in this process (what the program does without a command).
    Serve(Serve),
    /// Bring databases to the schema of this program, take it back, or show it. Needs no running service.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Show or change the keys that sign codes, in the database of the QR service. Works beside running copies of it, which follow within
    /// seconds.
    #[command(subcommand)]
    SigningKeys(SigningKeys),
    /// Show or change the keys under which a service keeps personal data. Works beside running copies, which read a changed key ring within seconds.
    ///
    /// To replace a key: add a new one; wait until every copy has the changed ring (10 seconds after the file is there); rotate, and wait again;
    /// reseal; retire the old one. Whoever hurries leaves copies that cannot read what others write. With an index key, what a person is found by
    /// is kept under every key of the ring: retire removes the rows of the old one, and a reseal 10 seconds later those that copies wrote until
    /// they had the changed ring.
    #[command(subcommand)]
    Keys(Keys),
    /// Make certificates for trying out, of an authority of their own, with a configuration that works with them.
    DevCerts(DevCerts),
    /// Look at the audit chains: are they as the services wrote them? Works beside running copies, and changes nothing.
    #[command(subcommand)]
    Audit(Audit),
    /// Decide on codes without a network: by a bundle, from text or pictures. Needs no configuration and no running service.
    Verify(Verify),
    /// Tell which rule of the configuration decides whether a caller may call an RPC, and what it is shown. Needs no running service.
    Explain(Explain),
    /// Look at policy documents before they are added. Needs no configuration and no running service.
    #[command(subcommand)]
    Policy(Policy),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Check a document and run the tests in it. Ends with 0 if there is nothing wrong, with 2 if there are mistakes, each told with its place, and with 1 if it was
    /// called wrongly or cannot read the file.
    Check {
        /// The document.
        file: PathBuf,
    },
}

/// Ends with 0 if the call is let in, with 2 if it is refused, and with 1 if it was called wrongly or the configuration cannot be used.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The caller: its name in the list, or its identity, a SPIFFE id or a DNS name.
    #[arg(long)]
    pub(crate) caller: String,
    /// The RPC by its full name: `entrypass.gateway.v1.EntryPassService/GetEntryPass`.
    #[arg(long, value_name = "PACKAGE.SERVICE/METHOD")]
    pub(crate) rpc: String,
}

/// The key of the authority lies beside them: not for real travellers.
#[derive(Debug, Args)]
pub(crate) struct DevCerts {
    /// The folder, made if missing. What is there already is not overwritten.
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) place: Place,
    /// A service to run, several times or with commas; all of them unless given. One that is needed and not given must have an
    /// address in the configuration.
    #[arg(long = "role", env = "ENTRYPASS_ROLE", value_enum, value_delimiter = ',', default_values_t = Role::ALL)]
    pub(crate) roles: Vec<Role>,
    /// Address to listen on; port 0 takes any free one. Without TLS only a loopback address is accepted.
    #[arg(long, env = "ENTRYPASS_LISTEN", default_value = "127.0.0.1:7443")]
    pub(crate) listen: SocketAddr,
    /// Form of the log on standard error.
    #[arg(long, env = "ENTRYPASS_LOG_FORMAT", value_enum, default_value = "human")]
    pub(crate) log_format: LogFormat,
    /// What is logged, as a tracing filter: `info`, `warn,entrypass_rpc=info`.
    #[arg(long, env = "ENTRYPASS_LOG", default_value = "info,sea_orm_migration=warn")]
    pub(crate) log: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Apply what is missing.
    Up(Services),
    /// Take the last migrations of one service back. What they keep is gone then.
    Down {
        #[command(flatten)]
        place: Place,
        /// The service.
        #[arg(long, value_enum)]
        service: Service,
        /// How many migrations.
        #[arg(long, default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
    /// Show which migrations are applied, and change nothing.
    Status(Services),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeys {
    /// Show every key that there ever was, in the order in which they sign.
    List(Place),
    /// Have another key sign: the one that waits for its time, or a new one, when it has been published for `qr.publish_hours`.
    Rotate {
        #[command(flatten)]
        place: Place,
        /// At once. Where no published key of the algorithm waits, verifiers without a network do not believe the bundles of the new one, until its
        /// thumbprint is given to them by hand.
        #[arg(long)]
        at_once: bool,
        /// `EdDSA` or `ES256`, in place of `qr.algorithm`.
        #[arg(long)]
        algorithm: Option<Algorithm>,
    },
    /// Take a key back for good: nothing that it signed counts any more. If it signs, another does at once.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// 16 hexadecimal digits, as `list` shows them.
        key_id: KeyId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Show every key of the rings, whether it is in use, and how many rows need it.
    ///
    /// MISSING is a key that rows need and the ring lacks: bring it back. RETIRED is an index key of which rows are left that nobody needs: reseal
    /// removes them.
    List(Services),
    /// Write a new key ring, with one key for each purpose, for its owner alone. An existing file is never overwritten.
    New {
        /// Whose it will be.
        #[arg(long, value_enum)]
        service: Service,
        /// Where to write it.
        path: PathBuf,
    },
    /// Append a new key. It only opens, until it is rotated to.
    Add(OneKey),
    /// Have the newest key of the purpose seal from now on; the others go on opening.
    Rotate(OneKey),
    /// Bring what is still under other keys under those in use, in batches of 500. It can be stopped and begun again.
    Reseal {
        #[command(flatten)]
        place: Place,
        /// The service.
        #[arg(long, value_enum)]
        service: Service,
    },
    /// Take a key out of the ring. Refused while it is in use, or a row needs it. The rows of an index key, which nobody needs then, are removed in
    /// batches of 500; if that is broken off, reseal goes on with it.
    Retire {
        #[command(flatten)]
        place: Place,
        /// The service.
        #[arg(long, value_enum)]
        service: Service,
        /// 16 hexadecimal digits, as `list` shows them.
        key_id: entrypass_seal::KeyId,
    },
}

/// A purpose in the key ring of a service.
#[derive(Debug, Args)]
pub(crate) struct OneKey {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The service.
    #[arg(long, value_enum)]
    pub(crate) service: Service,
    /// `encryption`, `index` or `audit`.
    #[arg(long, default_value = "encryption")]
    pub(crate) purpose: Purpose,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Look at every record and its place. Ends with 0 if all are as they were written, with 2 if one was changed, removed, inserted or moved, or
    /// a head or a table is not there, of which ten of each kind are named, and with 1 if nothing of that was found but the key ring lacks a key, it was called wrongly or a database cannot be read.
    Verify {
        #[command(flatten)]
        services: Services,
        /// What `head` printed earlier (for one service): the chain must go on from there. Without it, nobody sees that the last records were cut
        /// off.
        #[arg(long, value_name = "POSITION:LINK")]
        expect: Option<Head>,
    },
    /// Print how far each chain is, to be noted where nobody can change it who can change the database.
    Head(Services),
}

/// Ends with 0 if every code is VALID, with 2 if one is not, with 3 if none is bad but something cannot be decided, and with 1 if it
/// was called wrongly or a file cannot be used.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A bundle as `GetVerificationBundle` gives it, the bytes themselves; more than once: a snapshot first, then its deltas in their order.
    #[arg(long = "bundle", value_name = "FILE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,
    /// The thumbprint (RFC 9679, 64 hexadecimal digits) of a key whose bundle is believed; several times for several keys. Get it over
    /// another way than the bundle, from whoever runs the service.
    #[arg(long, value_name = "THUMBPRINT")]
    pub(crate) trust: Vec<Thumbprint>,
    /// The hour at which the codes are shown, such as 2026-01-31T08:00:00Z; now unless given.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) at: Option<OffsetDateTime>,
    /// Answer with one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// A picture with one code or several, PNG or JPEG of 50 million pixels at most; several times for several pictures.
    #[arg(long = "image", value_name = "PICTURE")]
    pub(crate) images: Vec<PathBuf>,
    /// The text of a code. Without any text or picture, each line of standard input is one, and is answered at once.
    #[arg(value_name = "TEXT")]
    pub(crate) texts: Vec<String>,
}

fn instant(text: &str) -> Result<OffsetDateTime, time::error::Parse> {
    OffsetDateTime::parse(text, &Rfc3339)
}

/// Some services, and where their databases are.
#[derive(Debug, Args)]
pub(crate) struct Services {
    #[command(flatten)]
    pub(crate) place: Place,
    /// A service, several times or with commas; all of them unless given.
    #[arg(long = "service", value_enum, value_delimiter = ',', default_values_t = Service::ALL)]
    pub(crate) services: Vec<Service>,
}

/// Where settings and data are.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Folder of SQLite databases, key rings and signing keys, as far as they have no place of their own; made if missing.
    #[arg(long, env = "ENTRYPASS_DATA_DIR", default_value = "data")]
    pub(crate) data_dir: PathBuf,
    /// Configuration file (TOML); see deploy/entrypass.toml for every setting and its default.
    #[arg(long, env = "ENTRYPASS_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For a person at a terminal.
    Human,
    /// One JSON object a line.
    Json,
}

impl Cli {
    /// What to do.
    pub(crate) fn command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}

impl Place {
    /// Reads the configuration.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the command line reads the environment, for everybody"
        )]
        Config::load(self.config.as_deref(), |name| std::env::var(name))
    }
}
