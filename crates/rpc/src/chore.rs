//! What a service does unasked, over and over.

use std::{fmt::Display, time::Duration};

use tokio_util::sync::CancellationToken;

/// Does `work` at once and then again, `every` so long after it has ended, until `stopping`, which also ends it in the middle.
///
/// When it fails, `trouble` is logged as a warning, with the error: once, until it has worked again.
pub async fn repeat<W, E>(
    trouble: &'static str,
    every: Duration,
    stopping: &CancellationToken,
    mut work: impl FnMut() -> W,
) where
    W: Future<Output = Result<(), E>>,
    E: Display,
{
    let repeated = async {
        let mut works = true;
        loop {
            let done = work().await;
            if works && let Err(error) = &done {
                tracing::warn!(%error, "{trouble}");
            }
            works = done.is_ok();
            tokio::time::sleep(every).await;
        }
    };
    stopping.run_until_cancelled(repeated).await;
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        time::Duration,
    };

    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use super::repeat;

    #[tokio::test(start_paused = true)]
    async fn work_is_done_at_once_and_again_whether_it_works_or_not_until_the_end() {
        let (stopping, begun, mut times) = (CancellationToken::new(), Instant::now(), Vec::new());
        let every = Duration::from_mins(1);
        repeat("it fails", every, &stopping, || {
            times.push(begun.elapsed().as_secs());
            if times.len() == 4 {
                stopping.cancel();
            }
            ready(if times.len() == 2 { Err("this once") } else { Ok(()) })
        })
        .await;
        assert_eq!(times, [0, 60, 120, 180]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_does_not_wait_for_work() {
        let stopping = CancellationToken::new();
        stopping.cancel();
        repeat("never", Duration::ZERO, &stopping, pending::<Result<(), String>>).await;
    }
}
