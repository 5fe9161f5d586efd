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
/// How much before the deadline a later attempt ends: what an earlier one learnt has still to be told.
const TIME_TO_TELL: Duration = Duration::from_millis(50);
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
    /// What the neighbour answered, or what became of the connection, after the last attempt that the call's time did not end;
    /// `UNAVAILABLE` when that had no answer within its limit. `DEADLINE_EXCEEDED` when the time ended the first one, and, without asking,
    /// when what is left of it is of no use.
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
        let attempt = |call| limited(call, |part| rpc(self.client.clone(), part.request(message.clone())));
        self.attempts(call, attempt).await
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
        let attempt = async |call: Call| {
            // The request carries the stream's deadline only, which may be far away or not be at all.
            let begun = rpc(self.client.clone(), call.stream_request(message.clone()));
            tokio::time::timeout(call.time_left(), begun)
                .await
                .unwrap_or_else(|_elapsed| Err(too_late(&call)))
        };
        self.attempts(call, attempt).await
    }

    async fn attempts<A, Fut>(&self, call: &Call, attempt: impl Fn(Call) -> Fut) -> Result<A, Status>
    where
        Fut: Future<Output = Result<Response<A>, Status>>,
    {
        let mut backoff = None;
        let mut left = MOST_ATTEMPTS;
        let (mut part, later) = (call.clone(), call.answered_earlier(TIME_TO_TELL));
        let mut learnt = None;
        loop {
            if part.time_left() < LEAST_USEFUL {
                return Err(learnt.unwrap_or_else(|| too_late(call)));
            }
            left -= 1;
            let status = match (attempt(part).await, learnt) {
                (Ok(answer), _) => {
                    self.budget.deposit();
                    return Ok(answer.into_inner());
                }
                // That time ran out says less than why it was tried again.
                (Err(status), Some(learnt)) if status.code() == Code::DeadlineExceeded => return Err(learnt),
                (Err(status), _) => status,
            };
            // Made anew for each call, since all that one maker makes have the same jitter; and not for one that goes well at once.
            let backoff = backoff.get_or_insert_with(|| ExponentialBackoffMaker::default().make_backoff());
            let pause = pause(&status, backoff.next_backoff().deadline());
            if left == 0
                || !can_help(&status)
                || pause + LEAST_USEFUL > later.time_left()
                || !self.budget.withdraw()
            {
                return Err(status);
            }
            tokio::time::sleep(pause).await;
            (part, learnt) = (later.clone(), Some(status));
        }
    }
}

/// Makes one `attempt`, and ends it at its limit. What that ends, and not the caller's deadline, says as little of what was asked as a
/// connection that broke.
async fn limited<A, Fut>(call: Call, attempt: impl FnOnce(Call) -> Fut) -> Result<A, Status>
where
    Fut: Future<Output = Result<A, Status>>,
{
    let began = Instant::now();
    let part = call.at_most(ATTEMPT_LIMIT);
    let shortened = part.deadline() < call.deadline();
    // The request carries the limit, and whoever is asked ends by it; this one is for an answer that has begun and does not go on.
    // A copy is known as one that did not answer by the request's own limit, which a margin lets come first.
    let limit = call.deadline().saturating_duration_since(std::time::Instant::now()).min(ATTEMPT_LIMIT);
    let answered = tokio::time::timeout(limit, attempt(part)).await;
    match answered {
        Ok(Err(status)) if status.code() == Code::DeadlineExceeded && shortened => {
            let by_limit = began.elapsed() + ENDED_EARLY > ATTEMPT_LIMIT;
            Err(if by_limit { unanswered() } else { status })
        }
        Ok(answered) => answered,
        Err(_elapsed) if shortened => Err(unanswered()),
        Err(_elapsed) => Err(too_late(&call)),
    }
}

fn too_late(call: &Call) -> Status {
    Problem::new(ErrorReason::DeadlineExceeded).to_status(call)
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
    let another_copy_or_moment = [
        ErrorReason::StoreUnavailable,
        ErrorReason::ShuttingDown,
        ErrorReason::SigningKeyUnavailable,
        ErrorReason::PolicyUnavailable,
    ];
    match problem::reason_of(status) {
        Some(reason) => another_copy_or_moment.map(reason::wire_name).contains(&reason.as_str()),
        None => problem::connection_failed(status),
    }
}

#[cfg(test)]
mod tests;
