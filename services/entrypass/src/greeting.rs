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
        let host = reached_at(address, config.tls.trust.is_some());
        writeln!(out, "    {host} entrypass.gateway.v1.EntryPassService/CheckDocument")?;
    }
    out.flush()
}

/// Where a caller on this machine reaches `address`. With TLS by a name: certificates seldom name addresses, and none names every address.
fn reached_at(address: SocketAddr, with_tls: bool) -> String {
    let here = address.ip().is_unspecified() || address.ip().is_loopback();
    if with_tls && here { format!("localhost:{}", address.port()) } else { address.to_string() }
}

fn tell_without_tls(out: &mut impl Write, config: &Config) -> io::Result<()> {
    writeln!(out, "without TLS: for this machine only, and whoever calls proves nothing")?;
    tracing::warn!("without TLS: for this machine only, and whoever calls proves nothing");
    if !config.callers.is_empty() {
        writeln!(out, "without TLS: callers are taken for whom they say that they are (entrypass-caller)")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::reached_at;

    #[test]
    fn a_call_to_try_goes_where_the_certificate_is_good() {
        let table = [
            ("0.0.0.0:7443", true, "localhost:7443"),
            ("[::]:7443", true, "localhost:7443"),
            ("127.0.0.1:7443", true, "localhost:7443"),
            ("192.0.2.1:7443", true, "192.0.2.1:7443"),
            ("127.0.0.1:7443", false, "127.0.0.1:7443"),
        ];
        for (address, with_tls, expected) in table {
            assert_eq!(reached_at(address.parse().expect("an address"), with_tls), expected);
        }
    }
}
