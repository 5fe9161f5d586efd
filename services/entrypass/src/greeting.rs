//! What `serve` says on standard output when it listens.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use crate::{
    cli::Serve,
    config::{Config, Version},
    role::Role,
};

/// Says where the program listens, who may call, and a call to try.
pub(crate) fn greet(address: SocketAddr, arguments: &Serve, config: &Config) -> io::Result<()> {
    let roles = &arguments.roles;
    let mut out = io::stdout();
    let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
    writeln!(out, "listening on {address}: {}", names.join(", "))?;
    let flags = match &config.tls.trust {
        None => {
            tell_without_tls(&mut out, config)?;
            "-plaintext".to_owned()
        }
        Some(trust) => {
            let version = match config.tls.minimum {
                Version::Tls12 => "1.2",
                Version::Tls13 => "1.3",
            };
            let callers = config.callers.len();
            writeln!(out, "with TLS from {version}: callers prove who they are, and {callers} are listed")?;
            format!("-cacert {} -cert CERTIFICATE -key KEY", trust.display())
        }
    };
    if roles.contains(&Role::Gateway) {
        writeln!(out, "try:")?;
        writeln!(
            out,
            "  grpcurl {flags} -d '{{\"document\": {{\"type\": \"DOCUMENT_TYPE_PASSPORT\", \"number\": \"G00000000\", \"issuing_state\": \"CHN\"}}}}' \\"
        )?;
        writeln!(out, "    {address} entrypass.gateway.v1.EntryPassService/CheckDocument")?;
    }
    out.flush()
}

fn tell_without_tls(out: &mut impl Write, config: &Config) -> io::Result<()> {
    writeln!(out, "without TLS: for this machine only, and whoever calls proves nothing")?;
    tracing::warn!("without TLS: for this machine only, and whoever calls proves nothing");
    if !config.callers.is_empty() {
        writeln!(out, "without TLS: callers are taken for whom they say that they are (entrypass-caller)")?;
    }
    Ok(())
}
