//! Waiting for what is done in the background.

use std::time::{Duration, Instant};

/// How long something may take that takes no time.
const LIMIT: Duration = Duration::from_secs(20);
/// How often it is looked for.
const STEP: Duration = Duration::from_millis(5);

/// Waits until `holds`, which `what` says in words.
///
/// # Panics
/// When it does not hold within 20 seconds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LIMIT, "not in time: {what}");
        tokio::time::sleep(STEP).await;
    }
}
