//! How the roles of a process reach the services that they call.

use entrypass_rpc::{Probe, Transport};
use entrypass_tls::Tls;
use tonic::service::Routes;

use super::{Part, StartError, Surroundings};
use crate::{
    config::{Config, ConfigError},
    role::{Role, Service},
};

/// The ways to the services that somebody in this process calls, and whether they are well.
pub(super) struct Ways {
    surroundings: Surroundings,
    known: Vec<(Service, Way, Probe)>,
    /// To the identity service that is configured.
    identity: Option<Transport>,
}

/// Where a service is.
enum Way {
    Here(Routes),
    Elsewhere(Transport),
}

impl Ways {
    /// Those to services that `roles` need and that run elsewhere.
    pub(super) fn elsewhere(
        config: &Config,
        roles: &[Role],
        tls: Option<&Tls>,
        surroundings: &Surroundings,
    ) -> Result<Self, StartError> {
        let mut known = Vec::new();
        for role in roles {
            for &service in role.neighbours().iter().filter(|service| !roles.contains(&service.role())) {
                let way = remote(config, service.role(), tls)?;
                let way = way.ok_or(ConfigError::NoAddress { role: *role, service })?;
                let probe = Probe::neighbour(way.clone(), service.role().service_name());
                known.push((service, Way::Elsewhere(way), probe));
            }
        }
        let identity = remote(config, Role::Identity, tls)?;
        Ok(Self { surroundings: surroundings.clone(), known, identity })
    }

    /// Notes that `service` runs in this process.
    pub(super) fn add(&mut self, service: Service, part: &Part) {
        self.known.push((service, Way::Here(part.routes.clone()), part.probe.clone()));
    }

    /// The way from `role` to `service`, which knows on it who calls.
    pub(super) fn to(&self, service: Service, role: Role) -> Result<(Transport, Probe), ConfigError> {
        let known = self.known.iter().find(|(known, ..)| *known == service);
        let (_, way, probe) = known.ok_or(ConfigError::NoAddress { role, service })?;
        let way = match way {
            Way::Here(routes) => Transport::local(routes.clone(), &self.surroundings.edge_inside(role)),
            Way::Elsewhere(way) => way.clone().spoken_by(role.name()),
        };
        Ok((way, probe.clone()))
    }

    /// The way of the registration service to the identity service: the configured one, or else the one that ships, in this process. A city that says
    /// where its own is must not be served by ours because it happens to run here too.
    pub(super) fn to_identity(&self) -> Transport {
        let role = Role::Registration;
        match &self.identity {
            Some(way) => way.clone().spoken_by(role.name()),
            None => {
                let routes = entrypass_identity::routes(self.surroundings.clock.clone());
                Transport::local(routes, &self.surroundings.edge_inside(role))
            }
        }
    }
}

/// The way to the addresses of `role`, if it has any.
fn remote(config: &Config, role: Role, tls: Option<&Tls>) -> Result<Option<Transport>, ConfigError> {
    let addresses = config.neighbours.addresses(role, tls.is_some())?;
    Ok(addresses.map(|addresses| match tls {
        Some(tls) => Transport::remote_over_tls(&addresses, tls),
        None => Transport::remote(&addresses),
    }))
}
