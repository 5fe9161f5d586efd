//! Where everything is in a symbol of one version: the function patterns, and the way of the codewords' bits.

use std::sync::OnceLock;

use qrcode::{
    EcLevel, Version,
    canvas::{Canvas, Module},
};

use crate::{mask::Mask, symbol::ErrorCorrection};

/// A row of modules: bit x is the module x from the left, 1 is dark. Bits beyond the width are 0.
pub(crate) type Row = u64;

/// Rows from the top. Those beyond the width are 0.
pub(crate) type Rows = [Row; MAX_WIDTH];

/// The last version whose rows fit into a word.
const MAX_VERSION: usize = 11;
const MAX_WIDTH: usize = width_of(MAX_VERSION);
const _: () = assert!(MAX_WIDTH <= Row::BITS as usize, "a row is one word");

/// The column that the timing pattern takes from the pairs of columns.
const TIMING: usize = 6;

/// Drawn when first needed. A token needs one version for each level.
static LAYOUTS: [OnceLock<Layout>; MAX_VERSION] = [const { OnceLock::new() }; MAX_VERSION];

/// What is the same in all symbols of one version.
pub(crate) struct Layout {
    /// 1 to 11.
    pub(crate) version: usize,
    /// Modules on each side, without the quiet zone.
    pub(crate) width: usize,
    /// The function patterns and the version information. The format information is light.
    patterns: Rows,
    /// The encoding region: the modules that a mask inverts.
    region: Rows,
    /// Row and column of each bit of the codewords, in their order, then those of the remainder bits.
    path: Vec<(u8, u8)>,
}

impl Layout {
    /// None if a row does not fit into a word, or it is a Micro QR symbol.
    pub(crate) fn of(version: Version) -> Option<&'static Self> {
        let Version::Normal(number) = version else { return None };
        let number = usize::try_from(number).ok()?;
        let layout = LAYOUTS.get(number.checked_sub(1)?)?;
        Some(layout.get_or_init(|| Self::drawn(version, number)))
    }

    fn drawn(version: Version, number: usize) -> Self {
        // The level has no say in the function patterns.
        let mut canvas = Canvas::new(version, EcLevel::L);
        canvas.draw_all_functional_patterns();
        let width = width_of(number);
        let (mut patterns, mut region) = ([0; MAX_WIDTH], [0; MAX_WIDTH]);
        for (y, row) in (0_i16..).zip(0..width) {
            for (x, column) in (0_i16..).zip(0..width) {
                let module = canvas.get(x, y);
                patterns[row] |= Row::from(module.is_dark()) << column;
                region[row] |= Row::from(module == Module::Empty) << column;
            }
        }
        Self { version: number, width, patterns, region, path: path(width, &region) }
    }

    /// The modules of these codewords, which go one after the other, before masking; the remainder bits are light.
    pub(crate) fn placed<'a>(&self, codewords: impl Iterator<Item = &'a u8>) -> Rows {
        let mut rows = [0; MAX_WIDTH];
        for (places, codeword) in self.path.chunks_exact(8).zip(codewords) {
            for (bit, (row, column)) in (0..8).rev().zip(places) {
                rows[usize::from(*row)] |= Row::from(codeword >> bit & 1) << column;
            }
        }
        rows
    }

    /// The whole symbol, of modules that [`placed`](Self::placed) gave.
    pub(crate) fn masked(&self, placed: &Rows, mask: Mask, level: ErrorCorrection) -> Rows {
        let mut rows = self.patterns;
        for (y, row) in rows.iter_mut().enumerate() {
            *row |= (placed[y] ^ mask.row(y)) & self.region[y];
        }
        self.draw_format_information(&mut rows, mask.format_information(level));
        rows
    }

    /// Both copies of the 15 bits (clause 7.9.1, figure 25), the most significant first.
    fn draw_format_information(&self, rows: &mut Rows, bits: u16) {
        const BESIDE: usize = 8;
        let last = self.width - 1;
        for at in 0..15 {
            let bit = Row::from(bits >> (14 - at) & 1);
            // Around the finder pattern at the top left, where the timing patterns are passed over.
            match at {
                0..=5 => rows[BESIDE] |= bit << at,
                6 | 7 => rows[BESIDE] |= bit << (at + 1),
                8 => rows[7] |= bit << BESIDE,
                _ => rows[14 - at] |= bit << BESIDE,
            }
            // Along the one at the bottom left, then along the one at the top right.
            match at {
                0..=6 => rows[last - at] |= bit << BESIDE,
                _ => rows[BESIDE] |= bit << (last + at - 14),
            }
        }
    }
}

const fn width_of(version: usize) -> usize {
    17 + 4 * version
}

/// The modules of the encoding region in the order in which bits fill them (clause 7.7.3): pairs of columns from the right,
/// upwards and downwards in turns, in each row the right one first.
fn path(width: usize, region: &Rows) -> Vec<(u8, u8)> {
    // From the right, pairs end at odd columns left of the timing pattern, and at even ones right of it.
    let right_columns = (1..TIMING).step_by(2).chain((TIMING + 2..width).step_by(2)).rev();
    let mut path = Vec::new();
    for (pair, right) in right_columns.enumerate() {
        for step in 0..width {
            let row = if pair.is_multiple_of(2) { width - 1 - step } else { step };
            let inside = [right, right - 1].into_iter().filter(|column| region[row] >> column & 1 == 1);
            #[expect(clippy::cast_possible_truncation, reason = "a width has two digits")]
            path.extend(inside.map(|column| (row as u8, column as u8)));
        }
    }
    path
}
