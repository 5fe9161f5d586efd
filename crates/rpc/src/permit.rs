//! The right to be in flight, which ends with the last byte of the answer.
//!
//! With the last one that is written to the socket: HTTP/2 takes a whole answer, and its end, long before a slow caller has read it. So every part
//! of an answer holds the permit, too, and gives it back when its bytes are gone. Otherwise a caller could have as many answers made as it likes, and read
//! none.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
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
        response.map(|body| Body::new(Held { body, permit: Arc::new(self) }))
    }
}

/// A part of an answer.
struct Part {
    bytes: Bytes,
    _permit: Arc<Permit>,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// An answer's body that holds its call's permit.
struct Held {
    body: Body,
    permit: Arc<Permit>,
}

impl HttpBody for Held {
    type Data = <Body as HttpBody>::Data;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let held = |bytes| Bytes::from_owner(Part { bytes, _permit: Arc::clone(&self.permit) });
        frame.map_ok(|frame| frame.map_data(held))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
