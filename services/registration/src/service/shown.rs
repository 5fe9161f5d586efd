//! What a caller is shown of an answer: the frame around every RPC, through which clear data leaves only for whoever may see it.
//!
//! It takes no answer of which nobody has decided what is left when it is masked.

use entrypass_access::PersonalData;
use entrypass_rpc::{AnswerStream, Call};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::{error::Error, wire::Masked};

/// As [`entrypass_rpc::answer`], for a first answer and for one that is given again.
pub(super) async fn answer<Q, A, F, Fut>(request: Request<Q>, act: F) -> Result<Response<A>, Status>
where
    F: FnOnce(Call, Q) -> Fut,
    Fut: Future<Output = Result<A, Error>>,
    A: Masked,
{
    let act = |call: Call, message| {
        let shown = call.personal_data();
        // Boxed: an act that handles forms takes 17 kB.
        Box::pin(act(call, message)).map(move |answered| answered.map(|answer| show(answer, shown)))
    };
    entrypass_rpc::answer(request, act).await
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
    let act = |call: Call, message| {
        let shown = call.personal_data();
        let each = move |next: Result<A, Error>| next.map(|message| show(message, shown));
        act(call, message).map(move |opened| opened.map(|stream| stream.map(each)))
    };
    entrypass_rpc::answer_stream(request, stopping, act).await
}

fn show<A: Masked>(answer: A, shown: PersonalData) -> A {
    match shown {
        PersonalData::Full => answer,
        PersonalData::Masked => answer.masked(),
    }
}
