//! `[neighbours]`: where services are that do not run in this process.

use std::net::IpAddr;

use entrypass_rpc::Addresses;
use serde::Deserialize;

use super::ConfigError;
use crate::role::Service;

/// Addresses of services in other processes. What runs in this one is called in it, whatever stands here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Neighbours {
    /// Addresses of the copies of the registration service, `http://HOST:PORT`, with commas between them.
    pub registration: Option<String>,
    /// Those of the QR service.
    pub qr: Option<String>,
    /// Those of the epass service.
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

    /// The addresses of the copies of `service`, if it has any.
    ///
    /// # Errors
    /// When one is none, or one of another machine: without TLS everybody on the way could read what travellers declare.
    pub fn addresses(&self, service: Service) -> Result<Option<Addresses>, ConfigError> {
        let setting = match service {
            Service::Registration => &self.registration,
            Service::Qr => &self.qr,
            Service::Epass => &self.epass,
        };
        let Some(text) = setting.as_deref() else { return Ok(None) };
        let wrong = |rule| ConfigError::Address { service, rule };
        let addresses: Addresses =
            text.parse().map_err(|_| wrong("http://HOST:PORT, one or several with commas"))?;
        let elsewhere = |host: &str| host.parse().is_ok_and(|address: IpAddr| !address.is_loopback());
        if addresses.hosts().any(elsewhere) {
            return Err(wrong("an address of this machine, as long as there is no TLS"));
        }
        Ok(Some(addresses))
    }
}
