//! The operators' side of a listener: health and reflection.
//!
//! Owns: when a service counts as serving, and telling so. What a service needs in order to serve is the program's to know, which hands in
//! a [`Probe`] for each.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{BoxFuture, join_all},
    stream::FuturesUnordered,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, service::Routes};
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, health_check_response, health_client::HealthClient},
    server::HealthReporter,
};

use crate::Transport;

/// How long a probe may take, in whole seconds: what takes longer does not serve callers either.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// `grpc.health.v1` for each service of a listener and for all of them (""), and reflection v1 and v1alpha.
#[derive(Debug, Clone)]
pub struct Operations {
    health: HealthReporter,
    services: Vec<&'static str>,
}

/// Finds out whether a service can do its work, or why it cannot. Cheap to clone: whoever needs a neighbour of the same process takes
/// that neighbour's own.
#[derive(Clone)]
pub struct Probe(Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>);

impl Operations {
    /// Adds health and reflection to `routes`, which serve `services` (full names, `entrypass.qr.v1.QrService`). Nothing is serving yet.
    ///
    /// # Errors
    /// When the compiled descriptors cannot be read, which would be a fault of the build.
    pub fn mount(
        services: Vec<&'static str>,
        routes: Routes,
    ) -> Result<(Self, Routes), tonic_reflection::server::Error> {
        let (health, health_server) = tonic_health::server::health_reporter();
        let routes = routes
            .add_service(health_server)
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?);
        let operations = Self { health, services };
        // tonic-health begins with "" as serving. Nobody else has the reporter yet, so that there is nothing to wait for.
        let _ = operations.end_serving().now_or_never();
        Ok((operations, routes))
    }

    /// Ends every health watch: they would hold up a graceful shutdown for ever. The services are unknown to health from then on.
    pub async fn end_watches(&self) {
        let mut health = self.health.clone();
        for service in self.names() {
            health.clear_service_status(service).await;
        }
    }

    /// Keeps the health of each service at what its probe finds, and that of "" at whether all are well: at once, and then at each
    /// `interval`, until `stopping` is cancelled. Then nothing is serving any more, and callers that follow health go elsewhere.
    ///
    /// A service that changes is logged once, with the reason. One that has no probe never serves.
    pub fn follow(
        &self,
        probes: Vec<(&'static str, Probe)>,
        interval: Duration,
        stopping: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let follower = self.clone();
        async move {
            let mut last = Vec::new();
            let looking = async {
                loop {
                    let found = join_all(probes.iter().map(|(_, probe)| probe.ask())).await;
                    let services = probes.iter().map(|(service, _)| *service);
                    last = follower.tell(services.zip(found).collect(), &last).await;
                    tokio::time::sleep(interval).await;
                }
            };
            tokio::select! {
                () = looking => {}
                () = stopping.cancelled() => {}
            }
            follower.end_serving().await;
        }
    }

    /// Reports and logs what differs from `last`, when nothing was serving if it is empty. The rest is not reported again: who watches would be
    /// told of it as of a change.
    async fn tell(&self, found: Vec<Found>, last: &[Found]) -> Vec<Found> {
        for one in found.iter().filter(|one| !last.contains(one)) {
            match one {
                (service, Ok(())) => tracing::info!("{service} is serving"),
                (service, Err(reason)) => tracing::warn!("{service} is not serving: {reason}"),
            }
        }
        let is_well = |found: &[Found], service| found.contains(&(service, Ok(())));
        let all_well = |found: &[Found]| self.services.iter().all(|service| is_well(found, service));
        let services = found.iter().map(|(service, _)| *service);
        let states = services.map(|service| (service, is_well(last, service), is_well(&found, service)));
        for (service, before, now) in states.chain([("", all_well(last), all_well(&found))]) {
            if before != now {
                self.health.set_service_status(service, status(now)).await;
            }
        }
        found
    }

    async fn end_serving(&self) {
        for service in self.names() {
            self.health.set_service_status(service, ServingStatus::NotServing).await;
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.services.iter().copied().chain([""])
    }
}

/// A service, and why it cannot do its work.
type Found = (&'static str, Result<(), String>);

impl Probe {
    /// A probe that asks `check`, which says why the service cannot do its work: "its database does not answer". No personal data.
    pub fn new<F, Fut>(check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self(Arc::new(move || check().boxed()))
    }

    /// A probe of the neighbour `service` (its full name) behind `transport`, by its own health.
    #[must_use]
    pub fn neighbour(transport: Transport, service: &'static str) -> Self {
        Self::new(move || {
            let transport = transport.clone();
            async move {
                if is_serving(&transport, service).await {
                    Ok(())
                } else {
                    Err(format!("{service} is not serving"))
                }
            }
        })
    }

    /// A probe that is content when both are, and asks `other` only then.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(move || {
            let (first, second) = (self.clone(), other.clone());
            async move {
                first.0().await?;
                second.0().await
            }
        })
    }

    /// Asks it. Takes at most two seconds.
    ///
    /// # Errors
    /// Why the service cannot do its work, or that it does not say so in time.
    pub async fn ask(&self) -> Result<(), String> {
        let answer = tokio::time::timeout(PROBE_LIMIT, self.0()).await;
        answer.unwrap_or_else(|_| Err(format!("its check takes more than {} s", PROBE_LIMIT.as_secs())))
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Probe")
    }
}

/// Whether any copy behind `transport` reports `service` (its full name) as serving. `transport` must lead to a listener: routes in this
/// process have no health. Takes at most two seconds, and no longer than the first that does.
///
/// The others are asked to the end all the same, in tasks of their own: a copy that stands still is known as such from then on and passed
/// over by calls, and one that answers again is called again.
pub async fn is_serving(transport: &Transport, service: &str) -> bool {
    let ask = |copy| tokio::spawn(says_serving(copy, service.to_owned()));
    let answers: FuturesUnordered<_> = transport.copies().into_iter().map(ask).collect();
    answers.any(async |serving| serving.unwrap_or(false)).await
}

async fn says_serving(copy: Transport, service: String) -> bool {
    let mut request = Request::new(HealthCheckRequest { service });
    request.set_timeout(PROBE_LIMIT);
    let answer = HealthClient::new(copy).check(request).await;
    answer.is_ok_and(|answer| answer.get_ref().status() == health_check_response::ServingStatus::Serving)
}

fn status(serving: bool) -> ServingStatus {
    if serving { ServingStatus::Serving } else { ServingStatus::NotServing }
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(entrypass_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        // Without these grpcurl prints the details of an error as base64.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}
