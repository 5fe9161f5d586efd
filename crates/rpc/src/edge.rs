//! The layer around every service, over a socket and in process alike.
//!
//! tonic enforces deadlines and logs nothing inside its transport server only, which an in-process call never passes.
//! What must hold in both modes is therefore done here: who is let in, the call's context, its deadline, a caught panic, one log line. Of an answer that
//! is a stream only the beginning passes here; [`crate::answer_stream`] keeps the same promises for the rest.

use std::{
    convert::Infallible,
    future::ready,
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

use crate::{Call, Caller, Guard, Problem, permit::Permit, standing::Standing};

/// How long before its deadline a call is answered `DEADLINE_EXCEEDED`: tonic's own timer would answer CANCELLED first.
pub(crate) const ANSWER_MARGIN: Duration = Duration::from_millis(5);

/// Wraps a service's routes; see the module.
#[derive(Clone)]
pub struct EdgeLayer {
    new_trace_id: Arc<dyn Fn() -> Uuid + Send + Sync>,
    door: Door,
}

/// Who is let in, and what is made of what a call says of its caller.
#[derive(Clone)]
enum Door {
    /// Everybody is who they say, and is shown everything.
    Open,
    /// This neighbour in the same process is believed.
    Inside(Caller),
    /// Whom this lets in.
    Guarded(Guard),
}

impl EdgeLayer {
    /// An open layer: whoever calls is believed to be who they say, and is shown everything; holders are proven. For a listener that only this
    /// machine reaches. Draws the trace ids of callers without one from `new_trace_id`.
    pub fn new(new_trace_id: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        Self { new_trace_id: Arc::new(new_trace_id), door: Door::Open }
    }

    /// A layer for calls that `neighbour`, a service in this process, makes: what it says of the first caller is believed.
    pub fn inside(neighbour: &str, new_trace_id: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        let door = Door::Inside(Caller::read(Some(neighbour)));
        Self { new_trace_id: Arc::new(new_trace_id), door }
    }

    /// The same layer, with `guard` in front of everything: what it refuses costs nothing behind it.
    #[must_use]
    pub fn guarded_by(self, guard: Guard) -> Self {
        Self { door: Door::Guarded(guard), ..self }
    }

    /// Reads a call's context, and whether it is let in.
    fn receive(&self, request: &Request<Body>, received: Instant) -> (Call, Result<Permit, Problem>) {
        let headers = request.headers();
        let method = request.uri().path().trim_start_matches('/');
        let call = Call::from_headers(headers, received, (self.new_trace_id)()).of_method(method);
        match &self.door {
            Door::Open => (call, Ok(Permit::default())),
            Door::Inside(neighbour) => {
                (call.with_standing(Standing::relayed(headers, neighbour.clone())), Ok(Permit::default()))
            }
            Door::Guarded(guard) => match guard.admit(headers, request.extensions(), method) {
                Ok((standing, permit)) => (call.with_standing(standing), Ok(permit)),
                Err(problem) => (call, Err(problem)),
            },
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
        let (call, admitted) = self.layer.receive(&request, received);
        let permit = match admitted {
            Ok(permit) => permit,
            Err(problem) => {
                let response = problem.to_status(&call).into_http();
                log(&call, &response, received.elapsed());
                return ready(Ok(response)).boxed();
            }
        };
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
            Ok(permit.held_by(response))
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
