//! `[neighbours]`: where services are that do not run in this process.

use std::net::IpAddr;

use entrypass_rpc::Addresses;
use serde::Deserialize;

use super::ConfigError;
use crate::role::Role;

/// Addresses of services in other processes. What runs in this one is called in it, whatever stands here; but for the identity service, in whose place a
/// city puts its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Neighbours {
    /// Addresses of the copies of the registration service, `https://HOST:PORT` with TLS and `http://HOST:PORT` without, with commas
    /// between them.
    pub registration: Option<String>,
    /// Those of the QR service.
    pub qr: Option<String>,
    /// Those of the epass service.
    pub epass: Option<String>,
    /// Those of the identity service, or of a city's own of the same contract. Unless given, the registration service asks the one that ships, in its own
    /// process.
    pub identity: Option<String>,
}

impl Neighbours {
    /// Says that `role` is at `address`. Nobody of ours calls the gateway: its address is of no use.
    pub fn set(&mut self, role: Role, address: String) {
        let setting = match role {
            Role::Gateway => return,
            Role::Registration => &mut self.registration,
            Role::Qr => &mut self.qr,
            Role::Epass => &mut self.epass,
            Role::Identity => &mut self.identity,
        };
        *setting = Some(address);
    }

    /// The addresses of the copies of `role`, if it has any.
    ///
    /// # Errors
    /// When one is none, or without TLS in a process that has certificates, or the other way round. Or, without TLS, one of another machine:
    /// everybody on the way could read what travellers declare.
    pub fn addresses(&self, role: Role, over_tls: bool) -> Result<Option<Addresses>, ConfigError> {
        let setting = match role {
            Role::Gateway => return Ok(None),
            Role::Registration => &self.registration,
            Role::Qr => &self.qr,
            Role::Epass => &self.epass,
            Role::Identity => &self.identity,
        };
        let Some(text) = setting.as_deref() else { return Ok(None) };
        let wrong = |rule| ConfigError::Address { role, rule };
        let addresses: Addresses = text.parse().map_err(|_| {
            wrong("https://HOST:PORT, or http://HOST:PORT without TLS; one or several with commas")
        })?;
        match (over_tls, addresses.over_tls()) {
            (true, false) => Err(wrong("https://HOST:PORT, since there are certificates ([tls])")),
            (false, true) => Err(wrong("http://HOST:PORT, as long as there are no certificates ([tls])")),
            (false, false) if !addresses.hosts().all(is_here) => {
                Err(wrong("an address of this machine, or localhost, as long as there is no TLS"))
            }
            _ => Ok(Some(addresses)),
        }
    }
}

/// Whether `host` is this machine. Of names, only those that are so everywhere (RFC 6761, 6.3): where another leads is known when it is used.
fn is_here(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}
