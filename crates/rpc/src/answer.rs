//! The frame of every RPC method: context in, domain call, problem to status.

use std::{
    panic::AssertUnwindSafe,
    task::{Poll, ready},
};

use entrypass_proto::errors::v1::ErrorReason;
use futures_util::{
    FutureExt as _, Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::task::coop;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::{Call, Problem, edge::ANSWER_MARGIN};

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
    let answered = act(call.clone(), request.into_inner()).await;
    answered.map(Response::new).map_err(|error| refuse(error, &call))
}

/// Answers one call by the stream that `act` makes of it, message by message as the caller takes them.
///
/// The stream ends with `DEADLINE_EXCEEDED` when the caller stated a deadline (without one it lives on), with UNAVAILABLE
/// (`SHUTTING_DOWN`) as soon as `stopping` is cancelled, and with INTERNAL when it panics: the edge layer sees only its beginning.
pub async fn answer_stream<Q, A, E, S, F, Fut>(
    request: Request<Q>,
    stopping: &CancellationToken,
    act: F,
) -> Result<Response<AnswerStream<A>>, Status>
where
    F: FnOnce(Call, Q) -> Fut,
    Fut: Future<Output = Result<S, E>>,
    S: Stream<Item = Result<A, E>> + Send + 'static,
    E: Into<Problem>,
    A: Send + 'static,
{
    let call = Call::of(&request);
    let messages = act(call.clone(), request.into_inner()).await.map_err(|error| refuse(error, &call))?;
    let mut end = Box::pin(end(call.clone(), stopping.clone()).fuse());
    let mut messages = Box::pin(AssertUnwindSafe(messages).catch_unwind().map(move |next| match next {
        Ok(message) => message.map_err(|error| refuse(error, &call)),
        Err(_panic) => Err(Problem::new(ErrorReason::Internal).to_status(&call)),
    }));
    let bounded = stream::poll_fn(move |context| {
        // A stream that always has a next message must let others run, the clock of its own deadline among them.
        let turn = ready!(coop::poll_proceed(context));
        let next = match end.poll_unpin(context) {
            Poll::Ready(status) => Some(Err(status)),
            Poll::Pending => ready!(messages.poll_next_unpin(context)),
        };
        turn.made_progress();
        Poll::Ready(next)
    });
    Ok(Response::new(bounded.boxed()))
}

/// Resolves when a stream has to end, whatever it has to say.
async fn end(call: Call, stopping: CancellationToken) -> Status {
    let deadline = async {
        match call.stated_deadline() {
            Some(deadline) => {
                tokio::time::sleep_until(deadline.checked_sub(ANSWER_MARGIN).unwrap_or(deadline).into())
                    .await;
            }
            None => std::future::pending().await,
        }
    };
    let reason = tokio::select! {
        () = stopping.cancelled_owned() => ErrorReason::ShuttingDown,
        () = deadline => ErrorReason::DeadlineExceeded,
    };
    Problem::new(reason).to_status(&call)
}

fn refuse(error: impl Into<Problem>, call: &Call) -> Status {
    let problem = error.into();
    problem.log_cause(call);
    problem.to_status(call)
}
