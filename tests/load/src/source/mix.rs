//! Several kinds of calls, in a fixed proportion.

use std::sync::Arc;

use crate::{
    client::{Answer, Request},
    drive::Source,
};

/// Calls of several sources, each as often in a round as its weight says.
pub struct Mix {
    sources: Vec<Arc<dyn Source>>,
    /// Which source each call of a round is of.
    round: Vec<usize>,
}

impl Mix {
    /// Of `sources` with their weights.
    #[must_use]
    pub fn new(sources: Vec<(usize, Arc<dyn Source>)>) -> Self {
        let round =
            sources.iter().enumerate().flat_map(|(which, (weight, _))| vec![which; *weight]).collect();
        Self { sources: sources.into_iter().map(|(_, source)| source).collect(), round }
    }
}

impl Source for Mix {
    fn request(&self, nth: u64) -> Option<(u64, Request)> {
        let count = self.sources.len() as u64;
        // Neighbours in a round are of different kinds.
        let place = usize::try_from(nth.wrapping_mul(7) % self.round.len() as u64).ok()?;
        let which = *self.round.get(place)?;
        let (mark, request) = self.sources.get(which)?.request(nth)?;
        Some((mark * count + which as u64, request))
    }

    fn judge(&self, mark: u64, answer: &Answer) -> Result<(), String> {
        let count = self.sources.len() as u64;
        let which = usize::try_from(mark % count).unwrap_or_default();
        self.sources[which].judge(mark / count, answer)
    }

    fn codes(&self) -> Vec<String> {
        self.sources.iter().flat_map(|source| source.codes()).collect()
    }
}
