//! `[neighbours]`: where services are that do not run in this process.

use std::net::IpAddr;

use serde::Deserialize;
use tonic::transport::Uri;

use super::ConfigError;
use crate::role::Service;

/// Addresses of services in other processes. What runs in this one is called in it, whatever stands here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Neighbours {
    /// Address of the registration service, `http://HOST:PORT`.
    pub registration: Option<String>,
    /// Address of the QR service.
    pub qr: Option<String>,
    /// Address of the epass service.
    pub epass: Option<String>,
}

impl Neighbours {
    /// Says that `service` is at `address`.
    pub fn set(&mut self, service: Service, address: String) {
        let setting = match service {
            Service::Registration => &mut self.registration,
            Service::Qr => &mut self.qr,
            Service::Epass => &mut self.epass,
        };
        *setting = Some(address);
    }

    /// The address of `service`, if it has one.
    ///
    /// # Errors
    /// When it is none, or one of another machine: without TLS everybody on the way could read what travellers declare.
    pub fn address(&self, service: Service) -> Result<Option<&str>, ConfigError> {
        let setting = match service {
            Service::Registration => &self.registration,
            Service::Qr => &self.qr,
            Service::Epass => &self.epass,
        };
        let Some(address) = setting.as_deref() else { return Ok(None) };
        let wrong = |rule| ConfigError::Address { service, rule };
        let host = host(address).ok_or_else(|| wrong("http://HOST:PORT"))?;
        let elsewhere = host.parse().is_ok_and(|address: IpAddr| !address.is_loopback());
        if elsewhere {
            Err(wrong("an address of this machine, as long as there is no TLS"))
        } else {
            Ok(Some(address))
        }
    }
}

/// The host in an address that is nothing but scheme, host and port.
fn host(address: &str) -> Option<String> {
    let uri: Uri = address.parse().ok()?;
    let bare = uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none();
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@') && bare)?;
    authority.port_u16()?;
    Some(authority.host().trim_matches(['[', ']']).to_owned()).filter(|host| !host.is_empty())
}
