//! What a case left in the store: every row that was acknowledged, once, and none besides.

use std::time::{Duration, Instant};

use crate::{
    Failure,
    store::{Look, Store},
};

/// How long effects may take that come after the answer, such as the codes of what was amended or cancelled: far more than any machine needs.
const LIMIT: Duration = Duration::from_mins(2);
const REST: Duration = Duration::from_millis(20);

/// What is counted: service, query, and by how much each right answer raises it.
type Wrote = &'static [(&'static str, &'static str, u64)];

/// Counts before a case.
#[derive(Debug)]
pub struct Before {
    store: Store,
    wrote: Wrote,
    counts: Vec<i64>,
}

impl Before {
    /// Counts what `wrote` names, once what was done so far has had all its effects.
    pub async fn count(store: &Store, wrote: Wrote) -> Result<Self, Failure> {
        let (mut look, began) = (store.look().await?, Instant::now());
        while !look.is_followed().await? {
            if began.elapsed() > LIMIT {
                return Err("the feed of registrations is not followed to its end".into());
            }
            tokio::time::sleep(REST).await;
        }
        Ok(Self { store: store.clone(), wrote, counts: counts(&mut look, wrote).await? })
    }

    /// Fails unless the store has what `right` answers acknowledged, and `failed` calls may have left in addition: when all that was done has had
    /// its effects, so that what comes too late and too often is seen.
    pub async fn check(&self, right: u64, failed: u64) -> Result<(), Failure> {
        let (mut look, began) = (self.store.look().await?, Instant::now());
        loop {
            let followed = look.is_followed().await?;
            let wrong = self.differences(&counts(&mut look, self.wrote).await?, right, failed);
            if followed && wrong.is_empty() {
                return Ok(());
            }
            if began.elapsed() > LIMIT {
                return Err(format!("the store, followed: {followed}: {}", wrong.join("; ")).into());
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

async fn counts(look: &mut Look, wrote: Wrote) -> Result<Vec<i64>, Failure> {
    let mut counts = Vec::new();
    for (service, query, _) in wrote {
        counts.push(look.find(service, query).await?.ok_or("no count")?);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::Before;
    use crate::store::Store;

    fn before(each: &'static [(&'static str, &'static str, u64)]) -> Before {
        Before {
            store: Store::Sqlite { folder: "nowhere".into(), apart: false },
            wrote: each,
            counts: vec![10],
        }
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
