//! What a case left in the store: every row that was acknowledged, once, and none besides.

use std::time::Duration;

use crate::{Failure, store::Store};

/// How long rows may take that are written after the answer.
const LIMIT: Duration = Duration::from_secs(10);
/// How long numbers have to stand still to be taken.
const SETTLED: Duration = Duration::from_millis(500);
const REST: Duration = Duration::from_millis(100);

/// Counts before a case.
#[derive(Debug)]
pub struct Before {
    store: Store,
    wrote: &'static [(&'static str, &'static str, u64)],
    counts: Vec<i64>,
}

impl Before {
    /// Counts what `wrote` names, once the numbers stand still.
    pub async fn count(
        store: &Store,
        wrote: &'static [(&'static str, &'static str, u64)],
    ) -> Result<Self, Failure> {
        let mut before = Self { store: store.clone(), wrote, counts: Vec::new() };
        let began = std::time::Instant::now();
        loop {
            let counts = before.now().await?;
            // What was prepared has effects that come later, such as the codes of what was amended or cancelled.
            tokio::time::sleep(SETTLED).await;
            before.counts = before.now().await?;
            if counts == before.counts || began.elapsed() > LIMIT {
                return Ok(before);
            }
        }
    }

    async fn now(&self) -> Result<Vec<i64>, Failure> {
        let mut counts = Vec::new();
        for (service, query, _) in self.wrote {
            counts.push(self.store.number(service, query).await?);
        }
        Ok(counts)
    }

    /// Fails unless the store has what `right` answers acknowledged, and `failed` calls may have left in addition.
    pub async fn check(&self, right: u64, failed: u64) -> Result<(), Failure> {
        let began = std::time::Instant::now();
        loop {
            let wrong = self.differences(&self.now().await?, right, failed);
            if wrong.is_empty() {
                return Ok(());
            }
            if began.elapsed() > LIMIT {
                return Err(format!("the store: {}", wrong.join("; ")).into());
            }
            tokio::time::sleep(REST).await;
        }
    }

    fn differences(&self, now: &[i64], right: u64, failed: u64) -> Vec<String> {
        let compared = self.wrote.iter().zip(self.counts.iter().zip(now));
        let compared = compared.filter_map(|((service, query, each), (before, now))| {
            let more = now - before;
            let least = i64::try_from(right * each).unwrap_or(i64::MAX);
            // A call without an answer has been done, or not.
            let most = least.saturating_add(i64::try_from(failed * each).unwrap_or(i64::MAX));
            let told = format!("{service}, {query}: {more} more instead of {least} to {most}");
            (!(least..=most).contains(&more)).then_some(told)
        });
        compared.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Before;
    use crate::store::Store;

    fn before(each: &'static [(&'static str, &'static str, u64)]) -> Before {
        Before { store: Store::Sqlite("nowhere".into()), wrote: each, counts: vec![10] }
    }

    #[test]
    fn what_is_lost_or_doubled_is_told() {
        let one = before(&[("registration", "rows", 1)]);
        assert!(one.differences(&[15], 5, 0).is_empty());
        assert_eq!(one.differences(&[14], 5, 0).len(), 1, "lost");
        assert_eq!(one.differences(&[16], 5, 0).len(), 1, "doubled");
        assert!(one.differences(&[16], 5, 1).is_empty(), "a call without an answer may have been done");
        assert_eq!(before(&[("qr", "rows", 0)]).differences(&[11], 5, 9).len(), 1, "a read wrote");
    }
}
