//! How a neighbour is asked: with what is left of the call's time, and again where that is safe and can help.
//!
//! The one place that retries. Every unary RPC of the contract may be repeated (`idempotency_level`, which a test holds every method
//! to): it reads, or it has a `request_id`, or doing it twice is doing it once.

use std::{sync::Arc, time::Duration};

use entrypass_proto::errors::v1::ErrorReason;
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;
use tower::retry::{
    backoff::{Backoff as _, ExponentialBackoffMaker, MakeBackoff as _},
    budget::{Budget as _, TpsBudget},
};

use crate::{Call, Problem, problem, reason};

/// Most attempts for one call, the first included.
const MOST_ATTEMPTS: u32 = 4;
/// Longest that one attempt of a unary call may take; it normally takes milliseconds. A copy that stands still (a stopped process, a machine
/// that hangs) refuses nothing and would otherwise cost a call all of its time, which another copy could use.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);
/// How much before the limit an attempt may already have been ended by it: every hop stops a margin before the one in front of it.
const ENDED_EARLY: Duration = Duration::from_millis(100);
/// With less than this for the next hop nothing useful can be done: it is not even asked.
const LEAST_USEFUL: Duration = Duration::from_millis(10);

/// A neighbour: its generated client, and how many retries it may be sent.
#[derive(Debug, Clone)]
pub struct Neighbour<C> {
    client: C,
    /// 10 retries a second, and one for every five calls that went well: a neighbour that is overwhelmed is not asked four times as
    /// much for it. Shared by all clones.
    budget: Arc<TpsBudget>,
}

impl<C: Clone> Neighbour<C> {
    /// The neighbour that `client` reaches.
    pub fn new(client: C) -> Self {
        Self { client, budget: Arc::default() }
    }

    /// Makes the unary call `rpc` with `message`, and gives the answer's message. An attempt takes 5 s at most.
    ///
    /// # Errors
    /// What the neighbour answered, or what became of the connection, after the last attempt; `UNAVAILABLE` when that had no answer within
    /// its limit. `DEADLINE_EXCEEDED`, without asking, when what is left of the call's time is of no use.
    pub async fn ask<Q, A, Fut>(
        &self,
        call: &Call,
        message: Q,
        rpc: impl Fn(C, Request<Q>) -> Fut,
    ) -> Result<A, Status>
    where
        Q: Clone,
        Fut: Future<Output = Result<Response<A>, Status>>,
    {
        self.attempts(call, || limited(call, |part| rpc(self.client.clone(), part.request(message.clone()))))
            .await
    }

    /// As [`Self::ask`], for a call that is answered by a stream. Only its beginning is tried again: whoever follows a stream knows
    /// from where to go on.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn open<Q, A, Fut>(
        &self,
        call: &Call,
        message: Q,
        rpc: impl Fn(C, Request<Q>) -> Fut,
    ) -> Result<A, Status>
    where
        Q: Clone,
        Fut: Future<Output = Result<Response<A>, Status>>,
    {
        self.attempts(call, || rpc(self.client.clone(), call.stream_request(message.clone()))).await
    }

    async fn attempts<A, Fut>(&self, call: &Call, attempt: impl Fn() -> Fut) -> Result<A, Status>
    where
        Fut: Future<Output = Result<Response<A>, Status>>,
    {
        // Made anew for each call: all that one maker makes have the same jitter.
        let mut backoff = ExponentialBackoffMaker::default().make_backoff();
        let mut left = MOST_ATTEMPTS;
        loop {
            if call.time_left() < LEAST_USEFUL {
                return Err(Problem::new(ErrorReason::DeadlineExceeded).to_status(call));
            }
            left -= 1;
            let status = match attempt().await {
                Ok(answer) => {
                    self.budget.deposit();
                    return Ok(answer.into_inner());
                }
                Err(status) => status,
            };
            let pause = pause(&status, backoff.next_backoff().deadline());
            if left == 0
                || !can_help(&status)
                || pause + LEAST_USEFUL > call.time_left()
                || !self.budget.withdraw()
            {
                return Err(status);
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// Makes one `attempt`, and ends it at its limit. What that ends, and not the caller's deadline, says as little of what was asked as a
/// connection that broke.
async fn limited<A, Fut>(call: &Call, attempt: impl FnOnce(Call) -> Fut) -> Result<A, Status>
where
    Fut: Future<Output = Result<A, Status>>,
{
    let began = Instant::now();
    let part = call.at_most(ATTEMPT_LIMIT);
    let shortened = part.deadline() < call.deadline();
    // The request carries the limit, and whoever is asked ends by it; this one is for an answer that has begun and does not go on.
    let answered = tokio::time::timeout(ATTEMPT_LIMIT, attempt(part)).await;
    match answered {
        Ok(Err(status)) if status.code() == Code::DeadlineExceeded && shortened => {
            let by_limit = began.elapsed() + ENDED_EARLY > ATTEMPT_LIMIT;
            Err(if by_limit { unanswered() } else { status })
        }
        Ok(answered) => answered,
        Err(_elapsed) => Err(unanswered()),
    }
}

fn unanswered() -> Status {
    Status::unavailable("no answer within the limit of an attempt")
}

/// Until `next`, and not less than the neighbour asks for.
fn pause(status: &Status, next: Instant) -> Duration {
    let asked_for = status.get_details_retry_info().and_then(|info| info.retry_delay).unwrap_or_default();
    next.saturating_duration_since(Instant::now()).max(asked_for)
}

/// Whether another attempt can come to more than `status`.
///
/// What a neighbour says of its own neighbour is not tried again here: it was tried again there, and every hop that did so would
/// multiply the attempts.
fn can_help(status: &Status) -> bool {
    let another_copy_or_moment = [ErrorReason::StoreUnavailable, ErrorReason::ShuttingDown];
    match problem::reason_of(status) {
        Some(reason) => another_copy_or_moment.map(reason::wire_name).contains(&reason.as_str()),
        None => problem::connection_failed(status),
    }
}

#[cfg(test)]
mod tests;
