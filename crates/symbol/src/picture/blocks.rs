//! Text of half-block characters.

use super::QUIET_ZONE;
use crate::{Symbol, symbol::is_dark};

impl Symbol {
    /// Text of half-block characters, two rows of modules to a line, for light letters on a dark background.
    ///
    /// The blocks are the light modules, so that the quiet zone is light as well.
    #[must_use]
    pub fn terminal(&self) -> String {
        let side = self.rows().len() + 2 * QUIET_ZONE;
        let lines = (0..side).step_by(2).map(|y| {
            let light = |x: usize, y: usize| y < side && !self.is_dark_at(x, y);
            let block = |x| match (light(x, y), light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            };
            (0..side).map(block).collect::<String>()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Counted with the quiet zone.
    fn is_dark_at(&self, x: usize, y: usize) -> bool {
        let (Some(x), Some(y)) = (x.checked_sub(QUIET_ZONE), y.checked_sub(QUIET_ZONE)) else { return false };
        self.rows().get(y).is_some_and(|row| x < self.rows().len() && is_dark(*row, x))
    }
}
