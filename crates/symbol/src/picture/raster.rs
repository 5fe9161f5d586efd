//! PNG: every module a square of pixels.

use png::{BitDepth, ColorType, Encoder, EncodingError, Filter, chunk};

use super::{ModuleSize, QUIET_ZONE};
use crate::Symbol;

/// The widest module in pixels, which is also how many bytes eight of its modules take in a line.
const WIDEST: usize = 32;

/// The picture could not be written into memory. There is no cause for it that we know of.
#[derive(Debug, thiserror::Error)]
#[error("the PNG could not be written")]
pub struct PngError(#[from] EncodingError);

impl Symbol {
    /// A PNG image in 1-bit greyscale, of `module` pixels for each module.
    pub fn png(&self, module: ModuleSize) -> Result<Vec<u8>, PngError> {
        let lines = Lines::of(self, module.pixels());
        let mut compressed = fdeflate::Compressor::new(Vec::with_capacity(lines.filtered.len() / 4))
            .map_err(EncodingError::from)?;
        compressed.write_data(&lines.filtered).map_err(EncodingError::from)?;
        let compressed = compressed.finish().map_err(EncodingError::from)?;
        let mut image = Vec::with_capacity(compressed.len() + 64);
        let mut encoder = Encoder::new(&mut image, lines.side, lines.side);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::One);
        let mut writer = encoder.write_header()?;
        writer.write_chunk(chunk::IDAT, &compressed)?;
        writer.finish()?;
        Ok(image)
    }
}

/// The lines of a picture as PNG has them before compression: each begins with its filter, and has eight pixels to a byte, 1 is light.
///
/// The filter is Up: what a line adds to the one above. So all lines of a row of modules but its first are zero, and need not be
/// drawn nor filtered: given the pixels, `png` would take three times as long, and a fifth more bytes, since it compresses line by line.
struct Lines {
    /// Pixels.
    side: u32,
    filtered: Vec<u8>,
}

impl Lines {
    fn of(symbol: &Symbol, module: usize) -> Self {
        let side = (symbol.rows().len() + 2 * QUIET_ZONE) * module;
        let bytes = side.div_ceil(8);
        let mut filtered = vec![0; (1 + bytes) * side];
        for line in filtered.chunks_exact_mut(1 + bytes) {
            line[0] = Filter::Up as u8;
        }
        let scale = Scale::new(module);
        let (mut above, mut pixels) = (vec![0; bytes], vec![0; bytes]);
        let quiet = [0].into_iter();
        let rows = symbol.rows().iter().map(|row| u128::from(*row) << QUIET_ZONE);
        // All rows of the quiet zone are one, so that only the first one above and below adds something.
        let tops = [0].into_iter().chain((QUIET_ZONE..).take(symbol.rows().len() + 1));
        for (top, row) in tops.zip(quiet.clone().chain(rows).chain(quiet)) {
            scale.draw(row, &mut pixels);
            let line = &mut filtered[top * module * (1 + bytes)..][1..=bytes];
            for ((added, pixels), above) in line.iter_mut().zip(&pixels).zip(&above) {
                *added = pixels.wrapping_sub(*above);
            }
            std::mem::swap(&mut above, &mut pixels);
        }
        // No symbol is wide enough for the conversion to fail.
        Self { side: u32::try_from(side).unwrap_or(u32::MAX), filtered }
    }
}

/// From modules to pixels. Eight modules of n pixels are n whole bytes, and are made of two halves, of which there are 16 each.
struct Scale {
    module: usize,
    left: [[u8; WIDEST]; 16],
    right: [[u8; WIDEST]; 16],
}

impl Scale {
    fn new(module: usize) -> Self {
        let mut scale = Self { module, left: [[0xff; WIDEST]; 16], right: [[0xff; WIDEST]; 16] };
        for (four, (left, right)) in scale.left.iter_mut().zip(&mut scale.right).enumerate() {
            for dark in (0..4).filter(|place| four >> place & 1 == 1) {
                darken(left, dark * module, module);
                darken(right, (4 + dark) * module, module);
            }
        }
        scale
    }

    /// Modules from the lowest bit on, 1 is dark, into a line from its left.
    fn draw(&self, modules: u128, line: &mut [u8]) {
        for (pixels, eight) in line.chunks_mut(self.module).zip(modules.to_le_bytes()) {
            let (left, right) = (&self.left[usize::from(eight & 15)], &self.right[usize::from(eight >> 4)]);
            for ((pixels, left), right) in pixels.iter_mut().zip(left).zip(right) {
                *pixels = left & right;
            }
        }
    }
}

fn darken(pixels: &mut [u8], from: usize, count: usize) {
    for pixel in from..from + count {
        pixels[pixel / 8] &= !(0x80 >> (pixel % 8));
    }
}
