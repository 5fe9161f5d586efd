//! The layer around every service, over a socket and in process alike.
//!
//! tonic enforces deadlines and logs nothing inside its transport server only, which an in-process call never passes.
//! What must hold in both modes is therefore done here: the call's context, its deadline, a caught panic, one log line. Of an answer that
//! is a stream only the beginning passes here; [`crate::answer_stream`] keeps the same promises for the rest.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use entrypass_proto::errors::v1::ErrorReason;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Request, Response};
use tonic::{Code, body::Body};
use tower::{Layer, Service};
use uuid::Uuid;

use crate::{Call, Caller, Problem, standing::Standing};

/// How long before its deadline a call is answered `DEADLINE_EXCEEDED`: tonic's own timer would answer CANCELLED first.
pub(crate) const ANSWER_MARGIN: Duration = Duration::from_millis(5);

/// Wraps a service's routes; see the module.
#[derive(Clone)]
pub struct EdgeLayer {
    new_trace_id: Arc<dyn Fn() -> Uuid + Send + Sync>,
    believes: Believes,
}

/// What a layer makes of what a call says of its caller.
#[derive(Clone)]
enum Believes {
    /// Everybody is who they say, and is shown everything.
    Claims,
    /// This neighbour in the same process is believed.
    Neighbour(Caller),
}

impl EdgeLayer {
    /// An open layer: whoever calls is believed to be who they say, and is shown everything; holders are proven. For a listener that only this
    /// machine reaches. Draws the trace ids of callers without one from `new_trace_id`.
    pub fn new(new_trace_id: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        Self { new_trace_id: Arc::new(new_trace_id), believes: Believes::Claims }
    }

    /// A layer for calls that `neighbour`, a service in this process, makes: what it says of the first caller is believed.
    pub fn inside(neighbour: &str, new_trace_id: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        let believes = Believes::Neighbour(Caller::read(Some(neighbour)));
        Self { new_trace_id: Arc::new(new_trace_id), believes }
    }

    fn call(&self, request: &Request<Body>, received: Instant) -> Call {
        let headers = request.headers();
        let method = request.uri().path().trim_start_matches('/');
        let call = Call::from_headers(headers, received, (self.new_trace_id)()).of_method(method);
        match &self.believes {
            Believes::Claims => call,
            Believes::Neighbour(neighbour) => {
                call.with_standing(Standing::relayed(headers, neighbour.clone()))
            }
        }
    }
}

impl<S> Layer<S> for EdgeLayer {
    type Service = Edge<S>;

    fn layer(&self, inner: S) -> Edge<S> {
        Edge { inner, layer: self.clone() }
    }
}

/// A service inside its [`EdgeLayer`].
#[derive(Clone)]
pub struct Edge<S> {
    inner: S,
    layer: EdgeLayer,
}

impl<S> Service<Request<Body>> for Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let received = Instant::now();
        let call = self.layer.call(&request, received);
        request.extensions_mut().insert(call.clone());
        let last_moment = call.deadline().checked_sub(ANSWER_MARGIN).unwrap_or(received);
        // Nothing useful can be done in no time: the handler is not even begun.
        let begun =
            (last_moment > received).then(|| AssertUnwindSafe(self.inner.call(request)).catch_unwind());
        async move {
            let handled = async {
                match begun {
                    Some(handling) => handling.await,
                    None => std::future::pending().await,
                }
            };
            let response = match tokio::time::timeout_at(last_moment.into(), handled).await {
                Ok(Ok(Ok(response))) => in_catalogue(response, &call),
                Ok(Err(_panic)) => {
                    // The panic hook has logged where; its text may hold data and goes no further.
                    Problem::new(ErrorReason::Internal).to_status(&call).into_http()
                }
                Err(_elapsed) => Problem::new(ErrorReason::DeadlineExceeded).to_status(&call).into_http(),
            };
            log(&call, &response, received.elapsed());
            Ok(response)
        }
        .boxed()
    }
}

/// Gives a refusal that tonic made itself, before any handler saw the message, its place in the catalogue. All others of ours have
/// details already; health and reflection keep their own.
fn in_catalogue(response: Response<Body>, call: &Call) -> Response<Body> {
    let headers = response.headers();
    if !call.method().starts_with("entrypass.") || headers.contains_key("grpc-status-details-bin") {
        return response;
    }
    let code = headers.get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()));
    let reason = match code {
        // "failed to decode Protobuf message", which also tells its types.
        Some(Code::Internal) => ErrorReason::MalformedMessage,
        // "decoded message length too large".
        Some(Code::OutOfRange) => ErrorReason::MessageTooLarge,
        _ => return response,
    };
    Problem::new(reason).to_status(call).into_http()
}

fn log(call: &Call, response: &Response<Body>, took: Duration) {
    // A unary success carries its status in the trailers, a refusal in the headers.
    let code = response.headers().get("grpc-status").and_then(|value| value.to_str().ok()).unwrap_or("0");
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let method = call.method();
    tracing::info!(method, grpc_status = code, micros, trace_id = %call.trace_id().simple(), "call answered");
}
