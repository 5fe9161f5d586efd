//! Chance that can be had again: the same seed, the same attacks.

use entrypass_ambient::{Random as _, SeededRandom};

/// A sequence of choices.
pub struct Dice(SeededRandom);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SeededRandom::new(seed))
    }

    pub fn word(&self) -> u64 {
        let mut word = [0; 8];
        self.0.fill(&mut word);
        u64::from_le_bytes(word)
    }

    /// One of 0 to `bound` - 1.
    pub fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).expect("a length");
        usize::try_from(self.word() % bound).expect("below a length")
    }

    /// True once in `times`.
    pub fn once_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn byte(&self) -> u8 {
        self.word().to_le_bytes()[0]
    }

    pub fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
