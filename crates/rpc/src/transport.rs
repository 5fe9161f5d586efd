//! How a neighbour is reached: in process, or over sockets. The same generated client sits on both.

use std::task::{Context, Poll};

use entrypass_tls::Tls;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{HeaderValue, Request, Response};
use tonic::{Status, body::Body, service::Routes};
use tower::{Layer as _, Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::{Addresses, EdgeLayer, caller, remote::Copies};

/// A way to a neighbour, cheap to clone.
///
/// The error is a concrete type because a boxed one breaks `tokio::spawn` around a generated client ("implementation of
/// `From` is not general enough").
#[derive(Debug, Clone)]
pub struct Transport {
    way: Way,
    /// Who calls, where no certificate says so.
    speaker: Option<HeaderValue>,
}

#[derive(Debug, Clone)]
enum Way {
    Local(BoxCloneSyncService<Request<Body>, Response<Body>, Status>),
    Remote(Copies),
}

impl Transport {
    /// Calls `routes` in this process, without a socket, through the same [`EdgeLayer`] that a listener has.
    #[must_use]
    pub fn local(routes: Routes, edge: &EdgeLayer) -> Self {
        let service = edge.layer(routes.prepare());
        Way::Local(BoxCloneSyncService::new(service.map_err(|never| match never {}))).into()
    }

    /// Calls the copies of a neighbour at `addresses` in turn, without TLS: those that are over TLS cannot be reached so.
    ///
    /// Connects when first used, within a second, and again whenever a connection is lost; names are resolved each time. A copy
    /// that could not be reached, or did not answer in time, is passed over for four seconds, or until it answers
    /// [`crate::is_serving`], unless that holds for all.
    #[must_use]
    pub fn remote(addresses: &Addresses) -> Self {
        Way::Remote(Copies::at(addresses, None)).into()
    }

    /// The same over mutual TLS: we prove who we are by what `tls` says when a connection is made, and each copy that it is who its address names.
    /// Addresses that are not over TLS are called without it.
    #[must_use]
    pub fn remote_over_tls(addresses: &Addresses, tls: &Tls) -> Self {
        Way::Remote(Copies::at(addresses, Some(tls))).into()
    }

    /// The same way, on which the service `name` calls. It says so, for a neighbour that has a list of callers and no TLS.
    #[must_use]
    pub fn spoken_by(self, name: &'static str) -> Self {
        Self { speaker: Some(HeaderValue::from_static(name)), ..self }
    }

    /// The ways to each single copy.
    pub(crate) fn copies(&self) -> Vec<Self> {
        let only = |copy| Self { way: Way::Remote(copy), speaker: self.speaker.clone() };
        match &self.way {
            Way::Local(_) => vec![self.clone()],
            Way::Remote(copies) => copies.each().map(only).collect(),
        }
    }
}

impl From<Way> for Transport {
    fn from(way: Way) -> Self {
        Self { way, speaker: None }
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        match &mut self.way {
            Way::Local(service) => service.poll_ready(context),
            // Which copy is called, and with it what must be ready, is known in the call only.
            Way::Remote(_) => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(speaker) = &self.speaker {
            request.headers_mut().insert(caller::RELAY_HEADER, speaker.clone());
        }
        match &mut self.way {
            Way::Local(service) => service.call(request),
            Way::Remote(copies) => copies.call(request).boxed(),
        }
    }
}
