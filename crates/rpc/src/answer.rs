//! The frame of every RPC method: context in, domain call, problem to status.

use futures_util::stream::BoxStream;
use tonic::{Request, Response, Status};

use crate::{Call, Problem};

/// The messages of a call that is answered by a stream.
pub type AnswerStream<A> = BoxStream<'static, Result<A, Status>>;

/// Answers one unary call: hands the message and its context to `act`, and turns what went wrong into a status in the
/// caller's language. The cause of an internal problem is logged here, once, and never sent.
pub async fn answer<Q, A, E, F, Fut>(request: Request<Q>, act: F) -> Result<Response<A>, Status>
where
    F: FnOnce(Call, Q) -> Fut,
    Fut: Future<Output = Result<A, E>>,
    E: Into<Problem>,
{
    let call = Call::of(&request);
    match act(call, request.into_inner()).await {
        Ok(message) => Ok(Response::new(message)),
        Err(error) => {
            let problem = error.into();
            if let Some(cause) = problem.cause() {
                tracing::error!(trace_id = %call.trace_id().simple(), error = %cause, "call failed by our own fault");
            }
            Err(problem.to_status(&call))
        }
    }
}

/// Stub.
pub async fn answer_stream<Q, A, E, S, F, Fut>(
    request: Request<Q>,
    _stopping: &tokio_util::sync::CancellationToken,
    act: F,
) -> Result<Response<AnswerStream<A>>, Status>
where
    F: FnOnce(Call, Q) -> Fut,
    Fut: Future<Output = Result<S, E>>,
    S: futures_util::Stream<Item = Result<A, E>> + Send + 'static,
    E: Into<Problem>,
    A: Send + 'static,
{
    use futures_util::StreamExt as _;
    let call = Call::of(&request);
    match act(call, request.into_inner()).await {
        Ok(messages) => Ok(Response::new(
            messages.map(move |next| next.map_err(|error| error.into().to_status(&call))).boxed(),
        )),
        Err(error) => Err(error.into().to_status(&call)),
    }
}
