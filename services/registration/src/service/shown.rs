//! What a caller is shown of an answer: the frame around every RPC, through which clear data leaves only for whoever may see it.
//!
//! It takes no answer of which nobody has decided what is left when it is masked; and it answers in vain in even time.

use std::time::Duration;

use entrypass_audit::Access;
use entrypass_rpc::{AnswerStream, Call, PersonalData};
use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};

use super::Registrations;
use crate::{error::Error, wire::Masked};

/// What is not found is told at a whole number of these after the call came in. The same statements and the same work leave a wrong name some
/// hundredths slower than nobody, because a database takes longer to find rows than to find none. So is that no more proofs are taken: one that
/// fits needs no transaction to be refused.
const STEP: Duration = Duration::from_millis(20);

impl Registrations {
    /// As [`Audit::answer`](entrypass_audit::Audit::answer), for a first answer and for one that is given again.
    pub(super) async fn answer<Q, A, F, Fut>(
        &self,
        request: Request<Q>,
        act: F,
    ) -> Result<Response<A>, Status>
    where
        F: FnOnce(Access, Q) -> Fut,
        Fut: Future<Output = Result<A, Error>>,
        A: Masked,
    {
        let began = Instant::now();
        let shown = Call::of(&request).personal_data();
        let answered = self.audit.answer(request, act).await;
        let in_vain = [Code::NotFound, Code::ResourceExhausted];
        if answered.as_ref().is_err_and(|status| in_vain.contains(&status.code())) {
            sleep_until(began + whole_steps(began.elapsed())).await;
        }
        Ok(answered?.map(|answer| show(answer, shown)))
    }
}

/// `taken`, rounded up.
fn whole_steps(taken: Duration) -> Duration {
    let steps = taken.as_nanos().div_ceil(STEP.as_nanos());
    STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
}

/// As [`entrypass_rpc::answer`], for what is not audited.
pub(super) async fn answer<Q, A, F, Fut>(request: Request<Q>, act: F) -> Result<Response<A>, Status>
where
    F: FnOnce(Call, Q) -> Fut,
    Fut: Future<Output = Result<A, Error>>,
    A: Masked,
{
    let shown = Call::of(&request).personal_data();
    let answered = entrypass_rpc::answer(request, act).await?;
    Ok(answered.map(|answer| show(answer, shown)))
}

/// As [`entrypass_rpc::answer_stream`].
pub(super) async fn answer_stream<Q, A, S, F, Fut>(
    request: Request<Q>,
    stopping: &CancellationToken,
    act: F,
) -> Result<Response<AnswerStream<A>>, Status>
where
    F: FnOnce(Call, Q) -> Fut,
    Fut: Future<Output = Result<S, Error>>,
    S: Stream<Item = Result<A, Error>> + Send + 'static,
    A: Masked + Send + 'static,
{
    let shown = Call::of(&request).personal_data();
    let answered = entrypass_rpc::answer_stream(request, stopping, act).await?;
    Ok(answered.map(|messages| messages.map(move |next| next.map(|message| show(message, shown))).boxed()))
}

fn show<A: Masked>(answer: A, shown: PersonalData) -> A {
    match shown {
        PersonalData::Full => answer,
        PersonalData::Masked => answer.masked(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, STEP, whole_steps};

    #[test]
    fn a_step_that_was_begun_is_a_whole_one() {
        let table = [
            (Duration::ZERO, Duration::ZERO),
            (Duration::from_nanos(1), STEP),
            (STEP, STEP),
            (STEP + Duration::from_nanos(1), 2 * STEP),
        ];
        for (taken, expected) in table {
            assert_eq!(whole_steps(taken), expected, "{taken:?}");
        }
    }
}
