//! The eight data masks (ISO/IEC 18004, table 10), and the format information that names the one that was taken.

use crate::{layout::Row, symbol::ErrorCorrection};

/// Every pattern repeats after so many rows.
const PERIOD: usize = 12;

static PATTERNS: [[Row; PERIOD]; 8] = patterns();

/// A data mask pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mask(u8);

impl Mask {
    /// By their references, 0 to 7.
    pub(crate) const ALL: [Self; 8] =
        [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5), Self(6), Self(7)];

    /// The data mask pattern reference, 0 to 7.
    pub(crate) fn reference(self) -> usize {
        usize::from(self.0)
    }

    /// The modules of row `y` that are inverted, as far as a row goes.
    pub(crate) fn row(self, y: usize) -> Row {
        PATTERNS[self.reference()][y % PERIOD]
    }

    /// The 15 bits that say level and mask (clause 7.9.1): a BCH code, then inverted by a mask of its own.
    pub(crate) fn format_information(self, level: ErrorCorrection) -> u16 {
        const GENERATOR: u16 = 0b101_0011_0111;
        const INVERTED: u16 = 0b101_0100_0001_0010;
        let level = match level {
            ErrorCorrection::Low => 0b01,
            ErrorCorrection::Medium => 0b00,
            ErrorCorrection::Quartile => 0b11,
            ErrorCorrection::High => 0b10,
        };
        let data = (level << 3 | u16::from(self.0)) << 10;
        let remainder = (0..5)
            .rev()
            .fold(data, |rest, bit| if rest >> (bit + 10) & 1 == 1 { rest ^ GENERATOR << bit } else { rest });
        (data | remainder) ^ INVERTED
    }
}

const fn patterns() -> [[Row; PERIOD]; 8] {
    let mut patterns = [[0; PERIOD]; 8];
    let mut place = 0;
    while place < 8 * PERIOD * Row::BITS as usize {
        let (column, row, reference) = (
            place % Row::BITS as usize,
            place / Row::BITS as usize % PERIOD,
            place / Row::BITS as usize / PERIOD,
        );
        if inverts(reference, row, column) {
            patterns[reference][row] |= 1 << column;
        }
        place += 1;
    }
    patterns
}

/// Table 10: the condition of each pattern, with its letters for row and column.
const fn inverts(reference: usize, i: usize, j: usize) -> bool {
    match reference {
        0 => (i + j).is_multiple_of(2),
        1 => i.is_multiple_of(2),
        2 => j.is_multiple_of(3),
        3 => (i + j).is_multiple_of(3),
        4 => (i / 2 + j / 3).is_multiple_of(2),
        5 => (i * j) % 2 + (i * j) % 3 == 0,
        6 => ((i * j) % 2 + (i * j) % 3).is_multiple_of(2),
        _ => ((i + j) % 2 + (i * j) % 3).is_multiple_of(2),
    }
}
