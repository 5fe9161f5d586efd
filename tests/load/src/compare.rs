//! Two sides in turns, A B A B, so that what disturbs the machine disturbs both; and what the turns come to.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    Failure,
    drive::{Outcome, Until},
    turn::{Side, Turn},
};

/// What the turns of one side come to: medians over the turns, but for the latency, of which all calls count.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Times a second.
    pub rate: f64,
    /// Of each turn.
    pub rates: Vec<f64>,
    /// Milliseconds within which 50, 99 and 99.9 % of the calls were answered; nothing where nothing was called.
    pub latency_ms: Option<[f64; 3]>,
    /// Microseconds of processor time of each call: the program's processes.
    pub server_us: f64,
    /// The same of the database's server.
    pub database_us: f64,
    /// The same of the client.
    pub client_us: f64,
    /// MiB in memory after the last turn.
    pub resident_mib: f64,
    /// Calls by gRPC code; 99 is no answer.
    pub codes: BTreeMap<i32, u64>,
    /// Calls that were answered right.
    pub right: u64,
}

/// Both sides.
pub struct Both {
    /// What was to be measured.
    pub subject: Measured,
    /// Beside what.
    pub baseline: Measured,
    /// The median of the ratios of neighbouring turns, of the rates.
    pub ratio: f64,
    /// What was wrong with answers.
    pub wrong: Vec<String>,
}

/// `turns` of each side, the baseline first.
pub async fn compare(subject: &Side, baseline: &Side, turns: usize, until: Until) -> Result<Both, Failure> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // Connections, statements and caches are made in it.
    let warm_up = until.at_most(Duration::from_secs(1));
    let mut warm = vec![baseline.turn(warm_up).await?, subject.turn(warm_up).await?];
    for _ in 0..turns {
        theirs.push(baseline.turn(until).await?);
        ours.push(subject.turn(until).await?);
    }
    let ratio = median(ours.iter().zip(&theirs).map(|(ours, theirs)| ours.rate / theirs.rate).collect());
    let all = ours.iter().chain(&theirs).chain(&warm);
    let wrong = all.filter_map(|turn| turn.calls.as_ref()).flat_map(|calls| calls.wrong.clone()).collect();
    let (theirs_warm, ours_warm) = (warm.remove(0), warm.remove(0));
    Ok(Both {
        subject: measured(&ours, Some(&ours_warm))?,
        baseline: measured(&theirs, Some(&theirs_warm))?,
        ratio,
        wrong,
    })
}

/// What `turns` come to; the calls of `warm` are counted with them, and nothing else of it.
pub fn measured(turns: &[Turn], warm: Option<&Turn>) -> Result<Measured, Failure> {
    let mut latency = Histogram::<u64>::new(3)?;
    let mut codes = BTreeMap::new();
    let mut right = 0;
    let calls = |turn: &Turn| turn.calls.clone();
    for outcome in turns.iter().filter_map(calls) {
        latency.add(&outcome.latency)?;
    }
    for Outcome { codes: of_turn, right: of_them, .. } in turns.iter().chain(warm).filter_map(calls) {
        right += of_them;
        for (code, count) in of_turn {
            *codes.entry(code).or_default() += count;
        }
    }
    let each = |cost: fn(&Turn) -> Duration| {
        let micros = turns.iter().map(|turn| cost(turn).as_secs_f64() * 1e6 / turn.count.max(1.0));
        median(micros.collect())
    };
    Ok(Measured {
        rate: median(turns.iter().map(|turn| turn.rate).collect()),
        rates: turns.iter().map(|turn| turn.rate).collect(),
        latency_ms: (!latency.is_empty()).then(|| percentiles(&latency)),
        server_us: each(|turn| turn.server),
        database_us: each(|turn| turn.database),
        client_us: each(|turn| turn.client),
        resident_mib: mib(turns.last().map_or(0, |turn| turn.resident)),
        codes,
        right,
    })
}

#[expect(clippy::cast_precision_loss, reason = "a minute has 60 000 000 microseconds")]
fn percentiles(latency: &Histogram<u64>) -> [f64; 3] {
    [0.5, 0.99, 0.999].map(|part| latency.value_at_quantile(part) as f64 / 1000.0)
}

/// Bytes in MiB.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "no memory is so large")]
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The median: of an even number the upper of the two in the middle; 0 of none.
#[must_use]
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        for (numbers, middle) in [(vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0], 4.0), (Vec::new(), 0.0)] {
            assert!((median(numbers) - middle).abs() < f64::EPSILON);
        }
    }
}
