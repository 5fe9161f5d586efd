//! A call of which the test has written every byte.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use entrypass_rpc::Transport;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body::{Body as _, Frame};
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt as _;
use tower::Service as _;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// The name of the gRPC code.
    pub code: String,
    /// The reason of the catalogue; empty for a success.
    pub reason: String,
}

/// `message` as gRPC frames it: not compressed, and its length.
pub fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
    [&[0], length.as_slice(), message].concat().into()
}

/// Sends `body` to `path`, and reads the answer to its end; of a stream its first message.
pub async fn call(
    way: &Transport,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Bytes, Status> {
    let mut request = Request::post(format!("http://attacked{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(Once(Some(body))))
        .expect("a request");
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    let mut way = way.clone();
    poll_fn(|context| way.poll_ready(context)).await?;
    let response = way.call(request).await?;
    let (parts, mut body) = response.into_parts();
    refused(&parts.headers)?;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        match frame?.into_data() {
            // A message, and the trailers of a unary answer are known to follow a success.
            Ok(data) => return Ok(data),
            Err(frame) => refused(frame.trailers_ref().expect("data or trailers"))?,
        }
    }
    Ok(Bytes::new())
}

/// What a caller makes of the answer.
pub fn outcome(answer: &Result<Bytes, Status>) -> Outcome {
    let reason =
        |status: &Status| status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    match answer {
        Ok(_) => Outcome { code: format!("{:?}", Code::Ok), reason: String::new() },
        Err(status) => Outcome { code: format!("{:?}", status.code()), reason: reason(status) },
    }
}

fn refused(headers: &HeaderMap) -> Result<(), Status> {
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Ok => Err(status),
        _ => Ok(()),
    }
}

/// A body of one piece.
struct Once(Option<Bytes>);

impl http_body::Body for Once {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
    }
}
