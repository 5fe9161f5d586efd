//! The right to be in flight, which ends with the last byte of the answer.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;

/// What a call holds while it is in flight: its place among its caller's, and among all. Dropping it gives both back.
#[derive(Debug, Default)]
pub(crate) struct Permit {
    pub(crate) of_caller: Option<OwnedSemaphorePermit>,
    pub(crate) of_all: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// Keeps the permit until `response` has been sent to its end, or is given up: a caller that does not read its answer has it in flight.
    pub(crate) fn held_by(self, response: Response<Body>) -> Response<Body> {
        if self.of_caller.is_none() && self.of_all.is_none() {
            return response;
        }
        response.map(|body| Body::new(Held { body, _permit: self }))
    }
}

/// An answer's body that holds its call's permit.
struct Held {
    body: Body,
    _permit: Permit,
}

impl HttpBody for Held {
    type Data = <Body as HttpBody>::Data;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
